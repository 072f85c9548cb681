use serde_json::{Value, json};

use super::super::testing::{filled, span};
use super::*;
use crate::query::Query;
use crate::store::condition::expression;
use crate::store::list::list;
use crate::traces::{ListRequest, PAGE, Scope};

/// Ten zones of spans in traces of six. Their durations and tokens are unordered, and every third span has no tokens.
fn store() -> Connection {
    let spans: Vec<Value> = (1..=10 << SPAN_BITS)
        .map(|number: i64| {
            let kind =
                ["llm", "tool", "agent", "tool", "llm", "a kind"][usize::try_from(number % 6).unwrap()];
            let tokens = (number % 3 != 0)
                .then_some(json!({"input_tokens": number * 7_919 % 10_007, "output_tokens": 0}));
            let times = (1_000 + number, 1 + number * 7_919 % 5_003);
            span(
                &format!("t{}", number / 6),
                &(number % 6 + 1).to_string(),
                kind,
                times,
                &tokens.unwrap_or(json!({})),
            )
        })
        .collect();
    filled(&json!(spans), &json!([]))
}

fn request(scope: Scope, query: &str, sort: Sort, ascending: bool) -> ListRequest {
    ListRequest {
        scope,
        condition: Query::parse(query).unwrap().condition().clone(),
        from_ns: None,
        to_ns: None,
        sort,
        ascending,
        offset: 0,
        limit: PAGE,
        attributes: Vec::new(),
    }
}

/// The spans of a page, found by zones.
fn found(store: &Connection, query: &str, order: (Sort, bool), page: Page) -> Option<Vec<i64>> {
    let condition = expression(Query::parse(query).unwrap().condition(), &[]);
    let mut page = page;
    let key = if order.0 == Sort::Duration { "s.duration_ns" } else { "s.total_tokens" };
    let (sort, ascending) = order;
    add_rows(store, &condition, Scope::Spans, (sort, key, ascending), &mut page)
        .unwrap()
        .then(|| page.ids(ascending))
}

/// The same spans, found among all spans.
fn sorted(store: &Connection, query: &str, (sort, ascending): (Sort, bool), skip: usize) -> Vec<i64> {
    let condition = expression(Query::parse(query).unwrap().condition(), &[]);
    let column = if sort == Sort::Duration { "duration_ns" } else { "total_tokens" };
    let order = if ascending { "ASC" } else { "DESC" };
    let sql = format!(
        "SELECT s.id FROM span s WHERE {} ORDER BY {column} IS NULL, {column} {order}, id {order} LIMIT 50 OFFSET {skip}",
        condition.sql
    );
    let mut statement = store.prepare(&sql).unwrap();
    let ids = statement.query_map(condition.bound().as_slice(), |row| row.get("id")).unwrap();
    ids.collect::<Result<_, _>>().unwrap()
}

#[test]
fn the_first_spans_are_found_in_few_zones() {
    let store = store();
    for order in [Sort::Duration, Sort::Tokens].into_iter().flat_map(|sort| [(sort, false), (sort, true)]) {
        for (query, offset) in [
            ("*", 0),
            ("*", 150),
            ("@meta.span.kind:llm", 0),
            ("@meta.span.kind:\"a kind\"", 0),
            ("-status:error @name:t*", 50),
        ] {
            let expected = sorted(&store, query, order, usize::try_from(offset).unwrap());
            assert_eq!(
                found(&store, query, order, Page::new(offset, PAGE)),
                Some(expected),
                "{query} {order:?}"
            );
        }
    }
    // Tools whose number is a multiple of three have no tokens, so the others do not fill the page.
    let tools = "@meta.span.kind:tool @name:*-4";
    assert_eq!(found(&store, tools, (Sort::Tokens, false), Page::new(0, PAGE)), None);
    assert_eq!(found(&store, "*", (Sort::Name, false), Page::new(0, PAGE)), None);
    // A zone whose limit is too low is not read.
    store.execute_batch("UPDATE span_zone SET most_duration = 1 WHERE zone = 4").unwrap();
    let mut expected = sorted(&store, "*", (Sort::Duration, false), 0);
    expected.retain(|id| id >> SPAN_BITS != 4);
    let read = found(&store, "*", (Sort::Duration, false), Page::new(0, PAGE)).unwrap();
    assert!(expected.len() < 50 && read.starts_with(&expected), "{read:?}");
}

#[test]
fn the_first_traces_are_found_in_few_zones() {
    let store = store();
    let names = |sort, ascending| -> Vec<String> {
        let listing = list(&store, &request(Scope::Traces, "*", sort, ascending)).unwrap();
        listing.rows.into_iter().map(|row| row.trace_id).collect()
    };
    let sorted = |column: &str, order: &str| -> Vec<String> {
        let sql = format!(
            "SELECT t.trace_id FROM trace t ORDER BY {column} IS NULL, {column} {order}, t.id {order} LIMIT 50"
        );
        let mut statement = store.prepare(&sql).unwrap();
        let ids = statement.query_map([], |row| row.get("trace_id")).unwrap();
        ids.collect::<Result<_, _>>().unwrap()
    };
    for (sort, column) in [(Sort::Tokens, "total_tokens"), (Sort::Spans, "spans")] {
        assert_eq!(names(sort, false), sorted(column, "DESC"), "{column}");
        assert_eq!(names(sort, true), sorted(column, "ASC"), "{column}");
    }
    // A zone whose limit is too low is not read, except for its first traces.
    let expected = sorted("total_tokens", "DESC");
    store.execute_batch("UPDATE trace_zone SET most_tokens = 1 WHERE zone = 3").unwrap();
    let read = names(Sort::Tokens, false);
    let is_kept = |trace: &&String| -> bool {
        let sql = format!("SELECT id >> {TRACE_BITS} <> 3 AS kept FROM trace WHERE trace_id = ?1");
        store.query_row(&sql, [trace], |row| row.get("kept")).unwrap()
    };
    let kept: Vec<_> = expected.iter().filter(is_kept).collect();
    assert!(kept.len() < 50 && read.iter().take(kept.len()).eq(kept), "{read:?}");
}

#[test]
fn zones_written_at_once_equal_updated_zones() {
    let store = store();
    let zones = || -> Vec<Vec<Option<String>>> {
        let mut all = Vec::new();
        for (table, columns) in [("span_zone", 8), ("trace_zone", 7)] {
            let mut statement = store.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
            let rows = statement.query_map([], |row| {
                (0..columns)
                    .map(|column| row.get_ref(column).map(|value| Some(format!("{value:?}"))))
                    .collect()
            });
            all.extend(rows.unwrap().collect::<Result<Vec<_>, _>>().unwrap());
        }
        all
    };
    let added = zones();
    assert_eq!(added.len(), 10 * 4 + 1 + 4, "{added:?}");
    store.execute_batch("DELETE FROM span_zone; DELETE FROM trace_zone").unwrap();
    write_all(&store).unwrap();
    assert_eq!(zones(), added);
    // Zones of deleted spans are deleted.
    store.execute_batch(&format!("DELETE FROM span WHERE id < {}", (3 << SPAN_BITS) + 7)).unwrap();
    delete_empty(&store).unwrap();
    let first: i64 =
        store.query_row("SELECT min(zone) AS zone FROM span_zone", [], |row| row.get("zone")).unwrap();
    assert_eq!((first, added.len() - zones().len()), (3, 3 * 4));
}

/// The numbers of the rows of the first page of a list of all rows, found by zones.
fn first_page(store: &Connection, scope: Scope, order: (Sort, &str, bool)) -> Vec<i64> {
    let mut page = Page::new(0, PAGE);
    let condition = expression(Query::parse("*").unwrap().condition(), &[]);
    assert!(add_rows(store, &condition, scope, order, &mut page).unwrap());
    page.ids(order.2)
}

#[test]
fn equal_values_do_not_need_more_zones() {
    let store = store();
    store
        .execute_batch(
            "UPDATE span SET duration_ns = 7; UPDATE trace SET spans = 6;
             UPDATE span_zone SET least_duration = 7, most_duration = 7;
             UPDATE trace_zone SET least_spans = 6, most_spans = 6;",
        )
        .unwrap();
    let pages = || {
        let mut pages = Vec::new();
        for ascending in [true, false] {
            pages.push(first_page(&store, Scope::Spans, (Sort::Duration, "s.duration_ns", ascending)));
            pages.push(first_page(&store, Scope::Traces, (Sort::Duration, "s.duration_ns", ascending)));
            pages.push(first_page(&store, Scope::Traces, (Sort::Spans, "t.spans", ascending)));
        }
        pages
    };
    let expected = pages();
    // No list reads the zones in the middle, so these values, which the zones do not have, are not found.
    let (span, trace) = (5 << SPAN_BITS, 2 << TRACE_BITS);
    for value in [1, 9] {
        store
            .execute_batch(&format!(
                "UPDATE span SET duration_ns = {value} WHERE id BETWEEN {span} AND {span} + 99;
                 UPDATE trace SET spans = {value} WHERE id BETWEEN {trace} AND {trace} + 99;"
            ))
            .unwrap();
        assert_eq!(pages(), expected, "{value}");
    }
}
