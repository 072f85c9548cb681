//! Lists: a page of rows, and the counts of all rows that match.
//!
//! All matching rows are read once from the narrow index `span_list`, counted and sorted. If the store keeps their counts, only the rows
//! up to the page are read, from the end of the list that is nearer. Then the rows of the page are looked up.

use std::borrow::Cow;
use std::collections::HashMap;

use rusqlite::{CachedStatement, Connection};

use super::columns::columns;
use super::condition::{self, Expression, expression};
use super::error::ReadError;
use super::facets::{RowCounts, name_ranks};
use super::page::{Page, rank};
use super::span_set::SpanSet;
use super::zones::{self, TraceZones};
use super::{activity, evaluations, rows, segment};
use crate::traces::{ListRequest, Listing, Overview, Scope, Sort};

/// The last row of a page that is read from the zones of its values.
const FIRST_BY_VALUE: u64 = 1_000;

/// The number of spans from which a word counts as common.
const MANY: usize = 20_000;

/// Returns an expression on a span `s`. Its value is an integer or null.
fn sort_key(sort: Sort, scope: Scope) -> &'static str {
    match (sort, scope) {
        (Sort::Duration, _) => "s.duration_ns",
        (Sort::Tokens, Scope::Spans) => "s.total_tokens",
        (Sort::FirstToken, Scope::Spans) => "CAST(s.time_to_first_token * 1e9 AS INTEGER)",
        // Names are sorted by the ranks of their facets, and the rest by columns of the trace.
        (Sort::Start | Sort::Name, _) | (Sort::Spans, Scope::Spans) | (_, Scope::Traces) => "NULL",
    }
}

/// Returns the expression on a trace `t` for an order by totals.
fn trace_key(sort: Sort, scope: Scope) -> Option<&'static str> {
    match (sort, scope) {
        (Sort::Spans, _) => Some("t.spans"),
        (Sort::Tokens, Scope::Traces) => Some("t.total_tokens"),
        (Sort::FirstToken, Scope::Traces) => Some("CAST(t.time_to_first_token * 1e9 AS INTEGER)"),
        _ => None,
    }
}

/// Whether the rows are traces in the order of their totals. The numbers of such rows are those of the traces, so that zones of traces
/// contain all rows with adjacent numbers. The numbers of all other rows are those of spans.
fn are_numbered_as_traces(request: &ListRequest) -> bool {
    request.scope == Scope::Traces && trace_key(request.sort, request.scope).is_some()
}

/// Reads a page of a list.
pub(super) fn list(connection: &Connection, request: &ListRequest) -> Result<Listing, ReadError> {
    let (overview, numbers) = read_all(connection, request)?;
    let ids = if are_numbered_as_traces(request) { heads_of(connection, &numbers)? } else { numbers };
    let any_evaluation = connection.prepare_cached("SELECT 1 FROM evaluation LIMIT 1")?.exists([])?;
    let mut listed = Vec::with_capacity(ids.len());
    for (id, trace, mut row) in rows::read(connection, request.scope, &ids)? {
        if any_evaluation {
            row.evaluations = match request.scope {
                Scope::Traces => evaluations::trace_badges(connection, trace, &row.trace_id)?,
                Scope::Spans => evaluations::span_badges(connection, id)?,
            };
        }
        row.tags = rows::own_tags(connection, id)?;
        for path in &request.attributes {
            row.attributes.extend(rows::attribute_values(connection, id, path)?);
        }
        listed.push(row);
    }
    Ok(Listing { rows: listed, overview, paths: rows::paths(connection)? })
}

/// Returns the spans that represent traces.
fn heads_of(connection: &Connection, traces: &[i64]) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare_cached("SELECT head FROM trace WHERE id = ?1")?;
    traces.iter().map(|trace| statement.query_row([trace], |row| row.get("head"))).collect()
}

/// Returns the counts of all matching rows, and the numbers of the rows of the page in their order.
fn read_all(connection: &Connection, request: &ListRequest) -> Result<(Overview, Vec<i64>), ReadError> {
    if has_kept_counts(request)
        && let Some(found) = read_kept(connection, request)?
    {
        return Ok(found);
    }
    let mut counts = RowCounts::new(connection)?;
    let names = match request.sort {
        Sort::Name => name_ranks(connection)?,
        _ => HashMap::new(),
    };
    let words = segment::words(connection)?;
    let (common, request) = common_words(connection, request, &words)?;
    let matching = matching(&request, &words);
    let mut statement = connection.prepare_cached(&matching.sql)?;
    columns!(statement: id, start_ns, facets, trace, sort_key);
    let mut rows = statement.query(matching.bound().as_slice())?;
    let mut of_trace = TraceKeys::new(connection, &request)?;
    let mut page = Page::new(request.offset, request.limit);
    while let Some(row) = rows.next()? {
        let (id, start_ns, facets) = (row.get(id)?, row.get(start_ns)?, row.get(facets)?);
        if !common.iter().all(|spans| spans.contains(id)) {
            continue;
        }
        counts.add(start_ns, facets, 1);
        let mut number = id;
        let key = match (&mut of_trace, request.sort) {
            (Some(keys), _) => {
                let trace = row.get(trace)?;
                if are_numbered_as_traces(&request) {
                    number = trace;
                }
                if !page.takes(rank(keys.zones.best(trace), number, request.ascending)) {
                    continue;
                }
                keys.key(trace)?
            }
            (None, Sort::Start) => Some(start_ns),
            (None, Sort::Name) => names.get(&facets).copied(),
            (None, _) => row.get(sort_key)?,
        };
        page.add(rank(key, number, request.ascending));
    }
    let overview = counts.overview(connection, request.from_ns, request.to_ns)?;
    Ok((overview, page.ids(request.ascending)))
}

/// Reads the sort keys of traces.
struct TraceKeys<'a> {
    zones: TraceZones,
    statement: CachedStatement<'a>,
}

impl<'a> TraceKeys<'a> {
    /// Returns `None` if the order is not by totals of traces.
    fn new(connection: &'a Connection, request: &ListRequest) -> rusqlite::Result<Option<Self>> {
        let Some(key) = trace_key(request.sort, request.scope) else { return Ok(None) };
        let sql = format!("SELECT {key} AS sort_key FROM trace t WHERE t.id = ?1");
        let zones = TraceZones::read(connection, request.sort, request.ascending)?;
        zones.map(|zones| Ok(Self { zones, statement: connection.prepare_cached(&sql)? })).transpose()
    }

    fn key(&mut self, trace: i64) -> rusqlite::Result<Option<i64>> {
        self.statement.query_row([trace], |row| row.get("sort_key"))
    }
}

/// Returns the spans that have the common words of a request, and the request without these words. SQLite would sort all of these spans to
/// look up each row.
fn common_words<'a>(
    connection: &Connection,
    request: &'a ListRequest,
    words: &[i64],
) -> rusqlite::Result<(Vec<SpanSet>, Cow<'a, ListRequest>)> {
    let (condition, words) = condition::split_words(&request.condition, words);
    let mut sets = Vec::with_capacity(words.len());
    for query in words {
        let mut spans = SpanSet::new(connection)?;
        let mut statement = connection.prepare_cached(&query.sql)?;
        columns!(statement: id);
        let mut rows = statement.query(query.bound().as_slice())?;
        while let Some(row) = rows.next()? {
            row.get::<_, Option<i64>>(id)?.into_iter().for_each(|span| spans.insert(span));
        }
        sets.push(spans);
    }
    // Lookups among few spans are fast, and SQLite excludes rows without reading them here.
    if sets.iter().all(|spans| spans.len() < MANY) {
        return Ok((Vec::new(), Cow::Borrowed(request)));
    }
    Ok((sets, Cow::Owned(ListRequest { condition, ..request.clone() })))
}

/// The same from the kept counts and the beginning of the index. Reads spans only up to the end of the page. `None` if so few rows match
/// that most of the index would be read, or if they began within too short a time for the histogram.
fn read_kept(
    connection: &Connection,
    request: &ListRequest,
) -> Result<Option<(Overview, Vec<i64>)>, ReadError> {
    let of_facets = expression(&request.condition, &[]);
    let (sql, parameters) = (&of_facets.sql, of_facets.bound());
    let mut counts = RowCounts::new(connection)?;
    let mut statement = connection.prepare_cached(&activity::sql(request.scope, sql))?;
    columns!(statement: start_ns, facets, rows);
    let mut counted = statement.query(parameters.as_slice())?;
    while let Some(row) = counted.next()? {
        counts.add(row.get(start_ns)?, row.get(facets)?, row.get::<_, i64>(rows)?.unsigned_abs());
    }
    let reversed = reversed(request, counts.matched());
    let is_reversed = reversed.is_some();
    let request = &reversed.unwrap_or_else(|| request.clone());
    let mut page = Page::new(request.offset, request.limit);
    // At most half of the matching rows are read in the order of start, and few zones in other orders.
    let rows = if request.sort == Sort::Start { u64::from(request.limit) } else { page.end() as u64 };
    if (1..4 * rows).contains(&counts.matched()) {
        return Ok(None);
    }
    if let Some(range_ns) = counts.range_ns() {
        if !activity::is_enough(range_ns) {
            return Ok(None);
        }
        let ends = ["min", "max"].map(|end| {
            let ends: Vec<String> = heads(request.scope)
                .iter()
                .map(|head| format!("SELECT {end}(s.start_ns) AS start_ns FROM span s INDEXED BY span_list WHERE ({sql}) AND s.head = {head}"))
                .collect();
            let sql = format!("SELECT {end}(start_ns) AS start_ns FROM ({})", ends.join(" UNION ALL "));
            connection.prepare_cached(&sql)?.query_row(parameters.as_slice(), |row| row.get("start_ns"))
        });
        let [first, last] = ends;
        counts.set_range((first?, last?));
        let found = match request.sort {
            Sort::Start => add_earliest(connection, &of_facets, request, &mut page)?,
            sort => {
                let key = trace_key(sort, request.scope).unwrap_or(sort_key(sort, request.scope));
                let order = (sort, key, request.ascending);
                zones::add_rows(connection, &of_facets, request.scope, order, &mut page)?
            }
        };
        if !found {
            return Ok(None);
        }
    }
    let mut ids = page.ids(request.ascending);
    if is_reversed {
        ids.reverse();
    }
    Ok(Some((counts.overview(connection, None, None)?, ids)))
}

/// Returns the request for the same page in the reverse order if the page is in the second half of a list by start, or behind its end.
/// Lists by other values are not symmetric, because rows without a value are last in both orders.
fn reversed(request: &ListRequest, rows: u64) -> Option<ListRequest> {
    let rows_from_page = rows.saturating_sub(request.offset);
    let limit = request.limit.min(u32::try_from(rows_from_page).unwrap_or(u32::MAX));
    let offset = rows_from_page - u64::from(limit);
    let is_nearer = request.sort == Sort::Start && offset < request.offset;
    is_nearer.then(|| ListRequest { offset, limit, ascending: !request.ascending, ..request.clone() })
}

/// The values of the column `head` of the rows of a list.
fn heads(scope: Scope) -> &'static [i64] {
    match scope {
        Scope::Traces => &[1],
        Scope::Spans => &[0, 1],
    }
}

/// Adds the first spans by start that match a condition on facets to a page.
fn add_earliest(
    connection: &Connection,
    condition: &Expression,
    request: &ListRequest,
    page: &mut Page,
) -> rusqlite::Result<bool> {
    let order = if request.ascending { "ASC" } else { "DESC" };
    for head in heads(request.scope) {
        let mut statement = connection.prepare_cached(&format!(
            "SELECT s.start_ns, s.id FROM span s INDEXED BY span_list WHERE ({}) AND s.head = {head}
             ORDER BY s.start_ns {order}",
            condition.sql
        ))?;
        columns!(statement: start_ns, id);
        let mut rows = statement.query(condition.bound().as_slice())?;
        let (mut count, mut last) = (0, None);
        while let Some(row) = rows.next()? {
            let start = Some(row.get(start_ns)?);
            // The index orders rows of equal starts by other columns, so all of these are read.
            if count >= page.end() && start != last {
                break;
            }
            page.add(rank(start, row.get(id)?, request.ascending));
            (count, last) = (count + 1, start);
        }
    }
    Ok(true)
}

/// Whether the matching rows are already counted, and the rows of the page may be found without reading all.
fn has_kept_counts(request: &ListRequest) -> bool {
    let any_time = request.from_ns.is_none() && request.to_ns.is_none();
    let is_near = match request.sort {
        Sort::Start => true,
        Sort::Duration | Sort::Tokens | Sort::FirstToken => request.offset <= FIRST_BY_VALUE,
        Sort::Spans => request.scope == Scope::Traces && request.offset <= FIRST_BY_VALUE,
        Sort::Name => false,
    };
    any_time && is_near && condition::is_of_facets(&request.condition)
}

/// Returns the query for all matching rows.
///
/// The query names the index, because SQLite does not know how many rows match a condition. For a tag that all spans have, it would read
/// half a million spans one by one.
fn matching(request: &ListRequest, words: &[i64]) -> Expression {
    let Expression { sql, mut parameters } = expression(&request.condition, words);
    let key = sort_key(request.sort, request.scope);
    let heads = heads(request.scope).iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    let mut sql = format!(
        "SELECT s.id, s.start_ns, s.facets, s.trace, {key} AS sort_key FROM span s INDEXED BY span_list WHERE ({sql}) AND s.head IN ({heads})"
    );
    for (name, operator, bound) in [(":from_ns", ">=", request.from_ns), (":to_ns", "<=", request.to_ns)] {
        if let Some(bound) = bound {
            sql.push_str(&format!(" AND s.start_ns {operator} {name}"));
            parameters.push((name.to_owned(), bound.into()));
        }
    }
    Expression { sql, parameters }
}

#[cfg(test)]
mod tests;
