//! What the rows of a list have in common: how many there are, when they began, and which values they have.

use std::collections::HashMap;

use rusqlite::Connection;

/// How many bars the histogram has.
const BARS: usize = 60;
/// How many values of a facet are shown.
const VALUES: usize = 12;
/// What can be counted by value: how a query names it. In the order of the columns that are read.
const PATHS: [&str; 9] = [
    "status",
    "meta.span.kind",
    "name",
    "ml_app",
    "service",
    "env",
    "meta.model_name",
    "meta.model_provider",
    "meta.error.type",
];

/// All that match.
#[derive(Debug, Default, PartialEq, Eq)]
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

/// Counts rows by their combination of values; only in the end by each value.
#[derive(Debug)]
pub(super) struct Counts {
    combinations: HashMap<i64, Combination>,
    /// When each row began, and whether it failed.
    times: Vec<(i64, bool)>,
}

/// A row of `facets`, with how many rows of the list have it.
#[derive(Debug)]
struct Combination {
    values: [Option<String>; PATHS.len()],
    /// Its position among all in the order of their names.
    place: i64,
    failed: bool,
    count: u64,
}

impl Counts {
    /// Of nothing yet.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare_cached(
            "SELECT status, kind, name, ml_app, service, env, model_name, model_provider, error_type, id,
                dense_rank() OVER (ORDER BY name)
             FROM facets",
        )?;
        let combinations = statement.query_map([], |row| {
            let mut values = [const { None }; PATHS.len()];
            for (column, value) in values.iter_mut().enumerate() {
                *value = row.get::<_, Option<String>>(column)?.filter(|value| !value.is_empty());
            }
            let failed = values.first().is_some_and(|status| status.as_deref() == Some("error"));
            let place = row.get(PATHS.len() + 1)?;
            Ok((row.get(PATHS.len())?, Combination { values, place, failed, count: 0 }))
        })?;
        Ok(Self { combinations: combinations.collect::<Result<_, _>>()?, times: Vec::new() })
    }

    /// Counts a row.
    pub(super) fn add(&mut self, start_ns: i64, facets: i64) {
        let failed = self.combinations.get_mut(&facets).is_some_and(|combination| {
            combination.count += 1;
            combination.failed
        });
        self.times.push((start_ns, failed));
    }

    /// Where a name stands among all names; equal names stand at the same place.
    pub(super) fn place_of_name(&self, facets: i64) -> Option<i64> {
        self.combinations.get(&facets).map(|combination| combination.place)
    }

    /// What was counted. The bars cover the time that was asked for, or that of the rows.
    pub(super) fn overview(self, from_ns: Option<i64>, to_ns: Option<i64>) -> Overview {
        let starts = || self.times.iter().map(|(start, _)| *start);
        let range_ns = starts()
            .min()
            .zip(starts().max())
            .map(|(first, last)| (from_ns.unwrap_or(first), to_ns.unwrap_or(last).max(first)));
        Overview {
            matched: self.times.len() as u64,
            bars: range_ns.map(|range| bars(&self.times, range)).unwrap_or_default(),
            range_ns,
            facets: facets(self.combinations.values()),
        }
    }
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

fn facets<'a>(combinations: impl Iterator<Item = &'a Combination>) -> Vec<Facet> {
    let mut counts: [HashMap<&str, u64>; PATHS.len()] = Default::default();
    for Combination { values, count, .. } in combinations.filter(|combination| combination.count > 0) {
        for (counts, value) in counts.iter_mut().zip(values) {
            if let Some(value) = value {
                *counts.entry(value).or_default() += count;
            }
        }
    }
    PATHS.iter().zip(counts).filter_map(|(path, counts)| facet(path, counts)).collect()
}

fn facet(path: &'static str, counts: HashMap<&str, u64>) -> Option<Facet> {
    let mut values: Vec<_> = counts.into_iter().collect();
    values.sort_unstable_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
    let others = values.len().saturating_sub(VALUES);
    let values =
        values.into_iter().take(VALUES).map(|(value, count)| (value.to_owned(), count)).collect::<Vec<_>>();
    (!values.is_empty()).then_some(Facet { path, values, others })
}
