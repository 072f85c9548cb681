//! Feedback: a person's judgement of a span, trace or session.

use serde::Serialize;
use serde_json::{Value, json};

use llmobs_capture::text::cut;
use llmobs_capture::value::{given, replace};
use llmobs_capture::{Label, Metric};

use super::evaluation::{EvaluationError, Judged, MAX_TEXT_BYTES, Verdict, verdict_options};
use super::reference::SpanRef;

/// Feedback of a person on an answer.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// use llmobs::eval::{Feedback, Submitter};
///
/// let user = Submitter::new("user-7").kind("customer");
/// Feedback::boolean("helpful", true, user).for_session("chat-42").submit()?;
/// # assert_eq!(collector.evaluations()[0]["session_id"], "chat-42");
/// # Ok::<(), llmobs::eval::EvaluationError>(())
/// ```
///
/// Feedback is sent in the same way as an [`Evaluation`](crate::eval::Evaluation).
#[derive(Clone, Debug)]
#[must_use = "feedback is sent when `submit` is called"]
pub struct Feedback {
    verdict: Verdict,
    submitter: Submitter,
    target: Option<Target>,
    targets: usize,
}

/// The person who gives feedback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitter {
    id: String,
    kind: Option<String>,
}

impl Submitter {
    /// Creates a submitter with an id, such as that of a user.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), kind: None }
    }

    /// Sets the role of the submitter in the application, such as `customer`.
    #[must_use]
    pub fn kind<Form>(mut self, kind: impl Label<Form>) -> Self {
        replace(&mut self.kind, given(kind));
        self
    }
}

impl From<&str> for Submitter {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl From<String> for Submitter {
    fn from(id: String) -> Self {
        Self::new(id)
    }
}

/// The target of feedback: the key in the wire format, and an id.
type Target = (&'static str, String);

impl Feedback {
    fn new(label: impl Into<String>, value: Judged, submitter: impl Into<Submitter>) -> Self {
        let verdict = Verdict::new(label, value);
        Self { verdict, submitter: submitter.into(), target: None, targets: 0 }
    }

    /// Creates feedback with a number, such as stars. The label names the criterion, such as `rating`.
    pub fn score(label: impl Into<String>, value: impl Metric, submitter: impl Into<Submitter>) -> Self {
        Self::new(label, Judged::score(value), submitter)
    }

    /// Creates feedback with one of several words, such as `too long`.
    pub fn categorical(
        label: impl Into<String>,
        value: impl Into<String>,
        submitter: impl Into<Submitter>,
    ) -> Self {
        Self::new(label, Judged::word(value), submitter)
    }

    /// Creates feedback with yes or no, such as a thumb up or down.
    pub fn boolean(label: impl Into<String>, value: bool, submitter: impl Into<Submitter>) -> Self {
        Self::new(label, Judged::Boolean(value), submitter)
    }

    /// Creates feedback with a comment of at most 64 KiB.
    pub fn text(label: impl Into<String>, value: impl Into<String>, submitter: impl Into<Submitter>) -> Self {
        Self::new(label, Judged::Text(cut(value.into(), MAX_TEXT_BYTES)), submitter)
    }

    /// Creates feedback with an object of several answers: any value that serializes as one.
    pub fn json(label: impl Into<String>, value: impl Serialize, submitter: impl Into<Submitter>) -> Self {
        Self::new(label, Judged::json(&value), submitter)
    }

    fn about(mut self, key: &'static str, id: String) -> Self {
        self.target = Some((key, id));
        self.targets += 1;
        self
    }

    /// Sets the target to a span, as [`export_span`](crate::export_span) returned it. `None` leaves it unset.
    pub fn for_span(self, span: impl Into<Option<SpanRef>>) -> Self {
        match span.into() {
            Some(span) => self.about("span_id", span.span_id),
            None => self,
        }
    }

    /// Sets the target to the trace of a span, as [`export_span`](crate::export_span) returned it. `None` leaves it unset.
    pub fn for_trace(self, span: impl Into<Option<SpanRef>>) -> Self {
        match span.into() {
            Some(span) => self.about("trace_id", span.trace_id),
            None => self,
        }
    }

    /// Sets the target to a session, by its id.
    pub fn for_session(self, session_id: impl Into<String>) -> Self {
        self.about("session_id", session_id.into())
    }

    /// Sets the target by a key that the program has chosen.
    pub fn for_join_key(self, key: impl Into<String>) -> Self {
        self.about("feedback_join_key", key.into())
    }

    /// Returns the JSON text of the metric in the wire format.
    pub(crate) fn encode(self, ml_app: &str, now_ms: u64) -> Result<String, EvaluationError> {
        if self.targets > 1 {
            return Err(EvaluationError::TwoTargets);
        }
        let (key, target) = self.target.ok_or(EvaluationError::NoTarget)?;
        if target.is_empty() {
            return Err(EvaluationError::EmptyTarget);
        }
        if self.submitter.id.is_empty() {
            return Err(EvaluationError::EmptySubmitter);
        }
        let mut metric = self.verdict.into_json("feedback", ml_app, now_ms)?;
        metric.insert(key.to_owned(), target.into());
        let submitter = match self.submitter.kind {
            Some(kind) => json!({ "id": self.submitter.id, "type": kind }),
            None => json!({ "id": self.submitter.id }),
        };
        metric.insert("submitter".to_owned(), submitter);
        Ok(Value::Object(metric).to_string())
    }
}

verdict_options!(Feedback);

#[cfg(test)]
mod tests;
