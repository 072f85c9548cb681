//! One trace: the structure of all its spans, and the content of one span.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::{Connection, OptionalExtension as _, Params, named_params};

use super::block::BlockReader;
use super::columns::columns;
use super::error::ReadError;
use super::event_text;
use crate::span::Tokens;
use crate::traces::{Node, ToolSpan};

/// Whether there is any span.
pub(super) fn any_span(connection: &Connection) -> Result<bool, ReadError> {
    Ok(connection.prepare_cached("SELECT 1 FROM span LIMIT 1")?.exists([])?)
}

/// Reads all spans of a trace by start. Empty if there is no such trace.
pub(super) fn nodes(connection: &Connection, trace_id: &str) -> Result<Vec<Node>, ReadError> {
    let of_trace = "trace = (SELECT id FROM trace WHERE trace_id = :trace_id)";
    let mut nodes = read_nodes(connection, of_trace, named_params! { ":trace_id": trace_id })?;
    nodes.sort_unstable_by_key(|node| (node.start_ns, node.row));
    Ok(nodes)
}

/// Reads one span of a trace.
pub(super) fn find(
    connection: &Connection,
    trace_id: &str,
    span_id: &str,
) -> Result<Option<Node>, ReadError> {
    let which = "span_id = :span_id AND trace = (SELECT id FROM trace WHERE trace_id = :trace_id)";
    let found = read_nodes(connection, which, named_params! { ":trace_id": trace_id, ":span_id": span_id })?;
    Ok(found.into_iter().next())
}

/// Returns the trace of the latest span with this id.
pub(super) fn of_span(connection: &Connection, span_id: &str) -> Result<Option<String>, ReadError> {
    let mut statement = connection.prepare_cached(
        "SELECT t.trace_id FROM span s JOIN trace t ON t.id = s.trace WHERE s.span_id = :span_id ORDER BY s.id DESC",
    )?;
    Ok(statement.query_row(named_params! { ":span_id": span_id }, |row| row.get("trace_id")).optional()?)
}

/// Reads the start and the duration of each child of a span, by start.
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

/// Reads the tool spans of a trace by start.
pub(super) fn tool_spans(connection: &Connection, trace_id: &str) -> Result<Vec<ToolSpan>, ReadError> {
    let mut statement = connection.prepare_cached(
        "SELECT s.start_ns, f.name, s.span_id FROM span s CROSS JOIN facets f ON f.id = s.facets
         WHERE s.trace = (SELECT id FROM trace WHERE trace_id = :trace_id)
            AND s.facets IN (SELECT id FROM facets WHERE kind = 'tool')
         ORDER BY s.start_ns, s.id",
    )?;
    columns!(statement: start_ns, name, span_id);
    let tools = statement.query_map(named_params! { ":trace_id": trace_id }, |row| {
        Ok(ToolSpan { start_ns: row.get(start_ns)?, name: row.get(name)?, span_id: row.get(span_id)? })
    })?;
    Ok(tools.collect::<Result<_, _>>()?)
}

/// The columns of [`read_nodes`].
const NODE: &str = "id, span_id, parent_id, facets, start_ns, duration_ns, input_tokens, output_tokens, total_tokens, cached_tokens,
    time_to_first_token FROM span";

/// The facets that a span shows.
struct Shown {
    name: String,
    kind: String,
    failed: bool,
    model_name: Option<String>,
}

fn read_nodes(connection: &Connection, which: &str, parameters: impl Params) -> rusqlite::Result<Vec<Node>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {NODE} WHERE {which}"))?;
    columns!(
        statement: id, span_id, parent_id, facets, start_ns, duration_ns, input_tokens, output_tokens, total_tokens, cached_tokens,
        time_to_first_token,
    );
    // The spans of a large trace share few rows of facets. A join would look them up for each span.
    let mut find =
        connection.prepare_cached("SELECT name, kind, status, model_name FROM facets WHERE id = ?1")?;
    let mut known: HashMap<i64, Shown> = HashMap::new();
    let mut rows = statement.query(parameters)?;
    let mut nodes = Vec::new();
    while let Some(row) = rows.next()? {
        let shown = match known.entry(row.get(facets)?) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let facets = *unknown.key();
                unknown.insert(find.query_row([facets], |row| {
                    Ok(Shown {
                        name: row.get("name")?,
                        kind: row.get("kind")?,
                        failed: row.get_ref("status")?.as_str()? == "error",
                        model_name: row.get("model_name")?,
                    })
                })?)
            }
        };
        nodes.push(Node {
            row: row.get(id)?,
            span_id: row.get(span_id)?,
            parent_id: row.get(parent_id)?,
            name: shown.name.clone(),
            kind: shown.kind.clone(),
            failed: shown.failed,
            start_ns: row.get(start_ns)?,
            duration_ns: row.get(duration_ns)?,
            model_name: shown.model_name.clone(),
            tokens: Tokens {
                input: row.get(input_tokens)?,
                output: row.get(output_tokens)?,
                total: row.get(total_tokens)?,
                cached: row.get(cached_tokens)?,
            },
            time_to_first_token: row.get(time_to_first_token)?,
        });
    }
    Ok(nodes)
}

/// Reads the JSON text of the event of a span, as it arrived.
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
        let tools = [(11, "a-2", "2"), (16, "a-4", "4")].map(|(at, name, id)| ToolSpan {
            start_ns: at * SECOND,
            name: name.to_owned(),
            span_id: id.to_owned(),
        });
        assert_eq!(tool_spans(&store, "a").unwrap(), tools);
    }
}
