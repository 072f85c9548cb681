//! Evaluations and feedback: writing them, reading them by label or span, and the badges of rows in lists.

use rusqlite::{Connection, Params, Transaction, named_params};

use super::error::ReadError;
use crate::span::{Evaluation, Target};
use crate::traces::{Label, SpanEvaluation};

/// The most labels to read.
const LABELS: u32 = 200;
/// The most different values of a label to read.
const VALUES: u32 = 10;
/// The number of bars in the histogram of scores.
const BARS: u32 = 20;

/// Writes an evaluation, unless it is stored already.
pub(super) fn write(
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
            ":hash": blake3::hash(evaluation.event.as_bytes()).as_bytes(),
            ":arrived_ms": now_ms,
        })?;
    Ok(())
}

/// Reads all labels by name.
pub(super) fn labels(connection: &Connection) -> Result<Vec<Label>, ReadError> {
    let mut statement = connection.prepare_cached(
        "SELECT label, feedback, metric_type, count(*) AS count, sum(assessment IS 'pass') AS pass,
            sum(assessment IS 'fail') AS fail, min(number) AS least, avg(number) AS mean, max(number) AS most,
            count(DISTINCT value) AS distinct_values
         FROM evaluation GROUP BY label, feedback, metric_type ORDER BY label, feedback, metric_type LIMIT :limit",
    )?;
    let labels = statement.query_map(named_params! { ":limit": LABELS }, |row| {
        let metric_type: String = row.get("metric_type")?;
        let numbers: (Option<f64>, Option<f64>, Option<f64>) =
            (row.get("least")?, row.get("mean")?, row.get("most")?);
        let label = Label {
            name: row.get("label")?,
            feedback: row.get("feedback")?,
            count: row.get("count")?,
            pass: row.get("pass")?,
            fail: row.get("fail")?,
            numbers: match numbers {
                (Some(least), Some(mean), Some(most)) if metric_type == "score" => Some((least, mean, most)),
                _ => None,
            },
            metric_type,
            bars: Vec::new(),
            values: Vec::new(),
            other_values: 0,
        };
        Ok((label, row.get::<_, u32>("distinct_values")?))
    })?;
    let labels: Vec<(Label, u32)> = labels.collect::<Result<_, _>>()?;
    labels.into_iter().map(|(label, distinct)| distribution(connection, label, distinct)).collect()
}

/// Adds the histogram of scores, or the most frequent values.
fn distribution(connection: &Connection, mut label: Label, distinct: u32) -> Result<Label, ReadError> {
    if let Some((least, _, most)) = label.numbers.filter(|(least, _, most)| least < most) {
        // The numbers are halved, because their difference might be infinite otherwise.
        let mut statement = connection.prepare_cached(
            "SELECT min(CAST(coalesce((number / 2 - :least / 2) / (:most / 2 - :least / 2) * :bars, 0) AS INTEGER), :bars - 1) AS bar,
                count(*) AS count
             FROM evaluation
             WHERE label = :label AND feedback = :feedback AND metric_type = :metric_type AND number IS NOT NULL GROUP BY bar",
        )?;
        let parameters = named_params! {
            ":label": label.name,
            ":feedback": label.feedback,
            ":metric_type": label.metric_type,
            ":least": least,
            ":most": most,
            ":bars": BARS,
        };
        let counted = statement.query_map(parameters, |row| Ok((row.get("bar")?, row.get("count")?)))?;
        let counted: Vec<(u32, i64)> = counted.collect::<Result<_, _>>()?;
        label.bars = vec![0; BARS as usize];
        for (bar, count) in counted {
            if let Some(bar) = label.bars.get_mut(bar as usize) {
                *bar = u64::try_from(count).unwrap_or_default();
            }
        }
        return Ok(label);
    }
    let mut statement = connection.prepare_cached(
        "SELECT value, count(*) AS count FROM evaluation
         WHERE label = :label AND feedback = :feedback AND metric_type = :metric_type
         GROUP BY value ORDER BY count DESC, value LIMIT :limit",
    )?;
    let parameters = named_params! {
        ":label": label.name,
        ":feedback": label.feedback,
        ":metric_type": label.metric_type,
        ":limit": VALUES,
    };
    let values = statement.query_map(parameters, |row| {
        Ok((row.get("value")?, u64::try_from(row.get::<_, i64>("count")?).unwrap_or_default()))
    })?;
    label.values = values.collect::<Result<_, _>>()?;
    label.other_values = (distinct as usize).saturating_sub(label.values.len());
    Ok(label)
}

/// Reads the evaluations and the feedback of a span, at most 200.
pub(super) fn of_span(connection: &Connection, row: i64) -> Result<Vec<SpanEvaluation>, ReadError> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT e.feedback, e.label, e.metric_type, e.value, e.assessment, e.reasoning, e.timestamp_ms
         FROM judged j JOIN evaluation e ON e.id = j.evaluation WHERE j.span = :span
         ORDER BY e.timestamp_ms, e.label LIMIT 200",
    )?;
    let evaluations = statement.query_map(named_params! { ":span": row }, |row| {
        Ok(SpanEvaluation {
            feedback: row.get("feedback")?,
            label: row.get("label")?,
            metric_type: row.get("metric_type")?,
            value: row.get("value")?,
            assessment: row.get("assessment")?,
            reasoning: row.get("reasoning")?,
            timestamp_ms: row.get("timestamp_ms")?,
        })
    })?;
    Ok(evaluations.collect::<Result<_, _>>()?)
}

/// An evaluation in a row of a list: label, value, and `pass` or `fail`.
pub(super) type Badge = (String, String, Option<String>);

/// Reads the badges of a span.
pub(super) fn span_badges(connection: &Connection, span: i64) -> rusqlite::Result<Vec<Badge>> {
    badges(connection, SPAN_BADGES, named_params! { ":span": span })
}

pub(super) const SPAN_BADGES: &str =
    "SELECT e.label, e.value, e.assessment FROM judged j JOIN evaluation e ON e.id = j.evaluation
    WHERE j.span = :span ORDER BY e.timestamp_ms, e.id LIMIT 8";

/// Reads the badges of a trace and its spans. In a large trace, only some spans are read.
pub(super) fn trace_badges(
    connection: &Connection,
    trace: i64,
    trace_id: &str,
) -> rusqlite::Result<Vec<Badge>> {
    badges(connection, TRACE_BADGES, named_params! { ":trace": trace, ":trace_id": trace_id })
}

/// The joins of the view `judged`. SQLite would read all rows of the view. Here, cross joins make it begin with the spans and use the
/// indexes from there.
pub(super) const TRACE_BADGES: &str = "WITH one AS MATERIALIZED (
        SELECT s.id, s.span_id, n.session_id, s.head, s.tags FROM span s LEFT JOIN session n ON n.id = s.session
        WHERE s.trace = :trace LIMIT 500
    ), found (id) AS (
        SELECT id FROM evaluation WHERE trace_id = :trace_id
            AND (span_id IS NULL OR EXISTS (SELECT 1 FROM span s WHERE s.trace = :trace AND s.span_id = evaluation.span_id))
        UNION ALL
        SELECT e.id FROM one CROSS JOIN evaluation e ON e.span_id = one.span_id AND e.trace_id IS NULL
        UNION ALL
        SELECT e.id FROM one CROSS JOIN evaluation e ON e.session_id = one.session_id WHERE one.head = 1
        UNION ALL
        SELECT e.id FROM (SELECT DISTINCT tags FROM one) sets CROSS JOIN attribute_set x ON x.id = sets.tags
            CROSS JOIN attribute a ON a.id = x.attribute CROSS JOIN evaluation e ON e.tag_key = substr(a.path, 5) AND e.tag_value = a.text WHERE a.path GLOB 'tag.*'
    )
    SELECT DISTINCT e.label, e.value, e.assessment FROM found CROSS JOIN evaluation e ON e.id = found.id
    ORDER BY e.timestamp_ms, e.id LIMIT 8";

fn badges(connection: &Connection, sql: &str, parameters: impl Params) -> rusqlite::Result<Vec<Badge>> {
    let mut statement = connection.prepare_cached(sql)?;
    let badges = statement
        .query_map(parameters, |row| Ok((row.get("label")?, row.get("value")?, row.get("assessment")?)))?;
    badges.collect()
}
