//! Summaries of finished traces.

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
    /// The number of its spans so far.
    pub(crate) spans: i64,
    /// The number of its failed spans.
    pub(crate) errors: i64,
    /// The number of its model calls.
    pub(crate) llm_calls: i64,
    /// The input tokens.
    pub(crate) input_tokens: Option<i64>,
    /// The output tokens.
    pub(crate) output_tokens: Option<i64>,
}
