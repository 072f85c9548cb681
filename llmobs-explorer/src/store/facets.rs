//! Counts of the rows of a list: the number of matching rows, a histogram of starts, and the values of facets.

use std::collections::HashMap;

use rusqlite::Connection;

use super::columns::{category, columns};
use super::histogram::Histogram;
use crate::query::FACETS;
use crate::traces::{Facet, Overview};

/// The number of bars in the histogram.
const BARS: usize = 60;
/// The most values of a facet to show.
const VALUES: usize = 12;

/// Counts rows by their combination of values. The counts per value follow from these.
#[derive(Debug)]
pub(super) struct RowCounts {
    /// Counts by row of `facets`. The numbers of rows begin at 1.
    combinations: Vec<u64>,
    /// Whether the status is an error, by row of `facets`.
    failed: Vec<bool>,
    matched: u64,
    histogram: Histogram,
}

impl RowCounts {
    /// Creates counts of no rows.
    pub(super) fn new(connection: &Connection) -> rusqlite::Result<Self> {
        let rows = connection
            .prepare_cached("SELECT coalesce(max(id), 0) AS rows FROM facets")?
            .query_row([], |row| row.get::<_, i64>("rows"))?;
        let rows = usize::try_from(rows).unwrap_or_default() + 1;
        let mut failed = vec![false; rows];
        let mut statement = connection.prepare_cached("SELECT id FROM facets WHERE status = 'error'")?;
        for row in statement.query_map([], |row| row.get::<_, i64>("id"))? {
            if let Some(failed) = usize::try_from(row?).ok().and_then(|row| failed.get_mut(row)) {
                *failed = true;
            }
        }
        Ok(Self { combinations: vec![0; rows], failed, matched: 0, histogram: Histogram::default() })
    }

    /// Counts rows.
    pub(super) fn add(&mut self, start_ns: i64, facets: i64, rows: u64) {
        let facets = usize::try_from(facets).unwrap_or_default();
        if let Some(count) = self.combinations.get_mut(facets) {
            *count += rows;
        }
        self.matched += rows;
        self.histogram.add(start_ns, self.failed.get(facets).copied().unwrap_or_default(), rows);
    }

    /// The number of counted rows.
    pub(super) fn matched(&self) -> u64 {
        self.matched
    }

    /// The first and the last time of the counted rows.
    pub(super) fn range_ns(&self) -> Option<(i64, i64)> {
        self.histogram.range_ns
    }

    /// Sets the exact time range of the rows.
    pub(super) fn set_range(&mut self, range_ns: (i64, i64)) {
        self.histogram.range_ns = Some(range_ns);
    }

    /// Returns the counts. The histogram covers the requested time range, or else the range of the rows.
    pub(super) fn overview(
        mut self,
        connection: &Connection,
        from_ns: Option<i64>,
        to_ns: Option<i64>,
    ) -> rusqlite::Result<Overview> {
        let is_chosen = from_ns.is_some() || to_ns.is_some();
        let axis = if is_chosen { None } else { self.histogram.axis() };
        let range_ns = axis.map(|axis| axis.range_ns).or(self.histogram.range_ns);
        let range_ns =
            range_ns.map(|(first, last)| (from_ns.unwrap_or(first), to_ns.unwrap_or(last).max(first)));
        Ok(Overview {
            matched: self.matched,
            bars: range_ns.map(|range| self.histogram.bars(BARS, range)).unwrap_or_default(),
            range_ns,
            outside: axis.map(|axis| axis.outside).unwrap_or_default(),
            facets: facets(connection, &self.combinations)?,
        })
    }
}

/// Returns the rank of each name, by row of `facets`. Equal names have the same rank.
pub(super) fn name_ranks(connection: &Connection) -> rusqlite::Result<HashMap<i64, i64>> {
    let mut statement =
        connection.prepare_cached("SELECT id, dense_rank() OVER (ORDER BY name) AS name_rank FROM facets")?;
    columns!(statement: id, name_rank);
    statement.query_map([], |row| Ok((row.get(id)?, row.get(name_rank)?)))?.collect()
}

/// Counts the values of each facet. A value is copied only once, because there may be many: some programs put a number into each name.
fn facets(connection: &Connection, combinations: &[u64]) -> rusqlite::Result<Vec<Facet>> {
    let mut counts: [HashMap<String, u64>; FACETS.len()] = Default::default();
    let mut statement = connection.prepare_cached(
        "SELECT id, status, kind, name, ml_app, service, env, model_name, model_provider, error_type FROM facets",
    )?;
    columns!(statement: id);
    let columns = FACETS.map(|(_, of)| statement.column_index(category(of)));
    let columns = columns.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let count = usize::try_from(row.get::<_, i64>(id)?).ok().and_then(|row| combinations.get(row));
        let Some(count) = count.filter(|count| **count > 0) else { continue };
        for (column, counts) in columns.iter().zip(&mut counts) {
            let Ok(text) = row.get_ref(*column)?.as_str() else { continue };
            match counts.get_mut(text) {
                Some(sum) => *sum += count,
                None if text.is_empty() => {}
                None => drop(counts.insert(text.to_owned(), *count)),
            }
        }
    }
    Ok(FACETS.into_iter().zip(counts).filter_map(|((path, _), counts)| facet(path, counts)).collect())
}

fn facet(path: &'static str, counts: HashMap<String, u64>) -> Option<Facet> {
    let mut values: Vec<_> = counts.into_iter().collect();
    values.sort_unstable_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
    let others = values.len().saturating_sub(VALUES);
    values.truncate(VALUES);
    (!values.is_empty()).then_some(Facet { path, values, others })
}
