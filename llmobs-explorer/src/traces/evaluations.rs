//! Evaluations and feedback: those of one span, and all by label.

/// All evaluations with one label and one type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Label {
    /// The label.
    pub(crate) name: String,
    /// Whether it is user feedback.
    pub(crate) feedback: bool,
    /// `score`, `categorical`, `boolean`, `json` or `text`.
    pub(crate) metric_type: String,
    /// The number of evaluations.
    pub(crate) count: i64,
    /// The number of evaluations that are assessed as passing.
    pub(crate) pass: i64,
    /// The number of evaluations that are assessed as failing.
    pub(crate) fail: i64,
    /// The lowest, the mean and the highest score.
    pub(crate) numbers: Option<(f64, f64, f64)>,
    /// The number of scores in each part between the lowest and the highest.
    pub(crate) bars: Vec<u64>,
    /// The most frequent values other than scores, with their counts.
    pub(crate) values: Vec<(String, u64)>,
    /// The number of other values.
    pub(crate) other_values: usize,
}

/// An evaluation or user feedback of one span.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpanEvaluation {
    /// Whether it is user feedback.
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
