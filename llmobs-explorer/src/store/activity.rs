//! Counts of spans by facets and start time. With these, lists of all spans have their counts without reading the spans.

use std::collections::HashMap;

use rusqlite::{Connection, params};

/// The number of low bits that a time loses: the spans of 4.6 minutes are counted together.
const SHIFT: u32 = 38;
/// The smallest number of times for a histogram that is fine enough.
const TIMES: i64 = 120;

/// Changes of the counts.
#[derive(Debug, Default)]
pub(super) struct Changes(HashMap<(i64, i64), i64>);

impl Changes {
    /// Adds spans that began at a time. A negative number removes spans.
    pub(super) fn add(&mut self, start_ns: i64, facets: i64, spans: i64) {
        *self.0.entry((start_ns >> SHIFT, facets)).or_default() += spans;
    }

    /// Writes the changes.
    pub(super) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let mut by_facets: HashMap<i64, i64> = HashMap::new();
        let mut change = connection.prepare_cached(
            "INSERT INTO activity (time, facets, spans) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET spans = spans + excluded.spans",
        )?;
        for ((time, facets), spans) in self.0 {
            change.execute(params![time, facets, spans])?;
            *by_facets.entry(facets).or_default() += spans;
        }
        let mut change = connection.prepare_cached("UPDATE facets SET spans = spans + ?2 WHERE id = ?1")?;
        for (facets, spans) in by_facets {
            change.execute(params![facets, spans])?;
        }
        Ok(())
    }
}

/// Deletes the rows that count no spans.
pub(super) fn delete_empty(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("DELETE FROM activity WHERE spans <= 0; DELETE FROM facets WHERE spans <= 0")
}

/// Whether the spans cover enough time for a histogram.
pub(super) fn is_enough(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT coalesce(max(time) - min(time), 0) >= :times AS enough FROM activity")?
        .query_row(rusqlite::named_params! { ":times": TIMES }, |row| row.get("enough"))
}

/// The SQL of the counts of the spans that match a condition on the facets of `s`.
pub(super) fn sql(condition: &str) -> String {
    format!(
        "SELECT s.time << {SHIFT} AS start_ns, s.facets, s.spans FROM activity s WHERE s.spans > 0 AND ({condition})"
    )
}
