//! Lists: a page of rows, and the counts of all rows that match.
//!
//! All rows that match are read once from the narrow index `span_list`, counted and sorted. The rows of the page are looked up after
//! that, so that a list takes the same time for each query and each order.

use std::borrow::Cow;
use std::collections::HashMap;

use rusqlite::{Connection, Row, named_params};

pub(crate) use super::facets::{Facet, Overview};
pub(crate) use super::histogram::Outside;

use super::block::BlockReader;
use super::columns::columns;
use super::facets::{RowCounts, name_ranks};
use super::span_set::SpanSet;
use super::{StoreError, activity, evaluations, event_text, segment};
use crate::query::{Condition, METRICS, Parameter, Query};
use crate::span::Tokens;

/// How many rows a page of a list has.
pub(crate) const PAGE: u32 = 50;

/// Up to which row pages are read from the beginning of the index.
const FIRST_ROWS: u64 = 10_000;

/// From how many spans on a word is one that many have.
const MANY: usize = 20_000;

/// What a row of a list is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scope {
    /// A trace, by its head.
    #[default]
    Traces,
    /// A span.
    Spans,
}

/// What a list is ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// When it began.
    #[default]
    Start,
    /// How long it took.
    Duration,
    /// The name of the span.
    Name,
    /// How many tokens were used.
    Tokens,
    /// How many spans the trace has.
    Spans,
    /// When the first token came.
    FirstToken,
}

impl Sort {
    /// An expression for a span `s`, whose value is an integer or null.
    fn expression(self, scope: Scope) -> &'static str {
        match (self, scope) {
            // Names are sorted by the rank of their facets.
            (Self::Start | Self::Name, _) => "NULL",
            (Self::Duration, _) => "s.duration_ns",
            (Self::Tokens, Scope::Traces) => "(SELECT total_tokens FROM trace WHERE id = s.trace)",
            (Self::Tokens, Scope::Spans) => "s.total_tokens",
            (Self::Spans, _) => "(SELECT spans FROM trace WHERE id = s.trace)",
            (Self::FirstToken, Scope::Traces) => {
                "(SELECT CAST(time_to_first_token * 1e9 AS INTEGER) FROM trace WHERE id = s.trace)"
            }
            (Self::FirstToken, Scope::Spans) => "CAST(s.time_to_first_token * 1e9 AS INTEGER)",
        }
    }
}

/// Which rows of a list to read, and in which order.
#[derive(Clone, Debug)]
pub(crate) struct ListRequest {
    /// What a row is.
    pub(crate) scope: Scope,
    /// Which rows.
    pub(crate) query: Query,
    /// From when on, in nanoseconds since the Unix epoch.
    pub(crate) from_ns: Option<i64>,
    /// Until when.
    pub(crate) to_ns: Option<i64>,
    /// The order.
    pub(crate) sort: Sort,
    /// The smallest first.
    pub(crate) ascending: bool,
    /// How many rows to leave out at the top.
    pub(crate) offset: u64,
    /// How many rows to read at most.
    pub(crate) limit: u32,
    /// Paths of attributes that the rows should show.
    pub(crate) attributes: Vec<String>,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Listing {
    /// The rows.
    pub(crate) rows: Vec<ListRow>,
    /// All that match, also those on other pages.
    pub(crate) overview: Overview,
    /// Paths of attributes that there are, for columns.
    pub(crate) paths: Vec<String>,
}

/// One trace, or one span.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ListRow {
    /// The id of the trace.
    pub(crate) trace_id: String,
    /// The id of the span.
    pub(crate) span_id: String,
    /// The id of the span above.
    pub(crate) parent_id: Option<String>,
    /// The name of the span.
    pub(crate) name: String,
    /// Its kind.
    pub(crate) kind: String,
    /// Whether it failed.
    pub(crate) failed: bool,
    /// Nanoseconds since the Unix epoch.
    pub(crate) start_ns: i64,
    /// Nanoseconds.
    pub(crate) duration_ns: i64,
    /// The application.
    pub(crate) ml_app: Option<String>,
    /// The session.
    pub(crate) session_id: Option<String>,
    /// The beginning of the input.
    pub(crate) input: String,
    /// The beginning of the output.
    pub(crate) output: String,
    /// The models that were called.
    pub(crate) models: Vec<String>,
    /// Spans of the trace.
    pub(crate) spans: i64,
    /// Failed spans of the trace.
    pub(crate) errors: i64,
    /// Calls of models in the trace.
    pub(crate) llm_calls: i64,
    /// Calls of tools in the trace.
    pub(crate) tool_calls: i64,
    /// Tokens, of the trace or of the span.
    pub(crate) tokens: Tokens,
    /// Seconds to the first token.
    pub(crate) time_to_first_token: Option<f64>,
    /// Its evaluations: label, value, and `pass` or `fail`.
    pub(crate) evaluations: Vec<(String, String, Option<String>)>,
    /// The attributes that were asked for: path and value.
    pub(crate) attributes: Vec<(String, String)>,
    /// The tags that the program set, not those that SDKs put on every span: key and value.
    pub(crate) tags: Vec<(String, String)>,
}

/// Reads a page of a list.
pub(crate) fn list(connection: &Connection, request: &ListRequest) -> Result<Listing, StoreError> {
    let (overview, ids) = read_all(connection, request)?;
    let any_evaluation = connection.prepare_cached("SELECT 1 FROM evaluation LIMIT 1")?.exists([])?;
    let mut rows = Vec::with_capacity(ids.len());
    for (id, trace, mut row) in read_rows(connection, request.scope, &ids)? {
        if any_evaluation {
            row.evaluations = match request.scope {
                Scope::Traces => evaluations::trace_badges(connection, trace, &row.trace_id)?,
                Scope::Spans => evaluations::span_badges(connection, id)?,
            };
        }
        row.tags = own_tags(connection, id)?;
        for path in &request.attributes {
            row.attributes.extend(attribute_values(connection, id, path)?);
        }
        rows.push(row);
    }
    Ok(Listing { rows, overview, paths: paths(connection)? })
}

/// The counts of all that match, and the spans of the page in their order.
fn read_all(connection: &Connection, request: &ListRequest) -> Result<(Overview, Vec<i64>), StoreError> {
    if request.has_kept_counts()
        && activity::is_enough(connection)?
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
    let (sql, parameters) = request.sql(&words);
    let mut statement = connection.prepare_cached(&sql)?;
    columns!(statement: id, start_ns, facets, sort_key);
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value)).collect();
    let mut rows = statement.query(parameters.as_slice())?;
    let mut page = Page::new(request.offset, request.limit);
    while let Some(row) = rows.next()? {
        let (id, start_ns, facets) = (row.get(id)?, row.get(start_ns)?, row.get(facets)?);
        if !common.iter().all(|spans| spans.contains(id)) {
            continue;
        }
        counts.add(start_ns, facets, 1);
        let key: Option<i64> = match request.sort {
            Sort::Start => Some(start_ns),
            Sort::Name => names.get(&facets).copied(),
            _ => row.get(sort_key)?,
        };
        // `!` reverses the order.
        let (missing, key) = (key.is_none(), key.unwrap_or_default());
        page.add(if request.ascending { (missing, key, id) } else { (missing, !key, !id) });
    }
    let ids = page.rows().into_iter().map(|(_, _, id)| if request.ascending { id } else { !id });
    Ok((counts.overview(connection, request.from_ns, request.to_ns)?, ids.collect()))
}

/// The spans that have the words of a request, if these are words that many have, and the request without them. SQLite would sort all of
/// these spans, to look up each row among them.
fn common_words<'a>(
    connection: &Connection,
    request: &'a ListRequest,
    words: &[i64],
) -> rusqlite::Result<(Vec<SpanSet>, Cow<'a, ListRequest>)> {
    let (query, conditions) = request.query.split_words(words);
    let mut sets = Vec::with_capacity(conditions.len());
    for Condition { sql, parameters } in conditions {
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value)).collect();
        let mut spans = SpanSet::new(connection)?;
        let mut statement = connection.prepare_cached(&sql)?;
        columns!(statement: id);
        let mut rows = statement.query(parameters.as_slice())?;
        while let Some(row) = rows.next()? {
            row.get::<_, Option<i64>>(id)?.into_iter().for_each(|span| spans.insert(span));
        }
        sets.push(spans);
    }
    // Few are looked up quickly, and rows that SQLite leaves out need not be read here.
    if sets.iter().all(|spans| spans.len() < MANY) {
        return Ok((Vec::new(), Cow::Borrowed(request)));
    }
    Ok((sets, Cow::Owned(ListRequest { query, ..request.clone() })))
}

/// The same from the counts that are kept, and from the beginning of the index: no more spans are read than up to the end of the page.
/// `None` if so few match that most of the index would be read for them.
fn read_kept(
    connection: &Connection,
    request: &ListRequest,
) -> Result<Option<(Overview, Vec<i64>)>, StoreError> {
    let Condition { sql, parameters } = request.query.condition(&[]);
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value)).collect();
    let mut counts = RowCounts::new(connection)?;
    let mut statement = connection.prepare_cached(&activity::sql(&sql))?;
    columns!(statement: start_ns, facets, spans);
    let mut rows = statement.query(parameters.as_slice())?;
    while let Some(row) = rows.next()? {
        counts.add(row.get(start_ns)?, row.get(facets)?, row.get::<_, i64>(spans)?.unsigned_abs());
    }
    let mut page = Page::new(request.offset, request.limit);
    if (1..4 * page.end() as u64).contains(&counts.matched()) {
        return Ok(None);
    }
    if counts.matched() > 0 {
        let ends = ["min", "max"].map(|end| {
            let sql = format!(
                "SELECT {end}(start_ns) AS start_ns FROM (
                    SELECT {end}(s.start_ns) AS start_ns FROM span s INDEXED BY span_list WHERE ({sql}) AND s.head = 0 UNION ALL
                    SELECT {end}(s.start_ns) FROM span s INDEXED BY span_list WHERE ({sql}) AND s.head = 1)"
            );
            connection.prepare_cached(&sql)?.query_row(parameters.as_slice(), |row| row.get("start_ns"))
        });
        let [first, last] = ends;
        counts.set_range((first?, last?));
        let order = if request.ascending { "ASC" } else { "DESC" };
        for head in [0, 1] {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT s.start_ns, s.id FROM span s INDEXED BY span_list WHERE ({sql}) AND s.head = {head}
                 ORDER BY s.start_ns {order} LIMIT {}",
                page.end()
            ))?;
            columns!(statement: start_ns, id);
            let mut rows = statement.query(parameters.as_slice())?;
            while let Some(row) = rows.next()? {
                let (start_ns, id): (i64, i64) = (row.get(start_ns)?, row.get(id)?);
                page.add(if request.ascending { (false, start_ns, id) } else { (false, !start_ns, !id) });
            }
        }
    }
    let ids = page.rows().into_iter().map(|(_, _, id)| if request.ascending { id } else { !id });
    Ok(Some((counts.overview(connection, None, None)?, ids.collect())))
}

/// The sort key of a row: the smallest first, and rows without a value last.
type Rank = (bool, i64, i64);

/// Selects the rows of a page. It keeps at most twice as many rows as there are up to the end of the page.
struct Page {
    offset: usize,
    limit: usize,
    ranks: Vec<Rank>,
}

impl Page {
    fn new(offset: u64, limit: u32) -> Self {
        let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self { offset: whole(offset), limit: whole(limit.into()), ranks: Vec::new() }
    }

    fn end(&self) -> usize {
        self.offset.saturating_add(self.limit)
    }

    fn add(&mut self, rank: Rank) {
        self.ranks.push(rank);
        let end = self.end();
        if self.ranks.len() >= end.saturating_mul(2) {
            self.ranks.select_nth_unstable(end);
            self.ranks.truncate(end);
        }
    }

    fn rows(mut self) -> Vec<Rank> {
        let end = self.end();
        if end < self.ranks.len() {
            self.ranks.select_nth_unstable(end);
            self.ranks.truncate(end);
        }
        self.ranks.sort_unstable();
        self.ranks.drain(..self.offset.min(self.ranks.len()));
        self.ranks
    }
}

impl ListRequest {
    /// Whether what matches is counted already. Pages far behind are not, since the rows before them would be read in no better order.
    fn has_kept_counts(&self) -> bool {
        let any_time = self.from_ns.is_none() && self.to_ns.is_none();
        let by_start = self.sort == Sort::Start && self.offset <= FIRST_ROWS;
        self.scope == Scope::Spans && any_time && by_start && self.query.is_of_facets()
    }

    /// The SQL that reads all rows that match, with its parameters.
    ///
    /// The query names the index, because SQLite does not know how many rows match a condition. For a tag that all spans have, it would
    /// read half a million spans one by one.
    fn sql(&self, words: &[i64]) -> (String, Vec<Parameter>) {
        let Condition { sql, mut parameters } = self.query.condition(words);
        let key = self.sort.expression(self.scope);
        let heads = if self.scope == Scope::Traces { "1" } else { "0, 1" };
        let mut sql = format!(
            "SELECT s.id, s.start_ns, s.facets, {key} AS sort_key FROM span s INDEXED BY span_list WHERE ({sql}) AND s.head IN ({heads})"
        );
        for (name, operator, bound) in [(":from_ns", ">=", self.from_ns), (":to_ns", "<=", self.to_ns)] {
            if let Some(bound) = bound {
                sql.push_str(&format!(" AND s.start_ns {operator} {name}"));
                parameters.push((name.to_owned(), bound.into()));
            }
        }
        (sql, parameters)
    }
}

/// The row of each span, with the keys of the span and of its trace.
fn read_rows(
    connection: &Connection,
    scope: Scope,
    ids: &[i64],
) -> Result<Vec<(i64, i64, ListRow)>, StoreError> {
    let totals_of = match scope {
        Scope::Traces => "t",
        Scope::Spans => "s",
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT t.trace_id, s.span_id, s.parent_id, f.name, f.kind, f.status, s.start_ns, s.duration_ns, f.ml_app, n.session_id,
            s.event, t.models, f.model_name, t.spans, t.errors, t.llm_calls, t.tool_calls,
            {totals_of}.input_tokens, {totals_of}.output_tokens, {totals_of}.total_tokens, {totals_of}.cached_tokens,
            {totals_of}.time_to_first_token, s.trace
         FROM span s JOIN trace t ON t.id = s.trace JOIN facets f ON f.id = s.facets LEFT JOIN session n ON n.id = s.session
         WHERE s.id = :span"
    ))?;
    columns!(
        statement: trace_id, span_id, parent_id, name, kind, status, start_ns, duration_ns, ml_app, session_id, event, models, model_name, spans, errors, llm_calls, tool_calls, input_tokens, output_tokens, total_tokens,
        cached_tokens, time_to_first_token, trace,
    );
    let read = |row: &Row<'_>| {
        let list_row = ListRow {
            trace_id: row.get(trace_id)?,
            span_id: row.get(span_id)?,
            parent_id: row.get(parent_id)?,
            name: row.get(name)?,
            kind: row.get(kind)?,
            failed: row.get_ref(status)?.as_str()? == "error",
            start_ns: row.get(start_ns)?,
            duration_ns: row.get(duration_ns)?,
            ml_app: row.get(ml_app)?,
            session_id: row.get(session_id)?,
            input: String::new(),
            output: String::new(),
            models: match scope {
                Scope::Traces => row.get_ref(models)?.as_str()?.lines().map(str::to_owned).collect(),
                Scope::Spans => row.get::<_, Option<String>>(model_name)?.into_iter().collect(),
            },
            spans: row.get(spans)?,
            errors: row.get(errors)?,
            llm_calls: row.get(llm_calls)?,
            tool_calls: row.get(tool_calls)?,
            tokens: Tokens {
                input: row.get(input_tokens)?,
                output: row.get(output_tokens)?,
                total: row.get(total_tokens)?,
                cached: row.get(cached_tokens)?,
            },
            time_to_first_token: row.get(time_to_first_token)?,
            evaluations: Vec::new(),
            attributes: Vec::new(),
            tags: Vec::new(),
        };
        Ok((row.get(trace)?, row.get(event)?, list_row))
    };
    let mut blocks = BlockReader::new(connection)?;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let (trace, event, mut row) = statement.query_row(named_params! { ":span": id }, read)?;
        (row.input, row.output) = event_text::previews(&mut blocks, event)?;
        rows.push((*id, trace, row));
    }
    Ok(rows)
}

/// The first paths by name. Each lookup begins after the previous path, so that the values are not read.
fn paths(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "WITH RECURSIVE known (path) AS (
            SELECT min(path) FROM attribute
            UNION ALL
            SELECT (SELECT min(path) FROM attribute WHERE path > known.path) FROM known WHERE path IS NOT NULL)
         SELECT path FROM known WHERE path IS NOT NULL LIMIT 200",
    )?;
    let paths = statement.query_map([], |row| row.get("path"))?;
    let columns = METRICS.into_iter().map(|(path, _)| Ok(path.to_owned()));
    let mut paths: Vec<String> = columns.chain(paths).collect::<Result<_, _>>()?;
    paths.sort_unstable();
    Ok(paths)
}

fn own_tags(connection: &Connection, span: i64) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare_cached(
        "SELECT substr(a.path, 5) AS key, a.text FROM attribute_set x CROSS JOIN attribute a ON a.id = x.attribute
         WHERE x.id = (SELECT tags FROM span WHERE id = :span)
            AND substr(a.path, 5) NOT IN ('env', 'service', 'version', 'source', 'ml_app',
            'agent_service', 'ddtrace.version', 'language', 'session_id', 'decorator', 'error', 'error_type', 'agent_version',
            'prompt_tracking_instrumentation_method', 'git.repository_url', 'git.commit.sha', 'runtime-id', 'span.kind')
         ORDER BY a.path, a.text LIMIT 4",
    )?;
    let tags = statement
        .query_map(named_params! { ":span": span }, |row| Ok((row.get("key")?, row.get("text")?)))?;
    tags.collect()
}

fn attribute_values(
    connection: &Connection,
    span: i64,
    path: &str,
) -> rusqlite::Result<Vec<(String, String)>> {
    let sql = match METRICS.iter().find(|(known, _)| *known == path) {
        Some((_, column)) => format!(
            "SELECT CAST({column} AS TEXT) AS text FROM span WHERE id = :span AND {column} IS NOT NULL AND :path <> ''"
        ),
        // A cross join, so that SQLite begins with the attributes of the span, not with all values of the path.
        None => "SELECT a.text FROM span s CROSS JOIN attribute_set x ON x.id IN (s.tags, s.fields)
                CROSS JOIN attribute a ON a.id = x.attribute
             WHERE s.id = :span AND a.path = :path ORDER BY a.text LIMIT 8"
            .to_owned(),
    };
    let mut statement = connection.prepare_cached(&sql)?;
    let values = statement.query_map(named_params! { ":span": span, ":path": path }, |row| {
        Ok((path.to_owned(), row.get("text")?))
    })?;
    values.collect()
}

#[cfg(test)]
mod tests;
