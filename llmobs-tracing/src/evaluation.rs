//! Evaluations of steps, which libraries say in spans and events.

use llmobs_capture::warn_limited;
use llmobs_runtime::Context;
use llmobs_runtime::eval::Evaluation;
use llmobs_runtime::integration::Capture;
use serde_json::Value;

use crate::fields::Said;
use crate::state::Counted;

/// An evaluation that a span says. It is submitted when this is dropped.
pub(crate) struct Judgement {
    capture: Capture,
    said: Said,
    /// The step.
    judged: Context,
    _counted: Counted,
}

impl Judgement {
    pub(crate) fn new(capture: Capture, judged: Context) -> Self {
        Self { capture, said: Said::new(capture), judged, _counted: Counted::new() }
    }

    pub(crate) fn capture(&self) -> Capture {
        self.capture
    }

    /// What was said, for more to be added.
    pub(crate) fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

impl Drop for Judgement {
    fn drop(&mut self) {
        let attributes = self.said.attributes();
        let text = |name: &str| attributes.get(name).and_then(Value::as_str);
        let Some(name) = text("gen_ai.evaluation.name") else { return };
        let label = text("gen_ai.evaluation.score.label");
        let score = attributes.get("gen_ai.evaluation.score.value").and_then(Value::as_f64);
        let evaluation = match (score, label) {
            (Some(score), _) => Evaluation::score(name, score),
            (None, Some(label)) => Evaluation::categorical(name, label),
            (None, None) => return,
        };
        let evaluation = evaluation.for_span(self.judged.export());
        let evaluation = match text("gen_ai.evaluation.explanation") {
            Some(explanation) => evaluation.reasoning(explanation),
            None => evaluation,
        };
        if let Err(error) = self.judged.enter(|| evaluation.submit()) {
            warn_limited!("the evaluation of a `tracing` span was left out: {error}");
        }
    }
}
