//! Sessions and their traces.

/// The number of sessions on a page.
pub(crate) const SESSIONS: u32 = 50;
/// The number of turns of a session on a page.
pub(crate) const TURNS: u32 = 50;

/// A session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Session {
    /// Its id.
    pub(crate) id: String,
    /// The application of its first turn.
    pub(crate) ml_app: Option<String>,
    /// The beginning of the first input.
    pub(crate) first_input: String,
    /// The start of the last turn, in nanoseconds since the Unix epoch.
    pub(crate) last_ns: i64,
    /// The number of its traces.
    pub(crate) turns: i64,
    /// The number of failed spans in these traces.
    pub(crate) errors: i64,
    /// The tokens of all turns.
    pub(crate) total_tokens: Option<i64>,
    /// The duration of all turns in nanoseconds, without the time between them.
    pub(crate) duration_ns: i64,
}

/// A trace of a session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Turn {
    /// The row of its first span.
    pub(crate) row: i64,
    /// The id of the trace.
    pub(crate) trace_id: String,
    /// The id of its first span.
    pub(crate) span_id: String,
    /// The name of its first span.
    pub(crate) name: String,
    /// The kind of its first span.
    pub(crate) kind: String,
    /// Whether its first span failed.
    pub(crate) failed: bool,
    /// Nanoseconds since the Unix epoch.
    pub(crate) start_ns: i64,
    /// Nanoseconds.
    pub(crate) duration_ns: i64,
    /// The sum including all earlier turns.
    pub(crate) duration_so_far_ns: i64,
    /// The tokens of the trace.
    pub(crate) total_tokens: Option<i64>,
    /// The sum including all earlier turns.
    pub(crate) tokens_so_far: i64,
    /// The beginning of the input.
    pub(crate) input: String,
    /// The beginning of the output.
    pub(crate) output: String,
}
