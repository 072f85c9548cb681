//! Spans and evaluations: the intake creates them, and the store writes them.

/// A span: its event, and the fields that lists, trees and queries use.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(clippy::struct_field_names, reason = "events have the same names")]
pub(crate) struct Span {
    /// The id of its trace. All ids are canonical.
    pub(crate) trace_id: String,
    /// Unique within its trace.
    pub(crate) span_id: String,
    /// `None` for a root.
    pub(crate) parent_id: Option<String>,
    /// The name of the step.
    pub(crate) name: String,
    /// `llm`, `agent` or any other text. `unknown` if the event has no kind.
    pub(crate) kind: String,
    /// Whether its status is `error`.
    pub(crate) failed: bool,
    /// Nanoseconds since the Unix epoch.
    pub(crate) start_ns: i64,
    /// Nanoseconds.
    pub(crate) duration_ns: i64,
    /// The application.
    pub(crate) ml_app: Option<String>,
    /// The service of the process.
    pub(crate) service: Option<String>,
    /// The environment of the process, such as `prod`.
    pub(crate) env: Option<String>,
    /// The conversation that it belongs to.
    pub(crate) session_id: Option<String>,
    /// The model that was called.
    pub(crate) model_name: Option<String>,
    /// The company or service that runs the model.
    pub(crate) model_provider: Option<String>,
    /// The type of its error.
    pub(crate) error_type: Option<String>,
    /// The tokens that it used.
    pub(crate) tokens: Tokens,
    /// Seconds until the first token arrived.
    pub(crate) time_to_first_token: Option<f64>,
    /// The beginning of the input as one line, for lists.
    pub(crate) input_preview: String,
    /// The beginning of the output as one line, for lists.
    pub(crate) output_preview: String,
    /// The values that queries find by their paths.
    pub(crate) attributes: Vec<Attribute>,
    /// The long texts for full-text search, from input, output and error. Several spans may share a text.
    pub(crate) long_texts: Vec<String>,
    /// The other texts for full-text search, one per line.
    pub(crate) short_texts: String,
    /// The JSON text of the event, as it arrived.
    pub(crate) event: String,
}

/// The tokens that a model call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    /// `metrics.input_tokens`
    pub(crate) input: Option<i64>,
    /// `metrics.output_tokens`
    pub(crate) output: Option<i64>,
    /// `metrics.total_tokens`, or else the sum of input and output.
    pub(crate) total: Option<i64>,
    /// `metrics.cache_read_input_tokens`
    pub(crate) cached: Option<i64>,
}

/// A scalar of an event outside of its input and output, with its path: `tag.user_id`, `meta.metadata.temperature`,
/// `metrics.input_tokens`, `meta.error.message`, `collection_errors`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attribute {
    /// Names joined by dots. Tags begin with `tag.`. A tag without a colon has an empty value.
    pub(crate) path: String,
    /// The value as text: `true`, `0.2`, `gpt-4o`.
    pub(crate) text: String,
    /// The value of a JSON number or of a text that is a number.
    pub(crate) number: Option<f64>,
}

/// An evaluation or user feedback.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Evaluation {
    /// Whether it is user feedback.
    pub(crate) feedback: bool,
    /// The label.
    pub(crate) label: String,
    /// `score`, `categorical`, `boolean`, `json` or `text`.
    pub(crate) metric_type: String,
    /// The value as text, or as JSON for an object or a list.
    pub(crate) value: String,
    /// The value of a score; 1 and 0 for a boolean.
    pub(crate) number: Option<f64>,
    /// `pass` or `fail`.
    pub(crate) assessment: Option<String>,
    /// The reason for the value.
    pub(crate) reasoning: Option<String>,
    /// The application.
    pub(crate) ml_app: Option<String>,
    /// Milliseconds since the Unix epoch.
    pub(crate) timestamp_ms: i64,
    /// The target of the evaluation.
    pub(crate) target: Target,
    /// The JSON text of the metric, as it arrived.
    pub(crate) event: String,
}

/// The target of an evaluation or of feedback.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    /// One span.
    Span {
        /// The trace, if it is known.
        trace_id: Option<String>,
        /// The span.
        span_id: String,
    },
    /// A whole trace.
    Trace(String),
    /// A whole session.
    Session(String),
    /// The spans that have this tag.
    Tag {
        /// The key of the tag.
        key: String,
        /// Its value.
        value: String,
    },
}
