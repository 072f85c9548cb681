//! The one writer: what arrived becomes rows, in one transaction for each request.

use std::collections::{BTreeSet, HashMap};
use std::io;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use zstd::bulk::Compressor;

use super::content;
use crate::span::{Attribute, Evaluation, Span, Target};

/// What one request brought.
#[derive(Debug, Default)]
pub struct Batch {
    /// Spans, in the order in which they arrived.
    pub spans: Vec<Span>,
    /// Evaluations and feedback.
    pub evaluations: Vec<Evaluation>,
    /// What was refused: the address, and why.
    pub rejections: Vec<Rejection>,
}

/// Something that the intake refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The address that it was sent to.
    pub path: String,
    /// What was wrong with it.
    pub reason: String,
}

/// How many refused requests are remembered.
const REJECTIONS: i64 = 50;

/// Writes all of a batch or nothing.
pub(crate) fn write(connection: &mut Connection, batch: &Batch, now_ms: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut traces = BTreeSet::new();
    let mut known = Known::new().map_err(unstorable)?;
    for span in &batch.spans {
        traces.insert(write_span(&transaction, &mut known, span)?);
    }
    for trace in traces {
        sum_up(&transaction, trace, now_ms)?;
    }
    for evaluation in &batch.evaluations {
        write_evaluation(&transaction, evaluation)?;
    }
    for Rejection { at_ms, path, reason } in &batch.rejections {
        transaction
            .prepare_cached("INSERT INTO rejection (at_ms, path, reason) VALUES (?1, ?2, ?3)")?
            .execute(params![at_ms, path, reason])?;
    }
    if !batch.rejections.is_empty() {
        transaction.execute(
            "DELETE FROM rejection WHERE id <= (SELECT max(id) FROM rejection) - ?1",
            params![REJECTIONS],
        )?;
    }
    transaction.commit()
}

/// What one batch needs again and again.
struct Known<'a> {
    compressor: Compressor<'static>,
    /// Rows of attributes, by path and text. Nobody else writes meanwhile.
    attributes: HashMap<(&'a str, &'a str), i64>,
}

impl Known<'_> {
    fn new() -> io::Result<Self> {
        Ok(Self { compressor: content::compressor()?, attributes: HashMap::new() })
    }
}

/// Writes a span, in place of an earlier one with its id, and returns the row of its trace.
fn write_span<'a>(
    transaction: &Transaction<'_>,
    batch: &mut Known<'a>,
    span: &'a Span,
) -> rusqlite::Result<i64> {
    let trace = trace_row(transaction, &span.trace_id)?;
    let status = if span.failed { "error" } else { "ok" };
    let facets = facets_row(transaction, span, status)?;
    let known: Option<i64> = transaction
        .prepare_cached("SELECT id FROM span WHERE trace = ?1 AND span_id = ?2")?
        .query_row(params![trace, span.span_id], |row| row.get(0))
        .optional()?;
    if let Some(row) = known {
        forget_span(transaction, row)?;
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
    write_event(transaction, &mut batch.compressor, row, &span.event)?;
    for attribute in &span.attributes {
        write_attribute(transaction, &mut batch.attributes, row, attribute)?;
    }
    if !span.text.is_empty() {
        transaction
            .prepare_cached("INSERT INTO span_text (rowid, text) VALUES (?1, ?2)")?
            .execute(params![row, span.text])?;
    }
    Ok(trace)
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
    let cut = content::cut(event);
    for (hash, string) in cut.contents() {
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
    let data = cut.encode(compressor).map_err(unstorable)?;
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

/// Takes a span out of every table. What nobody else needs of its content goes too.
pub(crate) fn forget_span(transaction: &Transaction<'_>, row: i64) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM content WHERE hash IN (SELECT hash FROM span_content WHERE span = ?1)
            AND NOT EXISTS (SELECT 1 FROM span_content other WHERE other.hash = content.hash AND other.span <> ?1)",
        "DELETE FROM span_content WHERE span = ?1",
        "DELETE FROM span_attribute WHERE span = ?1",
        "DELETE FROM span_text WHERE rowid = ?1",
        "DELETE FROM event WHERE span = ?1",
        "DELETE FROM span WHERE id = ?1",
    ] {
        transaction.prepare_cached(sql)?.execute(params![row])?;
    }
    Ok(())
}

/// Makes the sums of a trace anew, and says which span stands for it: the root, or the earliest whose parent is not there.
fn sum_up(transaction: &Transaction<'_>, trace: i64, now_ms: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE trace SET arrived_ms = ?2, (start_ns, end_ns, spans, errors, llm_calls, tool_calls, tools, input_tokens, output_tokens,
                    total_tokens, cached_tokens, models, time_to_first_token) = (
                SELECT min(start_ns), max(start_ns + duration_ns), count(*), sum(status = 'error'), sum(kind = 'llm'),
                    sum(kind = 'tool'), count(DISTINCT CASE kind WHEN 'tool' THEN name END),
                    sum(input_tokens) FILTER (WHERE kind IN ('llm', 'embedding')),
                    sum(output_tokens) FILTER (WHERE kind IN ('llm', 'embedding')),
                    sum(total_tokens) FILTER (WHERE kind IN ('llm', 'embedding')),
                    sum(cached_tokens) FILTER (WHERE kind IN ('llm', 'embedding')),
                    coalesce((SELECT group_concat(model_name, char(10)) FROM (
                        SELECT DISTINCT model_name FROM span WHERE trace = ?1 AND kind = 'llm' AND model_name IS NOT NULL
                        ORDER BY model_name)), ''),
                    (SELECT time_to_first_token FROM span WHERE trace = ?1 AND time_to_first_token IS NOT NULL
                        ORDER BY start_ns LIMIT 1)
                FROM span WHERE trace = ?1)
             WHERE id = ?1",
        )?
        .execute(params![trace, now_ms])?;
    // The root, if it is there, is found without a look at every parent.
    let root: Option<i64> = transaction
        .prepare_cached(
            "SELECT id FROM span WHERE trace = ?1 AND parent_id IS NULL ORDER BY start_ns, id LIMIT 1",
        )?
        .query_row(params![trace], |row| row.get(0))
        .optional()?;
    let head = match root {
        Some(root) => root,
        None => transaction
            .prepare_cached(
                "SELECT id FROM span s WHERE trace = ?1 ORDER BY
                    EXISTS (SELECT 1 FROM span p WHERE p.trace = ?1 AND p.span_id = s.parent_id), start_ns, id LIMIT 1",
            )?
            .query_row(params![trace], |row| row.get(0))?,
    };
    transaction
        .prepare_cached("UPDATE span SET head = (id = ?2) WHERE trace = ?1 AND head <> (id = ?2)")?
        .execute(params![trace, head])?;
    Ok(())
}

fn write_evaluation(transaction: &Transaction<'_>, evaluation: &Evaluation) -> rusqlite::Result<()> {
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
                timestamp_ms, trace_id, span_id, session_id, tag_key, tag_value, event, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
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
            content::hash(&evaluation.event),
        ])?;
    Ok(())
}
