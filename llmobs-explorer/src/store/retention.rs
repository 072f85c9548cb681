//! Deletes traces that are too old, and the oldest if the database is too large.

use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior, named_params};

use super::write::delete_span;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retention {
    /// How long after its last span arrived a trace is kept.
    pub(crate) age: Duration,
    /// How many bytes the database may have.
    pub(crate) bytes: u64,
}

/// How many spans or evaluations one transaction deletes. Readers continue meanwhile, and writers wait.
const CHUNK: i64 = 2_000;

/// How many pages of the full-text index are merged at a time.
const MERGED_PAGES: i64 = 500;

/// Deletes at most one chunk. Returns whether there may be more to delete.
pub(crate) fn enforce(
    connection: &mut Connection,
    retention: &Retention,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let age = i64::try_from(retention.age.as_millis()).unwrap_or(i64::MAX);
    let oldest = now_ms.saturating_sub(age);
    let used = used_bytes(connection)?;
    let too_large = used > retention.bytes;
    if too_large && merge_words(connection)? {
        // This frees the entries of deleted spans, which may be enough.
        return Ok(true);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let traces = if too_large {
        let share = part_of_spans(&transaction, used - retention.bytes, used)?;
        delete_traces(&transaction, i64::MAX, share)?
    } else {
        delete_traces(&transaction, oldest, CHUNK)?
    };
    // The evaluations of a trace are deleted with it. Without traces, the others use the space.
    let before = if too_large && traces == 0 { i64::MAX } else { oldest };
    let evaluations = transaction
        .prepare_cached(
            "DELETE FROM evaluation WHERE id IN (SELECT id FROM evaluation e WHERE arrived_ms < :before_ms
                AND NOT EXISTS (SELECT 1 FROM trace t WHERE t.trace_id = e.trace_id) ORDER BY arrived_ms LIMIT :limit)",
        )?
        .execute(named_params! { ":before_ms": before, ":limit": CHUNK })?;
    if traces > 0 {
        transaction.execute("DELETE FROM facets WHERE id NOT IN (SELECT facets FROM span)", [])?;
    }
    transaction.commit()?;
    if traces > 0 {
        merge_words(connection)?;
    }
    give_back_pages(connection)?;
    Ok(traces > 0 || evaluations > 0)
}

/// About how many spans use this part of all bytes, from one to a chunk.
fn part_of_spans(transaction: &Transaction<'_>, bytes: u64, of_bytes: u64) -> rusqlite::Result<i64> {
    let spans: i64 =
        transaction
            .query_row("SELECT coalesce(sum(spans), 0) AS spans FROM trace", [], |row| row.get("spans"))?;
    let part = i128::from(spans) * i128::from(bytes) / i128::from(of_bytes.max(1));
    Ok(i64::try_from(part).unwrap_or(CHUNK).clamp(1, CHUNK))
}

/// Deletes the oldest traces that arrived before a time, until about this many spans are deleted. Returns the number of traces.
fn delete_traces(transaction: &Transaction<'_>, before_ms: i64, spans: i64) -> rusqlite::Result<usize> {
    let traces: Vec<(i64, String)> = transaction
        .prepare_cached(
            "SELECT id, trace_id FROM (
                SELECT id, trace_id, sum(spans) OVER (ORDER BY arrived_ms, id) - spans AS spans_before
                FROM (
                    SELECT id, trace_id, spans, arrived_ms FROM trace WHERE arrived_ms < :before_ms
                    ORDER BY arrived_ms, id LIMIT :spans
                )
             ) WHERE spans_before < :spans",
        )?
        .query_map(named_params! { ":before_ms": before_ms, ":spans": spans }, |row| {
            Ok((row.get("id")?, row.get("trace_id")?))
        })?
        .collect::<Result<_, _>>()?;
    for (trace, trace_id) in &traces {
        let spans: Vec<i64> = transaction
            .prepare_cached("SELECT id FROM span WHERE trace = :trace")?
            .query_map(named_params! { ":trace": trace }, |row| row.get("id"))?
            .collect::<Result<_, _>>()?;
        for span in spans {
            delete_span(transaction, span)?;
        }
        transaction
            .prepare_cached("DELETE FROM evaluation WHERE trace_id = :trace_id")?
            .execute(named_params! { ":trace_id": trace_id })?;
        transaction
            .prepare_cached("DELETE FROM trace WHERE id = :trace")?
            .execute(named_params! { ":trace": trace })?;
    }
    Ok(traces.len())
}

/// Merges some pages of the full-text index, which keeps the entries of deleted spans until then. Returns whether it did.
fn merge_words(connection: &Connection) -> rusqlite::Result<bool> {
    let before = connection.total_changes();
    connection
        .prepare_cached("INSERT INTO span_text (span_text, rank) VALUES ('merge', :pages)")?
        .execute(named_params! { ":pages": MERGED_PAGES })?;
    // The command itself counts as one change.
    Ok(connection.total_changes() - before > 1)
}

/// Returns free pages to the file system, some at a time. Each step of the statement frees one.
fn give_back_pages(connection: &Connection) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("PRAGMA incremental_vacuum(4096)")?;
    let mut steps = statement.query([])?;
    while steps.next()?.is_some() {}
    Ok(())
}

/// Bytes of the database that are in use.
fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(name));
    let pages = pragma("page_count")? - pragma("freelist_count")?;
    Ok(u64::try_from(pages * pragma("page_size")?).unwrap_or_default())
}
