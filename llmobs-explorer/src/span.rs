//! Spans and evaluations, as the intake reads them and the store writes them.

use serde::Serialize;

/// A span: its event, and the fields that lists, trees and queries use.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Span {
    /// The id of its trace, as the program wrote it.
    pub trace_id: String,
    /// Unique in its trace.
    pub span_id: String,
    /// `None` at the root, however the program spelled that.
    pub parent_id: Option<String>,
    /// What the program calls the step.
    pub name: String,
    /// `llm`, `agent`, … or whatever else arrived; `unknown` where nothing did.
    pub kind: String,
    /// Whether its status is `error`.
    pub failed: bool,
    /// Nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// Nanoseconds.
    pub duration_ns: i64,
    /// The application.
    pub ml_app: Option<String>,
    /// The service of the process.
    pub service: Option<String>,
    /// The environment of the process, such as `prod`.
    pub env: Option<String>,
    /// The conversation that it belongs to.
    pub session_id: Option<String>,
    /// The model that was called.
    pub model_name: Option<String>,
    /// Who runs the model.
    pub model_provider: Option<String>,
    /// The type of its error.
    pub error_type: Option<String>,
    /// What it used.
    pub tokens: Tokens,
    /// Seconds until the first token arrived.
    pub time_to_first_token: Option<f64>,
    /// The beginning of the input in one line, for lists.
    pub input_preview: String,
    /// The beginning of the output in one line, for lists.
    pub output_preview: String,
    /// What can be asked for by path.
    pub attributes: Vec<Attribute>,
    /// The text for full-text search: from input, output and error.
    pub text: String,
    /// The event, as JSON text, as it arrived.
    pub event: String,
}

/// Tokens that a call of a model used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// `metrics.input_tokens`
    pub input: Option<i64>,
    /// `metrics.output_tokens`
    pub output: Option<i64>,
    /// `metrics.total_tokens`, else the sum of the two.
    pub total: Option<i64>,
    /// `metrics.cache_read_input_tokens`
    pub cached: Option<i64>,
}

/// A scalar of an event outside its input and output, under its path: `tag.user_id`, `meta.metadata.temperature`,
/// `metrics.input_tokens`, `meta.error.message`, `collection_errors`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attribute {
    /// Names with dots between. Tags begin with `tag.`; a tag without a colon is one whose value is empty.
    pub path: String,
    /// The value as text: `true`, `0.2`, `gpt-4o`.
    pub text: String,
    /// The value of a JSON number, and of a text that is one.
    pub number: Option<f64>,
}

/// An evaluation or a feedback.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Evaluation {
    /// Whether it is feedback of a user.
    pub feedback: bool,
    /// The label.
    pub label: String,
    /// `score`, `categorical`, `boolean`, `json` or `text`.
    pub metric_type: String,
    /// The value as text; JSON where it is a structure.
    pub value: String,
    /// The value of a score; 1 and 0 for a boolean.
    pub number: Option<f64>,
    /// `pass` or `fail`.
    pub assessment: Option<String>,
    /// Why.
    pub reasoning: Option<String>,
    /// The application.
    pub ml_app: Option<String>,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// What was evaluated.
    pub target: Target,
    /// The metric, as JSON text, as it arrived.
    pub event: String,
}

/// What an evaluation or a feedback is for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Target {
    /// One span; its trace is not always named.
    Span {
        /// The trace, where it was named.
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

impl Default for Target {
    fn default() -> Self {
        Self::Trace(String::new())
    }
}
