//! Changes of spans that arrived earlier. The events are read, merged with the changes, and stored again.

use serde_json::Value;
use tokio::sync::OwnedMutexGuard;

use super::App;
use crate::intake::{Intake, SpanUpdate, read_merged};
use crate::span::Span;
use crate::traces::{Answer, StoreError, Traces};

/// Changed spans. They must be stored while this is held, because another request could change them meanwhile.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) intake: Intake<Span>,
    _lock: Option<OwnedMutexGuard<()>>,
}

/// Merges changes. A change of a missing span becomes the span, if it has all required fields.
pub(super) async fn merge(app: &App, updates: Vec<SpanUpdate>) -> Result<Changed, StoreError> {
    if updates.is_empty() {
        return Ok(Changed::default());
    }
    let lock = app.updating.clone().lock_owned().await;
    let merged = app.store.read(move |traces| {
        updates
            .into_iter()
            .filter_map(|update| merge_one(traces, update).transpose())
            .collect::<Result<Vec<_>, _>>()
    });
    Ok(Changed { intake: read_merged(merged.await?), _lock: Some(lock) })
}

/// Returns the event with the changes. `None` if the span was deleted and its event is unknown.
fn merge_one(traces: &dyn Traces, update: SpanUpdate) -> Answer<Option<String>> {
    let trace_id = match &update.trace_id {
        Some(trace_id) => Some(trace_id.clone()),
        None => traces.trace_of_span(&update.span_id)?,
    };
    let node = match trace_id {
        Some(trace_id) => traces.node(&trace_id, &update.span_id)?,
        None => None,
    };
    match node {
        Some(node) => Ok(Some(update.merged(&traces.event(node.row)?))),
        None if update.fields.contains_key("span_id") => Ok(Some(Value::Object(update.fields).to_string())),
        None => Ok(None),
    }
}
