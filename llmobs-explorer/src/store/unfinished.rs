//! Traces that may still run. Programs send a span when it has ended, so a parent that is missing still runs, or was lost.

use rusqlite::{Connection, named_params};

use super::error::ReadError;

/// Whether a span of the trace has a parent that is not stored.
pub(super) fn is_unfinished(connection: &Connection, trace_id: &str) -> Result<bool, ReadError> {
    // Each parent is looked up once, and the index has them in their order.
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM (
            SELECT DISTINCT trace, parent_id FROM span
            WHERE trace = (SELECT id FROM trace WHERE trace_id = :trace_id) AND parent_id IS NOT NULL
         ) child
         WHERE NOT EXISTS (SELECT 1 FROM span parent WHERE parent.trace = child.trace AND parent.span_id = child.parent_id)
         LIMIT 1",
    )?;
    Ok(statement.exists(named_params! { ":trace_id": trace_id })?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{filled, span};
    use super::*;

    #[test]
    fn a_trace_is_unfinished_while_a_parent_is_missing() {
        let span = |trace: &str, id: &str, parent: &str| {
            let mut span = span(trace, id, "task", (10, 1), &json!({}));
            span["parent_id"] = parent.into();
            span
        };
        let spans = json!([
            span("whole", "1", ""),
            span("whole", "2", "1"),
            span("whole", "3", "1"),
            span("headless", "2", "1"),
            span("gap", "1", ""),
            span("gap", "2", "1"),
            span("gap", "4", "3"),
        ]);
        let store = filled(&spans, &json!([]));
        let found = ["whole", "headless", "gap", "none"].map(|trace| is_unfinished(&store, trace).unwrap());
        assert_eq!(found, [false, true, true, false]);
    }
}
