//! Writes the batch of one request in one transaction.

use std::collections::{BTreeMap, HashMap};
use std::io;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use zstd::bulk::Compressor;

use super::event_encoding;
use super::rejections::{self, Rejection};
use super::totals::{self, NewSpans};
use crate::span::{Attribute, Evaluation, Span, Target};

/// The content of one request.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Spans, in the order in which they arrived.
    pub(crate) spans: Vec<Span>,
    /// Evaluations and feedback.
    pub(crate) evaluations: Vec<Evaluation>,
    /// Requests that were refused, whole or in part.
    pub(crate) rejections: Vec<Rejection>,
}

/// Writes all of a batch or nothing.
pub(crate) fn write(connection: &mut Connection, batch: &Batch, now_ms: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut traces: BTreeMap<i64, NewSpans<'_>> = BTreeMap::new();
    let mut cache = BatchCache::new().map_err(unstorable)?;
    for span in &batch.spans {
        let trace = trace_row(&transaction, &span.trace_id)?;
        let arrived = traces.entry(trace).or_default();
        match write_span(&transaction, &mut cache, trace, span)? {
            Written::New(row) => arrived.added.push((row, span)),
            Written::Replaced => arrived.any_replaced = true,
        }
    }
    for (trace, arrived) in traces {
        totals::update(&transaction, trace, &arrived, now_ms)?;
    }
    for evaluation in &batch.evaluations {
        write_evaluation(&transaction, evaluation, now_ms)?;
    }
    rejections::write(&transaction, &batch.rejections)?;
    transaction.commit()
}

/// What all writes of one batch share.
struct BatchCache<'a> {
    compressor: Compressor<'static>,
    /// Rows of attributes, by path and text. No other connection writes during the transaction.
    attributes: HashMap<(&'a str, &'a str), i64>,
}

impl BatchCache<'_> {
    fn new() -> io::Result<Self> {
        Ok(Self { compressor: event_encoding::compressor()?, attributes: HashMap::new() })
    }
}

/// How a span was written.
enum Written {
    /// As a new row, after those of all earlier spans.
    New(i64),
    /// In place of an earlier span with the same id.
    Replaced,
}

/// Writes a span, in place of an earlier one with its id.
fn write_span<'a>(
    transaction: &Transaction<'_>,
    cache: &mut BatchCache<'a>,
    trace: i64,
    span: &'a Span,
) -> rusqlite::Result<Written> {
    let status = if span.failed { "error" } else { "ok" };
    let facets = facets_row(transaction, span, status)?;
    let known: Option<i64> = transaction
        .prepare_cached("SELECT id FROM span WHERE trace = ?1 AND span_id = ?2")?
        .query_row(params![trace, span.span_id], |row| row.get(0))
        .optional()?;
    if let Some(row) = known {
        delete_span(transaction, row)?;
        // Attributes that no other span had were deleted.
        cache.attributes.clear();
    }
    transaction
        .prepare_cached(
            "INSERT INTO span (id, trace, span_id, parent_id, name, kind, status, start_ns, duration_ns, ml_app, service,
                env, session_id, model_name, model_provider, error_type, input_tokens, output_tokens, total_tokens,
                cached_tokens, time_to_first_token, input_preview, output_preview, facets)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                ?22, ?23, ?24)",
        )?
        .execute(params![
            known,
            trace,
            span.span_id,
            span.parent_id,
            span.name,
            span.kind,
            status,
            span.start_ns,
            span.duration_ns,
            span.ml_app,
            span.service,
            span.env,
            span.session_id,
            span.model_name,
            span.model_provider,
            span.error_type,
            span.tokens.input,
            span.tokens.output,
            span.tokens.total,
            span.tokens.cached,
            span.time_to_first_token,
            span.input_preview,
            span.output_preview,
            facets,
        ])?;
    let row = known.unwrap_or_else(|| transaction.last_insert_rowid());
    write_event(transaction, &mut cache.compressor, row, &span.event)?;
    for attribute in &span.attributes {
        write_attribute(transaction, &mut cache.attributes, row, attribute)?;
    }
    if !span.text.is_empty() {
        transaction
            .prepare_cached("INSERT INTO span_text (rowid, text) VALUES (?1, ?2)")?
            .execute(params![row, span.text])?;
    }
    Ok(known.map_or(Written::New(row), |_| Written::Replaced))
}

fn trace_row(transaction: &Transaction<'_>, trace_id: &str) -> rusqlite::Result<i64> {
    let known = transaction
        .prepare_cached("SELECT id FROM trace WHERE trace_id = ?1")?
        .query_row(params![trace_id], |row| row.get(0))
        .optional()?;
    match known {
        Some(row) => Ok(row),
        None => {
            transaction.prepare_cached("INSERT INTO trace (trace_id) VALUES (?1)")?.insert(params![trace_id])
        }
    }
}

fn facets_row(transaction: &Transaction<'_>, span: &Span, status: &str) -> rusqlite::Result<i64> {
    let values = params![
        span.name,
        span.kind,
        status,
        span.ml_app,
        span.service,
        span.env,
        span.model_name,
        span.model_provider,
        span.error_type
    ];
    let known = transaction
        .prepare_cached(
            "SELECT id FROM facets WHERE name = ?1 AND kind = ?2 AND status = ?3 AND ml_app IS ?4 AND service IS ?5
                AND env IS ?6 AND model_name IS ?7 AND model_provider IS ?8 AND error_type IS ?9",
        )?
        .query_row(values, |row| row.get(0))
        .optional()?;
    match known {
        Some(row) => Ok(row),
        None => transaction
            .prepare_cached(
                "INSERT INTO facets (name, kind, status, ml_app, service, env, model_name, model_provider, error_type)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .insert(values),
    }
}

fn write_event(
    transaction: &Transaction<'_>,
    compressor: &mut Compressor<'_>,
    row: i64,
    event: &str,
) -> rusqlite::Result<()> {
    let parts = event_encoding::split(event);
    for (hash, string) in parts.contents() {
        let known =
            transaction.prepare_cached("SELECT 1 FROM content WHERE hash = ?1")?.exists(params![hash])?;
        if !known {
            let data = compressor.compress(string.as_bytes()).map_err(unstorable)?;
            transaction
                .prepare_cached("INSERT INTO content (hash, data) VALUES (?1, ?2)")?
                .execute(params![hash, data])?;
        }
        transaction
            .prepare_cached("INSERT OR IGNORE INTO span_content (span, hash) VALUES (?1, ?2)")?
            .execute(params![row, hash])?;
    }
    let data = parts.encode(compressor).map_err(unstorable)?;
    transaction
        .prepare_cached("INSERT INTO event (span, data) VALUES (?1, ?2)")?
        .execute(params![row, data])?;
    Ok(())
}

fn unstorable(error: io::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

fn write_attribute<'a>(
    transaction: &Transaction<'_>,
    known: &mut HashMap<(&'a str, &'a str), i64>,
    row: i64,
    attribute: &'a Attribute,
) -> rusqlite::Result<()> {
    let key = (attribute.path.as_str(), attribute.text.as_str());
    let id = if let Some(id) = known.get(&key) { *id } else { attribute_row(transaction, attribute)? };
    known.insert(key, id);
    transaction
        .prepare_cached("INSERT OR IGNORE INTO span_attribute (attribute, span) VALUES (?1, ?2)")?
        .execute(params![id, row])?;
    Ok(())
}

fn attribute_row(transaction: &Transaction<'_>, attribute: &Attribute) -> rusqlite::Result<i64> {
    let Attribute { path, text, number } = attribute;
    let known = transaction
        .prepare_cached("SELECT id FROM attribute WHERE path = ?1 AND text = ?2")?
        .query_row(params![path, text], |row| row.get(0))
        .optional()?;
    match known {
        Some(id) => Ok(id),
        None => transaction
            .prepare_cached("INSERT INTO attribute (path, text, number) VALUES (?1, ?2, ?3)")?
            .insert(params![path, text, number]),
    }
}

/// Deletes a span from all tables, with the content and attributes that no other span has.
pub(crate) fn delete_span(transaction: &Transaction<'_>, row: i64) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM content WHERE hash IN (SELECT hash FROM span_content WHERE span = ?1)
            AND NOT EXISTS (SELECT 1 FROM span_content other WHERE other.hash = content.hash AND other.span <> ?1)",
        "DELETE FROM span_content WHERE span = ?1",
        "DELETE FROM attribute WHERE id IN (SELECT attribute FROM span_attribute WHERE span = ?1)
            AND NOT EXISTS (SELECT 1 FROM span_attribute other WHERE other.attribute = attribute.id AND other.span <> ?1)",
        "DELETE FROM span_attribute WHERE span = ?1",
        "DELETE FROM span_text WHERE rowid = ?1",
        "DELETE FROM event WHERE span = ?1",
        "DELETE FROM span WHERE id = ?1",
    ] {
        transaction.prepare_cached(sql)?.execute(params![row])?;
    }
    Ok(())
}

fn write_evaluation(
    transaction: &Transaction<'_>,
    evaluation: &Evaluation,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let (mut trace, mut span, mut session, mut tag) = (None, None, None, None);
    match &evaluation.target {
        Target::Span { trace_id, span_id } => (trace, span) = (trace_id.as_deref(), Some(span_id)),
        Target::Trace(trace_id) => trace = Some(trace_id.as_str()),
        Target::Session(session_id) => session = Some(session_id),
        Target::Tag { key, value } => tag = Some((key, value)),
    }
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO evaluation (feedback, label, metric_type, value, number, assessment, reasoning, ml_app,
                timestamp_ms, trace_id, span_id, session_id, tag_key, tag_value, event, hash, arrived_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        )?
        .execute(params![
            evaluation.feedback,
            evaluation.label,
            evaluation.metric_type,
            evaluation.value,
            evaluation.number,
            evaluation.assessment,
            evaluation.reasoning,
            evaluation.ml_app,
            evaluation.timestamp_ms,
            trace,
            span,
            session,
            tag.map(|(key, _)| key),
            tag.map(|(_, value)| value),
            evaluation.event,
            event_encoding::hash(&evaluation.event),
            now_ms,
        ])?;
    Ok(())
}
