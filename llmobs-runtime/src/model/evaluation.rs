//! Evaluations: judgements of spans by programs.

use std::fmt::{self, Display};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::{Map, Number, Value, json};

use llmobs_capture::text::{MAX_LABEL_BYTES, cut, shown};
use llmobs_capture::value::{given, replace};
use llmobs_capture::{DEFAULT_LIMIT, Label, Metric, Reading, to_value, warn_limited};

use super::ml_app;
use super::reference::SpanRef;
use super::tags::VERSION;

/// The longest text of a judge, in bytes.
pub(crate) const MAX_TEXT_BYTES: usize = 64 * 1024;

/// A judgement of a span by a program, which is shown with the span.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// use llmobs::eval::{Assessment, Evaluation};
///
/// let span = llmobs::llm("answer").start();
/// let reference = span.export();
/// span.finish();
///
/// // Here, or much later in another program: a reference can be stored.
/// Evaluation::score("faithfulness", 0.93)
///     .for_span(reference)
///     .assessment(Assessment::Pass)
///     .reasoning("Every sentence is supported by a document.")
///     .submit()?;
/// # assert_eq!(collector.evaluations()[0]["score_value"], 0.93);
/// # Ok::<(), llmobs::eval::EvaluationError>(())
/// ```
///
/// Submitting puts the evaluation into the queue that spans go through, and never blocks; a processor's evaluations are sent with its
/// spans. If llmobs is not enabled, submitting does nothing and is not an error. An invalid evaluation is an [error](EvaluationError) that
/// explains what to change.
#[derive(Clone, Debug)]
#[must_use = "an evaluation is sent when `submit` is called"]
pub struct Evaluation {
    verdict: Verdict,
    join: Join,
    scope: EvaluationScope,
    metadata: Map<String, Value>,
}

/// Whether the evaluated result is good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Assessment {
    /// It is good enough.
    Pass,
    /// It is not good enough.
    Fail,
}

/// What an evaluation applies to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvaluationScope {
    /// The target span. The default.
    #[default]
    Span,
    /// The whole trace of the target span.
    Trace,
}

#[derive(Clone, Debug, Default)]
enum Join {
    #[default]
    None,
    Span(SpanRef),
    Tag(String, String),
    Several,
}

impl Evaluation {
    fn new(label: impl Into<String>, value: Judged) -> Self {
        Self {
            verdict: Verdict::new(label, value),
            join: Join::None,
            scope: EvaluationScope::Span,
            metadata: Map::new(),
        }
    }

    /// Creates an evaluation with a number, such as a similarity. The label names the criterion, such as `faithfulness`.
    pub fn score(label: impl Into<String>, value: impl Metric) -> Self {
        Self::new(label, Judged::score(value))
    }

    /// Creates an evaluation with one of several words, such as `polite`, of at most 16 KiB.
    pub fn categorical(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self::new(label, Judged::word(value))
    }

    /// Creates an evaluation with yes or no.
    pub fn boolean(label: impl Into<String>, value: bool) -> Self {
        Self::new(label, Judged::Boolean(value))
    }

    /// Creates an evaluation with an object of several findings: any value that serializes as one, in at most 1 MiB.
    pub fn json(label: impl Into<String>, value: impl Serialize) -> Self {
        Self::new(label, Judged::json(&value))
    }

    fn join(mut self, join: Join) -> Self {
        self.join = match self.join {
            Join::None => join,
            _ => Join::Several,
        };
        self
    }

    /// Sets the target: the span that [`export_span`](crate::export_span) or [`Span::export`](crate::Span::export) returned, or a stored
    /// reference. `None` leaves it unset.
    pub fn for_span(self, span: impl Into<Option<SpanRef>>) -> Self {
        match span.into() {
            Some(span) => self.join(Join::Span(span)),
            None => self,
        }
    }

    /// Sets the target by a tag. Only one span should have that tag, such as the id of a message.
    pub fn for_tag(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.join(Join::Tag(key.into(), value.into()))
    }

    /// Sets the target to a span of OpenTelemetry: one that Datadog converts from a `gen_ai` span, not a span of llmobs.
    ///
    /// Datadog waits for the conversion, because the evaluation has the tag `source:otel`.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// use llmobs::eval::Evaluation;
    ///
    /// let (trace_id, span_id) = (0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128, 0x00f0_67aa_0ba9_02b7_u64);
    /// Evaluation::boolean("grounded", true).for_opentelemetry_span(trace_id, span_id).submit()?;
    /// let span = &collector.evaluations()[0]["join_on"]["span"];
    /// assert_eq!(span["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    /// assert_eq!(span["span_id"], "00f067aa0ba902b7");
    /// # Ok::<(), llmobs::eval::EvaluationError>(())
    /// ```
    pub fn for_opentelemetry_span(self, trace_id: u128, span_id: u64) -> Self {
        let span = SpanRef { trace_id: format!("{trace_id:032x}"), span_id: format!("{span_id:016x}") };
        self.join(Join::Span(span)).tag("source", "otel")
    }

    /// Sets whether the evaluation applies to the whole trace. Default: to the span alone.
    pub fn scope(mut self, scope: impl Into<Option<EvaluationScope>>) -> Self {
        self.scope = scope.into().unwrap_or(self.scope);
        self
    }

    /// Adds a fact about how the evaluation was made: any serializable value. `None` and `()` change nothing.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        let value = to_value(&value, DEFAULT_LIMIT);
        if !value.is_null() {
            self.metadata.insert(cut(key.into(), MAX_LABEL_BYTES), value);
        }
        self
    }

    /// Returns the JSON text of the metric in the wire format.
    pub(crate) fn encode(self, ml_app: &str, now_ms: u64) -> Result<String, EvaluationError> {
        let join = match self.join {
            Join::None => return Err(EvaluationError::NoTarget),
            Join::Several => return Err(EvaluationError::TwoTargets),
            Join::Span(span) if span.span_id.is_empty() || span.trace_id.is_empty() => {
                return Err(EvaluationError::EmptyId);
            }
            Join::Span(span) => json!({ "span": span }),
            Join::Tag(key, _) if key.is_empty() => return Err(EvaluationError::EmptyTarget),
            Join::Tag(key, value) => json!({ "tag": { "key": key, "value": value } }),
        };
        let mut metric = self.verdict.into_json("evaluation", ml_app, now_ms)?;
        metric.insert("join_on".to_owned(), join);
        let scope = if self.scope == EvaluationScope::Trace { "trace" } else { "span" };
        metric.insert("eval_scope".to_owned(), scope.into());
        if !self.metadata.is_empty() {
            metric.insert("metadata".to_owned(), self.metadata.into());
        }
        Ok(Value::Object(metric).to_string())
    }
}

/// What evaluations and feedback have in common.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    label: String,
    value: Judged,
    ml_app: Option<String>,
    tags: Vec<(String, String)>,
    timestamp: Option<SystemTime>,
    assessment: Option<Assessment>,
    reasoning: Option<String>,
}

/// The value of an evaluation or feedback.
#[derive(Clone, Debug)]
pub(crate) enum Judged {
    Categorical(String),
    Score(Number),
    Boolean(bool),
    Json(Map<String, Value>),
    Text(String),
    Wrong(EvaluationError),
}

impl Judged {
    pub(crate) fn word(value: impl Into<String>) -> Self {
        Self::Categorical(cut(value.into(), MAX_LABEL_BYTES))
    }

    pub(crate) fn score(value: impl Metric) -> Self {
        match value.reading() {
            Reading::Is(number) => Self::Score(number),
            _ => Self::Wrong(EvaluationError::NotANumber),
        }
    }

    pub(crate) fn json(value: &impl Serialize) -> Self {
        match to_value(value, DEFAULT_LIMIT) {
            Value::Object(fields) => Self::Json(fields),
            _ => Self::Wrong(EvaluationError::NotAnObject),
        }
    }

    /// Returns the name of the type in the wire format, and the value.
    fn into_parts(self) -> Result<(&'static str, Value), EvaluationError> {
        Ok(match self {
            Self::Categorical(word) => ("categorical", word.into()),
            Self::Score(number) => ("score", number.into()),
            Self::Boolean(value) => ("boolean", value.into()),
            Self::Json(fields) => ("json", fields.into()),
            Self::Text(text) => ("text", text.into()),
            Self::Wrong(error) => return Err(error),
        })
    }
}

impl Verdict {
    pub(crate) fn new(label: impl Into<String>, value: Judged) -> Self {
        Self {
            label: cut(label.into(), MAX_LABEL_BYTES),
            value,
            ml_app: None,
            tags: Vec::new(),
            timestamp: None,
            assessment: None,
            reasoning: None,
        }
    }

    pub(crate) fn tag(&mut self, key: String, value: &dyn Display) {
        let key = cut(key, MAX_LABEL_BYTES);
        if let Some(value) = shown(value) {
            self.tags.retain(|(other, _)| *other != key);
            self.tags.push((key, value));
        }
    }

    /// Returns the fields in the wire format, without the target.
    pub(crate) fn into_json(
        self,
        event_kind: &str,
        ml_app: &str,
        now_ms: u64,
    ) -> Result<Map<String, Value>, EvaluationError> {
        if self.label.is_empty() {
            return Err(EvaluationError::EmptyLabel);
        }
        if self.label.contains('.') {
            return Err(EvaluationError::DotInLabel);
        }
        let timestamp_ms = match self.timestamp.map(|time| time.duration_since(UNIX_EPOCH)) {
            None => now_ms,
            // Zero means now, as in the reference SDK.
            Some(Ok(since)) if since.as_millis() == 0 => now_ms,
            Some(Ok(since)) => u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            Some(Err(_)) => return Err(EvaluationError::TimeBefore1970),
        };
        let (metric_type, value) = self.value.into_parts()?;
        let setting = "`ml_app` of an evaluation or a feedback";
        if let Some(warning) = self.ml_app.as_deref().and_then(|name| ml_app::warning(name, setting)) {
            warn_limited!("{warning}");
        }
        let ml_app = self.ml_app.as_deref().unwrap_or(ml_app);
        let own = [("ddtrace.version", VERSION), ("ml_app", ml_app)];
        let own = own.into_iter().filter(|(key, _)| self.tags.iter().all(|(other, _)| other != key));
        let given = self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let tags: Vec<String> = own.chain(given).map(|(key, value)| format!("{key}:{value}")).collect();
        let assessment = self.assessment.map(|assessment| match assessment {
            Assessment::Pass => "pass",
            Assessment::Fail => "fail",
        });
        let mut fields = Map::new();
        let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
        put("event_kind", event_kind.into());
        put("label", self.label.into());
        put("metric_type", metric_type.into());
        put(&format!("{metric_type}_value"), value);
        put("ml_app", ml_app.into());
        put("tags", tags.into());
        put("timestamp_ms", timestamp_ms.into());
        if let Some(assessment) = assessment {
            put("assessment", assessment.into());
        }
        if let Some(reasoning) = self.reasoning.filter(|reasoning| !reasoning.is_empty()) {
            put("reasoning", reasoning.into());
        }
        Ok(fields)
    }
}

/// The methods that evaluations and feedback share.
macro_rules! verdict_options {
    ($name:ident) => {
        impl $name {
            /// Sets whether the result is good enough.
            pub fn assessment(
                mut self,
                assessment: impl Into<Option<$crate::model::evaluation::Assessment>>,
            ) -> Self {
                self.verdict.set_assessment(assessment.into());
                self
            }

            /// Sets the reasons for the result, in at most 64 KiB.
            pub fn reasoning<Form>(mut self, reasoning: impl ::llmobs_capture::Label<Form>) -> Self {
                self.verdict.set_reasoning(reasoning);
                self
            }

            /// Adds a tag: two short texts.
            pub fn tag<Form>(
                mut self,
                key: impl Into<String>,
                value: impl ::llmobs_capture::Label<Form>,
            ) -> Self {
                value.read(|value| self.verdict.tag(key.into(), value));
                self
            }

            /// Adds several tags at once, as pairs.
            pub fn tags<K: Into<String>, V: ::llmobs_capture::Label<Form>, Form>(
                self,
                tags: impl IntoIterator<Item = (K, V)>,
            ) -> Self {
                tags.into_iter().fold(self, |verdict, (key, value)| verdict.tag(key, value))
            }

            /// Sets the time of the result, to the millisecond. Default: the time of submission, for which the Unix epoch also counts.
            pub fn timestamp(mut self, time: impl Into<Option<::std::time::SystemTime>>) -> Self {
                self.verdict.set_timestamp(time.into());
                self
            }

            /// Sets the time of the result, in milliseconds since the Unix epoch: see [`timestamp`](Self::timestamp).
            pub fn timestamp_ms(self, unix_ms: impl Into<Option<u64>>) -> Self {
                let since = unix_ms.into().map(::std::time::Duration::from_millis);
                self.timestamp(since.and_then(|since| ::std::time::UNIX_EPOCH.checked_add(since)))
            }

            /// Sets the application. Default: that of the configuration, even if the span belongs to another one. An empty one is ignored.
            pub fn ml_app<Form>(mut self, ml_app: impl ::llmobs_capture::Label<Form>) -> Self {
                self.verdict.set_ml_app(::llmobs_capture::value::named(ml_app));
                self
            }
        }
    };
}
pub(crate) use verdict_options;

verdict_options!(Evaluation);

impl Verdict {
    pub(crate) fn set_assessment(&mut self, assessment: Option<Assessment>) {
        replace(&mut self.assessment, assessment);
    }

    pub(crate) fn set_reasoning<Form>(&mut self, reasoning: impl Label<Form>) {
        replace(&mut self.reasoning, given(reasoning).map(|text| cut(text, MAX_TEXT_BYTES)));
    }

    pub(crate) fn set_timestamp(&mut self, time: Option<SystemTime>) {
        replace(&mut self.timestamp, time);
    }

    pub(crate) fn set_ml_app(&mut self, ml_app: Option<String>) {
        replace(&mut self.ml_app, ml_app);
    }
}

/// Why an [`Evaluation`](crate::eval::Evaluation) or a [`Feedback`](crate::eval::Feedback) was not submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvaluationError {
    /// No target was set.
    NoTarget,
    /// More than one target was set.
    TwoTargets,
    /// A span has no span id or trace id.
    EmptyId,
    /// The target is empty: a tag without a name, or an empty text.
    EmptyTarget,
    /// The label is empty.
    EmptyLabel,
    /// The label has a dot.
    DotInLabel,
    /// The score is `None`, NaN or infinite.
    NotANumber,
    /// The JSON value is not an object.
    NotAnObject,
    /// The time is before 1970.
    TimeBefore1970,
    /// The id of the submitter is empty.
    EmptySubmitter,
}

impl Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoTarget => {
                "no target was set: call `for_span` with the reference that `export_span` returned inside the span, or another of the `for_` methods"
            }
            Self::TwoTargets => "more than one target was set: call one of the `for_` methods, once",
            Self::EmptyId => "the span has no span id or no trace id: use what `export_span` or `Span::export` returns",
            Self::EmptyTarget => "the target is empty: give a text that is not empty",
            Self::EmptyLabel => "the label is empty: name the criterion, such as \"faithfulness\"",
            Self::DotInLabel => "the label has a dot, which Datadog does not accept: use an underscore",
            Self::NotANumber => "the score is not a finite number: submit only finite scores",
            Self::NotAnObject => "the JSON value is not an object: put it into one, as {\"value\": …}",
            Self::TimeBefore1970 => "the time is before 1970: leave it out for the current time, or give the time of the evaluation",
            Self::EmptySubmitter => "the submitter has no id: give the id of the user, or a placeholder such as \"anonymous\"",
        })
    }
}

impl std::error::Error for EvaluationError {}

#[cfg(test)]
mod tests;
