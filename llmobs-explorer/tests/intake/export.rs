//! Datadog's API to read spans.

use serde_json::{Value, json};

use crate::served::{Served, events_body, percent, span};

const PATH: &str = "/api/v2/llm-obs/v1/spans/events";

fn get(served: &Served, pairs: &[(&str, &str)]) -> Value {
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect();
    let reply = served.get(&format!("{PATH}?{}", pairs.join("&")));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn ids(page: &Value) -> Vec<&str> {
    page["data"].as_array().expect("data").iter().map(|span| span["id"].as_str().expect("an id")).collect()
}

/// Spans of two traces, one second apart.
fn filled() -> Served {
    let served = Served::new();
    let spans: Vec<Value> = (0..12)
        .map(|number: i64| {
            let mut span = span(if number < 6 { "T" } else { "U" }, &format!("s{number:02}"));
            span["start_ns"] = (1_750_000_000_000_000_000 + number * 1_000_000_000).into();
            span["meta"] = json!({ "span": { "kind": if number % 2 == 0 { "llm" } else { "tool" } }, "model_name": "m" });
            span["tags"] = json!([format!("number:{number}")]);
            span
        })
        .collect();
    assert_eq!(served.post("/api/v2/llmobs", &events_body(&spans)).status, 202);
    served
}

#[test]
fn fields_of_meta_are_attributes_of_the_span() {
    let served = filled();
    let page = get(&served, &[("filter[span_id]", "s03")]);
    let attributes = json!({
        "trace_id": "T", "span_id": "s03", "parent_id": "undefined", "name": "step", "status": "ok", "span_kind": "tool",
        "start_ns": 1_750_000_003_000_000_000_i64, "duration": 1_000_000, "model_name": "m", "tags": ["number:3"],
    });
    assert_eq!(page["data"], json!([{ "id": "s03", "type": "span", "attributes": attributes }]));
    assert_eq!((&page["meta"]["page"], &page["meta"]["status"]), (&json!({ "after": null }), &json!("done")));
}

#[test]
fn filters_are_combined() {
    let served = filled();
    let sorted = |pairs: &[(&str, &str)]| {
        let pairs = [&[("sort", "timestamp")], pairs].concat();
        ids(&get(&served, &pairs)).join(" ")
    };
    for (pairs, expected) in [
        (&[("filter[trace_id]", "U")][..], "s06 s07 s08 s09 s10 s11"),
        (&[("filter[trace_id]", "U"), ("filter[span_kind]", "llm")], "s06 s08 s10"),
        (&[("filter[query]", "number:1 OR number:7"), ("filter[trace_id]", "T")], "s01"),
        (&[("filter[tag][number]", "4")], "s04"),
        (&[("filter[span_name]", "other")], ""),
        (&[("filter[span_id]", "s0*")], ""),
        (&[("filter[from]", "2025-06-15T15:06:49Z")], "s09 s10 s11"),
        (&[("filter[to]", "1750000001000")], "s00 s01"),
        (&[("filter[from]", "now-15m")], ""),
        (&[("filter[ml_app]", "x\" OR \"")], ""),
    ] {
        assert_eq!(sorted(pairs), expected, "{pairs:?}");
    }
    // The latest spans are first by default.
    assert_eq!(ids(&get(&served, &[("page[limit]", "2")])), ["s11", "s10"]);
}

#[test]
fn a_cursor_leads_through_all_pages() {
    let served = filled();
    let (mut seen, mut cursor) = (Vec::new(), "0".to_owned());
    loop {
        let page = get(&served, &[("sort", "timestamp"), ("page[limit]", "5"), ("page[cursor]", &cursor)]);
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        match page["meta"]["page"]["after"].as_str() {
            Some(after) => cursor = after.to_owned(),
            None => break,
        }
    }
    let expected: Vec<_> = (0..12).map(|number| format!("s{number:02}")).collect();
    assert_eq!(seen, expected);
}

#[test]
fn mistakes_are_reported() {
    let served = Served::new();
    for (pair, reason) in [
        ("sort=name", "`sort` is \"name\": expected `timestamp` or `-timestamp`"),
        ("page[limit]=0", "`page[limit]` is \"0\": expected a number from 1 to 5000"),
        ("page[cursor]=x", "`page[cursor]` is \"x\": expected `meta.page.after` of the page before"),
        ("filter[query]=a)", "`filter[query]`, column 2: "),
        ("filter[other]=x", "`filter[other]` is unknown: "),
        (
            "filter[from]=then",
            "`filter[from]` is \"then\": expected a time such as 2026-01-31T12:00:00Z, now-15m, ",
        ),
    ] {
        let reply = served.get(&format!("{PATH}?{}", pair.replace('[', "%5B").replace(']', "%5D")));
        assert_eq!(reply.status, 400, "{pair}");
        assert!(reply.reason().starts_with(reason), "{}", reply.reason());
    }
}
