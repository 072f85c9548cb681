//! Counts of the rows of a list: how many match, a histogram of their starts, and the values of their facets.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::columns::columns;
use crate::query::FACETS;

/// How many bars the histogram has.
const BARS: usize = 60;
/// How many values of a facet are shown.
const VALUES: usize = 12;
/// The counts of all rows that match.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Overview {
    /// How many rows match.
    pub(crate) matched: u64,
    /// The time range of the histogram, in nanoseconds since the Unix epoch.
    pub(crate) range_ns: Option<(i64, i64)>,
    /// The histogram of starts: successful and failed rows.
    pub(crate) bars: Vec<(u64, u64)>,
    /// Their values.
    pub(crate) facets: Vec<Facet>,
}

/// The values of one column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Facet {
    /// The path in a query.
    pub(crate) path: &'static str,
    /// The most frequent values, with how many have each.
    pub(crate) values: Vec<(String, u64)>,
    /// How many other values there are.
    pub(crate) others: usize,
}

/// Counts rows by their combination of values, and at the end by each value.
#[derive(Debug)]
pub(super) struct RowCounts {
    /// By row of `facets`.
    combinations: HashMap<i64, Combination>,
    /// The rows of `facets` whose status is an error.
    failed: HashSet<i64>,
    /// When each row began, and whether it failed.
    times: Vec<(i64, bool)>,
}

#[derive(Debug)]
struct Combination {
    failed: bool,
    count: u64,
}

impl RowCounts {
    /// No rows.
    pub(super) fn new(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare_cached("SELECT id FROM facets WHERE status = 'error'")?;
        let failed = statement.query_map([], |row| row.get("id"))?.collect::<Result<_, _>>()?;
        Ok(Self { combinations: HashMap::new(), failed, times: Vec::new() })
    }

    /// Counts a row.
    pub(super) fn add(&mut self, start_ns: i64, facets: i64) {
        let new = || Combination { failed: self.failed.contains(&facets), count: 0 };
        let combination = self.combinations.entry(facets).or_insert_with(new);
        combination.count += 1;
        self.times.push((start_ns, combination.failed));
    }

    /// The counts. The histogram is for the requested time range, or for that of the rows.
    pub(super) fn overview(
        self,
        connection: &Connection,
        from_ns: Option<i64>,
        to_ns: Option<i64>,
    ) -> rusqlite::Result<Overview> {
        let starts = || self.times.iter().map(|(start, _)| *start);
        let range_ns = starts()
            .min()
            .zip(starts().max())
            .map(|(first, last)| (from_ns.unwrap_or(first), to_ns.unwrap_or(last).max(first)));
        Ok(Overview {
            matched: self.times.len() as u64,
            bars: range_ns.map(|range| bars(&self.times, range)).unwrap_or_default(),
            range_ns,
            facets: facets(connection, &self.combinations)?,
        })
    }
}

/// The rank of each name among all, by row of `facets`. Equal names have the same rank.
pub(super) fn name_ranks(connection: &Connection) -> rusqlite::Result<HashMap<i64, i64>> {
    let mut statement =
        connection.prepare_cached("SELECT id, dense_rank() OVER (ORDER BY name) AS name_rank FROM facets")?;
    columns!(statement: id, name_rank);
    statement.query_map([], |row| Ok((row.get(id)?, row.get(name_rank)?)))?.collect()
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

/// Counts the values of each facet. A value is copied only the first time, since there may be many: some programs put a number into
/// each name.
fn facets(connection: &Connection, combinations: &HashMap<i64, Combination>) -> rusqlite::Result<Vec<Facet>> {
    let mut counts: [HashMap<String, u64>; FACETS.len()] = Default::default();
    let mut statement = connection.prepare_cached(
        "SELECT id, status, kind, name, ml_app, service, env, model_name, model_provider, error_type FROM facets",
    )?;
    columns!(statement: id);
    let columns = FACETS.map(|(_, column)| statement.column_index(column));
    let columns = columns.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Some(Combination { count, .. }) = combinations.get(&row.get(id)?) else { continue };
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
