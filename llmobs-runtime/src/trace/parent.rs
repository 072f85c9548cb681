//! The parents that a program can name for a span.

use super::context::Context;

/// A parent for [`SpanBuilder::parent`](crate::SpanBuilder::parent) and the option `parent = …`: a [`Context`], a [`Span`](crate::Span), a
/// reference to one, or an `Option` of one.
///
/// This trait is sealed: it cannot be implemented elsewhere.
/// It is not meant to be implemented elsewhere.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the parent of a span",
    label = "give a `llmobs::Context` or a `llmobs::Span`, a reference to one, or an `Option` of one"
)]
pub trait Parent: sealed::Sealed {
    /// Returns the context to start in, or `None` for the current one.
    #[doc(hidden)]
    fn context(&self) -> Option<Context>;
}

pub(super) mod sealed {
    /// Public by name and private by path, so that the trait above cannot be implemented elsewhere.
    pub trait Sealed {}
}

impl sealed::Sealed for Context {}
impl Parent for Context {
    fn context(&self) -> Option<Context> {
        Some(self.clone())
    }
}

impl<P: Parent + ?Sized> sealed::Sealed for &P {}
impl<P: Parent + ?Sized> Parent for &P {
    fn context(&self) -> Option<Context> {
        P::context(self)
    }
}

impl<P: Parent> sealed::Sealed for Option<P> {}
impl<P: Parent> Parent for Option<P> {
    fn context(&self) -> Option<Context> {
        self.as_ref().and_then(Parent::context)
    }
}
