//! Lists of traces or spans: what is asked, and a page of the answer.

use crate::query::Condition;
use crate::span::Tokens;

/// How many rows a page of a list has.
pub(crate) const PAGE: u32 = 50;

/// What a row of a list is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scope {
    /// A trace, by its head.
    #[default]
    Traces,
    /// A span.
    Spans,
}

/// What a list is ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// When it began.
    #[default]
    Start,
    /// How long it took.
    Duration,
    /// The name of the span.
    Name,
    /// How many tokens were used.
    Tokens,
    /// How many spans the trace has.
    Spans,
    /// When the first token came.
    FirstToken,
}

/// Which rows of a list to read, and in which order.
#[derive(Clone, Debug)]
pub(crate) struct ListRequest {
    /// What a row is.
    pub(crate) scope: Scope,
    /// Which rows.
    pub(crate) condition: Condition,
    /// From when on, in nanoseconds since the Unix epoch.
    pub(crate) from_ns: Option<i64>,
    /// Until when.
    pub(crate) to_ns: Option<i64>,
    /// The order.
    pub(crate) sort: Sort,
    /// The smallest first.
    pub(crate) ascending: bool,
    /// How many rows to leave out at the top.
    pub(crate) offset: u64,
    /// How many rows to read at most.
    pub(crate) limit: u32,
    /// Paths of attributes that the rows should show.
    pub(crate) attributes: Vec<String>,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Listing {
    /// The rows.
    pub(crate) rows: Vec<ListRow>,
    /// All that match, also those on other pages.
    pub(crate) overview: Overview,
    /// Paths of attributes that there are, for columns.
    pub(crate) paths: Vec<String>,
}

/// One trace, or one span.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ListRow {
    /// The id of the trace.
    pub(crate) trace_id: String,
    /// The id of the span.
    pub(crate) span_id: String,
    /// The id of the span above.
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
    /// Spans of the trace.
    pub(crate) spans: i64,
    /// Failed spans of the trace.
    pub(crate) errors: i64,
    /// Calls of models in the trace.
    pub(crate) llm_calls: i64,
    /// Calls of tools in the trace.
    pub(crate) tool_calls: i64,
    /// Tokens, of the trace or of the span.
    pub(crate) tokens: Tokens,
    /// Seconds to the first token.
    pub(crate) time_to_first_token: Option<f64>,
    /// Its evaluations: label, value, and `pass` or `fail`.
    pub(crate) evaluations: Vec<(String, String, Option<String>)>,
    /// The attributes that were asked for: path and value.
    pub(crate) attributes: Vec<(String, String)>,
    /// The tags that the program set, not those that SDKs put on every span: key and value.
    pub(crate) tags: Vec<(String, String)>,
}

/// The counts of all rows that match.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Overview {
    /// How many rows match.
    pub(crate) matched: u64,
    /// The time range of the histogram, in nanoseconds since the Unix epoch.
    pub(crate) range_ns: Option<(i64, i64)>,
    /// The rows that began long before that range, and long after.
    pub(crate) outside: [Option<Outside>; 2],
    /// The histogram of starts: successful and failed rows.
    pub(crate) bars: Vec<(u64, u64)>,
    /// Their values.
    pub(crate) facets: Vec<Facet>,
}

/// Rows that began at other times than most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outside {
    /// How many there are.
    pub(crate) rows: u64,
    /// The first and the last time, in nanoseconds since the Unix epoch.
    pub(crate) range_ns: (i64, i64),
}

/// The values of one column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Facet {
    /// The path in a query.
    pub(crate) path: &'static str,
    /// The most frequent values, with how many have each.
    pub(crate) values: Vec<(String, u64)>,
    /// How many other values there are.
    pub(crate) others: usize,
}
