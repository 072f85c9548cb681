//! Queries on a store of a few traces, answered by SQLite.

mod answers;
mod columns;
mod filters;
mod hostile;
mod store;

use rusqlite::Connection;

use super::expression;
use crate::query::Query;

/// The names of the matching spans in alphabetical order, separated by spaces.
fn found(store: &Connection, query: &str) -> String {
    let query = Query::parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    run(store, &query).unwrap_or_else(|error| panic!("{query:?}: {error}")).join(" ")
}

fn run(store: &Connection, query: &Query) -> rusqlite::Result<Vec<String>> {
    let condition = expression(query.condition(), &[1]);
    let sql = format!(
        "SELECT f.name FROM span s JOIN facets f ON f.id = s.facets WHERE s.start_ns > :after_ns AND {} ORDER BY f.name LIMIT 100",
        condition.sql
    );
    let mut parameters = vec![(":after_ns".to_owned(), 0.into())];
    parameters.extend(condition.parameters);
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value)).collect();
    store.prepare(&sql)?.query_map(parameters.as_slice(), |row| row.get("name"))?.collect()
}

/// Checks rows of a query and the spans that it finds.
fn check(rows: &[(&str, &str)]) {
    let store = store::filled();
    let wrong: Vec<String> = rows
        .iter()
        .map(|(query, expected)| (query, expected, found(&store, query)))
        .filter(|(_, expected, found)| *expected != found)
        .map(|(query, expected, found)| format!("{query}\n  expected: {expected}\n  found:    {found}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
