//! What a program names as the parent of a span.

use super::context::Context;

/// What [`SpanBuilder::parent`](crate::SpanBuilder::parent) and the option `parent = …` take: a [`Context`], a [`Span`](crate::Span), a
/// reference to one, or an `Option` of one.
///
/// It is not meant to be implemented elsewhere.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the parent of a span",
    label = "give a `llmobs::Context` or a `llmobs::Span`, a reference to one, or an `Option` of one"
)]
pub trait Parent: sealed::Sealed {
    /// The context to start in; `None` for the one that is current.
    #[doc(hidden)]
    fn context(&self) -> Option<Context>;
}

pub(super) mod sealed {
    /// Public by name and private by path, so that nobody else can implement it.
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
