//! Spans of OpenTelemetry over HTTP.

use serde_json::{Value, json};

use crate::served::{Reply, Served, percent};

const TRACE: &str = "5b8efff798038103d269b633813fc60c";

/// A span with text attributes.
fn span(id: &str, parent: &str, attributes: &[(&str, &str)]) -> Value {
    let attributes: Value = attributes
        .iter()
        .map(|(key, value)| json!({ "key": key, "value": { "stringValue": value } }))
        .collect();
    json!({
        "traceId": TRACE, "spanId": id, "parentSpanId": parent, "name": "step",
        "startTimeUnixNano": "1750000000000000000", "endTimeUnixNano": "1750000001000000000", "attributes": attributes,
    })
}

fn request(spans: &[Value]) -> Vec<u8> {
    let resource = json!({ "attributes": [{ "key": "service.name", "value": { "stringValue": "shop" } }] });
    json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "spans": spans }] }] })
        .to_string()
        .into_bytes()
}

fn post(served: &Served, headers: &[(&str, &str)], spans: &[Value]) -> Reply {
    let headers = [&[("Content-Type", "application/json")], headers].concat();
    served.ask("POST", "/v1/traces", &headers, &request(spans))
}

#[test]
fn spans_are_stored_and_found() {
    let served = Served::new();
    let chat = [("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai")];
    let reply = post(&served, &[("dd-ml-app", "app")], &[span("00000000000000ff", "", &chat)]);
    assert_eq!((reply.status, reply.text().as_str()), (200, "{}"));
    let event: Value = serde_json::from_str(&served.event(TRACE, "255").expect("the span")).expect("JSON");
    assert_eq!((&event["ml_app"], &event["tags"][0]), (&json!("app"), &json!("service:shop")));
    let query = percent("@collection_errors:otel_warning_missing_model_name");
    let list = served.get(&format!("/traces?q={query}")).text();
    assert!(list.contains(&format!("/traces/{TRACE}")), "{list}");
}

#[test]
fn a_step_gets_its_parent_when_spans_between_arrive_later() {
    let served = Served::new();
    let plan = [("gen_ai.operation.name", "plan")];
    let parent = |id: &str| {
        let event: Value = serde_json::from_str(&served.event(TRACE, id).expect("the span")).expect("JSON");
        event["parent_id"].as_str().expect("an id").to_owned()
    };
    post(&served, &[], &[span("0000000000000003", "0000000000000002", &plan)]);
    assert_eq!(parent("3"), "2");
    post(&served, &[], &[span("0000000000000002", "0000000000000001", &[("http.route", "/")])]);
    assert_eq!(parent("3"), "1");
    post(&served, &[], &[span("0000000000000001", "", &plan)]);
    assert_eq!((parent("3"), parent("1")), ("1".to_owned(), "undefined".to_owned()));
    let trace = served.get(&format!("/traces/{TRACE}")).text();
    let child = "aria-level=\"2\" aria-selected=\"false\" tabindex=\"-1\" data-span=\"3\"";
    assert!(trace.contains(child), "{trace}");
}

#[test]
fn rejections_are_answered_in_the_same_encoding_and_listed() {
    let served = Served::new();
    let plan = [("gen_ai.operation.name", "plan")];
    let reply = post(&served, &[], &[span("00000000000000ff", "", &plan), span("0", "", &plan)]);
    let reason = "event 1: `spanId` is \"0\": expected hexadecimal digits (1 of 2 events rejected)";
    let expected = json!({ "partialSuccess": { "rejectedSpans": "1", "errorMessage": reason } });
    assert_eq!((reply.status, reply.json()), (200, expected));
    let reply = served.ask("POST", "/v1/traces", &[("Content-Type", "application/json")], b"[]");
    assert_eq!(reply.status, 400);
    assert!(reply.json()["message"].as_str().expect("a message").starts_with("the body is a list"));
    let reply = served.ask("POST", "/v1/traces", &[("Content-Type", "application/x-protobuf")], b"\x0a\xff");
    assert_eq!((reply.status, reply.header("content-type")), (400, Some("application/x-protobuf")));
    let message = "the body is not a protobuf message: its fields end too early";
    assert_eq!(reply.body, [&[0x12, 60][..], message.as_bytes()].concat());
    let reply = served.ask("POST", "/v1/traces", &[("Content-Type", "application/xml")], b"<a/>");
    assert_eq!(reply.status, 415);
    let setup = served.get("/setup").text();
    assert!(
        setup.contains("expected hexadecimal digits") && setup.contains("application/x-protobuf or"),
        "{setup}"
    );
    assert!(crate::setup::setup_text(&served).contains("/v1/traces 4 1 0 4"), "{setup}");
    assert_eq!(served.rows("span"), 1);
}

#[test]
fn metrics_and_logs_are_accepted_and_ignored() {
    let served = Served::new();
    for path in ["/v1/metrics", "/v1/logs"] {
        let reply = served.ask("POST", path, &[("Content-Type", "application/x-protobuf")], b"");
        assert_eq!((reply.status, reply.body.as_slice()), (200, &b""[..]));
    }
    assert_eq!(served.rows("rejection"), 0);
}
