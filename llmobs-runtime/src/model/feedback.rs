//! Feedback: a person's judgement of a span, trace or session.

use serde::Serialize;
use serde_json::{Value, json};

use llmobs_capture::Metric;
use llmobs_capture::text::cut;

use super::evaluation::{EvaluationError, Judged, MAX_TEXT_BYTES, Verdict, verdict_options};
use super::reference::SpanRef;

/// What a person thinks of an answer.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// use llmobs::{Feedback, FeedbackTarget, Submitter};
///
/// let user = Submitter::new("user-7").kind("customer");
/// Feedback::boolean("helpful", true, user).of(FeedbackTarget::Session("chat-42".into())).submit()?;
/// # assert_eq!(collector.evaluations()[0]["session_id"], "chat-42");
/// # Ok::<(), llmobs::EvaluationError>(())
/// ```
///
/// It is sent as an [`Evaluation`](crate::Evaluation) is.
#[derive(Clone, Debug)]
#[must_use = "feedback is sent when `submit` is called"]
pub struct Feedback {
    verdict: Verdict,
    submitter: Submitter,
    target: Option<FeedbackTarget>,
    targets: usize,
}

/// Whose feedback it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitter {
    id: String,
    kind: Option<String>,
}

impl Submitter {
    /// Somebody by an id, such as that of a user.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), kind: None }
    }

    /// What they are to the application, such as `customer`.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into()).filter(|kind| !kind.is_empty());
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

/// What feedback speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FeedbackTarget {
    /// A span, by its id.
    Span(String),
    /// A trace, by its id.
    Trace(String),
    /// A session, by its id.
    Session(String),
    /// Whatever carries this key, which the program has chosen.
    JoinKey(String),
}

impl From<SpanRef> for FeedbackTarget {
    fn from(span: SpanRef) -> Self {
        Self::Span(span.span_id)
    }
}

impl Feedback {
    fn new(label: impl Into<String>, value: Judged, submitter: impl Into<Submitter>) -> Self {
        let verdict = Verdict::new(label, value);
        Self { verdict, submitter: submitter.into(), target: None, targets: 0 }
    }

    /// A number, such as stars. What is meant is named by the label, such as `rating`.
    pub fn score(label: impl Into<String>, value: impl Metric, submitter: impl Into<Submitter>) -> Self {
        Self::new(label, Judged::score(value), submitter)
    }

    /// One of several words, such as `too long`.
    pub fn categorical(
        label: impl Into<String>,
        value: impl Into<String>,
        submitter: impl Into<Submitter>,
    ) -> Self {
        Self::new(label, Judged::word(value), submitter)
    }

    /// Yes or no, such as a thumb up or down.
    pub fn boolean(label: impl Into<String>, value: bool, submitter: impl Into<Submitter>) -> Self {
        Self::new(label, Judged::Boolean(value), submitter)
    }

    /// A comment, in at most 64 KiB.
    pub fn text(label: impl Into<String>, value: impl Into<String>, submitter: impl Into<Submitter>) -> Self {
        Self::new(label, Judged::Text(cut(value.into(), MAX_TEXT_BYTES)), submitter)
    }

    /// An object of several answers: anything that serializes as one.
    pub fn json(label: impl Into<String>, value: impl Serialize, submitter: impl Into<Submitter>) -> Self {
        Self::new(label, Judged::json(&value), submitter)
    }

    /// What it speaks of.
    pub fn of(mut self, target: impl Into<FeedbackTarget>) -> Self {
        self.target = Some(target.into());
        self.targets += 1;
        self
    }

    /// The span that it is about, as [`export_span`](crate::export_span) returned it. `None` leaves it unset.
    pub fn of_span(self, span: impl Into<Option<SpanRef>>) -> Self {
        match span.into() {
            Some(span) => self.of(span),
            None => self,
        }
    }

    /// The JSON text of the metric on the wire.
    pub(crate) fn encode(self, ml_app: &str, now_ms: u64) -> Result<String, EvaluationError> {
        if self.targets > 1 {
            return Err(EvaluationError::TwoTargets);
        }
        let (key, target) = match self.target {
            None => return Err(EvaluationError::NoTarget),
            Some(FeedbackTarget::Span(id)) => ("span_id", id),
            Some(FeedbackTarget::Trace(id)) => ("trace_id", id),
            Some(FeedbackTarget::Session(id)) => ("session_id", id),
            Some(FeedbackTarget::JoinKey(key)) => ("feedback_join_key", key),
        };
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
