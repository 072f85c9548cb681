//! Writes the batch of one request.

use std::collections::{BTreeMap, HashMap};
use std::io;

use rusqlite::{OptionalExtension as _, Transaction, named_params};
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

/// Writes a batch. After an error, the transaction must not be committed.
pub(super) fn write(transaction: &Transaction<'_>, batch: &Batch, now_ms: i64) -> rusqlite::Result<()> {
    let mut traces: BTreeMap<i64, NewSpans<'_>> = BTreeMap::new();
    let mut cache = BatchCache::new().map_err(unstorable)?;
    for span in &batch.spans {
        let trace = trace_row(transaction, &span.trace_id)?;
        let arrived = traces.entry(trace).or_default();
        match write_span(transaction, &mut cache, trace, span)? {
            Written::New(row) => arrived.added.push((row, span)),
            Written::Replaced => arrived.any_replaced = true,
        }
    }
    for (trace, arrived) in traces {
        totals::update(transaction, trace, &arrived, now_ms)?;
    }
    for evaluation in &batch.evaluations {
        write_evaluation(transaction, evaluation, now_ms)?;
    }
    rejections::write(transaction, &batch.rejections)
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
        .prepare_cached("SELECT id FROM span WHERE trace = :trace AND span_id = :span_id")?
        .query_row(named_params! { ":trace": trace, ":span_id": span.span_id }, |row| row.get("id"))
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
             VALUES (:id, :trace, :span_id, :parent_id, :name, :kind, :status, :start_ns, :duration_ns, :ml_app, :service,
                :env, :session_id, :model_name, :model_provider, :error_type, :input_tokens, :output_tokens, :total_tokens,
                :cached_tokens, :time_to_first_token, :input_preview, :output_preview, :facets)",
        )?
        .execute(named_params! {
            ":id": known,
            ":trace": trace,
            ":span_id": span.span_id,
            ":parent_id": span.parent_id,
            ":name": span.name,
            ":kind": span.kind,
            ":status": status,
            ":start_ns": span.start_ns,
            ":duration_ns": span.duration_ns,
            ":ml_app": span.ml_app,
            ":service": span.service,
            ":env": span.env,
            ":session_id": span.session_id,
            ":model_name": span.model_name,
            ":model_provider": span.model_provider,
            ":error_type": span.error_type,
            ":input_tokens": span.tokens.input,
            ":output_tokens": span.tokens.output,
            ":total_tokens": span.tokens.total,
            ":cached_tokens": span.tokens.cached,
            ":time_to_first_token": span.time_to_first_token,
            ":input_preview": span.input_preview,
            ":output_preview": span.output_preview,
            ":facets": facets,
        })?;
    let row = known.unwrap_or_else(|| transaction.last_insert_rowid());
    write_event(transaction, &mut cache.compressor, row, &span.event)?;
    for attribute in &span.attributes {
        write_attribute(transaction, &mut cache.attributes, row, attribute)?;
    }
    if !span.text.is_empty() {
        transaction
            .prepare_cached("INSERT INTO span_text (rowid, text) VALUES (:span, :text)")?
            .execute(named_params! { ":span": row, ":text": span.text })?;
    }
    Ok(known.map_or(Written::New(row), |_| Written::Replaced))
}

fn trace_row(transaction: &Transaction<'_>, trace_id: &str) -> rusqlite::Result<i64> {
    let values = named_params! { ":trace_id": trace_id };
    let known = transaction
        .prepare_cached("SELECT id FROM trace WHERE trace_id = :trace_id")?
        .query_row(values, |row| row.get("id"))
        .optional()?;
    match known {
        Some(row) => Ok(row),
        None => transaction.prepare_cached("INSERT INTO trace (trace_id) VALUES (:trace_id)")?.insert(values),
    }
}

fn facets_row(transaction: &Transaction<'_>, span: &Span, status: &str) -> rusqlite::Result<i64> {
    let values = named_params! {
        ":name": span.name,
        ":kind": span.kind,
        ":status": status,
        ":ml_app": span.ml_app,
        ":service": span.service,
        ":env": span.env,
        ":model_name": span.model_name,
        ":model_provider": span.model_provider,
        ":error_type": span.error_type,
    };
    let known = transaction
        .prepare_cached(
            "SELECT id FROM facets WHERE name = :name AND kind = :kind AND status = :status AND ml_app IS :ml_app
                AND service IS :service AND env IS :env AND model_name IS :model_name AND model_provider IS :model_provider
                AND error_type IS :error_type",
        )?
        .query_row(values, |row| row.get("id"))
        .optional()?;
    match known {
        Some(row) => Ok(row),
        None => transaction
            .prepare_cached(
                "INSERT INTO facets (name, kind, status, ml_app, service, env, model_name, model_provider, error_type)
                 VALUES (:name, :kind, :status, :ml_app, :service, :env, :model_name, :model_provider, :error_type)",
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
        let known = transaction
            .prepare_cached("SELECT 1 FROM content WHERE hash = :hash")?
            .exists(named_params! { ":hash": hash })?;
        if !known {
            let data = compressor.compress(string.as_bytes()).map_err(unstorable)?;
            transaction
                .prepare_cached("INSERT INTO content (hash, data) VALUES (:hash, :data)")?
                .execute(named_params! { ":hash": hash, ":data": data })?;
        }
        transaction
            .prepare_cached("INSERT OR IGNORE INTO span_content (span, hash) VALUES (:span, :hash)")?
            .execute(named_params! { ":span": row, ":hash": hash })?;
    }
    let data = parts.encode(compressor).map_err(unstorable)?;
    transaction
        .prepare_cached("INSERT INTO event (span, data) VALUES (:span, :data)")?
        .execute(named_params! { ":span": row, ":data": data })?;
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
        .prepare_cached("INSERT OR IGNORE INTO span_attribute (attribute, span) VALUES (:attribute, :span)")?
        .execute(named_params! { ":attribute": id, ":span": row })?;
    Ok(())
}

fn attribute_row(transaction: &Transaction<'_>, attribute: &Attribute) -> rusqlite::Result<i64> {
    let Attribute { path, text, number } = attribute;
    let known = transaction
        .prepare_cached("SELECT id FROM attribute WHERE path = :path AND text = :text")?
        .query_row(named_params! { ":path": path, ":text": text }, |row| row.get("id"))
        .optional()?;
    match known {
        Some(id) => Ok(id),
        None => transaction
            .prepare_cached("INSERT INTO attribute (path, text, number) VALUES (:path, :text, :number)")?
            .insert(named_params! { ":path": path, ":text": text, ":number": number }),
    }
}

/// Deletes a span from all tables, with the content and attributes that no other span has.
pub(crate) fn delete_span(transaction: &Transaction<'_>, row: i64) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM content WHERE hash IN (SELECT hash FROM span_content WHERE span = :span)
            AND NOT EXISTS (SELECT 1 FROM span_content other WHERE other.hash = content.hash AND other.span <> :span)",
        "DELETE FROM span_content WHERE span = :span",
        "DELETE FROM attribute WHERE id IN (SELECT attribute FROM span_attribute WHERE span = :span)
            AND NOT EXISTS (SELECT 1 FROM span_attribute other WHERE other.attribute = attribute.id AND other.span <> :span)",
        "DELETE FROM span_attribute WHERE span = :span",
        "DELETE FROM span_text WHERE rowid = :span",
        "DELETE FROM event WHERE span = :span",
        "DELETE FROM span WHERE id = :span",
    ] {
        transaction.prepare_cached(sql)?.execute(named_params! { ":span": row })?;
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
             VALUES (:feedback, :label, :metric_type, :value, :number, :assessment, :reasoning, :ml_app, :timestamp_ms, :trace_id,
                :span_id, :session_id, :tag_key, :tag_value, :event, :hash, :arrived_ms)",
        )?
        .execute(named_params! {
            ":feedback": evaluation.feedback,
            ":label": evaluation.label,
            ":metric_type": evaluation.metric_type,
            ":value": evaluation.value,
            ":number": evaluation.number,
            ":assessment": evaluation.assessment,
            ":reasoning": evaluation.reasoning,
            ":ml_app": evaluation.ml_app,
            ":timestamp_ms": evaluation.timestamp_ms,
            ":trace_id": trace,
            ":span_id": span,
            ":session_id": session,
            ":tag_key": tag.map(|(key, _)| key),
            ":tag_value": tag.map(|(_, value)| value),
            ":event": evaluation.event,
            ":hash": event_encoding::hash(&evaluation.event),
            ":arrived_ms": now_ms,
        })?;
    Ok(())
}
