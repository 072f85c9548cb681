//! Sessions: the traces with the same session id, and their totals.

use std::cmp::Reverse;

use rusqlite::{Connection, OptionalExtension as _, named_params};

use super::block::BlockReader;
use super::error::ReadError;
use super::event_text;
use crate::traces::{SESSIONS, Session, TURNS, Turn};

/// Reads a page of sessions, the latest first, and the number of all sessions.
pub(super) fn sessions(connection: &Connection, page: u64) -> Result<(Vec<Session>, u64), ReadError> {
    let mut latest: Vec<(Reverse<i64>, i64, i64)> = connection
        .prepare_cached(LATEST)?
        .query_map([], |row| Ok((Reverse(row.get("last_ns")?), row.get("session")?, row.get("turns")?)))?
        .collect::<Result<_, _>>()?;
    latest.sort_unstable();
    let mut id = connection.prepare_cached("SELECT session_id FROM session WHERE id = :session")?;
    let mut first = connection.prepare_cached(FIRST)?;
    let mut sums = connection.prepare_cached(SUMS)?;
    let mut blocks = BlockReader::new(connection)?;
    let mut sessions = Vec::new();
    let shown = latest.iter().skip(usize::try_from(offset(page, SESSIONS)).unwrap_or(usize::MAX));
    for (Reverse(last_ns), number, turns) in shown.take(SESSIONS as usize) {
        let session = named_params! { ":session": number };
        let id = id.query_row(session, |row| row.get("session_id"))?;
        let (ml_app, event) = first.query_row(session, |row| Ok((row.get("ml_app")?, row.get("event")?)))?;
        let (first_input, _) = event_text::previews(&mut blocks, event)?;
        let (errors, total_tokens, duration_ns) = sums.query_row(session, |row| {
            Ok((row.get("errors")?, row.get("total_tokens")?, row.get("duration_ns")?))
        })?;
        let (last_ns, turns) = (*last_ns, *turns);
        sessions.push(Session { id, ml_app, first_input, last_ns, turns, errors, total_tokens, duration_ns });
    }
    Ok((sessions, latest.len() as u64))
}

/// Reads all sessions from the index only. The totals are read only for the sessions of one page.
///
/// All of these queries name the index. Otherwise SQLite would use `span_list`, which has the heads of traces in the order of time, and
/// read a hundred thousand of them.
pub(super) const LATEST: &str =
    "SELECT session, max(start_ns) AS last_ns, count(*) AS turns FROM span INDEXED BY span_by_session
    WHERE session IS NOT NULL AND head = 1 GROUP BY session";

pub(super) const FIRST: &str =
    "SELECT f.ml_app, s.event FROM span s INDEXED BY span_by_session CROSS JOIN facets f ON f.id = s.facets
    WHERE s.session = :session AND s.head = 1 ORDER BY s.start_ns, s.id LIMIT 1";

/// Uses `total`, since `sum` fails on overflow.
pub(super) const SUMS: &str = "SELECT sum(t.errors) AS errors,
        iif(count(t.total_tokens) > 0, CAST(total(t.total_tokens) AS INTEGER), NULL) AS total_tokens,
        CAST(total(s.duration_ns) AS INTEGER) AS duration_ns
    FROM span s INDEXED BY span_by_session CROSS JOIN trace t ON t.id = s.trace
    WHERE s.session = :session AND s.head = 1";

/// Reads a page of the turns of a session by start, and the number of all turns.
pub(super) fn turns(
    connection: &Connection,
    session: &str,
    page: u64,
) -> Result<(Vec<Turn>, u64), ReadError> {
    let Some(number) = connection
        .prepare_cached("SELECT id FROM session WHERE session_id = :session_id")?
        .query_row(named_params! { ":session_id": session }, |row| row.get::<_, i64>("id"))
        .optional()?
    else {
        return Ok((Vec::new(), 0));
    };
    let total: i64 = connection
        .prepare_cached(
            "SELECT count(*) AS turns FROM span INDEXED BY span_by_session WHERE session = :session AND head = 1",
        )?
        .query_row(named_params! { ":session": number }, |row| row.get("turns"))?;
    let mut statement = connection.prepare_cached(
        "SELECT s.id, t.trace_id, s.span_id, f.name, f.kind, f.status, s.start_ns, s.duration_ns,
            CAST(total(s.duration_ns) OVER so_far AS INTEGER) AS duration_so_far_ns, t.total_tokens,
            CAST(total(t.total_tokens) OVER so_far AS INTEGER) AS tokens_so_far, s.event
         FROM span s INDEXED BY span_by_session CROSS JOIN trace t ON t.id = s.trace CROSS JOIN facets f ON f.id = s.facets
         WHERE s.session = :session AND s.head = 1
         WINDOW so_far AS (ORDER BY s.start_ns, s.id) ORDER BY s.start_ns, s.id LIMIT :limit OFFSET :offset",
    )?;
    let parameters = named_params! { ":session": number, ":limit": TURNS, ":offset": offset(page, TURNS) };
    let mut blocks = BlockReader::new(connection)?;
    let mut rows = statement.query(parameters)?;
    let mut turns = Vec::new();
    while let Some(row) = rows.next()? {
        let (input, output) = event_text::previews(&mut blocks, row.get("event")?)?;
        turns.push(Turn {
            row: row.get("id")?,
            trace_id: row.get("trace_id")?,
            span_id: row.get("span_id")?,
            name: row.get("name")?,
            kind: row.get("kind")?,
            failed: row.get_ref("status")?.as_str().is_ok_and(|status| status == "error"),
            start_ns: row.get("start_ns")?,
            duration_ns: row.get("duration_ns")?,
            duration_so_far_ns: row.get("duration_so_far_ns")?,
            total_tokens: row.get("total_tokens")?,
            tokens_so_far: row.get("tokens_so_far")?,
            input,
            output,
        });
    }
    Ok((turns, u64::try_from(total).unwrap_or_default()))
}

fn offset(page: u64, size: u32) -> i64 {
    i64::try_from(page.saturating_mul(u64::from(size))).unwrap_or(i64::MAX)
}
