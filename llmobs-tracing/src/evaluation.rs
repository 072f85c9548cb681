//! Evaluations of steps that libraries record in spans and events.

use llmobs_capture::warn_limited;
use llmobs_runtime::Context;
use llmobs_runtime::eval::Evaluation;
use llmobs_runtime::integration::Capture;
use serde_json::Value;

use crate::fields::Recorded;
use crate::state::Counted;

/// An evaluation that a span records. It is submitted when this is dropped.
pub(crate) struct PendingEvaluation {
    capture: Capture,
    recorded: Recorded,
    /// The context of the evaluated step.
    step: Context,
    _counted: Counted,
}

impl PendingEvaluation {
    pub(crate) fn new(capture: Capture, step: Context) -> Self {
        Self { capture, recorded: Recorded::new(capture), step, _counted: Counted::new() }
    }

    pub(crate) fn capture(&self) -> Capture {
        self.capture
    }

    /// Returns the recorded fields, so that more can be added.
    pub(crate) fn recorded(&mut self) -> &mut Recorded {
        &mut self.recorded
    }
}

impl Drop for PendingEvaluation {
    fn drop(&mut self) {
        let attributes = self.recorded.attributes();
        let text = |name: &str| attributes.get(name).and_then(Value::as_str);
        let Some(name) = text("gen_ai.evaluation.name") else { return };
        let label = text("gen_ai.evaluation.score.label");
        let score = attributes.get("gen_ai.evaluation.score.value").and_then(Value::as_f64);
        let evaluation = match (score, label) {
            (Some(score), _) => Evaluation::score(name, score),
            (None, Some(label)) => Evaluation::categorical(name, label),
            (None, None) => return,
        };
        let evaluation = evaluation.for_span(self.step.export());
        let evaluation = match text("gen_ai.evaluation.explanation") {
            Some(explanation) => evaluation.reasoning(explanation),
            None => evaluation,
        };
        if let Err(error) = self.step.enter(|| evaluation.submit()) {
            warn_limited!("the evaluation of a `tracing` span was left out: {error}");
        }
    }
}
