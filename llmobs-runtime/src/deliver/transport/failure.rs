//! Why a request was not accepted, and how that is handled.

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

/// How a request that was not accepted can be handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// Nothing was accepted, and another attempt may succeed.
    Unavailable,
    /// The whole request was sent, and no response came: it may have been accepted.
    Unanswered,
    /// The receiver accepts only smaller requests.
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
