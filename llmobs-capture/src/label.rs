//! The short texts that setters take.

use std::fmt::Display;

/// A short text, such as the value of a tag: anything that implements [`Display`], or an `Option` of it, where `None` changes nothing.
///
/// The type parameter tells these forms apart, and the compiler infers it. The trait is sealed.
///
/// ```
/// # mod llmobs { pub mod convert { pub use llmobs_capture::Label; } }
/// use llmobs::convert::Label;
///
/// fn length<Form>(label: impl Label<Form>) -> Option<usize> {
///     label.read(|text| text.to_string().len())
/// }
///
/// assert_eq!(length("gold"), Some(4));
/// assert_eq!(length(Some(1234)), Some(4));
/// assert_eq!(length(None::<String>), None);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be shown as a text",
    label = "give something that implements `Display`, or an `Option` of it"
)]
pub trait Label<Form>: sealed::Sealed<Form> {
    #[doc(hidden)]
    fn read<R>(self, read: impl FnOnce(&dyn Display) -> R) -> Option<R>;
}

mod sealed {
    /// Public by name and private by path, so that the trait cannot be implemented elsewhere.
    pub trait Sealed<Form> {}
}

/// The forms of a [`Label`].
mod form {
    #[derive(Debug)]
    pub struct Shown;
    #[derive(Debug)]
    pub struct Optional;
    #[derive(Debug)]
    pub struct Borrowed;
}

impl<T: Display> sealed::Sealed<form::Shown> for T {}
impl<T: Display> Label<form::Shown> for T {
    #[inline]
    fn read<R>(self, read: impl FnOnce(&dyn Display) -> R) -> Option<R> {
        Some(read(&self))
    }
}

impl<T: Display> sealed::Sealed<form::Optional> for Option<T> {}
impl<T: Display> Label<form::Optional> for Option<T> {
    #[inline]
    fn read<R>(self, read: impl FnOnce(&dyn Display) -> R) -> Option<R> {
        self.as_ref().map(|text| read(text))
    }
}

impl<T: Display> sealed::Sealed<form::Borrowed> for &Option<T> {}
impl<T: Display> Label<form::Borrowed> for &Option<T> {
    #[inline]
    fn read<R>(self, read: impl FnOnce(&dyn Display) -> R) -> Option<R> {
        self.as_ref().map(|text| read(text))
    }
}
