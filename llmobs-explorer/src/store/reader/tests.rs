//! The store and a simple evaluator find the same spans for the same conditions.

mod evaluator;
mod random;

use std::path::Path;

use evaluator::Evaluator;
use random::Random;

use super::Reader;
use crate::query::Query;
use crate::store::testing::filled;
use crate::traces::{ListRequest, Scope, Sort, Traces};

/// The ids of the rows of a list in ascending order, and the number of matching rows.
fn listed(traces: &dyn Traces, scope: Scope, query: &Query) -> (Vec<(String, String)>, u64) {
    let request = ListRequest {
        scope,
        condition: query.condition().clone(),
        from_ns: None,
        to_ns: None,
        sort: Sort::Start,
        ascending: false,
        offset: 0,
        limit: 1_000,
        attributes: Vec::new(),
    };
    let listing = traces.list(&request).unwrap();
    let mut ids: Vec<_> = listing.rows.into_iter().map(|row| (row.trace_id, row.span_id)).collect();
    ids.sort();
    (ids, listing.overview.matched)
}

/// The same from the evaluator.
fn expected(evaluator: &Evaluator, scope: Scope, query: &Query) -> (Vec<(String, String)>, u64) {
    let spans = evaluator.spans.iter().filter(|span| {
        (scope == Scope::Spans || evaluator.is_head(span)) && evaluator.meets(span, query.condition())
    });
    let mut ids: Vec<_> = spans.map(|span| (span.trace_id.clone(), span.span_id.clone())).collect();
    ids.sort();
    let count = ids.len() as u64;
    (ids, count)
}

#[test]
fn random_queries_find_what_the_evaluator_finds() {
    let mut random = Random::new(7);
    let (mut total, mut some) = (0, 0);
    for _ in 0..8 {
        let (spans, metrics) = random.events();
        let (spans_read, metrics_read) = random::read(&spans, &metrics);
        let evaluator = Evaluator { spans: spans_read, evaluations: metrics_read };
        let connection = filled(&spans, &metrics);
        let reader = Reader { connection: &connection, path: Path::new("traces.db") };
        for _ in 0..240 {
            let text = random.query(2);
            let Ok(query) = Query::parse(&text) else { continue };
            for scope in [Scope::Spans, Scope::Traces] {
                let found = listed(&reader, scope, &query);
                assert_eq!(
                    found,
                    expected(&evaluator, scope, &query),
                    "{text} of {scope:?} among {spans} {metrics}"
                );
                total += 1;
                some += u32::from((1..evaluator.spans.len() as u64).contains(&found.1));
            }
        }
    }
    // Most queries are valid, and many find some but not all spans.
    assert!(total > 1_500 && some > 600, "{some} of {total}");
}
