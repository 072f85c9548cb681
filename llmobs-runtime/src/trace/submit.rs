//! Submits evaluations and feedback to the current client.

use super::local;
use crate::base::clock;
use crate::model::evaluation::{Evaluation, EvaluationError};
use crate::model::feedback::Feedback;

impl Evaluation {
    /// Queues the evaluation for delivery.
    ///
    /// # Errors
    ///
    /// Returns an error if the evaluation is invalid: see [`EvaluationError`].
    pub fn submit(self) -> Result<(), EvaluationError> {
        submit(|ml_app, now_ms| self.encode(ml_app, now_ms))
    }
}

impl Feedback {
    /// Queues the feedback for delivery.
    ///
    /// # Errors
    ///
    /// Returns an error if the feedback is invalid: see [`EvaluationError`].
    pub fn submit(self) -> Result<(), EvaluationError> {
        submit(|ml_app, now_ms| self.encode(ml_app, now_ms))
    }
}

/// Queues the JSON text that `encode` returns for the application and the time in milliseconds. A closed client counts it as dropped.
fn submit(encode: impl FnOnce(&str, u64) -> Result<String, EvaluationError>) -> Result<(), EvaluationError> {
    if let Some(sender) = local::current().sender() {
        let json = encode(&sender.defaults.ml_app, clock::unix_nanos() / 1_000_000)?;
        sender.queue.push_evaluation(json);
    }
    Ok(())
}
