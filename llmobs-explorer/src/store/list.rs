//! Lists: a page of rows, how many there are, when they were, and which values they have.

use std::collections::HashMap;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, Statement, params_from_iter};

use super::StoreError;
use crate::query::Condition;
use crate::span::Tokens;

/// How many rows a page of a list has.
pub const PAGE: u32 = 50;
/// How many bars the histogram has.
const BARS: usize = 60;
/// How many values of a facet are shown.
const VALUES: usize = 12;
/// What can be counted by value: the column, and how a query names it.
const FACETS: [(&str, &str); 9] = [
    ("status", "status"),
    ("kind", "meta.span.kind"),
    ("name", "name"),
    ("ml_app", "ml_app"),
    ("service", "service"),
    ("env", "env"),
    ("model_name", "meta.model_name"),
    ("model_provider", "meta.model_provider"),
    ("error_type", "meta.error.type"),
];

/// What a row of a list is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// A trace, by the span that stands for it.
    #[default]
    Traces,
    /// A span.
    Spans,
}

/// What a list is ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
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
    fn expression(self, scope: Scope) -> &'static str {
        match (self, scope) {
            (Self::Start, _) => "s.start_ns",
            (Self::Duration, _) => "s.duration_ns",
            (Self::Name, _) => "s.name",
            (Self::Tokens, Scope::Traces) => "t.total_tokens",
            (Self::Tokens, Scope::Spans) => "s.total_tokens",
            (Self::Spans, _) => "t.spans",
            (Self::FirstToken, Scope::Traces) => "t.time_to_first_token",
            (Self::FirstToken, Scope::Spans) => "s.time_to_first_token",
        }
    }
}

/// What is asked of a list.
#[derive(Clone, Debug)]
pub struct Question {
    /// What a row is.
    pub scope: Scope,
    /// Which rows.
    pub condition: Condition,
    /// From when on, in nanoseconds since the Unix epoch.
    pub from_ns: Option<i64>,
    /// Until when.
    pub to_ns: Option<i64>,
    /// The order.
    pub sort: Sort,
    /// The smallest first.
    pub ascending: bool,
    /// How many rows to leave out at the top.
    pub offset: u64,
    /// Paths of attributes that the rows should show.
    pub attributes: Vec<String>,
}

/// A page of a list.
#[derive(Debug)]
pub struct Listing {
    /// The rows.
    pub rows: Vec<ListRow>,
    /// All that match, also those on other pages.
    pub overview: Overview,
}

/// One trace, or one span.
#[derive(Clone, Debug, PartialEq)]
pub struct ListRow {
    /// The id of the trace.
    pub trace_id: String,
    /// The id of the span.
    pub span_id: String,
    /// The id of the span above.
    pub parent_id: Option<String>,
    /// The name of the span.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Whether it failed.
    pub failed: bool,
    /// Nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// Nanoseconds.
    pub duration_ns: i64,
    /// The application.
    pub ml_app: Option<String>,
    /// The session.
    pub session_id: Option<String>,
    /// The beginning of the input.
    pub input: String,
    /// The beginning of the output.
    pub output: String,
    /// The models that were called.
    pub models: Vec<String>,
    /// Spans of the trace.
    pub spans: i64,
    /// Failed spans of the trace.
    pub errors: i64,
    /// Calls of models in the trace.
    pub llm_calls: i64,
    /// Calls of tools in the trace.
    pub tool_calls: i64,
    /// Tokens, of the trace or of the span.
    pub tokens: Tokens,
    /// Seconds to the first token.
    pub time_to_first_token: Option<f64>,
    /// What was said of it: label, value, and `pass` or `fail`.
    pub evaluations: Vec<(String, String, Option<String>)>,
    /// The attributes that were asked for: path and value.
    pub attributes: Vec<(String, String)>,
}

/// All that match.
#[derive(Debug, Default)]
pub struct Overview {
    /// How many.
    pub matched: u64,
    /// The time that the bars cover, in nanoseconds since the Unix epoch.
    pub range_ns: Option<(i64, i64)>,
    /// How many began in each part of the time: ok, and failed.
    pub bars: Vec<(u64, u64)>,
    /// Their values.
    pub facets: Vec<Facet>,
}

/// The values of one column.
#[derive(Debug, PartialEq, Eq)]
pub struct Facet {
    /// How a query names it.
    pub path: &'static str,
    /// The most frequent values, with how many have each.
    pub values: Vec<(String, u64)>,
    /// How many other values there are.
    pub others: usize,
}

/// Answers a question.
///
/// # Errors
/// What SQLite says.
pub fn list(connection: &Connection, question: &Question) -> Result<Listing, StoreError> {
    let overview = overview(connection, question)?;
    let (condition, mut values) = where_clause(question);
    let order = question.sort.expression(question.scope);
    let direction = if question.ascending { "ASC" } else { "DESC" };
    values.push(Value::Integer(i64::from(PAGE)));
    values.push(Value::Integer(i64::try_from(question.offset).unwrap_or(i64::MAX)));
    let (limit, offset) = (values.len() - 1, values.len());
    let sql = format!(
        "SELECT s.id, t.trace_id, s.span_id, s.parent_id, s.name, s.kind, s.status, s.start_ns, s.duration_ns, s.ml_app,
            s.session_id, s.input_preview, s.output_preview, t.models, s.model_name, t.spans, t.errors, t.llm_calls,
            t.tool_calls, t.input_tokens, t.output_tokens, t.total_tokens, t.cached_tokens, t.time_to_first_token,
            s.input_tokens, s.output_tokens, s.total_tokens, s.cached_tokens, s.time_to_first_token, s.trace
         FROM span s JOIN trace t ON t.id = s.trace WHERE {condition}
         ORDER BY {order} {direction} NULLS LAST, s.id {direction} LIMIT ?{limit} OFFSET ?{offset}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let found: Vec<(i64, i64, ListRow)> = statement
        .query_map(params_from_iter(values), |row| {
            Ok((row.get(0)?, row.get(29)?, list_row(row, question.scope)?))
        })?
        .collect::<Result<_, _>>()?;
    let mut judged = connection.prepare_cached(match question.scope {
        Scope::Traces => {
            "SELECT DISTINCT e.label, e.value, e.assessment FROM span s JOIN judged j ON j.span = s.id
                JOIN evaluation e ON e.id = j.evaluation WHERE s.trace = ?1 ORDER BY e.timestamp_ms, e.id LIMIT 8"
        }
        Scope::Spans => {
            "SELECT e.label, e.value, e.assessment FROM judged j JOIN evaluation e ON e.id = j.evaluation
                WHERE j.span = ?1 ORDER BY e.timestamp_ms, e.id LIMIT 8"
        }
    })?;
    let any_evaluation = connection.prepare_cached("SELECT 1 FROM evaluation LIMIT 1")?.exists([])?;
    let mut rows = Vec::with_capacity(found.len());
    for (span, trace, mut row) in found {
        if any_evaluation {
            let about = if question.scope == Scope::Traces { trace } else { span };
            let said = judged.query_map([about], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            row.evaluations = said.collect::<Result<_, _>>()?;
        }
        for path in &question.attributes {
            row.attributes.extend(attribute_values(connection, span, path)?);
        }
        rows.push(row);
    }
    Ok(Listing { rows, overview })
}

/// Which rows, as SQL, and the values that are bound to it.
fn where_clause(question: &Question) -> (String, Vec<Value>) {
    let Condition { sql, values } = &question.condition;
    let mut values = values.clone();
    let mut clause = format!("({sql})");
    if question.scope == Scope::Traces {
        clause.push_str(" AND s.head = 1");
    }
    for (bound, operator) in [(question.from_ns, ">="), (question.to_ns, "<=")] {
        if let Some(bound) = bound {
            values.push(Value::Integer(bound));
            clause.push_str(&format!(" AND s.start_ns {operator} ?{}", values.len()));
        }
    }
    (clause, values)
}

fn list_row(row: &Row<'_>, scope: Scope) -> rusqlite::Result<ListRow> {
    let status: String = row.get(6)?;
    let model: Option<String> = row.get(14)?;
    let models: String = row.get(13)?;
    let first_of_tokens = if scope == Scope::Traces { 19 } else { 24 };
    let tokens = |offset| row.get(first_of_tokens + offset);
    Ok(ListRow {
        trace_id: row.get(1)?,
        span_id: row.get(2)?,
        parent_id: row.get(3)?,
        name: row.get(4)?,
        kind: row.get(5)?,
        failed: status == "error",
        start_ns: row.get(7)?,
        duration_ns: row.get(8)?,
        ml_app: row.get(9)?,
        session_id: row.get(10)?,
        input: row.get(11)?,
        output: row.get(12)?,
        models: match scope {
            Scope::Traces => models.lines().map(str::to_owned).collect(),
            Scope::Spans => model.into_iter().collect(),
        },
        spans: row.get(15)?,
        errors: row.get(16)?,
        llm_calls: row.get(17)?,
        tool_calls: row.get(18)?,
        tokens: Tokens { input: tokens(0)?, output: tokens(1)?, total: tokens(2)?, cached: tokens(3)? },
        time_to_first_token: row.get(first_of_tokens + 4)?,
        evaluations: Vec::new(),
        attributes: Vec::new(),
    })
}

fn attribute_values(
    connection: &Connection,
    span: i64,
    path: &str,
) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare_cached(
        "SELECT a.text FROM span_attribute x JOIN attribute a ON a.id = x.attribute
         WHERE x.span = ?1 AND a.path = ?2 ORDER BY a.text LIMIT 8",
    )?;
    let values = statement.query_map((span, path), |row| Ok((path.to_owned(), row.get(0)?)))?;
    values.collect()
}

/// Reads all that match, once, and counts.
fn overview(connection: &Connection, question: &Question) -> Result<Overview, StoreError> {
    let (condition, values) = where_clause(question);
    let columns = FACETS.map(|(column, _)| column).join(", s.");
    let sql = format!("SELECT s.start_ns, s.{columns} FROM span s WHERE {condition} ORDER BY s.start_ns");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut counts: [HashMap<String, u64>; FACETS.len()] = Default::default();
    let times = read_all(&mut statement, values, &mut counts)?;
    let range_ns = match (times.first(), times.last()) {
        (Some((first, _)), Some((last, _))) => {
            Some((question.from_ns.unwrap_or(*first), question.to_ns.unwrap_or(*last).max(*first)))
        }
        _ => None,
    };
    Ok(Overview {
        matched: times.len() as u64,
        bars: range_ns.map(|range| bars(&times, range)).unwrap_or_default(),
        range_ns,
        facets: FACETS.iter().zip(counts).filter_map(|((_, path), counts)| facet(path, counts)).collect(),
    })
}

/// When each began, and whether it failed; and how often each value of each column occurs.
fn read_all(
    statement: &mut Statement<'_>,
    values: Vec<Value>,
    counts: &mut [HashMap<String, u64>],
) -> Result<Vec<(i64, bool)>, StoreError> {
    let mut times = Vec::new();
    let mut rows = statement.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        let failed = matches!(row.get_ref(1)?, ValueRef::Text(b"error"));
        times.push((row.get(0)?, failed));
        for (column, counts) in counts.iter_mut().enumerate() {
            let ValueRef::Text(text) = row.get_ref(column + 1)? else { continue };
            let Ok(text) = std::str::from_utf8(text) else { continue };
            if text.is_empty() {
                continue;
            }
            match counts.get_mut(text) {
                Some(count) => *count += 1,
                None => drop(counts.insert(text.to_owned(), 1)),
            }
        }
    }
    Ok(times)
}

fn bars(times: &[(i64, bool)], (from, to): (i64, i64)) -> Vec<(u64, u64)> {
    let width = (i128::from(to) - i128::from(from)).max(0) / BARS as i128 + 1;
    let mut bars = vec![(0, 0); BARS];
    for (start, failed) in times {
        let bar = (i128::from(*start) - i128::from(from)) / width;
        if let Some((ok, errors)) = usize::try_from(bar).ok().and_then(|bar| bars.get_mut(bar)) {
            *(if *failed { errors } else { ok }) += 1;
        }
    }
    bars
}

fn facet(path: &'static str, counts: HashMap<String, u64>) -> Option<Facet> {
    let mut values: Vec<_> = counts.into_iter().collect();
    values.sort_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
    let others = values.len().saturating_sub(VALUES);
    values.truncate(VALUES);
    (!values.is_empty()).then_some(Facet { path, values, others })
}
