//! Segments: the data that arrived in a period of time. The oldest segment is deleted as a whole, so no reference counts are needed.
//!
//! Traces, texts and sets of attributes have ascending numbers, and a segment begins with the next number of each. A trace belongs to the
//! segment of its first span. The texts and sets of a span belong to the segment in which the span arrived, which is the same or a later
//! one.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, named_params};

use super::columns::columns;
use super::encode::Next;

/// The number of segments that the limits of size and age are divided into.
const SEGMENTS: u32 = 32;
/// The smallest size of a segment, in bytes of events. Each segment has its own table of words.
const LEAST_BYTES: u64 = 256 * 1024;

/// The limits of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retention {
    /// How long to keep a trace after its first span arrived. The actual time is up to a 32nd part longer.
    pub(crate) age: Duration,
    /// The largest size of the database in bytes.
    pub(crate) bytes: u64,
}

/// A segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) id: i64,
    pub(super) begun_ms: i64,
    pub(super) bytes: i64,
    pub(super) words: i64,
    pub(super) first_trace: i64,
    pub(super) first_block: i64,
    pub(super) first_piece: i64,
    pub(super) first_set: i64,
}

/// Reads all segments, the oldest first.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<Segment>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, begun_ms, bytes, words, first_trace, first_block, first_piece, first_set FROM segment ORDER BY id",
    )?;
    columns!(statement: id, begun_ms, bytes, words, first_trace, first_block, first_piece, first_set);
    let segments = statement.query_map([], |row| {
        Ok(Segment {
            id: row.get(id)?,
            begun_ms: row.get(begun_ms)?,
            bytes: row.get(bytes)?,
            words: row.get(words)?,
            first_trace: row.get(first_trace)?,
            first_block: row.get(first_block)?,
            first_piece: row.get(first_piece)?,
            first_set: row.get(first_set)?,
        })
    })?;
    segments.collect()
}

/// Reads the numbers of the tables of words.
pub(super) fn words(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT words FROM segment ORDER BY words")?;
    statement.query_map([], |row| row.get("words"))?.collect()
}

/// Whether the current segment has reached its size or age.
pub(super) fn is_full(connection: &Connection, retention: &Retention, now_ms: i64) -> rusqlite::Result<bool> {
    let most = (retention.bytes / u64::from(SEGMENTS)).max(LEAST_BYTES);
    let age = i64::try_from((retention.age / SEGMENTS).as_millis()).unwrap_or(i64::MAX);
    let current = connection
        .prepare_cached("SELECT bytes, begun_ms FROM segment ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get::<_, i64>("bytes")?, row.get::<_, i64>("begun_ms")?)))
        .optional()?;
    Ok(current.is_some_and(|(bytes, begun_ms)| {
        let is_old = bytes > 0 && now_ms.saturating_sub(begun_ms) >= age;
        is_old || u64::try_from(bytes).is_ok_and(|bytes| bytes >= most)
    }))
}

/// Begins the next segment with a new table of words.
pub(super) fn begin(connection: &Connection, next: &Next, now_ms: i64) -> rusqlite::Result<()> {
    let id: i64 = connection
        .query_row("SELECT coalesce(max(id), 0) + 1 AS id FROM segment", [], |row| row.get("id"))?;
    let [block, piece, set] = next.numbers();
    connection
        .prepare_cached(
            "INSERT INTO segment (id, begun_ms, words, first_trace, first_block, first_piece, first_set, next_span)
             SELECT :id, :now_ms, :id, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'trace'), 0) + 1,
                :block, :piece, :set, coalesce((SELECT next_span FROM segment ORDER BY id DESC LIMIT 1), 1)",
        )?
        .execute(named_params! {
            ":id": id,
            ":now_ms": now_ms,
            ":block": block,
            ":piece": piece,
            ":set": set,
        })?;
    connection.execute_batch(&format!(
        "CREATE VIRTUAL TABLE words_{id} USING fts5 (text, content = '', tokenize = 'unicode61 remove_diacritics 2')"
    ))
}

/// Records that spans were added to the current segment, and the next number of a span.
pub(super) fn add(connection: &Connection, bytes: i64, next_span: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE segment SET bytes = bytes + :bytes, next_span = :next_span WHERE id = (SELECT max(id) FROM segment)",
        )?
        .execute(named_params! { ":bytes": bytes, ":next_span": next_span })?;
    Ok(())
}

/// Reads the next numbers for the encoder, after all stored ones.
pub(super) fn next(connection: &Connection) -> rusqlite::Result<Next> {
    let next = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>("next"));
    Ok(Next::new(
        next(
            "SELECT max(coalesce((SELECT max(id) FROM block), 0) + 1, (SELECT coalesce(max(first_block), 1) FROM segment)) AS next",
        )?,
        next(
            "SELECT max(coalesce((SELECT max(piece) FROM span_piece), 0) + 1, (SELECT coalesce(max(first_piece), 1) FROM segment)) AS next",
        )?,
        next(
            "SELECT max(coalesce((SELECT max(id) FROM attribute_set), 0) + 1, (SELECT coalesce(max(first_set), 1) FROM segment)) AS next",
        )?,
    ))
}

/// Reads the next number of a span.
pub(super) fn next_span(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "SELECT max(
                coalesce((SELECT max(id) FROM span), 0) + 1, (SELECT coalesce(max(next_span), 1) FROM segment)
             ) AS next",
        )?
        .query_row([], |row| row.get("next"))
}
