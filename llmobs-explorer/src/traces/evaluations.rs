//! Evaluations and feedback: those of a span, and all by label.

/// All evaluations with one label and one type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Label {
    /// The label.
    pub(crate) name: String,
    /// Whether it is feedback of users.
    pub(crate) feedback: bool,
    /// `score`, `categorical`, `boolean`, `json` or `text`.
    pub(crate) metric_type: String,
    /// How often.
    pub(crate) count: i64,
    /// How many are assessed as passing.
    pub(crate) pass: i64,
    /// How many are assessed as failing.
    pub(crate) fail: i64,
    /// The least, the mean and the greatest score.
    pub(crate) numbers: Option<(f64, f64, f64)>,
    /// How many scores lie in each part between the least and the greatest.
    pub(crate) bars: Vec<u64>,
    /// The most frequent values of what is no score, with how many have each.
    pub(crate) values: Vec<(String, u64)>,
    /// How many other values there are.
    pub(crate) other_values: usize,
}

/// An evaluation or a feedback of one span.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpanEvaluation {
    /// Whether it is feedback of a user.
    pub(crate) feedback: bool,
    /// The label.
    pub(crate) label: String,
    /// `score`, `categorical`, `boolean`, `json` or `text`.
    pub(crate) metric_type: String,
    /// The value as text.
    pub(crate) value: String,
    /// `pass` or `fail`.
    pub(crate) assessment: Option<String>,
    /// The reason for the value.
    pub(crate) reasoning: Option<String>,
    /// Milliseconds since the Unix epoch.
    pub(crate) timestamp_ms: i64,
}
