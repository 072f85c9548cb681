//! Deletes the oldest segments: those that exceed the age limit, and as many as exceed the size limit.

use rusqlite::{Connection, Transaction, TransactionBehavior, named_params};

use super::activity::{self, Changes};
use super::columns::columns;
use super::segment::{self, Retention, Segment};
use super::zones;

/// The most spans that one transaction deletes. Meanwhile, readers continue and writers wait.
const CHUNK: i64 = 500;
/// The most texts, sets or evaluations that one transaction deletes.
const LARGE_CHUNK: i64 = 1_000;

/// The number of pages to return to the file system at a time. SQLite moves other pages into their place.
const PAGES: u32 = 256;

/// The result of a step of the deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing exceeds a limit.
    Done,
    /// There may be more to delete.
    More,
    /// There may be more to delete, and rows were deleted that the writer may remember.
    Forget,
}

/// Whether the database exceeds the size limit.
pub(super) fn is_too_large(connection: &Connection, retention: &Retention) -> rusqlite::Result<bool> {
    Ok(used_bytes(connection)? > retention.bytes)
}

/// Deletes at most one chunk.
pub(super) fn enforce(
    connection: &mut Connection,
    retention: &Retention,
    now_ms: i64,
) -> rusqlite::Result<Step> {
    let age = i64::try_from(retention.age.as_millis()).unwrap_or(i64::MAX);
    let oldest_ms = now_ms.saturating_sub(age);
    let too_large = is_too_large(connection, retention)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let segments = segment::all(&transaction)?;
    let step = match segments.as_slice() {
        // Everything in a segment arrived before the next one began.
        [oldest, next, ..] if too_large || next.begun_ms < oldest_ms => {
            delete_some(&transaction, oldest, next, &segments)?
        }
        // The evaluations of a trace are deleted with the trace. Without traces, the other evaluations use the space.
        _ => {
            let alone = too_large && !transaction.prepare_cached("SELECT 1 FROM span")?.exists([])?;
            delete_evaluations(&transaction, if alone { i64::MAX } else { oldest_ms })?
        }
    };
    transaction.commit()?;
    Ok(step)
}

/// Deletes a part of a segment: its traces with all of their spans, then the texts and sets of these spans, and finally its words.
fn delete_some(
    transaction: &Transaction<'_>,
    oldest: &Segment,
    next: &Segment,
    segments: &[Segment],
) -> rusqlite::Result<Step> {
    if delete_traces(transaction, next.first_trace)? {
        return Ok(Step::More);
    }
    for (sql, first) in [
        (
            "DELETE FROM block WHERE id < min(:first, (SELECT min(id) FROM block) + :limit / 10)",
            next.first_block,
        ),
        (
            "DELETE FROM span_piece WHERE piece < min(:first, (SELECT min(piece) FROM span_piece) + :limit)",
            next.first_piece,
        ),
    ] {
        let deleted = transaction
            .prepare_cached(sql)?
            .execute(named_params! { ":first": first, ":limit": LARGE_CHUNK })?;
        if deleted > 0 {
            return Ok(Step::More);
        }
    }
    if delete_sets(transaction, next.first_set)? {
        return Ok(Step::Forget);
    }
    activity::delete_empty(transaction)?;
    zones::delete_empty(transaction)?;
    transaction.execute(
        "DELETE FROM session WHERE NOT EXISTS (SELECT 1 FROM span s WHERE s.head IN (0, 1) AND s.session = session.id)",
        [],
    )?;
    transaction.execute("DELETE FROM segment WHERE id = :id", named_params! { ":id": oldest.id })?;
    if segments.iter().filter(|segment| segment.words == oldest.words).count() == 1 {
        transaction.execute_batch(&format!("DROP TABLE words_{}", oldest.words))?;
    }
    Ok(Step::Forget)
}

/// Deletes some of the sets of attributes before a number, and the attributes that no other set has. Returns whether there were any.
fn delete_sets(transaction: &Transaction<'_>, first: i64) -> rusqlite::Result<bool> {
    let oldest: Option<i64> = transaction
        .prepare_cached("SELECT min(id) AS oldest FROM attribute_set")?
        .query_row([], |row| row.get("oldest"))?;
    let Some(oldest) = oldest.filter(|oldest| *oldest < first) else { return Ok(false) };
    let until = named_params! { ":until": first.min(oldest + LARGE_CHUNK) };
    for sql in [
        "DELETE FROM attribute WHERE id IN (SELECT attribute FROM attribute_set WHERE id < :until)
            AND NOT EXISTS (SELECT 1 FROM attribute_set x WHERE x.attribute = attribute.id AND x.id >= :until)",
        "DELETE FROM attribute_set WHERE id < :until",
    ] {
        transaction.prepare_cached(sql)?.execute(until)?;
    }
    Ok(true)
}

/// Deletes some of the spans of the traces before a number, and the traces that have no spans left, with their evaluations. Returns whether
/// there were any.
fn delete_traces(transaction: &Transaction<'_>, first: i64) -> rusqlite::Result<bool> {
    let mut activity = Changes::default();
    let mut statement = transaction.prepare_cached(
        "DELETE FROM span WHERE id IN (
             SELECT id FROM span INDEXED BY span_by_trace WHERE trace < :first ORDER BY trace LIMIT :limit
         ) RETURNING start_ns, facets, head",
    )?;
    columns!(statement: start_ns, facets, head);
    let mut rows = statement.query(named_params! { ":first": first, ":limit": CHUNK })?;
    while let Some(row) = rows.next()? {
        activity.add(row.get(start_ns)?, row.get(facets)?, -1, -row.get::<_, i64>(head)?);
    }
    activity.write(transaction)?;
    // The last of these traces may have more spans.
    let until: i64 = transaction
        .prepare_cached("SELECT coalesce(min(trace), :first) AS until FROM span WHERE trace < :first")?
        .query_row(named_params! { ":first": first }, |row| row.get("until"))?;
    let mut deleted = 0;
    for sql in [
        "DELETE FROM evaluation WHERE trace_id IN (SELECT trace_id FROM trace WHERE id < :until)",
        "DELETE FROM tool WHERE trace < :until",
        "DELETE FROM missing_parent WHERE trace < :until",
        "DELETE FROM trace WHERE id < :until",
    ] {
        deleted = transaction.prepare_cached(sql)?.execute(named_params! { ":until": until })?;
    }
    Ok(deleted > 0 || until < first)
}

/// Deletes some of the evaluations without a trace that arrived before a time.
fn delete_evaluations(transaction: &Transaction<'_>, before_ms: i64) -> rusqlite::Result<Step> {
    let deleted = transaction
        .prepare_cached(
            "DELETE FROM evaluation WHERE id IN (SELECT id FROM evaluation e WHERE arrived_ms < :before_ms
                AND NOT EXISTS (SELECT 1 FROM trace t WHERE t.trace_id = e.trace_id) ORDER BY arrived_ms LIMIT :limit)",
        )?
        .execute(named_params! { ":before_ms": before_ms, ":limit": LARGE_CHUNK })?;
    Ok(if deleted > 0 { Step::More } else { Step::Done })
}

/// Returns some free pages to the file system. Returns whether there may be more. Each step of the statement frees one.
pub(super) fn give_back_pages(connection: &Connection) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
    let mut steps = statement.query([])?;
    while steps.next()?.is_some() {}
    let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get("freelist_count"))?;
    Ok(free > 0)
}

/// The number of bytes in use in the database.
fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(name));
    let pages = pragma("page_count")? - pragma("freelist_count")?;
    Ok(u64::try_from(pages * pragma("page_size")?).unwrap_or_default())
}
