//! What can be done with a value whose type the attribute does not know: the best of several ways, chosen by the compiler
//! where the type is concrete.
//!
//! Each way is a wrapper whose method asks something of the type, and that derefs to the wrapper of the next way. A call
//! on the first tries them in that order, because method lookup passes by methods whose bounds do not hold. No bound is put
//! on the user's types, no trait is brought into scope, and nothing is moved or cloned. The methods have names that no trait
//! of the program's has: it could be implemented for all types, and would be found first.

use std::any::type_name_of_val;
use std::convert::Infallible;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::ops::Deref;

use serde::Serialize;

use crate::call::Sink;
use crate::capture::{self, label};
use crate::failure::Failure;

/// The wrappers of a ladder, from the first way to the last, which holds the reference.
macro_rules! ladder {
    ($(#[$doc:meta])* $first:ident > $($next:ident)>+) => {
        ladder!(@wrappers $(#[$doc])* $first $($next)+);

        impl<'a, T: ?Sized> $first<'a, T> {
            /// Wraps a value for all ways to look at.
            #[inline]
            pub fn new(value: &'a T) -> Self {
                ladder!(@new value $first $($next)+)
            }
        }
    };
    (@wrappers $(#[$doc:meta])* $this:ident $next:ident $($rest:ident)*) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $this<'a, T: ?Sized>($next<'a, T>);

        impl<'a, T: ?Sized> $this<'a, T> {
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

        ladder!(@wrappers
            /// Where the way before does not go.
            $next $($rest)*);
    };
    (@wrappers $(#[$doc:meta])* $last:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $last<'a, T: ?Sized>(&'a T);

        impl<'a, T: ?Sized> $last<'a, T> {
            #[inline]
            fn value(&self) -> &'a T {
                self.0
            }
        }
    };
    (@new $value:ident $first:ident $($rest:ident)+) => { $first(ladder!(@new $value $($rest)+)) };
    (@new $value:ident $last:ident) => { $last($value) };
}

ladder! {
    /// A value to capture: as JSON if it is `Serialize`, else by `Debug`, else by its type name.
    Value > ValueByDebug > ValueByTypeName
}

impl<T: Serialize + ?Sized> Value<'_, T> {
    /// Writes the value as JSON text.
    #[inline]
    pub fn __llmobs_capture(&self, sink: Sink<'_>) {
        sink.put(|out, limit| capture::serialize(self.value(), limit, out));
    }
}

impl<T: Debug + ?Sized> ValueByDebug<'_, T> {
    /// Writes the value as JSON text.
    #[inline]
    pub fn __llmobs_capture(&self, sink: Sink<'_>) {
        sink.put_about(|out, limit| capture::debug(self.value(), limit, out));
    }
}

impl<T: ?Sized> ValueByTypeName<'_, T> {
    /// Writes the value as JSON text.
    #[inline]
    #[expect(clippy::unused_self, reason = "the ways before look at it")]
    pub fn __llmobs_capture(&self, sink: Sink<'_>) {
        sink.put_about(|out, _| capture::opaque::<T>(out));
    }
}

ladder! {
    /// What a function returned: a `Result` by type, whatever it is called in the signature, or anything else.
    Outcome > Anything
}

impl<'a, T, E> Outcome<'a, Result<T, E>> {
    /// Takes the two outcomes apart.
    ///
    /// # Errors
    ///
    /// The error that the function returned.
    #[inline]
    pub fn __llmobs_split(&self) -> Result<&'a T, &'a E> {
        self.value().as_ref()
    }
}

impl<'a, T: ?Sized> Anything<'a, T> {
    /// The value.
    ///
    /// # Errors
    ///
    /// Never.
    #[inline]
    #[expect(clippy::unnecessary_wraps, reason = "the way before has two outcomes")]
    pub fn __llmobs_split(&self) -> Result<&'a T, &'a Infallible> {
        Ok(self.value())
    }
}

ladder! {
    /// The `Err` of a function: an `Error` with its sources, or a box or report that holds one, else by `Display`, else by
    /// `Debug`, else by its type name.
    Failed > HoldsSharedError > HoldsSendError > HoldsError > ShowsText > ShowsDebug > ShowsType
}

impl<E: Error> Failed<'_, E> {
    /// The error as text.
    #[must_use]
    pub fn __llmobs_failure(&self) -> Failure {
        Failure::of_error::<E, E>(self.value())
    }
}

/// Boxes and reports that hold an error which may cross threads: `Box<dyn Error + Send + Sync>`, `anyhow::Error`.
impl<E: AsRef<dyn Error + Send + Sync>> HoldsSharedError<'_, E> {
    /// The error as text.
    #[must_use]
    pub fn __llmobs_failure(&self) -> Failure {
        Failure::of_error::<E, _>(self.value().as_ref())
    }
}

/// Boxes that hold an error which may move between threads: `Box<dyn Error + Send>`.
impl<E: AsRef<dyn Error + Send>> HoldsSendError<'_, E> {
    /// The error as text.
    #[must_use]
    pub fn __llmobs_failure(&self) -> Failure {
        Failure::of_error::<E, _>(self.value().as_ref())
    }
}

/// Boxes and reports that hold any error.
impl<E: AsRef<dyn Error>> HoldsError<'_, E> {
    /// The error as text.
    #[must_use]
    pub fn __llmobs_failure(&self) -> Failure {
        Failure::of_error::<E, _>(self.value().as_ref())
    }
}

impl<E: Display> ShowsText<'_, E> {
    /// The error as text.
    #[must_use]
    pub fn __llmobs_failure(&self) -> Failure {
        // `{:#}` is the form in which reports such as anyhow's print their whole chain.
        Failure::of_text::<E>(format_args!("{:#}", self.value()))
    }
}

impl<E: Debug> ShowsDebug<'_, E> {
    /// The error as text.
    #[must_use]
    pub fn __llmobs_failure(&self) -> Failure {
        Failure::of_text::<E>(format_args!("{:?}", self.value()))
    }
}

impl<E> ShowsType<'_, E> {
    /// The error as text.
    #[must_use]
    pub fn __llmobs_failure(&self) -> Failure {
        Failure::of_text::<E>(format_args!("<{}>", type_name_of_val(self.value())))
    }
}

ladder! {
    /// The value of an option such as `name = …`: anything `Display`, or an `Option` of it, where `None` and an empty text
    /// stand for an option that was not given.
    Text > BorrowedText > PlainText
}

impl<T: Display> Text<'_, Option<T>> {
    /// The text, if one was given.
    #[must_use]
    pub fn __llmobs_text(&self) -> Option<String> {
        label(self.value().as_ref()?)
    }
}

impl<T: Display> BorrowedText<'_, &Option<T>> {
    /// The text, if one was given.
    #[must_use]
    pub fn __llmobs_text(&self) -> Option<String> {
        label(self.value().as_ref()?)
    }
}

impl<T: Display + ?Sized> PlainText<'_, T> {
    /// The text, if one was given.
    #[must_use]
    pub fn __llmobs_text(&self) -> Option<String> {
        label(self.value())
    }
}
