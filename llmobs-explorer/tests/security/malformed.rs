//! V8: invalid events are refused by number, the other events are stored, and the explorer never answers with a server error.

use serde_json::{Value, json};

use crate::served::{Served, events_body, metrics_body, span};

/// An event with one invalid field.
fn with(name: &str, value: Value) -> Value {
    let mut event = span("T", "bad");
    event[name] = value;
    event
}

#[test]
fn invalid_events_are_reported_and_other_events_are_stored() {
    let served = Served::new();
    let mut deep = json!(1);
    for _ in 0..140 {
        deep = json!([deep]);
    }
    for (number, bad) in [
        json!(null),
        json!(5),
        json!([]),
        json!({}),
        with("trace_id", json!(null)),
        with("trace_id", json!({})),
        with("span_id", json!("")),
        with("span_id", json!(true)),
        with("start_ns", json!(9_223_372_036_854_775_808_u64)),
        with("start_ns", json!(-1)),
        with("start_ns", json!(1e300)),
        with("duration", json!(-5)),
        with("duration", json!("long")),
        with("duration", json!(9_223_372_036_854_775_807_i64)),
        with("meta", json!("text")),
        with("metrics", json!([1])),
        with("tags", json!({ "a": "b" })),
        with("name", json!(7)),
        with("extra", deep),
    ]
    .into_iter()
    .enumerate()
    {
        let good = span("good", &number.to_string());
        let reply = served.post("/api/v2/llmobs", &events_body([&good, &bad]));
        assert_eq!(reply.status, 400, "{bad}");
        assert!(reply.reason().starts_with("event 1: "), "{}", reply.reason());
        assert_eq!(served.event("good", &number.to_string()), Some(good.to_string()), "{bad}");
    }
    assert_eq!(served.rows("span WHERE span_id = 'bad'"), 0);
}

#[test]
fn overflowing_sums_do_not_break_pages() {
    let served = Served::new();
    let most = 9_223_372_036_854_775_807_i64;
    for id in ["1", "2", "3"] {
        let mut event = span("T", id);
        event["session_id"] = "s".into();
        event["start_ns"] = 0.into();
        event["duration"] = most.into();
        event["meta"]["span"]["kind"] = "llm".into();
        event["metrics"] =
            json!({ "input_tokens": most, "output_tokens": most, "time_to_first_token": 1e308 });
        assert_eq!(served.post("/api/v2/llmobs", &events_body([&event])).status, 202);
        event["trace_id"] = id.into();
        assert_eq!(served.post("/api/v2/llmobs", &events_body([&event])).status, 202);
    }
    let metrics: Vec<Value> = [1e308, -1e308, 1e308]
        .iter()
        .enumerate()
        .map(|(at, score)| {
            json!({ "span_id": "1", "trace_id": "T", "label": "l", "metric_type": "score",
            "score_value": score, "timestamp_ms": at, "ml_app": "app" })
        })
        .collect();
    assert_eq!(served.post("/api/intake/llm-obs/v2/eval-metric", &metrics_body(&metrics.into())).status, 202);
    for path in [
        "/traces",
        "/traces?view=spans&sort=tokens",
        "/traces/T",
        "/traces/T/spans/1",
        "/sessions",
        "/sessions/s",
        "/evaluations",
        "/api/ended?after=0",
    ] {
        let reply = served.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    }
}

#[test]
fn invalid_bodies_are_refused() {
    let served = Served::new();
    let event = String::from_utf8(events_body([&span("T", "1")])).unwrap();
    let mut bodies: Vec<Vec<u8>> =
        ["", " ", "null", "[", "{}", "[[]]", "[1]", "\"text\"", "{\"spans\": 1}", "\u{feff}[]"]
            .iter()
            .map(|body| body.as_bytes().to_vec())
            .collect();
    bodies.push(b"[\"\xff\"]".to_vec());
    bodies.push(vec![b'['; 100_000]);
    bodies.push("{\"a\":".repeat(100_000).into_bytes());
    // Truncated at every third byte, and with every third byte changed.
    bodies.extend((0..event.len()).step_by(3).map(|end| event.as_bytes()[..end].to_vec()));
    bodies.extend((0..event.len()).step_by(3).map(|at| {
        let mut bytes = event.clone().into_bytes();
        bytes[at] ^= 0x15;
        bytes
    }));
    for path in [
        "/api/v2/llmobs",
        "/api/intake/llm-obs/v1/trace/spans",
        "/evp_proxy/v2/api/intake/llm-obs/v2/eval-metric",
    ] {
        for body in &bodies {
            let reply = served.post(path, body);
            let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
            assert!([202, 400].contains(&reply.status), "{path} {shown}: {}", reply.text());
            assert!(reply.body.len() < 2_000, "{shown}: the answer has {} bytes", reply.body.len());
        }
    }
    assert_eq!(served.get("/setup").status, 200);
}

#[test]
fn the_first_of_two_events_with_one_id_is_stored() {
    let served = Served::new();
    let (first, mut second) = (span("T", "1"), span("T", "1"));
    second["name"] = "other".into();
    let reply = served.post("/api/v2/llmobs", &events_body([&first, &second]));
    assert_eq!(reply.status, 400);
    assert!(reply.reason().starts_with("event 1: `span_id` is \"1\" as in event 0"), "{}", reply.reason());
    assert_eq!(served.event("T", "1"), Some(first.to_string()));
}
