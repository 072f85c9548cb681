//! A trace that has ended, in short.

use serde::{Deserialize, Serialize};

/// A summary of a finished trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FinishedTrace {
    /// The id of the trace.
    pub(crate) trace_id: String,
    /// The name of its root.
    pub(crate) name: String,
    /// The kind of its root.
    pub(crate) kind: String,
    /// Whether its root failed.
    pub(crate) failed: bool,
    /// Nanoseconds.
    pub(crate) duration_ns: i64,
    /// How many spans it has so far.
    pub(crate) spans: i64,
    /// How many of them failed.
    pub(crate) errors: i64,
    /// How many of them are calls of models.
    pub(crate) llm_calls: i64,
    /// Tokens that went in.
    pub(crate) input_tokens: Option<i64>,
    /// Tokens that came out.
    pub(crate) output_tokens: Option<i64>,
}
