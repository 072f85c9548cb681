//! One trace: the structure of all its spans, and the content of one.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension as _, Params, Statement, named_params};

use super::block::BlockReader;
use super::columns::columns;
use super::error::ReadError;
use super::event_text;
use crate::span::Tokens;
use crate::traces::Node;

/// Whether there is any span.
pub(super) fn any_span(connection: &Connection) -> Result<bool, ReadError> {
    Ok(connection.prepare_cached("SELECT 1 FROM span LIMIT 1")?.exists([])?)
}

/// All spans of a trace in the order of their starts. Empty if there is no such trace.
pub(super) fn nodes(connection: &Connection, trace_id: &str) -> Result<Vec<Node>, ReadError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {NODE} WHERE s.trace = (SELECT id FROM trace WHERE trace_id = :trace_id)"
    ))?;
    let mut nodes = read_nodes(&mut statement, named_params! { ":trace_id": trace_id })?;
    nodes.sort_unstable_by_key(|node| (node.start_ns, node.row));
    Ok(nodes)
}

/// One span of a trace.
pub(super) fn find(
    connection: &Connection,
    trace_id: &str,
    span_id: &str,
) -> Result<Option<Node>, ReadError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {NODE} WHERE s.span_id = :span_id AND s.trace = (SELECT id FROM trace WHERE trace_id = :trace_id)"
    ))?;
    let found = read_nodes(&mut statement, named_params! { ":trace_id": trace_id, ":span_id": span_id })?;
    Ok(found.into_iter().next())
}

/// The trace of the latest span with this id.
pub(super) fn of_span(connection: &Connection, span_id: &str) -> Result<Option<String>, ReadError> {
    let mut statement = connection.prepare_cached(
        "SELECT t.trace_id FROM span s JOIN trace t ON t.id = s.trace WHERE s.span_id = :span_id ORDER BY s.id DESC",
    )?;
    Ok(statement.query_row(named_params! { ":span_id": span_id }, |row| row.get("trace_id")).optional()?)
}

/// The start and the duration of each child of a span, in the order of their starts.
pub(super) fn child_times(
    connection: &Connection,
    trace_id: &str,
    span_id: &str,
) -> Result<Vec<(i64, i64)>, ReadError> {
    let mut statement = connection.prepare_cached(CHILD_TIMES)?;
    columns!(statement: start_ns, duration_ns);
    let times = statement
        .query_map(named_params! { ":trace_id": trace_id, ":parent_id": span_id }, |row| {
            Ok((row.get(start_ns)?, row.get(duration_ns)?))
        })?;
    Ok(times.collect::<Result<_, _>>()?)
}

pub(super) const CHILD_TIMES: &str = "SELECT start_ns, duration_ns FROM span
    WHERE trace = (SELECT id FROM trace WHERE trace_id = :trace_id) AND parent_id = :parent_id ORDER BY start_ns";

/// The tool spans that began in a range of times, in nanoseconds since the Unix epoch, in that order: the name and the id of each.
pub(super) fn tool_spans(
    connection: &Connection,
    trace_id: &str,
    times_ns: Range<i64>,
) -> Result<Vec<(String, String)>, ReadError> {
    let mut statement = connection.prepare_cached(
        "SELECT f.name, s.span_id FROM span s CROSS JOIN facets f ON f.id = s.facets
         WHERE s.trace = (SELECT id FROM trace WHERE trace_id = :trace_id) AND f.kind = 'tool'
            AND s.start_ns >= :from_ns AND s.start_ns < :before_ns
         ORDER BY s.start_ns, s.id",
    )?;
    columns!(statement: name, span_id);
    let parameters =
        named_params! { ":trace_id": trace_id, ":from_ns": times_ns.start, ":before_ns": times_ns.end };
    let tools = statement.query_map(parameters, |row| Ok((row.get(name)?, row.get(span_id)?)))?;
    Ok(tools.collect::<Result<_, _>>()?)
}

/// What [`read_nodes`] reads. A cross join, so that SQLite begins with the spans.
const NODE: &str =
    "s.id, s.span_id, s.parent_id, f.name, f.kind, f.status, s.start_ns, s.duration_ns, f.model_name,
    s.input_tokens, s.output_tokens, s.total_tokens, s.cached_tokens, s.time_to_first_token
    FROM span s CROSS JOIN facets f ON f.id = s.facets";

fn read_nodes(statement: &mut Statement<'_>, parameters: impl Params) -> rusqlite::Result<Vec<Node>> {
    columns!(
        statement: id, span_id, parent_id, name, kind, status, start_ns, duration_ns, model_name, input_tokens, output_tokens,
        total_tokens, cached_tokens, time_to_first_token,
    );
    let nodes = statement.query_map(parameters, |row| {
        Ok(Node {
            row: row.get(id)?,
            span_id: row.get(span_id)?,
            parent_id: row.get(parent_id)?,
            name: row.get(name)?,
            kind: row.get(kind)?,
            failed: row.get_ref(status)?.as_str()? == "error",
            start_ns: row.get(start_ns)?,
            duration_ns: row.get(duration_ns)?,
            model_name: row.get(model_name)?,
            tokens: Tokens {
                input: row.get(input_tokens)?,
                output: row.get(output_tokens)?,
                total: row.get(total_tokens)?,
                cached: row.get(cached_tokens)?,
            },
            time_to_first_token: row.get(time_to_first_token)?,
        })
    })?;
    nodes.collect()
}

/// The event of a span, as JSON text, as it arrived.
pub(super) fn event(connection: &Connection, row: i64) -> Result<String, ReadError> {
    let position = connection
        .prepare_cached("SELECT event FROM span WHERE id = :span")?
        .query_row(named_params! { ":span": row }, |row| row.get("event"))?;
    event_text::join(&mut BlockReader::new(connection)?, position)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{SECOND, filled, span};
    use super::*;

    #[test]
    fn a_span_is_found_with_its_children_and_the_tools_after_it() {
        let spans = json!([
            span("a", "1", "agent", (10, 8), &json!({})),
            span("a", "4", "tool", (16, 1), &json!({})),
            span("a", "2", "tool", (11, 3), &json!({})),
            span("a", "3", "llm", (12, 1), &json!({"input_tokens": 3})),
            span("b", "1", "tool", (13, 1), &json!({})),
        ]);
        let store = filled(&spans, &json!([]));
        let all = nodes(&store, "a").unwrap();
        let names: Vec<&str> = all.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["a-1", "a-2", "a-3", "a-4"]);
        assert_eq!(find(&store, "a", "3").unwrap().as_ref(), all.get(2));
        assert_eq!((find(&store, "b", "3").unwrap(), find(&store, "x", "1").unwrap()), (None, None));
        let times = [(11, 3), (12, 1), (16, 1)].map(|(at, takes)| (at * SECOND, takes * SECOND));
        assert_eq!(child_times(&store, "a", "1").unwrap(), times);
        assert_eq!(child_times(&store, "a", "4").unwrap(), []);
        let tool = |name: &str, id: &str| (name.to_owned(), id.to_owned());
        assert_eq!(tool_spans(&store, "a", 12 * SECOND..i64::MAX).unwrap(), [tool("a-4", "4")]);
        assert_eq!(tool_spans(&store, "a", i64::MIN..16 * SECOND).unwrap(), [tool("a-2", "2")]);
    }
}
