//! What is deleted again: traces that are too old, and the oldest where there are too many.

use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, params};

use super::write::forget_span;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How long after its last span arrived a trace is kept.
    pub age: Duration,
    /// How many bytes the database may have.
    pub bytes: u64,
}

/// How many traces go in one transaction. Readers go on meanwhile; writers wait that long.
const CHUNK: u32 = 100;

/// Deletes what is too much, a chunk at most. Returns whether there may be more to delete.
pub(crate) fn enforce(
    connection: &mut Connection,
    retention: &Retention,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let age = i64::try_from(retention.age.as_millis()).unwrap_or(i64::MAX);
    let oldest = now_ms.saturating_sub(age);
    let deleted = if used_bytes(connection)? > retention.bytes {
        forget_oldest(connection, i64::MAX)?
    } else {
        forget_oldest(connection, oldest)?
    };
    connection
        .execute("DELETE FROM evaluation WHERE timestamp_ms < ?1 AND trace_id IS NULL", params![oldest])?;
    if deleted > 0 {
        connection.execute(
            "DELETE FROM attribute WHERE NOT EXISTS (SELECT 1 FROM span_attribute s WHERE s.attribute = attribute.id)",
            [],
        )?;
        connection.execute("DELETE FROM facets WHERE id NOT IN (SELECT facets FROM span)", [])?;
        connection.execute_batch("PRAGMA incremental_vacuum")?;
    }
    Ok(deleted > 0)
}

/// Deletes the traces that arrived longest ago, of those that arrived before a time, and returns how many.
fn forget_oldest(connection: &mut Connection, before_ms: i64) -> rusqlite::Result<usize> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let traces: Vec<(i64, String)> = transaction
        .prepare_cached("SELECT id, trace_id FROM trace WHERE arrived_ms < ?1 ORDER BY arrived_ms LIMIT ?2")?
        .query_map(params![before_ms, CHUNK], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (trace, trace_id) in &traces {
        let spans: Vec<i64> = transaction
            .prepare_cached("SELECT id FROM span WHERE trace = ?1")?
            .query_map(params![trace], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for span in spans {
            forget_span(&transaction, span)?;
        }
        transaction
            .prepare_cached("DELETE FROM evaluation WHERE trace_id = ?1")?
            .execute(params![trace_id])?;
        transaction.prepare_cached("DELETE FROM trace WHERE id = ?1")?.execute(params![trace])?;
    }
    transaction.commit()?;
    Ok(traces.len())
}

/// Bytes of the database that are in use.
fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = pragma("page_count")? - pragma("freelist_count")?;
    Ok(u64::try_from(pages * pragma("page_size")?).unwrap_or_default())
}
