//! Zones: ranges of adjacent rows with the smallest and the largest of their values. The first rows in the order of a value are in few
//! zones, and the other zones are not read.
//!
//! The smallest and largest values of a zone may be those of deleted rows. Such a zone may be read in vain.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::columns::columns;
use super::condition::Expression;
use super::page::{Page, Rank, rank};
use crate::span::Span;
use crate::traces::{Scope, Sort};

/// The number of low bits of span numbers that differ within a zone. A zone has 512 spans.
const SPAN_BITS: u32 = 9;
/// The same for traces. A zone has 256 traces.
const TRACE_BITS: u32 = 8;
/// The kinds with their own zones. All other kinds share one, because programs may have any number of them.
const KINDS: [&str; 7] = ["agent", "embedding", "llm", "retrieval", "task", "tool", "workflow"];
/// The most zones to read. Beyond this number, reading the whole index is faster.
const MOST: usize = 150;

/// The smallest and the largest value.
type Ends = Option<(i64, i64)>;

/// Additions to zones.
#[derive(Debug, Default)]
pub(super) struct Changes<'a> {
    /// By zone and kind: durations, tokens and times to the first token.
    spans: HashMap<(i64, &'a str), [Ends; 3]>,
    /// Numbers of spans, tokens and times to the first token.
    traces: HashMap<i64, [Ends; 3]>,
}

impl<'a> Changes<'a> {
    /// Adds a span.
    pub(super) fn add_span(&mut self, row: i64, span: &'a Span) {
        let ends = self.spans.entry((row >> SPAN_BITS, shared_kind(&span.kind))).or_default();
        widen(ends, [Some(span.duration_ns), span.tokens.total, span.time_to_first_token.map(nanoseconds)]);
    }

    /// Adds a trace, or its new totals.
    pub(super) fn add_trace(
        &mut self,
        trace: i64,
        spans: i64,
        tokens: Option<i64>,
        first_token: Option<f64>,
    ) {
        let ends = self.traces.entry(trace >> TRACE_BITS).or_default();
        widen(ends, [Some(spans), tokens, first_token.map(nanoseconds)]);
    }

    /// Writes the changes.
    pub(super) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let mut write = connection.prepare_cached(&format!(
            "INSERT INTO span_zone VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET {}",
            widened(["duration", "tokens", "first_token"])
        ))?;
        for ((zone, kind), ends) in self.spans {
            let [(least_a, most_a), (least_b, most_b), (least_c, most_c)] = ends.map(Option::unzip);
            write.execute(params![zone, kind, least_a, most_a, least_b, most_b, least_c, most_c])?;
        }
        let mut write = connection.prepare_cached(&format!(
            "INSERT INTO trace_zone VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET {}",
            widened(["spans", "tokens", "first_token"])
        ))?;
        for (zone, ends) in self.traces {
            let [(least_a, most_a), (least_b, most_b), (least_c, most_c)] = ends.map(Option::unzip);
            write.execute(params![zone, least_a, most_a, least_b, most_b, least_c, most_c])?;
        }
        Ok(())
    }
}

/// Returns the kind of the zone of a span.
fn shared_kind(kind: &str) -> &str {
    if KINDS.contains(&kind) { kind } else { "" }
}

/// Returns the same as SQL for a column.
fn shared_kind_sql(kind: &str) -> String {
    format!("iif({kind} IN ('{}'), {kind}, '')", KINDS.join("', '"))
}

fn widen(ends: &mut [Ends; 3], values: [Option<i64>; 3]) {
    for (ends, value) in ends.iter_mut().zip(values) {
        let Some(value) = value else { continue };
        *ends = Some(ends.map_or((value, value), |(least, most)| (least.min(value), most.max(value))));
    }
}

/// Returns the assignments that widen columns by the values of a row to insert, which may be null.
fn widened(names: [&str; 3]) -> String {
    let columns = names.map(|name| {
        [("least", "min"), ("most", "max")].map(|(end, function)| {
            let column = format!("{end}_{name}");
            format!(
                "{column} = coalesce({function}({column}, excluded.{column}), {column}, excluded.{column})"
            )
        })
    });
    columns.concat().join(", ")
}

/// Converts seconds to nanoseconds as SQLite does.
#[expect(clippy::cast_possible_truncation, reason = "numbers that are too large become the largest integer")]
fn nanoseconds(seconds: f64) -> i64 {
    (seconds * 1e9) as i64
}

/// Writes all zones of a store that has none.
pub(super) fn write_all(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "INSERT INTO span_zone SELECT s.id >> {SPAN_BITS}, {}, min(s.duration_ns), max(s.duration_ns), min(s.total_tokens),
            max(s.total_tokens), min(CAST(s.time_to_first_token * 1e9 AS INTEGER)), max(CAST(s.time_to_first_token * 1e9 AS INTEGER))
         FROM span s JOIN facets f ON f.id = s.facets GROUP BY 1, 2;
         INSERT INTO trace_zone SELECT id >> {TRACE_BITS}, min(spans), max(spans), min(total_tokens), max(total_tokens),
            min(CAST(time_to_first_token * 1e9 AS INTEGER)), max(CAST(time_to_first_token * 1e9 AS INTEGER))
         FROM trace GROUP BY 1;",
        shared_kind_sql("f.kind")
    ))
}

/// Deletes the zones before the oldest rows.
pub(super) fn delete_empty(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "DELETE FROM span_zone WHERE zone < (SELECT min(id) FROM span) >> {SPAN_BITS};
         DELETE FROM trace_zone WHERE zone < (SELECT min(id) FROM trace) >> {TRACE_BITS};"
    ))
}

/// Returns the first end of a column in an order, and the aggregate function for it.
fn first_end(ascending: bool) -> (&'static str, &'static str) {
    if ascending { ("least", "min") } else { ("most", "max") }
}

/// Returns the columns of zones for an order, without their prefix.
fn column(sort: Sort) -> Option<&'static str> {
    match sort {
        Sort::Duration => Some("duration"),
        Sort::Tokens => Some("tokens"),
        Sort::FirstToken => Some("first_token"),
        Sort::Spans => Some("spans"),
        Sort::Start | Sort::Name => None,
    }
}

/// Adds the first rows of a list in the order of a key that match a condition on facets to a page. The key is an expression on a span `s`,
/// or on a trace `t` for totals of traces, whose rows are numbered as traces. Returns `false` if this would read too many rows.
pub(super) fn add_rows(
    connection: &Connection,
    condition: &Expression,
    scope: Scope,
    (sort, key, ascending): (Sort, &str, bool),
    page: &mut Page,
) -> rusqlite::Result<bool> {
    let Some(name) = column(sort) else { return Ok(false) };
    let (sql, parameters) = (&condition.sql, condition.bound());
    let (end, function) = first_end(ascending);
    // Traces are sorted by the durations of their heads, which are spans, and by their own totals.
    let (bits, zones, bound, rows) = if scope == Scope::Traces && sort != Sort::Duration {
        let zones = format!("SELECT zone, {end}_{name} AS best FROM trace_zone WHERE best IS NOT NULL");
        let rows = "t.id AS number FROM trace t CROSS JOIN span s ON s.id = t.head WHERE t.id";
        (TRACE_BITS, zones, &[][..], rows)
    } else {
        let zones = format!(
            "SELECT zone, {function}({end}_{name}) AS best FROM span_zone
             WHERE kind IN (SELECT {} FROM (SELECT id AS facets, kind FROM facets) s WHERE {sql})
             GROUP BY zone HAVING best IS NOT NULL",
            shared_kind_sql("s.kind")
        );
        // Without `NOT INDEXED`, SQLite would read all heads for each zone.
        let rows = match scope {
            Scope::Traces => "s.id AS number FROM span s NOT INDEXED WHERE s.head = 1 AND s.id",
            Scope::Spans => "s.id AS number FROM span s NOT INDEXED WHERE s.id",
        };
        (SPAN_BITS, zones, parameters.as_slice(), rows)
    };
    let mut statement = connection.prepare_cached(&zones)?;
    columns!(statement: zone, best);
    let mut zones: Vec<(Rank, i64)> = statement
        .query_map(bound, |row| {
            let (zone, best): (i64, i64) = (row.get(zone)?, row.get(best)?);
            let first_number = (zone << bits) + if ascending { 0 } else { (1 << bits) - 1 };
            Ok((rank(Some(best), first_number, ascending), zone))
        })?
        .collect::<Result<_, _>>()?;
    zones.sort_unstable();
    let mut statement = connection
        .prepare_cached(&format!("SELECT {key} AS sort_key, {rows} BETWEEN :first AND :last AND ({sql})"))?;
    columns!(statement: number, sort_key);
    for (count, (best, zone)) in zones.into_iter().enumerate() {
        if page.last().is_some_and(|last| last < best) {
            return Ok(true);
        }
        if count >= MOST {
            return Ok(false);
        }
        let (first, last) = (zone << bits, ((zone + 1) << bits) - 1);
        let mut parameters = parameters.clone();
        parameters.extend([(":first", &first as _), (":last", &last as _)]);
        let mut rows = statement.query(parameters.as_slice())?;
        while let Some(row) = rows.next()? {
            page.add(rank(row.get(sort_key)?, row.get(number)?, ascending));
        }
    }
    // Rows without a value are last, and not all of them were read.
    Ok(page.last().is_some_and(|(missing, ..)| !missing))
}

/// The first value of each zone of traces in an order.
#[derive(Debug)]
pub(super) struct TraceZones(HashMap<i64, Option<i64>>);

impl TraceZones {
    /// Returns `None` if the order is not by totals of traces.
    pub(super) fn read(
        connection: &Connection,
        sort: Sort,
        ascending: bool,
    ) -> rusqlite::Result<Option<Self>> {
        let Some(name) = column(sort) else { return Ok(None) };
        let (end, _) = first_end(ascending);
        let mut statement =
            connection.prepare_cached(&format!("SELECT zone, {end}_{name} AS best FROM trace_zone"))?;
        columns!(statement: zone, best);
        let zones = statement.query_map([], |row| Ok((row.get(zone)?, row.get(best)?)))?;
        zones.collect::<Result<_, _>>().map(|zones| Some(Self(zones)))
    }

    /// Returns a value that is not later in the order than the value of the trace.
    pub(super) fn best(&self, trace: i64) -> Option<i64> {
        self.0.get(&(trace >> TRACE_BITS)).copied().flatten()
    }
}

#[cfg(test)]
mod tests;
