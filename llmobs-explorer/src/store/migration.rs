//! Migrations of stores of earlier versions.

use std::collections::HashMap;
use std::io::{self, Read as _};

use rusqlite::{Connection, Row, Transaction, named_params};

use super::encode::Encoder;
use super::write::{self, Batch, Rows};
use super::{activity, segment, unfinished, zones};
use crate::id::canonical;
use crate::intake::read_merged;
use crate::query::METRICS;
use crate::span::{Attribute, Span, Tokens};

/// The number of spans to write at a time.
const TOGETHER: usize = 256;
/// The number of segments of a migrated store.
const SEGMENTS: usize = 16;

const TABLES: [&str; 9] =
    ["span", "facets", "event", "trace", "attribute", "span_attribute", "content", "evaluation", "rejection"];

/// Migrates version 2 to version 3, which has an index in another order, zones, and missing parents.
pub(super) fn from_version_2(transaction: &Transaction<'_>, added: &str) -> rusqlite::Result<()> {
    transaction.execute_batch("DROP INDEX span_by_session")?;
    transaction.execute_batch(added)?;
    zones::write_all(transaction)?;
    unfinished::write_all(transaction)
}

/// Migrates version 3 to version 4, which counts the heads of traces.
pub(super) fn from_version_3(transaction: &Transaction<'_>, added: &str) -> rusqlite::Result<()> {
    transaction.execute_batch(added)?;
    activity::write_heads(transaction)
}

/// Migrates version 1 to the current schema: reads all spans and writes them again.
pub(super) fn from_version_1(transaction: &Transaction<'_>, schema: &str) -> rusqlite::Result<()> {
    log::warn!(
        "migrating the store to this version of llmobs; this takes about a minute for a million spans"
    );
    transaction.execute_batch("DROP VIEW judged; DROP TABLE span_content")?;
    let indexes: Vec<String> = transaction
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND name <> 'span_attribute_by_span'")?
        .query_map([], |row| row.get("name"))?
        .collect::<Result<_, _>>()?;
    for index in indexes {
        transaction.execute_batch(&format!("DROP INDEX {index}"))?;
    }
    for table in TABLES {
        transaction.execute_batch(&format!("ALTER TABLE {table} RENAME TO old_{table}"))?;
    }
    transaction.execute_batch(schema)?;
    transaction.execute_batch(
        "DROP TABLE span_text;
         INSERT INTO evaluation SELECT * FROM old_evaluation;
         INSERT INTO rejection SELECT * FROM old_rejection;",
    )?;
    write_spans(transaction)?;
    write_ids_of_evaluations(transaction)?;
    for table in TABLES {
        transaction.execute_batch(&format!("DROP TABLE old_{table}"))?;
    }
    segment::begin(transaction, &segment::next(transaction)?, super::now_ms())
}

/// Writes all spans in the order of their traces.
fn write_spans(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let rows: Vec<(i64, i64)> = transaction
        .prepare(
            "SELECT s.id, t.arrived_ms FROM old_span s JOIN old_trace t ON t.id = s.trace ORDER BY s.trace, s.id",
        )?
        .query_map([], |row| Ok((row.get("id")?, row.get("arrived_ms")?)))?
        .collect::<Result<_, _>>()?;
    let encoder = Encoder::new(segment::next(transaction)?);
    let mut written = Rows::default();
    let mut begun_ms = 0;
    for rows in rows.chunks(rows.len().div_ceil(SEGMENTS).max(1)) {
        let first = rows.first().map_or(0, |(_, arrived_ms)| *arrived_ms);
        begun_ms = begun_ms.max(first);
        segment::begin(transaction, encoder.next(), begun_ms)?;
        encoder.forget();
        for rows in rows.chunks(TOGETHER) {
            let spans: Vec<Span> =
                rows.iter().map(|(id, _)| read(transaction, *id)).collect::<Result<_, _>>()?;
            let mut batch =
                Batch { encoded: encoder.encode(&spans).map_err(unreadable)?, ..Batch::default() };
            batch.spans = spans;
            write::write(transaction, &mut written, &batch, 0)?;
            encoder.is_stored(std::mem::take(&mut batch.encoded));
        }
    }
    Ok(())
}

/// Makes the ids in evaluations canonical, as those of spans are.
fn write_ids_of_evaluations(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let evaluations: Vec<(i64, Option<String>, Option<String>)> = transaction
        .prepare("SELECT id, trace_id, span_id FROM evaluation")?
        .query_map([], |row| Ok((row.get("id")?, row.get("trace_id")?, row.get("span_id")?)))?
        .collect::<Result<_, _>>()?;
    let mut update = transaction
        .prepare("UPDATE evaluation SET trace_id = :trace_id, span_id = :span_id WHERE id = :id")?;
    for (id, trace_id, span_id) in evaluations {
        let [trace_id, span_id] = [trace_id, span_id].map(|id| id.as_deref().map(canonical));
        update.execute(named_params! { ":id": id, ":trace_id": trace_id, ":span_id": span_id })?;
    }
    Ok(())
}

/// Reads a span with all of its parts. Computes its texts for the search again.
fn read(connection: &Connection, id: i64) -> rusqlite::Result<Span> {
    let of_span = named_params! { ":span": id };
    let attributes = connection
        .prepare_cached(
            "SELECT a.path, a.text, a.number FROM old_span_attribute x CROSS JOIN old_attribute a ON a.id = x.attribute
             WHERE x.span = :span ORDER BY a.id",
        )?
        .query_map(of_span, |row| {
            Ok(Attribute { path: row.get("path")?, text: row.get("text")?, number: row.get("number")? })
        })?
        .filter(|attribute| {
            let is_metric = |one: &Attribute| METRICS.iter().any(|(path, _)| *path == one.path);
            !attribute.as_ref().is_ok_and(is_metric)
        })
        .collect::<Result<_, _>>()?;
    let event = |row: &Row<'_>| join(connection, row.get_ref("data")?.as_blob()?);
    let id =
        |row: &Row<'_>, column| row.get_ref(column)?.as_str().map(canonical).map_err(rusqlite::Error::from);
    connection
        .prepare_cached(
            "SELECT s.*, t.trace_id, e.data FROM old_span s JOIN old_trace t ON t.id = s.trace JOIN old_event e ON e.span = s.id
             WHERE s.id = :span",
        )?
        .query_row(of_span, |row| {
            let event = event(row)?;
            let read = read_merged(vec![event.clone()]).accepted.pop().unwrap_or_default();
            Ok(Span {
                trace_id: id(row, "trace_id")?,
                span_id: id(row, "span_id")?,
                parent_id: row.get::<_, Option<String>>("parent_id")?.as_deref().map(canonical),
                name: row.get("name")?,
                kind: row.get("kind")?,
                failed: row.get_ref("status")?.as_str()? == "error",
                start_ns: row.get("start_ns")?,
                duration_ns: row.get("duration_ns")?,
                ml_app: row.get("ml_app")?,
                service: row.get("service")?,
                env: row.get("env")?,
                session_id: row.get("session_id")?,
                model_name: row.get("model_name")?,
                model_provider: row.get("model_provider")?,
                error_type: row.get("error_type")?,
                tokens: Tokens {
                    input: row.get("input_tokens")?,
                    output: row.get("output_tokens")?,
                    total: row.get("total_tokens")?,
                    cached: row.get("cached_tokens")?,
                },
                time_to_first_token: row.get("time_to_first_token")?,
                input_preview: row.get("input_preview")?,
                output_preview: row.get("output_preview")?,
                attributes,
                long_texts: read.long_texts,
                short_texts: read.short_texts,
                event,
            })
        })
}

/// Reads the JSON text of an event. Its data has the number of its long strings, the place and the hash of each, and the rest.
fn join(connection: &Connection, data: &[u8]) -> rusqlite::Result<String> {
    let bytes = inflate(data)?;
    let mut bytes = bytes.as_slice();
    let mut strings = Vec::new();
    for _ in 0..take::<4>(&mut bytes).map(u32::from_le_bytes)? {
        strings.push((take::<4>(&mut bytes).map(u32::from_le_bytes)?, take::<32>(&mut bytes)?));
    }
    let mut contents: HashMap<[u8; 32], String> = HashMap::new();
    let mut json = Vec::new();
    let mut from = 0;
    for (place, hash) in strings {
        if let std::collections::hash_map::Entry::Vacant(entry) = contents.entry(hash) {
            let data: Vec<u8> = connection
                .prepare_cached("SELECT data FROM old_content WHERE hash = :hash")?
                .query_row(named_params! { ":hash": hash }, |row| row.get("data"))?;
            entry.insert(String::from_utf8(inflate(&data)?).map_err(|_| damaged())?);
        }
        let place = usize::try_from(place).map_err(|_| damaged())?;
        json.extend(bytes.get(from..place).ok_or_else(damaged)?);
        json.extend(contents.get(&hash).map_or(&[][..], String::as_bytes));
        from = place;
    }
    json.extend(bytes.get(from..).ok_or_else(damaged)?);
    String::from_utf8(json).map_err(|_| damaged())
}

fn take<const N: usize>(bytes: &mut &[u8]) -> rusqlite::Result<[u8; N]> {
    let mut taken = [0; N];
    bytes.read_exact(&mut taken).map_err(unreadable)?;
    Ok(taken)
}

fn inflate(data: &[u8]) -> rusqlite::Result<Vec<u8>> {
    zstd::stream::decode_all(data).map_err(unreadable)
}

fn damaged() -> rusqlite::Error {
    unreadable(io::Error::new(io::ErrorKind::InvalidData, "a stored event is damaged"))
}

fn unreadable(error: io::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}
