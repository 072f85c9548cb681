//! Writes batches, which are the content of requests.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{CachedStatement, OptionalExtension as _, Transaction, named_params, params};

use super::activity::Changes;
use super::encode::{self, Encoded, EncodedSpan};
use super::key::Key;
use super::totals::{self, NewSpans};
use super::zones::Changes as Zones;
use super::{evaluations, rejections, segment, unfinished};
use crate::span::{Attribute, Evaluation, Span};
use crate::traces::Rejection;

/// The number of rows to remember of each kind.
const REMEMBERED: usize = 50_000;

/// The content of one request.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Spans, in the order in which they arrived.
    pub(crate) spans: Vec<Span>,
    /// Evaluations and feedback.
    pub(crate) evaluations: Vec<Evaluation>,
    /// Requests that were refused, whole or in part.
    pub(crate) rejections: Vec<Rejection>,
    /// The spans, encoded; see [`Store::encode`](super::Store::encode).
    pub(crate) encoded: Encoded,
}

/// Rows that are known to be stored, which saves lookups. They must be forgotten if a transaction fails or another process writes.
#[derive(Debug, Default)]
pub(super) struct Rows {
    facets: HashMap<Key, i64>,
    sessions: HashMap<Key, i64>,
    attributes: HashMap<Key, i64>,
    /// 0 if it is unknown.
    next_span: i64,
}

impl Rows {
    /// Returns the row of the next span.
    pub(super) fn next_span(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<i64> {
        if self.next_span == 0 {
            self.next_span = segment::next_span(transaction)?;
        }
        Ok(self.next_span)
    }
}

/// Writes a batch. After an error, the transaction must not be committed.
pub(super) fn write(
    transaction: &Transaction<'_>,
    rows: &mut Rows,
    batch: &Batch,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let mut writer = SpanWriter::new(transaction, rows)?;
    let encoded = &batch.encoded;
    writer.write_texts_and_sets(&batch.spans, encoded)?;
    let mut traces: BTreeMap<i64, NewSpans<'_>> = BTreeMap::new();
    let mut bytes = 0;
    for (span, encoded) in batch.spans.iter().zip(&encoded.spans) {
        let trace = trace_row(transaction, &span.trace_id)?;
        let arrived = traces.entry(trace).or_default();
        let (row, replaced) = writer.write(trace, span, encoded)?;
        arrived.added.push((row, span));
        arrived.any_replaced |= replaced;
        bytes += span.event.len();
    }
    let next_span = writer.rows.next_span;
    let (mut activity, mut zones) = (writer.activity, writer.zones);
    for (trace, arrived) in traces {
        totals::update(transaction, trace, &arrived, (&mut activity, &mut zones))?;
        unfinished::update(transaction, trace, &arrived)?;
    }
    activity.write(transaction)?;
    zones.write(transaction)?;
    if bytes > 0 {
        segment::add(transaction, i64::try_from(bytes).unwrap_or(i64::MAX), next_span)?;
    }
    for evaluation in &batch.evaluations {
        evaluations::write(transaction, evaluation, now_ms)?;
    }
    rejections::write(transaction, &batch.rejections)
}

/// Writes the spans of a batch. SQL parameters have numbers here, because names would be looked up for each span.
struct SpanWriter<'a> {
    transaction: &'a Transaction<'a>,
    rows: &'a mut Rows,
    find: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    insert_piece: CachedStatement<'a>,
    activity: Changes,
    zones: Zones<'a>,
}

impl<'a> SpanWriter<'a> {
    fn new(transaction: &'a Transaction<'a>, rows: &'a mut Rows) -> rusqlite::Result<Self> {
        rows.next_span(transaction)?;
        for known in [&mut rows.facets, &mut rows.sessions, &mut rows.attributes] {
            if known.len() > REMEMBERED {
                known.clear();
            }
        }
        Ok(Self {
            transaction,
            rows,
            find: transaction.prepare_cached("SELECT id, start_ns, facets, head, replaces FROM span WHERE trace = ?1 AND span_id = ?2")?,
            insert: transaction.prepare_cached(
                "INSERT INTO span (id, trace, span_id, parent_id, start_ns, duration_ns, facets, session, tags, fields,
                    input_tokens, output_tokens, total_tokens, cached_tokens, time_to_first_token, event, replaces)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
            )?,
            insert_piece: transaction
                .prepare_cached("INSERT OR IGNORE INTO span_piece (piece, span) VALUES (?1, ?2)")?,
            activity: Changes::default(),
            zones: Zones::default(),
        })
    }

    /// Writes a span, and replaces an earlier span with the same id. Returns its row, and whether there was an earlier one.
    fn write(&mut self, trace: i64, span: &'a Span, encoded: &EncodedSpan) -> rusqlite::Result<(i64, bool)> {
        let earlier: Option<(i64, [i64; 3], Option<i64>)> = self
            .find
            .query_row(params![trace, span.span_id], |row| {
                let counted = [row.get("start_ns")?, row.get("facets")?, row.get("head")?];
                Ok((row.get("id")?, counted, row.get("replaces")?))
            })
            .optional()?;
        if let Some((earlier, [start_ns, facets, head], _)) = earlier {
            // Its rows in other tables are deleted with its segment. No query finds them, because its number is not used again.
            self.activity.add(start_ns, facets, -1, -head);
            self.transaction
                .prepare_cached("DELETE FROM span WHERE id = :id")?
                .execute(named_params! { ":id": earlier })?;
        }
        let facets = self.facets(span)?;
        self.activity.add(span.start_ns, facets, 1, 0);
        let session = span.session_id.as_deref().map(|session| self.session(session)).transpose()?;
        let row = self.rows.next_span;
        self.rows.next_span += 1;
        self.zones.add_span(row, span);
        self.insert.execute(params![
            row,
            trace,
            span.span_id,
            span.parent_id,
            span.start_ns,
            span.duration_ns,
            facets,
            session,
            encoded.tags,
            encoded.fields,
            span.tokens.input,
            span.tokens.output,
            span.tokens.total,
            span.tokens.cached,
            span.time_to_first_token,
            encoded.event,
            earlier.map(|(id, _, first)| first.unwrap_or(id)),
        ])?;
        for piece in &encoded.pieces {
            self.insert_piece.execute(params![piece, row])?;
        }
        Ok((row, earlier.is_some()))
    }

    /// Writes the texts and sets that the spans refer to and that are not stored yet.
    fn write_texts_and_sets(&mut self, spans: &[Span], encoded: &Encoded) -> rusqlite::Result<()> {
        let mut insert = self.transaction.prepare_cached("INSERT INTO block (id, data) VALUES (?1, ?2)")?;
        for (id, data) in &encoded.blocks {
            insert.execute(params![id, data])?;
        }
        if !encoded.pieces.is_empty() {
            let words: i64 = self
                .transaction
                .prepare_cached("SELECT words FROM segment ORDER BY id DESC LIMIT 1")?
                .query_row([], |row| row.get("words"))?;
            let sql = format!("INSERT INTO words_{words} (rowid, text) VALUES (?1, ?2)");
            let mut insert = self.transaction.prepare_cached(&sql)?;
            for (piece, span, text) in &encoded.pieces {
                let Some(span) = spans.get(*span) else { continue };
                let text = text.map_or(Some(&span.short_texts), |text| span.long_texts.get(text));
                insert.execute(params![piece, text])?;
            }
        }
        let mut insert = self
            .transaction
            .prepare_cached("INSERT OR IGNORE INTO attribute_set (id, attribute) VALUES (?1, ?2)")?;
        for (set, span, of_tags) in &encoded.sets {
            for attribute in spans.get(*span).into_iter().flat_map(|span| encode::attributes(span, *of_tags))
            {
                insert.execute(params![set, self.attribute(attribute)?])?;
            }
        }
        Ok(())
    }

    /// Finds or inserts the facets of a span. Returns their row.
    fn facets(&mut self, span: &Span) -> rusqlite::Result<i64> {
        let status = if span.failed { "error" } else { "ok" };
        let key = Key::of_all([
            Some(span.name.as_str()),
            Some(span.kind.as_str()),
            Some(status),
            span.ml_app.as_deref(),
            span.service.as_deref(),
            span.env.as_deref(),
            span.model_name.as_deref(),
            span.model_provider.as_deref(),
            span.error_type.as_deref(),
        ]);
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
        row(
            self.transaction,
            (&mut self.rows.facets, key),
            "SELECT id FROM facets WHERE name = :name AND kind = :kind AND status = :status AND ml_app IS :ml_app
                AND service IS :service AND env IS :env AND model_name IS :model_name AND model_provider IS :model_provider
                AND error_type IS :error_type",
            "INSERT INTO facets (name, kind, status, ml_app, service, env, model_name, model_provider, error_type)
             VALUES (:name, :kind, :status, :ml_app, :service, :env, :model_name, :model_provider, :error_type)",
            (values, values),
        )
    }

    fn session(&mut self, session_id: &str) -> rusqlite::Result<i64> {
        let values = named_params! { ":session_id": session_id };
        row(
            self.transaction,
            (&mut self.rows.sessions, Key::of(session_id)),
            "SELECT id FROM session WHERE session_id = :session_id",
            "INSERT INTO session (session_id) VALUES (:session_id)",
            (values, values),
        )
    }

    fn attribute(&mut self, Attribute { path, text, number }: &Attribute) -> rusqlite::Result<i64> {
        row(
            self.transaction,
            (&mut self.rows.attributes, Key::of_all([Some(path.as_str()), Some(text.as_str())])),
            "SELECT id FROM attribute WHERE path = :path AND text = :text",
            "INSERT INTO attribute (path, text, number) VALUES (:path, :text, :number)",
            (
                named_params! { ":path": path, ":text": text },
                named_params! { ":path": path, ":text": text, ":number": number },
            ),
        )
    }
}

/// Parameters of SQL by name.
type Values<'a> = &'a [(&'a str, &'a dyn rusqlite::ToSql)];

/// Returns a row from memory, or finds or inserts it.
fn row(
    transaction: &Transaction<'_>,
    (known, key): (&mut HashMap<Key, i64>, Key),
    find: &str,
    insert: &str,
    (to_find, to_insert): (Values<'_>, Values<'_>),
) -> rusqlite::Result<i64> {
    if let Some(row) = known.get(&key) {
        return Ok(*row);
    }
    let found = transaction.prepare_cached(find)?.query_row(to_find, |row| row.get("id")).optional()?;
    let row = match found {
        Some(row) => row,
        None => transaction.prepare_cached(insert)?.insert(to_insert)?,
    };
    known.insert(key, row);
    Ok(row)
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
