//! The totals of a trace. New spans update them without reading the earlier spans, because a large trace arrives in many requests.

use std::collections::BTreeSet;

use rusqlite::{Row, Transaction, named_params};

use super::columns::columns;
use super::{activity, head, zones};
use crate::span::{Span, Tokens};

/// The spans of one trace in a request.
#[derive(Debug, Default)]
pub(super) struct NewSpans<'a> {
    /// The spans, each with its row, in ascending order.
    pub(super) added: Vec<(i64, &'a Span)>,
    /// Whether any of them replaced an earlier span. The totals are then computed again.
    pub(super) any_replaced: bool,
}

/// Updates the totals of a trace and its head: the root, or else the earliest span whose parent is not stored.
pub(super) fn update(
    transaction: &Transaction<'_>,
    trace: i64,
    arrived: &NewSpans<'_>,
    (activity, zones): (&mut activity::Changes, &mut zones::Changes<'_>),
) -> rusqlite::Result<()> {
    let (mut totals, earlier_head) = stored_totals(transaction, trace)?;
    // A head is deleted when its span is replaced, and when retention deletes a part of a large trace.
    let is_head_deleted = earlier_head.is_none() && totals.spans > 0;
    let (totals, head) = if arrived.any_replaced || is_head_deleted {
        (computed_totals(transaction, trace)?, head::search(transaction, trace)?)
    } else {
        for (_, span) in &arrived.added {
            totals.add(&Contribution::of(span));
        }
        totals.tools += new_tools(transaction, trace, &arrived.added)?;
        (totals, head::updated(transaction, trace, earlier_head, &arrived.added)?)
    };
    write_totals(transaction, trace, &totals, head)?;
    zones.add_trace(trace, totals.spans, totals.tokens.total, totals.first_token.map(|(_, time)| time));
    if earlier_head == Some(head) {
        return Ok(());
    }
    if let Some(earlier) = earlier_head {
        let sql = "UPDATE span SET head = 0 WHERE id = :span RETURNING start_ns, facets";
        count_head(transaction, sql, earlier, (activity, -1))?;
    }
    let sql = "UPDATE span SET head = 1 WHERE id = :span RETURNING start_ns, facets";
    count_head(transaction, sql, head, (activity, 1))
}

/// Runs a statement that changes whether a span is a head, and counts this.
fn count_head(
    transaction: &Transaction<'_>,
    sql: &str,
    span: i64,
    (activity, heads): (&mut activity::Changes, i64),
) -> rusqlite::Result<()> {
    let counted =
        |row: &Row<'_>| -> rusqlite::Result<(i64, i64)> { Ok((row.get("start_ns")?, row.get("facets")?)) };
    let (start_ns, facets) =
        transaction.prepare_cached(sql)?.query_row(named_params! { ":span": span }, counted)?;
    activity.add(start_ns, facets, 0, heads);
    Ok(())
}

/// The fields of a span that count towards the totals.
struct Contribution<'a> {
    kind: &'a str,
    failed: bool,
    start_ns: i64,
    duration_ns: i64,
    model_name: Option<&'a str>,
    tokens: Tokens,
    time_to_first_token: Option<f64>,
}

impl<'a> Contribution<'a> {
    fn of(span: &'a Span) -> Self {
        Self {
            kind: &span.kind,
            failed: span.failed,
            start_ns: span.start_ns,
            duration_ns: span.duration_ns,
            model_name: span.model_name.as_deref(),
            tokens: span.tokens,
            time_to_first_token: span.time_to_first_token,
        }
    }
}

/// The totals of a trace.
#[derive(Debug, Default, PartialEq)]
struct Totals {
    spans: i64,
    start_ns: i64,
    end_ns: i64,
    errors: i64,
    llm_calls: i64,
    tool_calls: i64,
    tools: i64,
    tokens: Tokens,
    models: BTreeSet<String>,
    /// The start of the first span that has a time to first token, and this time.
    first_token: Option<(i64, f64)>,
}

impl Totals {
    /// Adds a span, except to `tools`.
    fn add(&mut self, span: &Contribution<'_>) {
        let end_ns = span.start_ns.saturating_add(span.duration_ns);
        self.start_ns = if self.spans == 0 { span.start_ns } else { self.start_ns.min(span.start_ns) };
        self.end_ns = self.end_ns.max(end_ns);
        self.spans += 1;
        self.errors += i64::from(span.failed);
        self.tool_calls += i64::from(span.kind == "tool");
        if span.kind == "llm" {
            self.llm_calls += 1;
            // The column has one line per model.
            self.models.extend(span.model_name.map(|name| name.replace('\n', " ")));
        }
        // Spans of other kinds repeat the tokens of the calls below them.
        if matches!(span.kind, "llm" | "embedding") {
            let more = span.tokens;
            let totals = &mut self.tokens;
            for (sum, more) in [
                (&mut totals.input, more.input),
                (&mut totals.output, more.output),
                (&mut totals.total, more.total),
                (&mut totals.cached, more.cached),
            ] {
                *sum = match (*sum, more) {
                    (Some(sum), Some(more)) => Some(sum.saturating_add(more)),
                    (one, other) => one.or(other),
                };
            }
        }
        if let Some(time) = span.time_to_first_token
            && self.first_token.is_none_or(|(start_ns, _)| span.start_ns < start_ns)
        {
            self.first_token = Some((span.start_ns, time));
        }
    }
}

/// Reads the stored totals and the head, if it is still stored.
fn stored_totals(transaction: &Transaction<'_>, trace: i64) -> rusqlite::Result<(Totals, Option<i64>)> {
    let read = |row: &Row<'_>| {
        let totals = Totals {
            spans: row.get("spans")?,
            start_ns: row.get("start_ns")?,
            end_ns: row.get("end_ns")?,
            errors: row.get("errors")?,
            llm_calls: row.get("llm_calls")?,
            tool_calls: row.get("tool_calls")?,
            tools: row.get("tools")?,
            tokens: Tokens {
                input: row.get("input_tokens")?,
                output: row.get("output_tokens")?,
                total: row.get("total_tokens")?,
                cached: row.get("cached_tokens")?,
            },
            models: row.get_ref("models")?.as_str()?.lines().map(str::to_owned).collect(),
            first_token: row.get::<_, Option<i64>>("first_token_ns")?.zip(row.get("time_to_first_token")?),
        };
        Ok((totals, row.get("head")?))
    };
    transaction
        .prepare_cached(
            "SELECT spans, start_ns, end_ns, errors, llm_calls, tool_calls, tools, input_tokens, output_tokens, total_tokens,
                cached_tokens, models, first_token_ns, time_to_first_token, (SELECT id FROM span WHERE id = trace.head) AS head
             FROM trace WHERE id = :trace",
        )?
        .query_row(named_params! { ":trace": trace }, read)
}

/// Computes the totals from all spans.
fn computed_totals(transaction: &Transaction<'_>, trace: i64) -> rusqlite::Result<Totals> {
    let mut totals = Totals::default();
    let mut statement = transaction.prepare_cached(
        "SELECT f.kind, f.status, s.start_ns, s.duration_ns, f.model_name, s.input_tokens, s.output_tokens, s.total_tokens,
            s.cached_tokens, s.time_to_first_token
         FROM span s JOIN facets f ON f.id = s.facets WHERE s.trace = :trace ORDER BY s.id",
    )?;
    columns!(
        statement: kind, status, start_ns, duration_ns, model_name, input_tokens, output_tokens, total_tokens, cached_tokens,
        time_to_first_token,
    );
    let of_trace = named_params! { ":trace": trace };
    let mut rows = statement.query(of_trace)?;
    while let Some(row) = rows.next()? {
        totals.add(&Contribution {
            kind: row.get_ref(kind)?.as_str()?,
            failed: row.get_ref(status)?.as_str()? == "error",
            start_ns: row.get(start_ns)?,
            duration_ns: row.get(duration_ns)?,
            model_name: row.get_ref(model_name)?.as_str_or_null()?,
            tokens: Tokens {
                input: row.get(input_tokens)?,
                output: row.get(output_tokens)?,
                total: row.get(total_tokens)?,
                cached: row.get(cached_tokens)?,
            },
            time_to_first_token: row.get(time_to_first_token)?,
        });
    }
    for sql in [
        "DELETE FROM tool WHERE trace = :trace",
        "INSERT OR IGNORE INTO tool (trace, name)
            SELECT s.trace, f.name FROM span s JOIN facets f ON f.id = s.facets WHERE s.trace = :trace AND f.kind = 'tool'",
    ] {
        // The last statement inserts the tools, so its number of changes is the number of tools.
        let changes = transaction.prepare_cached(sql)?.execute(of_trace)?;
        totals.tools = i64::try_from(changes).unwrap_or(i64::MAX);
    }
    Ok(totals)
}

/// Returns the number of tools that the new spans call for the first time.
fn new_tools(transaction: &Transaction<'_>, trace: i64, new: &[(i64, &Span)]) -> rusqlite::Result<i64> {
    let mut insert =
        transaction.prepare_cached("INSERT OR IGNORE INTO tool (trace, name) VALUES (:trace, :name)")?;
    let mut count = 0;
    for (_, span) in new.iter().filter(|(_, span)| span.kind == "tool") {
        count += insert.execute(named_params! { ":trace": trace, ":name": span.name })?;
    }
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

fn write_totals(
    transaction: &Transaction<'_>,
    trace: i64,
    totals: &Totals,
    head: i64,
) -> rusqlite::Result<()> {
    let models = totals.models.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    transaction
        .prepare_cached(
            "UPDATE trace SET head = :head, start_ns = :start_ns, end_ns = :end_ns, spans = :spans, errors = :errors,
                llm_calls = :llm_calls, tool_calls = :tool_calls, tools = :tools, input_tokens = :input_tokens,
                output_tokens = :output_tokens, total_tokens = :total_tokens, cached_tokens = :cached_tokens, models = :models,
                first_token_ns = :first_token_ns, time_to_first_token = :time_to_first_token
             WHERE id = :trace",
        )?
        .execute(named_params! {
            ":trace": trace,
            ":head": head,
            ":start_ns": totals.start_ns,
            ":end_ns": totals.end_ns,
            ":spans": totals.spans,
            ":errors": totals.errors,
            ":llm_calls": totals.llm_calls,
            ":tool_calls": totals.tool_calls,
            ":tools": totals.tools,
            ":input_tokens": totals.tokens.input,
            ":output_tokens": totals.tokens.output,
            ":total_tokens": totals.tokens.total,
            ":cached_tokens": totals.tokens.cached,
            ":models": models,
            ":first_token_ns": totals.first_token.map(|(start_ns, _)| start_ns),
            ":time_to_first_token": totals.first_token.map(|(_, time)| time),
        })?;
    Ok(())
}

#[cfg(test)]
mod tests;
