//! Recorded requests of the reference SDK.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::served::{Served, events_body, metrics_body, percent};

/// The scenarios and their requests.
fn scenarios() -> Vec<(String, Vec<Value>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let mut scenarios: Vec<_> = fs::read_dir(folder)
        .expect("captures")
        .map(|file| file.expect("a capture").path())
        .map(|path| {
            let text = fs::read_to_string(&path).expect("the capture can be read");
            let capture: Value = serde_json::from_str(&text).expect("the capture is JSON");
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, capture["requests"].as_array().cloned().unwrap_or_default())
        })
        .collect();
    scenarios.sort_by(|(a, _), (b, _)| a.cmp(b));
    scenarios
}

/// The events of a request. All scenarios have the same ids, so each gets its own traces.
fn events(scenario: &str, request: &Value) -> Vec<Value> {
    let events = request["events"].as_array().cloned().unwrap_or_default();
    let own = |mut event: Value| {
        let mut span = event["span"].take();
        span["trace_id"] = format!("{scenario}-{}", span["trace_id"].as_str().expect("an id")).into();
        span
    };
    events.into_iter().map(own).collect()
}

#[test]
fn spans_arrive_byte_for_byte_on_all_paths() {
    for prefix in ["", "/evp_proxy/v2", "/evp_proxy/v4"] {
        let served = Served::new();
        let mut sent = 0;
        for (scenario, requests) in scenarios() {
            for events in requests.iter().map(|request| events(&scenario, request)) {
                if events.is_empty() {
                    continue;
                }
                let reply = served.post(&format!("{prefix}/api/v2/llmobs"), &events_body(&events));
                assert_eq!((reply.status, reply.text().as_str()), (202, "{}"), "{scenario}");
                sent += events.len();
                // Checks all spans once.
                for event in events.iter().filter(|_| prefix.is_empty()) {
                    let id = |name: &str| event[name].as_str().expect("an id");
                    let stored = served.event(id("trace_id"), id("span_id"));
                    assert_eq!(stored, Some(event.to_string()), "{scenario}");
                }
            }
        }
        assert!(sent > 100, "{sent}");
        assert!(served.rows("span") > 90, "{}", served.rows("span"));
        assert_eq!(served.rows("rejection"), 0);
        for trace in ["workflow_basic-T1", "exception_raised-T1", "span_links-T1"] {
            let list = served.get(&format!("/traces?q={}", percent(&format!("@trace_id:{trace}")))).text();
            assert!(list.contains(&format!("/traces/{trace}")), "{trace} is not listed");
            assert_eq!(served.get(&format!("/traces/{trace}")).status, 200);
        }
    }
}

#[test]
fn evaluations_of_both_versions_are_shown_with_their_spans() {
    for path in ["/api/intake/llm-obs/v1/eval-metric", "/evp_proxy/v2/api/intake/llm-obs/v2/eval-metric"] {
        let served = Served::new();
        let mut sent = 0;
        for (scenario, requests) in scenarios() {
            for request in requests {
                if !events(&scenario, &request).is_empty() {
                    let events: Vec<Value> = request["events"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|event| event["span"].clone())
                        .collect();
                    served.post("/api/v2/llmobs", &events_body(&events));
                }
                if let Some(metrics) = request["metrics"].as_array() {
                    let reply = served.post(path, &metrics_body(&metrics.clone().into()));
                    assert_eq!((reply.status, reply.text().as_str()), (202, "{}"), "{scenario}");
                    sent += metrics.len();
                }
            }
        }
        assert!(sent > 10, "{sent}");
        let stored = (served.rows("evaluation"), served.rows("judged"));
        assert!(stored.0 > 8 && stored.1 > 8, "{stored:?}");
        assert_eq!(served.get("/evaluations").status, 200);
    }
}

#[test]
fn repeated_requests_are_stored_once() {
    let served = Served::new();
    let (_, requests) =
        scenarios().into_iter().find(|(name, _)| name == "eval_by_span").expect("the scenario");
    let send = || {
        for request in &requests {
            let events = events("again", request);
            let reply = match request["metrics"].as_array() {
                Some(metrics) => {
                    let metrics = metrics_body(&metrics.clone().into());
                    served.post("/api/intake/llm-obs/v2/eval-metric", &metrics)
                }
                None => served.post("/api/v2/llmobs", &events_body(&events)),
            };
            assert_eq!(reply.status, 202);
        }
        ["trace", "span", "facets", "tool", "attribute", "evaluation"].map(|table| served.rows(table))
    };
    let once = send();
    assert!(once[1] > 0 && once[5] > 0, "{once:?}");
    assert_eq!(send(), once);
}
