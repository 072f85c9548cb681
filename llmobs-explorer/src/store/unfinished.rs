//! Traces that may still be running. Programs send a span when it has ended, so a missing parent is still running or was lost.

use std::collections::HashSet;

use rusqlite::{Connection, Transaction, named_params, params};

use super::error::ReadError;
use super::totals::NewSpans;

/// Whether a span of the trace has a parent that is not stored.
pub(super) fn is_unfinished(connection: &Connection, trace_id: &str) -> Result<bool, ReadError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM missing_parent WHERE trace = (SELECT id FROM trace WHERE trace_id = :trace_id) LIMIT 1",
    )?;
    Ok(statement.exists(named_params! { ":trace_id": trace_id })?)
}

/// Updates the missing parents of a trace after spans arrived. Looks up only the parents of the new spans.
pub(super) fn update(
    transaction: &Transaction<'_>,
    trace: i64,
    arrived: &NewSpans<'_>,
) -> rusqlite::Result<()> {
    let is_any_missing = transaction
        .prepare_cached("SELECT 1 FROM missing_parent WHERE trace = ?1 LIMIT 1")?
        .exists([trace])?;
    if arrived.any_replaced {
        // The spans that named a missing parent may have been replaced.
        if is_any_missing {
            transaction.prepare_cached("DELETE FROM missing_parent WHERE trace = ?1")?.execute([trace])?;
        }
        transaction.prepare_cached(&format!("{MISSING} AND child.trace = ?1"))?.execute([trace])?;
        return Ok(());
    }
    let ids: HashSet<&str> = arrived.added.iter().map(|(_, span)| span.span_id.as_str()).collect();
    if is_any_missing {
        let mut delete =
            transaction.prepare_cached("DELETE FROM missing_parent WHERE trace = ?1 AND span_id = ?2")?;
        for id in &ids {
            delete.execute(params![trace, id])?;
        }
    }
    let parents: HashSet<&str> =
        arrived.added.iter().filter_map(|(_, span)| span.parent_id.as_deref()).collect();
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO missing_parent
         SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM span WHERE trace = ?1 AND span_id = ?2)",
    )?;
    for parent in parents.difference(&ids) {
        insert.execute(params![trace, parent])?;
    }
    Ok(())
}

/// Writes the missing parents of all traces, for a store that has none.
pub(super) fn write_all(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(MISSING)
}

const MISSING: &str = "INSERT INTO missing_parent SELECT DISTINCT child.trace, child.parent_id FROM span child
    WHERE child.parent_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM span parent WHERE parent.trace = child.trace AND parent.span_id = child.parent_id)";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::super::testing::{filled, span, writer};
    use super::*;
    use crate::intake::read_spans;
    use crate::store::{Batch, Location};

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
        assert_eq!(missing(&store), ["gap 3", "headless 1"]);
        store.execute_batch("DELETE FROM missing_parent").unwrap();
        write_all(&store).unwrap();
        assert_eq!(missing(&store), ["gap 3", "headless 1"]);
    }

    /// The missing parents, each after its trace.
    fn missing(connection: &Connection) -> Vec<String> {
        let sql = "SELECT t.trace_id || ' ' || m.span_id AS missing FROM missing_parent m JOIN trace t ON t.id = m.trace ORDER BY 1";
        let mut statement = connection.prepare(sql).unwrap();
        let missing = statement.query_map([], |row| row.get("missing")).unwrap();
        missing.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_parent_is_missing_until_it_arrives() {
        let mut writer = writer(&Location::Memory, Duration::MAX);
        for (id, parent, expected) in [
            ("4", "2", &["t 2"][..]),
            ("5", "3", &["t 2", "t 3"]),
            ("3", "1", &["t 1", "t 2"]),
            // The span arrives again with another parent.
            ("4", "3", &["t 1"]),
            ("6", "4", &["t 1"]),
            ("1", "", &[]),
            ("3", "9", &["t 9"]),
            ("3", "1", &[]),
        ] {
            let mut span = span("t", id, "task", (10, 1), &json!({}));
            span["parent_id"] = parent.into();
            let body = json!([{ "event_type": "span", "spans": [span] }]).to_string();
            let spans = read_spans(body.as_bytes()).unwrap().accepted;
            writer.write(&mut [Batch { spans, ..Batch::default() }]).unwrap();
            assert_eq!(missing(&writer.connection), expected, "{id} below {parent}");
            let is_any = is_unfinished(&writer.connection, "t").unwrap();
            assert_eq!(is_any, !expected.is_empty());
        }
    }
}
