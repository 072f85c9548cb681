//! Changes of spans that arrived earlier: reads their events, merges the changes, and stores them again.

use super::App;
use crate::intake::{SpanUpdate, read_merged};
use crate::store::{Batch, StoreError, trace};

/// Applies changes, one request after the other. Those of spans that are not there are left out.
pub(super) async fn apply(app: &App, updates: Vec<SpanUpdate>) -> Result<(), StoreError> {
    if updates.is_empty() {
        return Ok(());
    }
    let _one_at_a_time = app.updating.lock().await;
    let merged = app.store.read(move |connection| {
        let mut merged = Vec::new();
        for update in &updates {
            if let Some(node) = trace::find(connection, &update.trace_id, &update.span_id)? {
                merged.push(update.merged(&trace::event(connection, node.row)?));
            }
        }
        Ok(merged)
    });
    let spans = read_merged(merged.await?).accepted;
    app.store.write(Batch { spans, ..Batch::default() }).await
}
