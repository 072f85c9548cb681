//! The rows of a list, with the fields of their spans and traces.

use rusqlite::{Connection, Row, named_params};

use super::block::BlockReader;
use super::columns::{columns, measure};
use super::error::ReadError;
use super::event_text;
use crate::query::METRICS;
use crate::span::Tokens;
use crate::traces::{ListRow, Scope};

/// Reads the row of each span. Each span has its number and the number of its trace.
pub(super) fn read(
    connection: &Connection,
    scope: Scope,
    ids: &[i64],
) -> Result<Vec<(i64, i64, ListRow)>, ReadError> {
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

/// Reads the first paths by name. Each lookup begins after the previous path, so that no values are read.
pub(super) fn paths(connection: &Connection) -> rusqlite::Result<Vec<String>> {
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

/// Reads the tags of a span that the program set.
pub(super) fn own_tags(connection: &Connection, span: i64) -> rusqlite::Result<Vec<(String, String)>> {
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

/// Reads the values of a path.
pub(super) fn attribute_values(
    connection: &Connection,
    span: i64,
    path: &str,
) -> rusqlite::Result<Vec<(String, String)>> {
    let sql = match METRICS.iter().find(|(known, _)| *known == path) {
        Some((_, of)) => format!(
            "SELECT CAST({column} AS TEXT) AS text FROM span WHERE id = :span AND {column} IS NOT NULL AND :path <> ''",
            column = measure(*of)
        ),
        // The cross join makes SQLite begin with the attributes of the span instead of all values of the path.
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
