//! Why a span failed: a returned error or a panic, as text.

use std::any::{Any, type_name};
use std::error::Error;
use std::fmt;

use llmobs_capture::guarded;
use llmobs_capture::text::{cut, push_plain};
use llmobs_providers::ApiError;

/// The longest part of a failure, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// The most sources of an error that are followed, because a chain may be circular.
const MAX_SOURCES: usize = 32;

/// The error of a span: its type, its message, and what Datadog calls the stack, here the chain of sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The name of the error's type, or `panic`.
    pub kind: String,
    /// The text of the error.
    pub message: String,
    /// The type and the message, and each source of the error on a separate line. Empty if the failure did not come from an [`Error`].
    pub stack: String,
}

impl Failure {
    /// Creates a failure from an error, with its sources. `Shown` is the type to name.
    pub(crate) fn of_error<Shown: ?Sized, E: Error + ?Sized>(error: &E) -> Self {
        let mut text = String::new();
        let parts = FailureParts::of_error::<Shown, E>(error, &mut text);
        parts.of(&text).to_failure()
    }

    /// Creates a failure from a kind of error and a text about it.
    pub(crate) fn of_message(kind: &str, message: fmt::Arguments<'_>) -> Self {
        let mut text = String::new();
        let parts = FailureParts::of_message(kind, message, &mut text);
        parts.of(&text).to_failure()
    }

    /// Creates a failure from the error in a provider's response.
    pub(crate) fn of_provider(error: &ApiError) -> Self {
        let kind = [&error.kind, &error.code].into_iter().find(|text| !text.is_empty());
        let kind = match (kind, error.status) {
            (Some(kind), _) => kind.clone(),
            (None, Some(status)) => format!("HTTP {status}"),
            (None, None) => "error".to_owned(),
        };
        Self { kind: cut(kind, MAX_BYTES), message: cut(&*error.message, MAX_BYTES), stack: String::new() }
    }

    /// Creates a failure from the payload of a panic.
    pub(crate) fn of_panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self::panic(cut(text.unwrap_or("a panic with a value that is not text"), MAX_BYTES))
    }

    /// Creates a failure from a panic whose payload is not available.
    pub(crate) fn of_unseen_panic() -> Self {
        Self::panic("the function panicked".to_owned())
    }

    fn panic(message: String) -> Self {
        Self { kind: "panic".to_owned(), message, stack: String::new() }
    }

    /// Keeps only the type. The text may hold data that must not be captured.
    pub(crate) fn without_text(self) -> Self {
        Self { kind: self.kind, ..Self::default() }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.kind.len() + self.message.len() + self.stack.len()
    }

    pub(crate) fn view(&self) -> FailureView<'_> {
        FailureView { kind: &self.kind, message: &self.message, stack: Stack::Text(&self.stack) }
    }
}

/// The lengths of the texts of a failure, which follow each other in a buffer: kind, message, sources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailureParts {
    pub(crate) kind: usize,
    pub(crate) message: usize,
    pub(crate) sources: usize,
    /// Whether the kind and the message begin a stack, as those of an [`Error`] do.
    pub(crate) has_stack: bool,
}

impl FailureParts {
    /// Reduces a text that ends with a failure to the kind of that failure.
    pub(crate) fn keep_kind(self, text: &mut String) -> Self {
        let begin = text.len().saturating_sub(self.bytes());
        text.truncate(begin + self.kind);
        text.drain(..begin);
        Self { message: 0, sources: 0, has_stack: false, ..self }
    }

    /// Appends an error and its sources to `out`. `Shown` is the type to name.
    pub(crate) fn of_error<Shown: ?Sized, E: Error + ?Sized>(error: &E, out: &mut String) -> Self {
        Self::append(type_name::<Shown>(), out, |out| {
            push_plain(format_args!("{error}"), MAX_BYTES, out);
            let message_end = out.len();
            for source in std::iter::successors(error.source(), |&error| error.source()).take(MAX_SOURCES) {
                out.push_str("\nCaused by: ");
                push_plain(format_args!("{source}"), MAX_BYTES, out);
                if out.len() - message_end > MAX_BYTES {
                    break;
                }
            }
            (message_end, true)
        })
    }

    /// Appends the type of an error, without a text about it.
    pub(crate) fn of_type<E: ?Sized>(out: &mut String) -> Self {
        Self::append(type_name::<E>(), out, |out| (out.len(), false))
    }

    /// Appends an error that is not an [`Error`], with a text about it.
    pub(crate) fn of_text<E: ?Sized>(text: fmt::Arguments<'_>, out: &mut String) -> Self {
        Self::of_message(type_name::<E>(), text, out)
    }

    fn of_message(kind: &str, text: fmt::Arguments<'_>, out: &mut String) -> Self {
        Self::append(kind, out, |out| {
            push_plain(text, MAX_BYTES, out);
            (out.len(), false)
        })
    }

    /// Appends the kind, and the text that `write` appends. `write` runs user code, and returns where the message ends.
    fn append(kind: &str, out: &mut String, write: impl FnOnce(&mut String) -> (usize, bool)) -> Self {
        let start = out.len();
        if kind.len() > MAX_BYTES {
            out.push_str(&cut(kind, MAX_BYTES));
        } else {
            out.push_str(kind);
        }
        let kind_end = out.len();
        let (message_end, has_stack) = guarded(|| write(out)).unwrap_or_else(|| {
            out.truncate(kind_end);
            out.push_str(&cut(format!("<{kind}: panicked while being captured>"), MAX_BYTES));
            (out.len(), false)
        });
        Self {
            kind: kind_end - start,
            message: message_end - kind_end,
            sources: out.len() - message_end,
            has_stack,
        }
    }

    /// The length of all texts.
    pub(crate) fn bytes(&self) -> usize {
        self.kind + self.message + self.sources
    }

    /// Returns the texts in a buffer that begins with them.
    pub(crate) fn of(self, text: &str) -> FailureView<'_> {
        let (kind, rest) = text.split_at_checked(self.kind).unwrap_or_default();
        let (message, rest) = rest.split_at_checked(self.message).unwrap_or_default();
        let sources = rest.get(..self.sources).unwrap_or_default();
        let stack = if self.has_stack { Stack::Sources(sources) } else { Stack::Text("") };
        FailureView { kind, message, stack }
    }
}

/// A failure that borrows its texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailureView<'a> {
    pub(crate) kind: &'a str,
    pub(crate) message: &'a str,
    pub(crate) stack: Stack<'a>,
}

/// The stack of a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stack<'a> {
    Text(&'a str),
    /// The text after the kind and the message.
    Sources(&'a str),
}

impl FailureView<'_> {
    pub(crate) fn to_failure(self) -> Failure {
        Failure { kind: self.kind.to_owned(), message: self.message.to_owned(), stack: self.stack_text() }
    }

    fn stack_text(&self) -> String {
        match self.stack {
            Stack::Text(text) => text.to_owned(),
            Stack::Sources(sources) => cut(format!("{}: {}{sources}", self.kind, self.message), MAX_BYTES),
        }
    }

    /// Returns the texts of the stack in order.
    pub(crate) fn stack_parts(&self) -> [std::borrow::Cow<'_, str>; 4] {
        use std::borrow::Cow::{Borrowed, Owned};
        match self.stack {
            Stack::Text(text) => [Borrowed(text), Borrowed(""), Borrowed(""), Borrowed("")],
            Stack::Sources(sources)
                if self.kind.len() + self.message.len() + sources.len() + 2 <= MAX_BYTES =>
            {
                [Borrowed(self.kind), Borrowed(": "), Borrowed(self.message), Borrowed(sources)]
            }
            Stack::Sources(_) => [Owned(self.stack_text()), Borrowed(""), Borrowed(""), Borrowed("")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_once_and_take_no_extra_memory() {
        let long = "0123456789abcdef".repeat(1 << 20);
        let shown = Failure::of_message("text", format_args!("{long}"));
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
