//! Where evaluations and feedback go: into the queue of the client that is current, or, from inside of a processor, where spans
//! are not recorded, straight to the worker that runs it.

use std::sync::Arc;

use crate::clock;
use crate::evaluation_error::EvaluationError;
use crate::local;
use crate::queue::Item;

/// What a processor submits while it sees a span.
///
/// It goes along with that span and not into the queue, so that a flush that waits for the span waits for it too.
pub(crate) struct Outbox {
    /// The application of the configuration.
    ml_app: Arc<str>,
    /// The JSON texts of metrics.
    metrics: Vec<String>,
}

/// Delivers what `encode` makes of the application and the time, in milliseconds.
pub(crate) fn deliver(
    encode: impl FnOnce(&str, u64) -> Result<String, EvaluationError>,
) -> Result<(), EvaluationError> {
    let now = clock::unix_nanos() / 1_000_000;
    // A client that is closed counts what comes too late.
    if let Some(sender) = local::current().any_sender() {
        let json = encode(&sender.defaults.ml_app, now)?;
        sender.queue.push(Item::Evaluation(json));
    } else if let Some(mut outbox) = local::swap_outbox(None) {
        let encoded = encode(&outbox.ml_app, now).map(|json| outbox.metrics.push(json));
        local::swap_outbox(Some(outbox));
        return encoded;
    }
    Ok(())
}

/// Runs `f`, which does not panic, and adds to `metrics` what is submitted inside.
pub(crate) fn collect<R>(ml_app: Arc<str>, metrics: &mut Vec<String>, f: impl FnOnce() -> R) -> R {
    let outer = local::swap_outbox(Some(Outbox { ml_app, metrics: std::mem::take(metrics) }));
    let returned = f();
    if let Some(outbox) = local::swap_outbox(outer) {
        *metrics = outbox.metrics;
    }
    returned
}
