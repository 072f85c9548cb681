//! Finished traces in the order of arrival of their roots.

use rusqlite::{Connection, named_params};

use super::error::ReadError;
use crate::traces::FinishedTrace;

/// The most traces to return at once.
const LIMIT: u32 = 100;

/// Returns the traces whose root arrived after a row, at most a hundred, and the row for the next call. Without a row, returns no traces.
pub(super) fn finished(
    connection: &Connection,
    after: Option<i64>,
) -> Result<(Vec<FinishedTrace>, i64), ReadError> {
    let Some(mut last) = after else {
        return Ok((Vec::new(), newest(connection)?));
    };
    let mut statement = connection.prepare_cached(
        "SELECT s.id, coalesce(s.replaces, s.id) AS first, t.trace_id, f.name, f.kind, f.status, s.duration_ns, t.spans, t.errors, t.llm_calls, t.input_tokens,
            t.output_tokens
         FROM span s CROSS JOIN trace t ON t.id = s.trace CROSS JOIN facets f ON f.id = s.facets
         -- A root that replaced an earlier one was returned before, if the earlier one was.
         WHERE s.id > :last AND s.parent_id IS NULL AND coalesce(s.replaces, s.id) > :last ORDER BY s.id LIMIT :limit",
    )?;
    let mut rows = statement.query(named_params! { ":last": last, ":limit": LIMIT })?;
    let mut finished = Vec::new();
    while let Some(row) = rows.next()? {
        last = row.get("id")?;
        let trace = FinishedTrace {
            trace_id: row.get("trace_id")?,
            name: row.get("name")?,
            kind: row.get("kind")?,
            failed: row.get::<_, String>("status")? == "error",
            duration_ns: row.get("duration_ns")?,
            spans: row.get("spans")?,
            errors: row.get("errors")?,
            llm_calls: row.get("llm_calls")?,
            input_tokens: row.get("input_tokens")?,
            output_tokens: row.get("output_tokens")?,
        };
        finished.push((row.get::<_, i64>("first")?, trace));
    }
    finished.sort_by_key(|(first, _)| *first);
    if finished.len() < LIMIT as usize {
        // No row after the last root is a root.
        last = newest(connection)?.max(last);
    }
    Ok((finished.into_iter().map(|(_, trace)| trace).collect(), last))
}

fn newest(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(id), 0) AS newest FROM span", [], |row| row.get("newest"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{filled, span};
    use super::*;

    #[test]
    fn each_root_is_returned_once_and_other_spans_are_ignored() {
        let root = |number: i64| span(&format!("t{number}"), "1", "agent", (number, 1), &json!({}));
        let mut spans: Vec<_> = (0..120).map(root).collect();
        spans.extend([
            span("t0", "2", "tool", (1, 1), &json!({})),
            span("t0", "3", "tool", (1, 1), &json!({})),
        ]);
        let store = filled(&json!(spans), &json!([]));
        let mut pages = Vec::new();
        let mut last = 0;
        for _ in 0..3 {
            let (found, next) = finished(&store, Some(last)).unwrap();
            pages.push((found.len(), next));
            last = next;
        }
        assert_eq!(pages, [(100, 100), (20, 122), (0, 122)]);
        assert_eq!(finished(&store, None).unwrap(), (Vec::new(), 122));
    }
}
