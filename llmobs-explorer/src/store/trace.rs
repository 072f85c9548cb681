//! One trace: the structure of all its spans, and the content of one.

use std::io;
use std::ops::Range;

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{StoreError, event_encoding};
use crate::span::Tokens;

/// A span as the tree and the waterfall show it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// The row of the store.
    pub(crate) row: i64,
    /// Unique in the trace.
    pub(crate) span_id: String,
    /// The span above, which may not have arrived.
    pub(crate) parent_id: Option<String>,
    /// The name of the step.
    pub(crate) name: String,
    /// Its kind.
    pub(crate) kind: String,
    /// Whether it failed.
    pub(crate) failed: bool,
    /// Nanoseconds since the Unix epoch.
    pub(crate) start_ns: i64,
    /// Nanoseconds.
    pub(crate) duration_ns: i64,
    /// The model that was called.
    pub(crate) model_name: Option<String>,
    /// Tokens that it used.
    pub(crate) tokens: Tokens,
    /// Seconds to the first token.
    pub(crate) time_to_first_token: Option<f64>,
}

/// All spans of a trace in the order of their starts. Empty if there is no such trace.
pub(crate) fn nodes(connection: &Connection, trace_id: &str) -> Result<Vec<Node>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {NODE} FROM span WHERE trace = (SELECT id FROM trace WHERE trace_id = ?1)"
    ))?;
    let nodes = statement.query_map([trace_id], node)?;
    let mut nodes = nodes.collect::<Result<Vec<_>, _>>()?;
    nodes.sort_unstable_by_key(|node| (node.start_ns, node.row));
    Ok(nodes)
}

/// One span of a trace.
pub(crate) fn find(
    connection: &Connection,
    trace_id: &str,
    span_id: &str,
) -> Result<Option<Node>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {NODE} FROM span WHERE span_id = ?2 AND trace = (SELECT id FROM trace WHERE trace_id = ?1)"
    ))?;
    Ok(statement.query_row([trace_id, span_id], node).optional()?)
}

/// The start and the duration of each child of a span, in the order of their starts.
pub(crate) fn child_times(
    connection: &Connection,
    trace_id: &str,
    span_id: &str,
) -> Result<Vec<(i64, i64)>, StoreError> {
    let mut statement = connection.prepare_cached(CHILD_TIMES)?;
    let times = statement.query_map([trace_id, span_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(times.collect::<Result<_, _>>()?)
}

pub(super) const CHILD_TIMES: &str = "SELECT start_ns, duration_ns FROM span
    WHERE trace = (SELECT id FROM trace WHERE trace_id = ?1) AND parent_id = ?2 ORDER BY start_ns";

/// The tool spans that began in a range of times, in nanoseconds since the Unix epoch, in that order: the name and the id of each.
pub(crate) fn tool_spans(
    connection: &Connection,
    trace_id: &str,
    times_ns: Range<i64>,
) -> Result<Vec<(String, String)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT name, span_id FROM span
         WHERE trace = (SELECT id FROM trace WHERE trace_id = ?1) AND kind = 'tool' AND start_ns >= ?2 AND start_ns < ?3
         ORDER BY start_ns, id",
    )?;
    let tools = statement
        .query_map((trace_id, times_ns.start, times_ns.end), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(tools.collect::<Result<_, _>>()?)
}

/// The columns that [`node`] reads.
const NODE: &str = "id, span_id, parent_id, name, kind, status, start_ns, duration_ns, model_name, input_tokens, output_tokens,
    total_tokens, cached_tokens, time_to_first_token";

fn node(row: &Row<'_>) -> rusqlite::Result<Node> {
    let status: String = row.get(5)?;
    Ok(Node {
        row: row.get(0)?,
        span_id: row.get(1)?,
        parent_id: row.get(2)?,
        name: row.get(3)?,
        kind: row.get(4)?,
        failed: status == "error",
        start_ns: row.get(6)?,
        duration_ns: row.get(7)?,
        model_name: row.get(8)?,
        tokens: Tokens {
            input: row.get(9)?,
            output: row.get(10)?,
            total: row.get(11)?,
            cached: row.get(12)?,
        },
        time_to_first_token: row.get(13)?,
    })
}

/// The event of a span, as JSON text, as it arrived.
pub(crate) fn event(connection: &Connection, row: i64) -> Result<String, StoreError> {
    let data: Vec<u8> = connection
        .prepare_cached("SELECT data FROM event WHERE span = ?1")?
        .query_row([row], |row| row.get(0))?;
    let mut statement = connection.prepare_cached("SELECT data FROM content WHERE hash = ?1")?;
    Ok(event_encoding::join(&data, |hash| {
        statement.query_row([hash], |row| row.get(0)).map_err(io::Error::other)
    })?)
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
