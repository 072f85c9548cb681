mod plans;

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::super::testing::{SECOND, count_steps, filled, span};
use super::*;
use crate::query::{METRICS, Query};
use crate::traces::{Facet, PAGE};

/// Three traces: `b` has the most tokens, `a` has the longest duration and failed, and `c` has no tokens and two tools.
fn three() -> Value {
    json!([
        span("b", "1", "agent", (10, 2), &json!({})),
        span(
            "b",
            "2",
            "llm",
            (11, 1),
            &json!({"input_tokens": 70, "output_tokens": 30, "time_to_first_token": 0.5})
        ),
        span(
            "a",
            "1",
            "llm",
            (20, 9),
            &json!({"input_tokens": 4, "output_tokens": 5, "time_to_first_token": 0.25})
        ),
        span("c", "1", "workflow", (30, 3), &json!({})),
        span("c", "2", "tool", (31, 1), &json!({})),
        span("c", "3", "tool", (31, 1), &json!({})),
    ])
}

fn request(scope: Scope, query: &str) -> ListRequest {
    ListRequest {
        scope,
        condition: Query::parse(query).unwrap().condition().clone(),
        from_ns: None,
        to_ns: None,
        sort: Sort::Start,
        ascending: false,
        offset: 0,
        limit: PAGE,
        attributes: Vec::new(),
    }
}

fn names(connection: &Connection, request: &ListRequest) -> String {
    let listing = list(connection, request).unwrap();
    listing.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn rows_and_counts_agree_for_each_query() {
    let store = filled(&three(), &json!([]));
    let mut found = String::new();
    for query in [
        "*",
        "@trace.total_tokens:>50",
        "@trace.number_of_errors:1",
        "-@trace.total_tokens:>50",
        "@trace_id:c",
        "@span_id:2",
        "@name:a*",
        "-@status:error",
        "@parent_id:undefined",
        "@child.@meta.span.kind:tool",
        "@child.@turn:x OR @duration:>2s",
        "@metrics.input_tokens:<10",
        "turn:c-*",
        "hello -turn:a-1",
        "nobody",
    ] {
        let listings = [Scope::Traces, Scope::Spans].map(|scope| {
            let request = request(scope, query);
            let matched = list(&store, &request).unwrap().overview.matched;
            format!("{matched}: {}", names(&store, &request))
        });
        writeln!(found, "{query} | {} | {}", listings[0], listings[1]).unwrap();
    }
    assert_eq!(
        found,
        "\
* | 3: c-1 a-1 b-1 | 6: c-3 c-2 c-1 a-1 b-2 b-1
@trace.total_tokens:>50 | 1: b-1 | 2: b-2 b-1
@trace.number_of_errors:1 | 1: a-1 | 1: a-1
-@trace.total_tokens:>50 | 2: c-1 a-1 | 4: c-3 c-2 c-1 a-1
@trace_id:c | 1: c-1 | 3: c-3 c-2 c-1
@span_id:2 | 0:  | 2: c-2 b-2
@name:a* | 1: a-1 | 1: a-1
-@status:error | 2: c-1 b-1 | 5: c-3 c-2 c-1 b-2 b-1
@parent_id:undefined | 3: c-1 a-1 b-1 | 3: c-1 a-1 b-1
@child.@meta.span.kind:tool | 1: c-1 | 3: c-3 c-2 c-1
@child.@turn:x OR @duration:>2s | 2: c-1 a-1 | 2: c-1 a-1
@metrics.input_tokens:<10 | 1: a-1 | 1: a-1
turn:c-* | 1: c-1 | 3: c-3 c-2 c-1
hello -turn:a-1 | 2: c-1 b-1 | 5: c-3 c-2 c-1 b-2 b-1
nobody | 0:  | 0: 
"
    );
}

#[test]
fn rows_are_sorted_in_every_order_and_those_without_a_value_are_last() {
    let store = filled(&three(), &json!([]));
    let mut orders = String::new();
    for sort in [Sort::Start, Sort::Duration, Sort::Name, Sort::Tokens, Sort::Spans, Sort::FirstToken] {
        let [up, down] = [true, false]
            .map(|ascending| names(&store, &ListRequest { sort, ascending, ..request(Scope::Traces, "*") }));
        let spans = names(&store, &ListRequest { sort, ..request(Scope::Spans, "-@meta.span.kind:tool") });
        writeln!(orders, "{sort:?}: {up} | {down} | {spans}").unwrap();
    }
    assert_eq!(
        orders,
        "\
Start: b-1 a-1 c-1 | c-1 a-1 b-1 | c-1 a-1 b-2 b-1
Duration: b-1 c-1 a-1 | a-1 c-1 b-1 | a-1 c-1 b-1 b-2
Name: a-1 b-1 c-1 | c-1 b-1 a-1 | c-1 b-2 b-1 a-1
Tokens: a-1 b-1 c-1 | b-1 a-1 c-1 | b-2 a-1 c-1 b-1
Spans: a-1 b-1 c-1 | c-1 b-1 a-1 | c-1 b-2 b-1 a-1
FirstToken: a-1 b-1 c-1 | b-1 a-1 c-1 | b-2 a-1 c-1 b-1
"
    );
}

#[test]
fn pages_are_consecutive_and_counts_cover_all_rows() {
    let names_of =
        |range: std::ops::Range<i64>| range.rev().map(|at| format!("t{at}-1")).collect::<Vec<_>>().join(" ");
    let spans: Vec<Value> =
        (0..230).map(|at| span(&format!("t{at}"), "1", "agent", (at, 1), &json!({}))).collect();
    let store = filled(&json!(spans), &json!([]));
    let page = |offset| ListRequest { offset, ..request(Scope::Traces, "*") };
    let pages: Vec<String> = [0, 50, 200, 230, u64::MAX].map(|offset| names(&store, &page(offset))).into();
    assert_eq!(
        pages,
        [names_of(180..230), names_of(130..180), names_of(0..30), String::new(), String::new()]
    );
    let overview = list(&store, &page(200)).unwrap().overview;
    assert_eq!((overview.matched, overview.range_ns), (230, Some((0, 229 * SECOND))));
    assert_eq!(overview.bars.iter().map(|(ok, _)| ok).sum::<u64>(), 230);
}

#[test]
fn all_matching_rows_are_counted_by_value_and_time() {
    let store = filled(&three(), &json!([]));
    let request = ListRequest { to_ns: Some(25 * SECOND), ..request(Scope::Spans, "*") };
    let mut overview = list(&store, &request).unwrap().overview;
    let bars: Vec<_> = (0..).zip(overview.bars.drain(..)).filter(|(_, bar)| *bar != (0, 0)).collect();
    assert_eq!(bars, [(0, (1, 0)), (3, (1, 0)), (39, (0, 1))]);
    let facet = |path, values: &[(&str, u64)]| Facet {
        path,
        values: values.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect(),
        others: 0,
    };
    let expected = Overview {
        matched: 3,
        range_ns: Some((10 * SECOND, 25 * SECOND)),
        outside: [None, None],
        bars: Vec::new(),
        facets: vec![
            facet("status", &[("ok", 2), ("error", 1)]),
            facet("meta.span.kind", &[("llm", 2), ("agent", 1)]),
            facet("name", &[("a-1", 1), ("b-1", 1), ("b-2", 1)]),
            facet("ml_app", &[("shop", 3)]),
        ],
    };
    assert_eq!(overview, expected);
}

#[test]
fn a_row_has_all_evaluations_of_its_trace() {
    let evaluation = |label: &str, join: Value| {
        let mut metric = json!({"label": label, "metric_type": "categorical", "categorical_value": "yes", "ml_app": "shop",
            "event_kind": "evaluation", "timestamp_ms": label.len()});
        metric["join_on"] = join;
        metric
    };
    let store = filled(
        &three(),
        &json!([
            evaluation("1", json!({"span": {"trace_id": "b", "span_id": "2"}})),
            evaluation("22", json!({"tag": {"key": "turn", "value": "b-2"}})),
            evaluation("333", json!({"span": {"trace_id": "a", "span_id": "2"}})),
            evaluation("4444", json!({"tag": {"key": "turn", "value": "c-1"}})),
        ]),
    );
    let insert = "INSERT INTO evaluation (feedback, label, metric_type, value, timestamp_ms, trace_id, span_id, session_id, event, hash)
        VALUES (0, 'trace', 'text', 'of b', 7, 'b', NULL, NULL, '', x'01'), (0, 'session', 'text', 'of b', 8, NULL, NULL, 's-b', '', x'02'),
            (0, 'alone', 'text', '3', 9, NULL, '3', NULL, '', x'03')";
    store.execute_batch(insert).unwrap();
    let badges = |scope| {
        let rows = list(&store, &request(scope, "*")).unwrap().rows.into_iter();
        rows.map(|row| {
            let evaluations: Vec<String> =
                row.evaluations.into_iter().map(|(label, value, _)| format!("{label}={value}")).collect();
            format!("{}: {}", row.name, evaluations.join(", "))
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(
        badges(Scope::Traces),
        ["c-1: 4444=yes, alone=3", "a-1: ", "b-1: 1=yes, 22=yes, trace=of b, session=of b"]
    );
    assert_eq!(
        badges(Scope::Spans),
        [
            "c-3: alone=3",
            "c-2: ",
            "c-1: 4444=yes",
            "a-1: ",
            "b-2: 1=yes, 22=yes",
            "b-1: trace=of b, session=of b"
        ]
    );
    // A filter finds all spans of a trace or session.
    let found = ["1", "22", "333", "4444", "trace", "session", "alone"]
        .map(|label| names(&store, &request(Scope::Spans, &format!("@evaluation.{label}.value:*"))));
    assert_eq!(found, ["b-2", "b-2", "", "c-1", "b-2 b-1", "b-2 b-1", "c-3"]);
}

#[test]
fn filters_read_no_other_spans() {
    let steps = |others: u32, query: &str| {
        let mut spans =
            vec![span("a", "1", "agent", (10, 9), &json!({})), span("a", "2", "tool", (10, 1), &json!({}))];
        spans.extend((1..others).map(|id| {
            let mut other = span("b", &id.to_string(), "llm", (10, 1), &json!({}));
            other["name"] = "other".into();
            other["tags"] = json!([]);
            other
        }));
        let metric = json!({"label": "tone", "metric_type": "score", "score_value": 1, "ml_app": "shop",
            "timestamp_ms": 5, "join_on": {"span": {"trace_id": "a", "span_id": "2"}}});
        let store = filled(&json!(spans), &json!([metric]));
        let steps = count_steps(&store);
        assert_eq!(
            names(&store, &request(Scope::Traces, query)),
            if query.contains("child") { "a-1" } else { "" }
        );
        steps.load(Ordering::Relaxed)
    };
    for query in ["@child.@name:a-2", "@evaluation.tone.value:>0"] {
        let [few, many] = [10, 1_000].map(|others| steps(others, query));
        assert!(many < 2 * few, "{query}: {few}, {many}");
    }
}

#[test]
fn a_row_shows_the_tags_that_the_program_set() {
    let store = filled(&three(), &json!([]));
    let listing = list(&store, &request(Scope::Traces, "@name:a*")).unwrap();
    let tags: Vec<_> = listing.rows.into_iter().map(|row| row.tags).collect();
    // `ml_app` is a tag of every span too.
    assert_eq!(tags, [[("turn".to_owned(), "a-1".to_owned())]]);
    let metrics = METRICS.map(|(path, _)| path);
    assert_eq!(listing.paths, [&metrics[..], &["tag.ml_app", "tag.turn"]].concat());
}

#[test]
fn the_last_page_is_read_from_the_end() {
    let spans: Vec<Value> =
        (0..2_000).map(|at| span(&format!("t{at}"), "1", "agent", (at * 100, 1), &json!({}))).collect();
    let store = filled(&json!(spans), &json!([]));
    let steps = |offset| {
        let steps = count_steps(&store);
        let names = names(&store, &ListRequest { offset, ..request(Scope::Traces, "*") });
        (names, steps.load(Ordering::Relaxed))
    };
    let (_, first) = steps(0);
    let (names, last) = steps(1_950);
    let expected: Vec<String> = (0..50).rev().map(|at| format!("t{at}-1")).collect();
    assert_eq!(names, expected.join(" "));
    assert!(last < first + first / 10, "{first}, {last}");
}

#[test]
fn rows_with_equal_starts_are_on_one_page_each() {
    // The index orders rows of equal starts by facets, and the list by number.
    let spans: Vec<Value> = (0..2_000)
        .map(|at| {
            let kind = ["agent", "llm", "tool", "task"][at % 4];
            let start = i64::try_from(at / 80).unwrap() * 8_000;
            let mut span =
                span(&format!("t{}", at / 2), &(at % 2 + 1).to_string(), kind, (start, 1), &json!({}));
            span["name"] = "step".into();
            span
        })
        .collect();
    let store = filled(&json!(spans), &json!([]));
    for (scope, ascending, rows) in
        [(Scope::Spans, false, 2_000), (Scope::Spans, true, 2_000), (Scope::Traces, false, 1_000)]
    {
        for offset in (0..rows).step_by(50) {
            let request = ListRequest { ascending, offset, ..request(scope, "*") };
            let counted = ListRequest { from_ns: Some(0), ..request.clone() };
            let (_, ids) = read_kept(&store, &request).unwrap().unwrap();
            let (_, expected) = read_all(&store, &counted).unwrap();
            assert_eq!(ids, expected, "{scope:?} {ascending} {offset}");
        }
    }
}

#[test]
fn kept_counts_equal_counted_rows() {
    let spans: Vec<Value> = (0..2_000)
        .map(|at| {
            let kind = ["agent", "llm", "tool"][at % 3];
            let at = i64::try_from(at).unwrap();
            let metrics = json!({"input_tokens": at * 7_919 % 1_009, "output_tokens": 0, "time_to_first_token": at % 77});
            span(&format!("t{}", at / 4), &(at % 4 + 1).to_string(), kind, (at * 100, 1 + at % 9), &metrics)
        })
        .collect();
    let store = filled(&json!(spans), &json!([]));
    for (scope, query, sort, ascending, offset) in [
        (Scope::Spans, "*", Sort::Start, false, 0),
        (Scope::Spans, "*", Sort::Start, true, 50),
        (Scope::Spans, "*", Sort::Start, false, 1_000),
        (Scope::Spans, "*", Sort::Start, false, 1_800),
        (Scope::Spans, "*", Sort::Start, true, 1_980),
        (Scope::Spans, "*", Sort::Start, true, 2_000),
        (Scope::Spans, "*", Sort::Start, true, 2_040),
        (Scope::Spans, "*", Sort::Start, false, u64::MAX),
        (Scope::Spans, "@meta.span.kind:llm", Sort::Start, false, 600),
        (Scope::Spans, "status:error", Sort::Start, false, 0),
        (Scope::Spans, "@meta.span.kind:llm -status:error", Sort::Start, true, 50),
        (Scope::Spans, "@name:nobody", Sort::Start, false, 0),
        (Scope::Spans, "*", Sort::Duration, false, 50),
        (Scope::Spans, "@meta.span.kind:llm -status:error", Sort::Duration, true, 0),
        (Scope::Spans, "@name:nobody", Sort::Tokens, false, 0),
        (Scope::Traces, "*", Sort::Start, false, 0),
        (Scope::Traces, "*", Sort::Start, true, 50),
        (Scope::Traces, "-status:error", Sort::Start, false, 50),
        (Scope::Traces, "*", Sort::Start, true, 230),
        (Scope::Traces, "*", Sort::Start, false, 480),
        (Scope::Traces, "@name:nobody", Sort::Start, false, 0),
        (Scope::Traces, "*", Sort::Duration, false, 50),
        (Scope::Traces, "-status:error", Sort::Duration, true, 0),
        (Scope::Traces, "*", Sort::Tokens, false, 0),
        (Scope::Traces, "-status:error -@meta.span.kind:tool", Sort::Tokens, true, 0),
        (Scope::Traces, "*", Sort::Spans, false, 50),
        (Scope::Traces, "*", Sort::FirstToken, true, 0),
    ] {
        let request = ListRequest { sort, ascending, offset, ..request(scope, query) };
        // With a time range, the rows are counted.
        let counted = ListRequest { from_ns: Some(0), ..request.clone() };
        assert!(has_kept_counts(&request) && !has_kept_counts(&counted));
        let (kept, ids) = read_kept(&store, &request).unwrap().unwrap();
        let (expected, expected_ids) = read_all(&store, &counted).unwrap();
        assert_eq!((ids, kept.matched), (expected_ids, expected.matched), "{scope:?} {query} {sort:?}");
        assert_eq!(kept.facets, expected.facets, "{scope:?} {query} {sort:?}");
        assert_eq!(
            kept.range_ns.map(|range| range.1),
            expected.range_ns.map(|range| range.1),
            "{scope:?} {query} {sort:?}"
        );
        let sum = |bars: &[(u64, u64)]| bars.iter().fold((0, 0), |sum, bar| (sum.0 + bar.0, sum.1 + bar.1));
        assert_eq!(sum(&kept.bars), sum(&expected.bars), "{scope:?} {query} {sort:?}");
    }
    // Few matches among many rows are searched for in the usual way.
    assert_eq!(read_kept(&store, &request(Scope::Spans, "@name:t7-1")).unwrap(), None);
    assert_eq!(names(&store, &request(Scope::Spans, "@name:t7-1")), "t7-1");
    for query in ["word", "@duration:>1s", "@child.@name:x", "-(status:ok OR user:7)"] {
        assert!(!has_kept_counts(&request(Scope::Spans, query)), "{query}");
    }
}

#[test]
fn rows_within_a_short_time_are_counted_for_a_fine_histogram() {
    let root =
        |kind: &str, number: i64, at: i64| span(&format!("{kind}{number}"), "1", kind, (at, 1), &json!({}));
    // 300 LLM spans within five minutes, and 300 tools within four days.
    let spans: Vec<Value> = (0..300)
        .flat_map(|number| [root("llm", number, number), root("tool", number, number * 1_000)])
        .collect();
    let store = filled(&json!(spans), &json!([]));
    for scope in [Scope::Traces, Scope::Spans] {
        let is_kept = |query: &str| read_kept(&store, &request(scope, query)).unwrap().is_some();
        assert_eq!(["*", "@meta.span.kind:tool", "@meta.span.kind:llm"].map(is_kept), [true, true, false]);
        let overview = list(&store, &request(scope, "@meta.span.kind:llm")).unwrap().overview;
        assert!(overview.bars.iter().all(|(ok, errors)| ok + errors == 5), "{:?}", overview.bars);
    }
}

#[test]
fn common_words_are_found_like_others() {
    let spans: Vec<Value> = (0..20_100)
        .map(|number| {
            let mut span = span("t", &number.to_string(), "llm", (number, 1), &json!({}));
            let other = if number % 3 == 0 { "third" } else { "others" };
            span["meta"]["input"] = json!({ "value": format!("common {other}") });
            span
        })
        .collect();
    let store = filled(&json!(spans), &json!([]));
    let matched = |query: &str| list(&store, &request(Scope::Spans, query)).unwrap().overview.matched;
    for (query, expected) in [
        ("common", 20_100),
        ("common third", 6_700),
        ("common -third", 13_400),
        ("common OR nothing", 20_100),
        ("common @meta.span.kind:tool", 0),
        ("common third @span_id:3", 1),
        ("nothing common", 0),
    ] {
        assert_eq!(matched(query), expected, "{query}");
    }
    let common = |query: &str| common_words(&store, &request(Scope::Spans, query), &[1]).unwrap().0.len();
    assert_eq!([common("common third"), common("third"), common("*")], [2, 0, 0]);
}
