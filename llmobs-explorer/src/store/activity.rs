//! Counts of spans and of heads of traces by facets and start time. With these, lists have their counts without reading the spans.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use crate::traces::Scope;

/// The number of low bits that a time loses: the spans of 4.6 minutes are counted together.
const SHIFT: u32 = 38;
/// The smallest number of times for a histogram that is fine enough.
const TIMES: i64 = 120;

/// Changes of the counts, by time and facets: spans and heads.
#[derive(Debug, Default)]
pub(super) struct Changes(HashMap<(i64, i64), [i64; 2]>);

impl Changes {
    /// Adds spans that began at a time, and heads of traces. Negative numbers remove them.
    pub(super) fn add(&mut self, start_ns: i64, facets: i64, spans: i64, heads: i64) {
        let [all_spans, all_heads] = self.0.entry((start_ns >> SHIFT, facets)).or_default();
        *all_spans += spans;
        *all_heads += heads;
    }

    /// Writes the changes.
    pub(super) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let mut by_facets: HashMap<i64, i64> = HashMap::new();
        let mut change = connection.prepare_cached(
            "INSERT INTO activity (time, facets, spans, heads) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET spans = spans + excluded.spans, heads = heads + excluded.heads",
        )?;
        for ((time, facets), [spans, heads]) in self.0 {
            change.execute(params![time, facets, spans, heads])?;
            *by_facets.entry(facets).or_default() += spans;
        }
        let mut change = connection.prepare_cached("UPDATE facets SET spans = spans + ?2 WHERE id = ?1")?;
        for (facets, spans) in by_facets {
            change.execute(params![facets, spans])?;
        }
        Ok(())
    }
}

/// Counts the heads of a store that has only counted its spans.
pub(super) fn write_heads(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "INSERT INTO activity (time, facets, spans, heads)
         SELECT start_ns >> {SHIFT}, facets, 0, count(*) FROM span WHERE head = 1 GROUP BY 1, 2
         ON CONFLICT DO UPDATE SET heads = excluded.heads"
    ))
}

/// Deletes the rows that count no spans.
pub(super) fn delete_empty(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("DELETE FROM activity WHERE spans <= 0; DELETE FROM facets WHERE spans <= 0")
}

/// Whether a time range is long enough for a histogram of counts.
pub(super) fn is_enough((first_ns, last_ns): (i64, i64)) -> bool {
    (last_ns >> SHIFT) - (first_ns >> SHIFT) >= TIMES
}

/// The SQL of the counts of the rows of a list that match a condition on the facets of `s`.
pub(super) fn sql(scope: Scope, condition: &str) -> String {
    let count = match scope {
        Scope::Spans => "s.spans",
        Scope::Traces => "s.heads",
    };
    format!(
        "SELECT s.time << {SHIFT} AS start_ns, s.facets, {count} AS rows FROM activity s WHERE {count} > 0 AND ({condition})"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{filled, span, wrong_counts};

    #[test]
    fn the_heads_of_a_store_of_version_3_are_counted() {
        let spans = ["1", "2", "3"].map(|id| span("t", id, "agent", (1, 1), &json!({})));
        let other = span("u", "1", "agent", (1 << 20, 1), &json!({}));
        let store = filled(&json!([spans[0], spans[1], spans[2], other]), &json!([]));
        store.execute_batch("ALTER TABLE activity DROP COLUMN heads").unwrap();
        let transaction = store.unchecked_transaction().unwrap();
        super::super::migration::from_version_3(&transaction, include_str!("version_4.sql")).unwrap();
        transaction.commit().unwrap();
        assert_eq!(wrong_counts(&store), 0);
    }
}
