//! What was said about a row of a list.

use rusqlite::{Connection, Params};

/// Label, value, and `pass` or `fail`.
pub(super) type Badge = (String, String, Option<String>);

/// About a span.
pub(super) fn of_span(connection: &Connection, span: i64) -> rusqlite::Result<Vec<Badge>> {
    badges(connection, OF_SPAN, [span])
}

pub(super) const OF_SPAN: &str =
    "SELECT e.label, e.value, e.assessment FROM judged j JOIN evaluation e ON e.id = j.evaluation
    WHERE j.span = ?1 ORDER BY e.timestamp_ms, e.id LIMIT 8";

/// About a trace or one of its spans; of a large one, the root and some of the others.
pub(super) fn of_trace(connection: &Connection, trace: i64, trace_id: &str) -> rusqlite::Result<Vec<Badge>> {
    badges(connection, OF_TRACE, (trace, trace_id))
}

/// As the view `judged` has it. That view cannot be asked for the spans of a trace: SQLite would read all of it. The joins are crossed
/// so that SQLite begins with the spans, and goes by the indexes from there.
pub(super) const OF_TRACE: &str = "WITH one AS MATERIALIZED (
        SELECT id, span_id, session_id, head FROM span WHERE trace = ?1 LIMIT 500
    ), said (id) AS (
        SELECT id FROM evaluation WHERE trace_id = ?2
            AND (span_id IS NULL OR EXISTS (SELECT 1 FROM span s WHERE s.trace = ?1 AND s.span_id = evaluation.span_id))
        UNION ALL
        SELECT e.id FROM one CROSS JOIN evaluation e ON e.span_id = one.span_id AND e.trace_id IS NULL
        UNION ALL
        SELECT e.id FROM one CROSS JOIN evaluation e ON e.session_id = one.session_id WHERE one.head = 1
        UNION ALL
        SELECT e.id FROM one CROSS JOIN span_attribute x ON x.span = one.id CROSS JOIN attribute a ON a.id = x.attribute
            CROSS JOIN evaluation e ON e.tag_key = substr(a.path, 5) AND e.tag_value = a.text WHERE a.path GLOB 'tag.*'
    )
    SELECT DISTINCT e.label, e.value, e.assessment FROM said CROSS JOIN evaluation e ON e.id = said.id
    ORDER BY e.timestamp_ms, e.id LIMIT 8";

fn badges(connection: &Connection, sql: &str, about: impl Params) -> rusqlite::Result<Vec<Badge>> {
    let mut statement = connection.prepare_cached(sql)?;
    let badges = statement.query_map(about, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    badges.collect()
}
