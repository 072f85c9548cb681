//! Handles values whose type the attribute does not know. The compiler chooses the best of several ways for the concrete type.
//!
//! Each way is a wrapper whose method has a bound on the type, and which derefs to the wrapper of the next way. A call on the first wrapper
//! tries them in this order, because method lookup skips methods whose bounds are not met. The user's types need no bound, no trait is
//! brought into scope, and nothing is moved or cloned. The names of the methods are unlikely to occur in a trait of the program, whose
//! methods would be found first if it were implemented for all types.

use std::any::{type_name, type_name_of_val};
use std::convert::Infallible;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::ops::Deref;

use serde::Serialize;

use llmobs_capture::text::label;
use llmobs_capture::{Plain, debug, newtype, opaque, serialize, warn_limited};

use super::call::{ErrorSink, Sink};
use crate::model::failure::FailureParts;

/// The wrappers of a chain, from the first way to the last, which holds the reference.
macro_rules! chain {
    ($(#[$doc:meta])* $this:ident > $(#[$next_doc:meta])* $next:ident $($rest:tt)*) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $this<'a, T: ?Sized>($next<'a, T>);

        impl<'a, T: ?Sized> $this<'a, T> {
            /// Wraps a value.
            #[inline]
            pub fn new(value: &'a T) -> Self {
                Self($next::new(value))
            }

            #[inline]
            fn value(&self) -> &'a T {
                self.0.value()
            }
        }

        impl<'a, T: ?Sized> Deref for $this<'a, T> {
            type Target = $next<'a, T>;
            #[inline]
            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        chain! {
            $(#[$next_doc])*
            /// The next way, for types that the previous ones do not accept.
            $next $($rest)*
        }
    };
    ($(#[$doc:meta])* $last:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $last<'a, T: ?Sized>(&'a T);

        impl<'a, T: ?Sized> $last<'a, T> {
            /// Wraps a value.
            #[inline]
            pub fn new(value: &'a T) -> Self {
                Self(value)
            }

            #[inline]
            fn value(&self) -> &'a T {
                self.0
            }
        }
    };
}

chain! {
    /// Captures what a function returned: a future or stream that has not run yet, or a value.
    Returned > ReturnedStream >
    /// Captures a value: as JSON if it is `Serialize` or a plain wrapper around such a value, else by `Debug`, else by its type name.
    Value > ValueBySerialize > ValueByNewtype > ValueByDebug > ValueByTypeName
}

macro_rules! later {
    ($($(#[$feature:meta])? $wrapper:ident: $trait:path => $kind:literal;)*) => {$(
        $(#[$feature])?
        impl<T: $trait + ?Sized> $wrapper<'_, T> {
            /// Warns, and writes the type name as JSON text. A type that is part of the call is shown by the signature or an option.
            #[cold]
            pub fn __llmobs_capture(&self, sink: Sink<'_>) {
                warn_limited!(
                    "the span of a function ended before the {} that it returned has run, because its signature does not show one: \
                     give the attribute the option `{0}`, or `skip_output` if this is intended; the type is {}",
                    $kind,
                    type_name::<T>()
                );
                ValueByTypeName::new(self.value()).__llmobs_capture(sink);
            }
        }
    )*};
}
later! {
    Returned: Future => "future";
    #[cfg(feature = "stream")]
    ReturnedStream: futures_core::Stream => "stream";
}

impl<T: Plain + ?Sized> Value<'_, T> {
    /// Writes the value as JSON text. No user code runs.
    #[inline]
    pub fn __llmobs_capture(&self, sink: Sink<'_>) {
        sink.put(|out, limit| self.value().capture(limit, out));
    }
}

impl<T: Serialize + ?Sized> ValueBySerialize<'_, T> {
    /// Writes the value as JSON text.
    #[inline]
    pub fn __llmobs_capture(&self, sink: Sink<'_>) {
        sink.put(|out, limit| serialize(self.value(), limit, out));
    }
}

impl<T: Debug + Sync + Deref<Target: Debug + Serialize + Sized>> ValueByNewtype<'_, T> {
    /// Writes the value as JSON text. Types that compute their value lazily are hardly ever `Sync` and of the same size.
    #[inline]
    pub fn __llmobs_capture(&self, sink: Sink<'_>) {
        match newtype(self.value()) {
            Some(inner) => sink.put(|out, limit| serialize(inner, limit, out)),
            None => sink.put_about(|out, limit| debug(self.value(), limit, out)),
        }
    }
}

impl<T: Debug + ?Sized> ValueByDebug<'_, T> {
    /// Writes the value as JSON text.
    #[inline]
    pub fn __llmobs_capture(&self, sink: Sink<'_>) {
        sink.put_about(|out, limit| debug(self.value(), limit, out));
    }
}

impl<T: ?Sized> ValueByTypeName<'_, T> {
    /// Writes the value as JSON text.
    #[inline]
    #[expect(clippy::unused_self, reason = "the other implementations read the value")]
    pub fn __llmobs_capture(&self, sink: Sink<'_>) {
        sink.put_about(|out, _| opaque::<T>(out));
    }
}

chain! {
    /// Splits what a function returned: a `Result` by type, regardless of its name in the signature, or anything else.
    Outcome > Anything
}

impl<'a, T, E> Outcome<'a, Result<T, E>> {
    /// Separates the two outcomes.
    ///
    /// # Errors
    ///
    /// Returns the error that the function returned.
    #[inline]
    pub fn __llmobs_split(&self) -> Result<&'a T, &'a E> {
        self.value().as_ref()
    }
}

impl<'a, T: ?Sized> Anything<'a, T> {
    /// Returns the value.
    ///
    /// # Errors
    ///
    /// This never fails.
    #[inline]
    #[expect(clippy::unnecessary_wraps, reason = "the other implementation has two outcomes")]
    pub fn __llmobs_split(&self) -> Result<&'a T, &'a Infallible> {
        Ok(self.value())
    }
}

chain! {
    /// The `Err` of a function: an `Error` with its sources, or a box or report that holds one, else by `Display`, else by
    /// `Debug`, else by its type name.
    Failed > HoldsSharedError > HoldsSendError > HoldsError > ShowsText > ShowsDebug > ShowsType
}

impl<E: Error> Failed<'_, E> {
    /// Writes the error as text.
    pub fn __llmobs_failure(&self, sink: ErrorSink<'_>) {
        sink.put::<E>(|out| FailureParts::of_error::<E, E>(self.value(), out));
    }
}

/// Boxes and reports that hold an error that is `Send` and `Sync`: `Box<dyn Error + Send + Sync>`, `anyhow::Error`.
impl<E: AsRef<dyn Error + Send + Sync>> HoldsSharedError<'_, E> {
    /// Writes the error as text.
    pub fn __llmobs_failure(&self, sink: ErrorSink<'_>) {
        sink.put::<E>(|out| FailureParts::of_error::<E, _>(self.value().as_ref(), out));
    }
}

/// Boxes that hold an error that is `Send`: `Box<dyn Error + Send>`.
impl<E: AsRef<dyn Error + Send>> HoldsSendError<'_, E> {
    /// Writes the error as text.
    pub fn __llmobs_failure(&self, sink: ErrorSink<'_>) {
        sink.put::<E>(|out| FailureParts::of_error::<E, _>(self.value().as_ref(), out));
    }
}

/// Boxes and reports that hold any error.
impl<E: AsRef<dyn Error>> HoldsError<'_, E> {
    /// Writes the error as text.
    pub fn __llmobs_failure(&self, sink: ErrorSink<'_>) {
        sink.put::<E>(|out| FailureParts::of_error::<E, _>(self.value().as_ref(), out));
    }
}

impl<E: Display> ShowsText<'_, E> {
    /// Writes the error as text.
    pub fn __llmobs_failure(&self, sink: ErrorSink<'_>) {
        // `{:#}` is the form in which reports such as anyhow's print their whole chain.
        sink.put::<E>(|out| FailureParts::of_text::<E>(format_args!("{:#}", self.value()), out));
    }
}

impl<E: Debug> ShowsDebug<'_, E> {
    /// Writes the error as text.
    pub fn __llmobs_failure(&self, sink: ErrorSink<'_>) {
        sink.put::<E>(|out| FailureParts::of_text::<E>(format_args!("{:?}", self.value()), out));
    }
}

impl<E> ShowsType<'_, E> {
    /// Writes the error as text.
    pub fn __llmobs_failure(&self, sink: ErrorSink<'_>) {
        sink.put::<E>(|out| {
            FailureParts::of_text::<E>(format_args!("<{}>", type_name_of_val(self.value())), out)
        });
    }
}

chain! {
    /// Reads the value of an option such as `name = …`: anything `Display`, or an `Option` of it, where `None` and an empty text count as
    /// an option that was not given.
    Text > BorrowedText > PlainText
}

impl<T: Display> Text<'_, Option<T>> {
    /// Returns the text, if one was given.
    #[must_use]
    pub fn __llmobs_text(&self) -> Option<String> {
        label(self.value().as_ref()?)
    }
}

impl<T: Display> BorrowedText<'_, &Option<T>> {
    /// Returns the text, if one was given.
    #[must_use]
    pub fn __llmobs_text(&self) -> Option<String> {
        label(self.value().as_ref()?)
    }
}

impl<T: Display + ?Sized> PlainText<'_, T> {
    /// Returns the text, if one was given.
    #[must_use]
    pub fn __llmobs_text(&self) -> Option<String> {
        label(self.value())
    }
}
