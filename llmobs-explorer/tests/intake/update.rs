//! Changes of spans.

use serde_json::{Value, json};

use crate::served::{Served, events_body, span};

fn event(served: &Served, id: &str) -> Value {
    serde_json::from_str(&served.event("T", id).expect("the span")).expect("JSON")
}

#[test]
fn changes_are_merged_into_the_span() {
    for prefix in ["", "/evp_proxy/v2", "/evp_proxy/v4"] {
        let served = Served::new();
        let path = format!("{prefix}/api/v2/llmobs/update");
        served.post("/api/v2/llmobs", &events_body([&span("T", "1"), &span("T", "2")]));
        let changes = [
            json!({ "span_id": "1", "trace_id": "T", "status": "error", "meta": { "output": { "value": "late" } } }),
            // The trace id is optional.
            json!({ "span_id": "2", "tags": ["a:b"] }),
        ];
        let reply = served.post(&path, &events_body(&changes));
        assert_eq!((reply.status, reply.text().as_str()), (202, "{}"));
        let (mut one, mut two) = (span("T", "1"), span("T", "2"));
        one["status"] = "error".into();
        one["meta"]["output"] = json!({ "value": "late" });
        two["tags"] = json!(["a:b"]);
        assert_eq!((event(&served, "1"), event(&served, "2")), (one, two));
        // Lists and filters show the changes.
        for query in ["@status:error%20late", "a:b"] {
            let list = served.get(&format!("/traces?view=spans&q={query}")).text();
            assert!(list.contains("1 to 1 of 1"), "{query}: {list}");
        }
        assert_eq!(served.rows("span"), 2);
    }
}

#[test]
fn changes_find_spans_by_any_format_of_their_ids() {
    let served = Served::new();
    let (trace, span_id) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    served.post("/api/v2/llmobs", &events_body([&span(trace, span_id)]));
    let change =
        json!({ "span_id": "13235353014750950193", "trace_id": trace.to_uppercase(), "name": "late" });
    assert_eq!(served.post("/api/v2/llmobs/update", &events_body([&change])).status, 202);
    let event = served.event("14576827793038113322513871894673895836", span_id).expect("the span");
    assert_eq!(serde_json::from_str::<Value>(&event).expect("JSON")["name"], "late");
    assert_eq!(served.rows("span"), 1);
}

#[test]
fn a_change_of_a_missing_span_creates_it_or_is_refused() {
    let served = Served::new();
    let reply =
        served.post("/api/v2/llmobs/update", &events_body([&span("T", "1"), &json!({ "span_id": "2" })]));
    let reason = "event 1: `trace_id` is missing: expected a text or an integer (1 of 2 events rejected)";
    assert_eq!((reply.status, reply.reason().as_str()), (400, reason));
    assert_eq!(event(&served, "1"), span("T", "1"));
    let reply = served.post("/api/v2/llmobs/update", &events_body([&json!({ "trace_id": "T" })]));
    assert_eq!(reply.reason(), "event 0: `span_id` is missing: expected a text or an integer");
}

/// Concurrent changes of several requests are all applied.
#[test]
fn no_change_is_lost() {
    let served = Served::new();
    served.post("/api/v2/llmobs", &events_body([&span("T", "1")]));
    std::thread::scope(|scope| {
        for number in 0..16 {
            let change = json!({ "span_id": "1", "meta": { "metadata": { format!("k{number}"): number } } });
            let served = &served;
            scope.spawn(move || served.post("/api/v2/llmobs/update", &events_body([&change])));
        }
    });
    assert_eq!(event(&served, "1")["meta"]["metadata"].as_object().map(serde_json::Map::len), Some(16));
}
