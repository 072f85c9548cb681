//! Lists of traces or spans: requests, and pages of the result.

use crate::query::Condition;
use crate::span::Tokens;

/// The number of rows on a page of a list.
pub(crate) const PAGE: u32 = 50;

/// The type of the rows of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scope {
    /// A row is a trace, represented by its head.
    #[default]
    Traces,
    /// A row is a span.
    Spans,
}

/// The sort key of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The start.
    #[default]
    Start,
    /// The duration.
    Duration,
    /// The name of the span.
    Name,
    /// The number of tokens.
    Tokens,
    /// The number of spans of the trace.
    Spans,
    /// The time to the first token.
    FirstToken,
}

/// A request for rows of a list.
#[derive(Clone, Debug)]
pub(crate) struct ListRequest {
    /// The type of the rows.
    pub(crate) scope: Scope,
    /// The condition on the rows.
    pub(crate) condition: Condition,
    /// The earliest start, in nanoseconds since the Unix epoch.
    pub(crate) from_ns: Option<i64>,
    /// The latest start.
    pub(crate) to_ns: Option<i64>,
    /// The order.
    pub(crate) sort: Sort,
    /// Whether the smallest value is first.
    pub(crate) ascending: bool,
    /// The number of rows to skip.
    pub(crate) offset: u64,
    /// The most rows to read.
    pub(crate) limit: u32,
    /// The paths of attributes to show.
    pub(crate) attributes: Vec<String>,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Listing {
    /// The rows.
    pub(crate) rows: Vec<ListRow>,
    /// The counts of all matching rows, including those on other pages.
    pub(crate) overview: Overview,
    /// The paths of existing attributes, for columns.
    pub(crate) paths: Vec<String>,
}

/// A trace or a span.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ListRow {
    /// The id of the trace.
    pub(crate) trace_id: String,
    /// The id of the span.
    pub(crate) span_id: String,
    /// The id of the parent.
    pub(crate) parent_id: Option<String>,
    /// The name of the span.
    pub(crate) name: String,
    /// Its kind.
    pub(crate) kind: String,
    /// Whether it failed.
    pub(crate) failed: bool,
    /// Nanoseconds since the Unix epoch.
    pub(crate) start_ns: i64,
    /// Nanoseconds.
    pub(crate) duration_ns: i64,
    /// The application.
    pub(crate) ml_app: Option<String>,
    /// The session.
    pub(crate) session_id: Option<String>,
    /// The beginning of the input.
    pub(crate) input: String,
    /// The beginning of the output.
    pub(crate) output: String,
    /// The models that were called.
    pub(crate) models: Vec<String>,
    /// The number of spans of the trace.
    pub(crate) spans: i64,
    /// The number of failed spans of the trace.
    pub(crate) errors: i64,
    /// The number of model calls in the trace.
    pub(crate) llm_calls: i64,
    /// The number of tool calls in the trace.
    pub(crate) tool_calls: i64,
    /// The tokens of the trace or of the span.
    pub(crate) tokens: Tokens,
    /// Seconds to the first token.
    pub(crate) time_to_first_token: Option<f64>,
    /// Its evaluations: label, value, and `pass` or `fail`.
    pub(crate) evaluations: Vec<(String, String, Option<String>)>,
    /// The requested attributes: path and value.
    pub(crate) attributes: Vec<(String, String)>,
    /// The tags that the program set, without those that SDKs add to every span: key and value.
    pub(crate) tags: Vec<(String, String)>,
}

/// The counts of all matching rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Overview {
    /// The number of matching rows.
    pub(crate) matched: u64,
    /// The time range of the histogram, in nanoseconds since the Unix epoch.
    pub(crate) range_ns: Option<(i64, i64)>,
    /// The rows that began long before that range, and those that began long after.
    pub(crate) outside: [Option<Outside>; 2],
    /// The histogram of starts: successful and failed rows.
    pub(crate) bars: Vec<(u64, u64)>,
    /// The values of the rows.
    pub(crate) facets: Vec<Facet>,
}

/// Rows that began far from most others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outside {
    /// The number of rows.
    pub(crate) rows: u64,
    /// The first and the last time, in nanoseconds since the Unix epoch.
    pub(crate) range_ns: (i64, i64),
}

/// The values of one column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Facet {
    /// The path in a query.
    pub(crate) path: &'static str,
    /// The most frequent values, with their counts.
    pub(crate) values: Vec<(String, u64)>,
    /// The number of other values.
    pub(crate) others: usize,
}
