//! What can be done with a value whose type the attribute does not know: the best of several ways, chosen by the
//! compiler where the type is concrete.
//!
//! Each way is a trait with the same method, implemented for one reference fewer than the way before it. A call on a
//! value with all the references tries the ways in that order, because method lookup takes references off one by one.
//! No bound is put on the user's types, and nothing is moved or cloned.

use std::any::type_name;
use std::convert::Infallible;
use std::error::Error;
use std::fmt::{Debug, Display};

use serde::Serialize;

use crate::call::Sink;
use crate::capture::{self, label};
use crate::failure::Failure;

/// A value to capture: as JSON if it is `Serialize`, else by `Debug`, else by its type name.
#[derive(Debug)]
pub struct Value<'a, T: ?Sized>(pub &'a T);

/// Values that are `Serialize`.
pub trait BySerialize {
    /// Writes the value as JSON text.
    fn __llmobs_capture(&self, sink: Sink<'_>);
}
impl<T: Serialize + ?Sized> BySerialize for &&Value<'_, T> {
    fn __llmobs_capture(&self, sink: Sink<'_>) {
        sink.put(|out, limit| capture::serialize(self.0, limit, out));
    }
}

/// Values that are `Debug`.
pub trait ByDebug {
    /// Writes the value as JSON text.
    fn __llmobs_capture(&self, sink: Sink<'_>);
}
impl<T: Debug + ?Sized> ByDebug for &Value<'_, T> {
    fn __llmobs_capture(&self, sink: Sink<'_>) {
        sink.put(|out, limit| capture::debug(self.0, limit, out));
    }
}

/// All values.
pub trait ByTypeName {
    /// Writes the value as JSON text.
    fn __llmobs_capture(&self, sink: Sink<'_>);
}
impl<T: ?Sized> ByTypeName for Value<'_, T> {
    fn __llmobs_capture(&self, sink: Sink<'_>) {
        sink.put(|out, _| capture::opaque::<T>(out));
    }
}

/// What a function returned: a `Result` by type, whatever it is called in the signature, or anything else.
#[derive(Debug)]
pub struct Outcome<'a, T>(pub &'a T);

/// Any `Result`.
pub trait OfResult<'a> {
    /// The type of an `Ok`.
    type Value;
    /// The type of an `Err`.
    type Error;
    /// Takes the two outcomes apart.
    ///
    /// # Errors
    ///
    /// The error that the function returned.
    fn __llmobs_split(&self) -> Result<&'a Self::Value, &'a Self::Error>;
}
impl<'a, T, E> OfResult<'a> for &Outcome<'a, Result<T, E>> {
    type Value = T;
    type Error = E;
    fn __llmobs_split(&self) -> Result<&'a T, &'a E> {
        self.0.as_ref()
    }
}

/// Anything else: always a value.
pub trait OfAnything<'a> {
    /// The type of the value.
    type Value;
    /// Takes the two outcomes apart.
    ///
    /// # Errors
    ///
    /// Never.
    fn __llmobs_split(&self) -> Result<&'a Self::Value, &'a Infallible>;
}
impl<'a, T> OfAnything<'a> for Outcome<'a, T> {
    type Value = T;
    fn __llmobs_split(&self) -> Result<&'a T, &'a Infallible> {
        Ok(self.0)
    }
}

/// The `Err` of a function: an `Error` with its sources, or a box or report that holds one, else by `Display`, else
/// by `Debug`, else by its type name.
#[derive(Debug)]
pub struct Failed<'a, E>(pub &'a E);

/// Errors.
pub trait IsError {
    /// The error as text.
    fn __llmobs_failure(&self) -> Failure;
}
impl<E: Error> IsError for &&&&&&Failed<'_, E> {
    fn __llmobs_failure(&self) -> Failure {
        Failure::of_error::<E, E>(self.0)
    }
}

/// Boxes and reports that hold an error which may cross threads: `Box<dyn Error + Send + Sync>`, `anyhow::Error`.
pub trait HoldsSharedError {
    /// The error as text.
    fn __llmobs_failure(&self) -> Failure;
}
impl<E: AsRef<dyn Error + Send + Sync>> HoldsSharedError for &&&&&Failed<'_, E> {
    fn __llmobs_failure(&self) -> Failure {
        Failure::of_error::<E, _>(self.0.as_ref())
    }
}

/// Boxes that hold an error which may move between threads: `Box<dyn Error + Send>`.
pub trait HoldsSendError {
    /// The error as text.
    fn __llmobs_failure(&self) -> Failure;
}
impl<E: AsRef<dyn Error + Send>> HoldsSendError for &&&&Failed<'_, E> {
    fn __llmobs_failure(&self) -> Failure {
        Failure::of_error::<E, _>(self.0.as_ref())
    }
}

/// Boxes and reports that hold any error.
pub trait HoldsError {
    /// The error as text.
    fn __llmobs_failure(&self) -> Failure;
}
impl<E: AsRef<dyn Error>> HoldsError for &&&Failed<'_, E> {
    fn __llmobs_failure(&self) -> Failure {
        Failure::of_error::<E, _>(self.0.as_ref())
    }
}

/// What has a text.
pub trait ShowsText {
    /// The error as text.
    fn __llmobs_failure(&self) -> Failure;
}
impl<E: Display> ShowsText for &&Failed<'_, E> {
    fn __llmobs_failure(&self) -> Failure {
        // `{:#}` is the form in which reports such as anyhow's print their whole chain.
        Failure::of_text::<E>(format_args!("{:#}", self.0))
    }
}

/// What has a text for programmers.
pub trait ShowsDebug {
    /// The error as text.
    fn __llmobs_failure(&self) -> Failure;
}
impl<E: Debug> ShowsDebug for &Failed<'_, E> {
    fn __llmobs_failure(&self) -> Failure {
        Failure::of_text::<E>(format_args!("{:?}", self.0))
    }
}

/// All else.
pub trait ShowsType {
    /// The error as text.
    fn __llmobs_failure(&self) -> Failure;
}
impl<E> ShowsType for Failed<'_, E> {
    fn __llmobs_failure(&self) -> Failure {
        Failure::of_text::<E>(format_args!("<{}>", type_name::<E>()))
    }
}

/// The value of an option such as `name = …`: anything `Display`, or an `Option` of it, where `None` and an empty text
/// stand for an option that was not given.
#[derive(Debug)]
pub struct Text<'a, T: ?Sized>(pub &'a T);

/// An `Option` of a text.
pub trait OptionText {
    /// The text, if one was given.
    fn __llmobs_text(&self) -> Option<String>;
}
impl<T: Display> OptionText for &&Text<'_, Option<T>> {
    fn __llmobs_text(&self) -> Option<String> {
        label(self.0.as_ref()?)
    }
}

/// A borrowed `Option` of a text.
pub trait BorrowedOptionText {
    /// The text, if one was given.
    fn __llmobs_text(&self) -> Option<String>;
}
impl<T: Display> BorrowedOptionText for &Text<'_, &Option<T>> {
    fn __llmobs_text(&self) -> Option<String> {
        label(self.0.as_ref()?)
    }
}

/// A text.
pub trait PlainText {
    /// The text, if one was given.
    fn __llmobs_text(&self) -> Option<String>;
}
impl<T: Display + ?Sized> PlainText for Text<'_, T> {
    fn __llmobs_text(&self) -> Option<String> {
        label(self.0)
    }
}

/// All the ways, for one glob import that brings methods into scope and no names.
pub mod ways {
    pub use super::{
        BorrowedOptionText as _, ByDebug as _, BySerialize as _, ByTypeName as _, HoldsError as _,
        HoldsSendError as _, HoldsSharedError as _, IsError as _, OfAnything as _, OfResult as _,
        OptionText as _, PlainText as _, ShowsDebug as _, ShowsText as _, ShowsType as _,
    };
}
