//! Why a span failed: a returned error or a panic, as text.

use std::any::{Any, type_name};
use std::error::Error;
use std::fmt;

use crate::capture::{cut, guarded, plain};

/// No part of an error is longer than this many bytes.
const MAX_BYTES: usize = 64 * 1024;
/// A chain of sources that is longer, or goes round in a circle, ends here.
const MAX_SOURCES: usize = 32;

/// The error of a span: its type, its message, and what Datadog calls the stack, here the chain of sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The name of the error's type, or `panic`.
    pub kind: String,
    /// What the error says.
    pub message: String,
    /// The type and the message, and each source of the error on a line of its own. Empty for what has none.
    pub stack: String,
}

impl Failure {
    /// The message is one that has been cut.
    fn new(kind: &str, message: String, stack: String) -> Self {
        Self { kind: cut(kind, MAX_BYTES), message, stack: cut(stack, MAX_BYTES) }
    }

    /// From an error, with each of its sources on a line of its own in the stack. `Shown` is the type it goes by.
    pub(crate) fn of_error<Shown: ?Sized, E: Error + ?Sized>(error: &E) -> Self {
        let kind = type_name::<Shown>();
        let Some((message, sources)) = guarded(|| (text(format_args!("{error}")), sources(error))) else {
            return Self::unreadable(kind);
        };
        let stack = format!("{kind}: {message}{sources}");
        Self::new(kind, message, stack)
    }

    /// From an error value that is not an `Error`, with a text for it.
    pub(crate) fn of_text<E: ?Sized>(text: fmt::Arguments<'_>) -> Self {
        Self::of_message(type_name::<E>(), text)
    }

    /// From a kind of error and a text for it.
    pub(crate) fn of_message(kind: &str, text: fmt::Arguments<'_>) -> Self {
        guarded(|| self::text(text))
            .map_or_else(|| Self::unreadable(kind), |message| Self::new(kind, message, String::new()))
    }

    fn unreadable(kind: &str) -> Self {
        let message = cut(format!("<{kind}: panicked while being captured>"), MAX_BYTES);
        Self::new(kind, message, String::new())
    }

    /// From what `panic!` left behind.
    pub(crate) fn of_panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let message = cut(text.unwrap_or("a panic with a value that is not text"), MAX_BYTES);
        Self::new("panic", message, String::new())
    }

    /// From a panic that passes by where its value cannot be seen.
    pub(crate) fn of_unseen_panic() -> Self {
        Self::new("panic", "the function panicked".to_owned(), String::new())
    }

    pub(crate) fn bytes(&self) -> usize {
        self.kind.len() + self.message.len() + self.stack.len()
    }
}

fn text(text: fmt::Arguments<'_>) -> String {
    plain(text, MAX_BYTES)
}

fn sources<E: Error + ?Sized>(error: &E) -> String {
    let mut lines = String::new();
    for source in std::iter::successors(error.source(), |&error| error.source()).take(MAX_SOURCES) {
        lines.push_str("\nCaused by: ");
        lines.push_str(&text(format_args!("{source}")));
        if lines.len() > MAX_BYTES {
            break;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_once_and_take_no_more_memory_than_is_kept() {
        let long = "0123456789abcdef".repeat(1 << 20);
        let shown = Failure::of_text::<str>(format_args!("{long}"));
        let panicked = Failure::of_panic(&long);
        let error: Box<dyn Error> = long.into();
        let failed = Failure::of_error::<str, _>(&*error);
        for (failure, note) in [
            (shown, "… [first 65536 bytes]"),
            (panicked, "… [65536 of 16777216 bytes]"),
            (failed, "… [first 65536 bytes]"),
        ] {
            assert_eq!(failure.message.get(65536..), Some(note));
            assert!(failure.message.capacity() + failure.stack.capacity() < 5 * MAX_BYTES);
        }
    }
}
