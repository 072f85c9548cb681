//! Why a request was not accepted, and what may be done about it.

use std::fmt;
use std::time::Duration;

use crate::deliver::report::DropReason;

/// Why a request was not accepted.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// How long the receiver asks to wait before the next request.
    pub(crate) wait: Option<Duration>,
    /// For the log. Holds no key and no content of a span.
    pub(crate) message: String,
}

/// What may be done about a request that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// Nothing was accepted, and another attempt may succeed.
    Unavailable,
    /// All was sent, and no answer came: the request may have been accepted.
    Unanswered,
    /// The receiver takes smaller requests alone.
    TooLarge,
    /// The receiver refuses something in the request.
    Invalid,
    /// The receiver refuses all requests, until settings change: the key, the address, or what an Agent passes on.
    Denied,
    /// No other attempt can succeed. What was sent is counted as dropped for this reason.
    Permanent(DropReason),
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, wait: None, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
