//! The addresses that programs use, and their answers.

use serde_json::json;

use crate::served::{Served, events_body, metrics_body, percent, span};

#[test]
fn every_address_of_the_intake_accepts_its_requests() {
    let served = Served::new();
    for (number, prefix) in ["", "/evp_proxy/v2", "/evp_proxy/v4"].iter().enumerate() {
        let (one, two) = (format!("{number}a"), format!("{number}b"));
        let spans = events_body([&span("T", &one)]);
        assert_eq!(served.post(&format!("{prefix}/api/v2/llmobs"), &spans).status, 202);
        let api = json!({ "data": { "type": "span", "attributes": { "ml_app": "app", "session_id": "s",
            "spans": [{ "trace_id": "T", "span_id": two, "parent_id": one, "name": "n", "start_ns": 5, "duration": 1.5,
                "meta": { "kind": "llm" } }] } } });
        let path = format!("{prefix}/api/intake/llm-obs/v1/trace/spans");
        assert_eq!(served.post(&path, api.to_string().as_bytes()).status, 202);
        for version in ["v1", "v2"] {
            let metric = json!([{ "span_id": one, "trace_id": "T", "label": version, "metric_type": "score",
                "score_value": 0.5, "timestamp_ms": 1_750_000_000_000_i64, "ml_app": "app" }]);
            let path = format!("{prefix}/api/intake/llm-obs/{version}/eval-metric");
            assert_eq!(served.post(&path, &metrics_body(&metric)).status, 202, "{path}");
        }
        assert!(served.event("T", &one).is_some() && served.event("T", &two).is_some());
    }
    assert_eq!((served.rows("span"), served.rows("evaluation"), served.rows("judged")), (6, 6, 6));
    let listed = served.get(&format!("/traces?view=spans&q={}", percent("@ml_app:app @session_id:s"))).text();
    assert!(["0b", "1b", "2b"].iter().all(|id| listed.contains(id)), "{listed}");
}

#[test]
fn feedback_is_accepted_at_the_address_of_evaluations() {
    let served = Served::new();
    served.post("/api/v2/llmobs", &events_body([&span("T", "1")]));
    let metric = json!([{ "label": "thumbs", "metric_type": "categorical", "categorical_value": "up", "source": "user",
        "join_on": { "span": { "trace_id": "T", "span_id": "1" } }, "timestamp_ms": 1_750_000_000_000_i64,
        "event_type": "feedback", "ml_app": "app" }]);
    assert_eq!(served.post("/api/intake/llm-obs/v2/eval-metric", &metrics_body(&metric)).status, 202);
    let panel = served.get("/traces/T/spans/1").text();
    assert!(panel.contains("thumbs") && panel.contains("up"), "{panel}");
}

#[test]
fn an_invalid_event_is_reported_and_the_others_are_stored() {
    let served = Served::new();
    let (good, mut bad, also_good) = (span("T", "1"), span("T", "2"), span("T", "3"));
    bad["start_ns"] = "today".into();
    let reply = served.post("/api/v2/llmobs", &events_body([&good, &bad, &also_good]));
    let reason = "event 1: `start_ns` is \"today\": expected a whole number of nanoseconds since 1970, from 0 to \
        9223372036854775807 (1 of 3 events rejected)";
    assert_eq!((reply.status, reply.reason().as_str()), (400, reason));
    let stored = ["1", "2", "3"].map(|id| served.event("T", id).is_some());
    assert_eq!(stored, [true, false, true]);
    let setup = served.get("/setup").text();
    assert!(setup.contains("event 1: `start_ns` is") && setup.contains("/api/v2/llmobs"), "{setup}");
}

#[test]
fn an_invalid_metric_is_reported_and_the_others_are_stored() {
    let served = Served::new();
    let metric = |label: &str| {
        json!({ "span_id": "1", "trace_id": "T", "label": label, "metric_type": "score",
        "score_value": 1, "timestamp_ms": 5, "ml_app": "app" })
    };
    let mut bad = metric("bad");
    bad["score_value"] = "high".into();
    let metrics = json!([metric("good"), bad]);
    let reply = served.post("/api/intake/llm-obs/v1/eval-metric", &metrics_body(&metrics));
    assert_eq!(reply.status, 400);
    assert!(reply.reason().starts_with("event 1: "), "{}", reply.reason());
    assert_eq!(served.rows("evaluation"), 1);
    assert!(served.get("/setup").text().contains("/api/intake/llm-obs/v1/eval-metric"));
}

#[test]
fn only_the_latest_rejections_are_kept() {
    let served = Served::new();
    for number in 0..60 {
        assert_eq!(served.post("/api/v2/llmobs", format!("[{number}]").as_bytes()).status, 400);
    }
    assert_eq!(served.rows("rejection"), 50);
}

#[test]
fn info_has_the_endpoints_that_sdks_look_for() {
    let served = Served::new();
    let info = served.get("/info");
    assert_eq!((info.status, info.header("content-type")), (200, Some("application/json")));
    let info = info.json();
    // SDKs look for endpoints with or without a slash at the end.
    let endpoints: Vec<&str> =
        info["endpoints"].as_array().unwrap().iter().filter_map(|e| e.as_str()).collect();
    for known in ["/evp_proxy/v2", "/evp_proxy/v4"] {
        assert!(endpoints.iter().any(|endpoint| endpoint.contains(known)), "{endpoints:?}");
    }
    assert!(info["version"].is_string());
}

#[test]
fn other_methods_and_addresses_store_nothing() {
    let served = Served::new();
    let body = events_body([&span("T", "1")]);
    for (method, path, status) in [
        ("GET", "/api/v2/llmobs", 405),
        ("PUT", "/api/v2/llmobs", 405),
        ("DELETE", "/traces/T", 405),
        ("POST", "/traces", 405),
        ("POST", "/evp_proxy/v3/api/v2/llmobs", 404),
        ("POST", "/api/v2/llmobs/", 404),
        ("OPTIONS", "/api/v2/llmobs", 405),
    ] {
        let reply = served.ask(method, path, &[("Content-Type", "application/json")], &body);
        assert_eq!(reply.status, status, "{method} {path}");
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
    assert_eq!(served.rows("span"), 0);
}
