//! Spans, without their content.

use crate::span::Tokens;

/// A span in the tree and the waterfall.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// The row in the store.
    pub(crate) row: i64,
    /// Unique within the trace.
    pub(crate) span_id: String,
    /// The id of the parent, which may not have arrived.
    pub(crate) parent_id: Option<String>,
    /// The name of the step.
    pub(crate) name: String,
    /// Its kind.
    pub(crate) kind: String,
    /// Whether it failed.
    pub(crate) failed: bool,
    /// Nanoseconds since the Unix epoch.
    pub(crate) start_ns: i64,
    /// Nanoseconds.
    pub(crate) duration_ns: i64,
    /// The model that was called.
    pub(crate) model_name: Option<String>,
    /// The tokens that it used.
    pub(crate) tokens: Tokens,
    /// Seconds to the first token.
    pub(crate) time_to_first_token: Option<f64>,
}

/// A tool span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToolSpan {
    /// Nanoseconds since the Unix epoch.
    pub(crate) start_ns: i64,
    /// The name of the tool.
    pub(crate) name: String,
    /// Unique within the trace.
    pub(crate) span_id: String,
}
