//! The forms of the same fields in different SDKs and in the HTTP API.

use serde_json::{Value, json};

use super::{bare, batch, with, wrapped};
use crate::intake::{read_api, read_spans};
use crate::span::{Span, Tokens};

fn spans(body: &str) -> Vec<Span> {
    let intake = read_spans(body.as_bytes()).expect("a body that can be read");
    assert_eq!(intake.rejected, []);
    intake.accepted
}

fn span(fields: Value) -> Span {
    let body = String::from_utf8(wrapped(&[with(bare("S"), fields)])).expect("UTF-8");
    spans(&body).remove(0)
}

#[test]
fn envelopes() {
    let (a, b) = (bare("a"), bare("b"));
    for body in [
        format!(r#"[{{"spans": [{a}]}}, {{"spans": [{b}]}}]"#),
        format!(r#"{{"event_type": "span", "spans": [{a}, {b}]}}"#),
        format!(" \n[{a}, {{\"spans\": [{b}]}}, {{\"spans\": []}}]\n"),
    ] {
        let ids: Vec<String> = spans(&body).into_iter().map(|span| span.span_id).collect();
        assert_eq!(ids, ["a", "b"], "{body}");
    }
    assert_eq!(spans("[]"), []);
    assert_eq!(spans(&format!("\n{a}\n"))[0].event, a.to_string());
}

#[test]
fn the_text_of_an_event_is_unchanged() {
    let event = "{\"trace_id\" : \"T\",\n \"span_id\":\"S\", \"start_ns\":1.0e3,\"duration\":2, \"z\": 1, \"a\": \"\\u00e9\"}";
    let span = spans(&format!("[{{\"spans\": [ {event} ]}}]")).remove(0);
    assert_eq!(span.event, event);
    assert_eq!(span.start_ns, 1000);
}

#[test]
fn ids() {
    let body = r#"[{"spans": [{"trace_id": 142135342145923849238759238759238475983, "span_id": 18446744073709551615,
        "parent_id": 12, "start_ns": 1, "duration": 2}]}]"#;
    let span = spans(body).remove(0);
    assert_eq!(span.trace_id, "6aee456ab4c375f09d21173852b620cf");
    assert_eq!(span.span_id, "18446744073709551615");
    assert_eq!(span.parent_id.as_deref(), Some("12"));
    for parent in [json!("undefined"), json!(""), json!("0"), json!(0), json!(null), json!("S")] {
        assert_eq!(self::span(json!({ "parent_id": parent })).parent_id, None, "{parent}");
    }
    assert_eq!(self::span(json!({ "parent_id": "0000000000000000" })).parent_id, None);
    assert_eq!(
        self::span(json!({ "parent_id": "00F067AA0BA902B7" })).parent_id.unwrap(),
        "67667974448284343"
    );
}

#[test]
fn kinds_and_names() {
    for (fields, kind, name) in [
        (json!({ "meta": { "span": { "kind": "tool" } } }), "tool", "tool"),
        (json!({ "meta": { "span.kind": "tool" }, "name": "" }), "tool", "tool"),
        (json!({ "meta": { "kind": "tool" }, "name": "n" }), "tool", "n"),
        (json!({ "meta": { "kind": 5 }, "name": null }), "unknown", "unknown"),
        (json!({ "meta": null }), "unknown", "unknown"),
    ] {
        let span = span(fields);
        assert_eq!((span.kind.as_str(), span.name.as_str()), (kind, name));
    }
}

#[test]
fn errors() {
    let nested = json!({ "error": { "type": "E", "message": "m", "stack": "s" } });
    let flat = json!({ "error.type": "E", "error.message": "m", "error.stack": "s" });
    for meta in [nested, flat] {
        for (status, failed) in [(json!("error"), true), (json!("ok"), false), (json!(null), true)] {
            let span = span(json!({ "status": status, "meta": meta }));
            assert_eq!(span.failed, failed);
            assert_eq!(span.error_type.as_deref(), Some("E"));
            assert_eq!(span.short_texts, "m\nE");
            assert_eq!(span.attributes.len(), 1);
            assert_eq!(span.attributes[0].path, "meta.error.message");
        }
    }
    assert_eq!(span(json!({ "meta": { "error": "m" } })).short_texts, "m");
}

#[test]
fn numbers() {
    let metrics = json!({
        "input_tokens": 5.0, "output_tokens": 7, "cache_read_input_tokens": 2, "time_to_first_token": 0.25, "odd": "x",
    });
    let read = span(json!({ "metrics": metrics, "duration": 1500.5 }));
    assert_eq!(read.tokens, Tokens { input: Some(5), output: Some(7), total: Some(12), cached: Some(2) });
    assert_eq!(read.time_to_first_token, Some(0.25));
    assert_eq!(read.duration_ns, 1500);
    assert!(!read.attributes.iter().any(|attribute| attribute.path == "metrics.odd"));
    let older =
        span(json!({ "metrics": { "prompt_tokens": 1, "total_tokens": 9, "completion_tokens": -1 } }));
    assert_eq!(older.tokens, Tokens { input: Some(1), output: None, total: Some(9), cached: None });
    let only = span(json!({ "metrics": { "output_tokens": 3, "time_to_first_token": -1 } }));
    assert_eq!((only.tokens.total, only.time_to_first_token), (Some(3), None));
}

#[test]
fn invalid_json_of_python_is_repaired() {
    let event = r#"{"trace_id": "T", "span_id": "S", "start_ns": 1, "duration": 2,
        "metrics": {"a": NaN, "b": -Infinity, "c": 1}}"#;
    let span = spans(&format!("[{{\"spans\": [{event}]}}]")).remove(0);
    assert_eq!(span.event, event.replace("NaN", "null").replace("-Infinity", "null"));
    assert_eq!(span.attributes.len(), 1);
}

#[test]
fn the_nearest_application_takes_precedence() {
    let event =
        with(bare("S"), json!({ "tags": ["ml_app:tag", "env:", "session_id:s-tag"], "session_id": "s-own" }));
    let wrapper = json!([{ "ml_app": "wrapper", "service": "wrapper", "tags": ["env:shared", "team:x"], "spans": [event] }]);
    let span = spans(&wrapper.to_string()).remove(0);
    assert_eq!(span.ml_app.as_deref(), Some("tag"));
    assert_eq!(span.service.as_deref(), Some("wrapper"));
    assert_eq!(span.env.as_deref(), Some("shared"));
    assert_eq!(span.session_id.as_deref(), Some("s-own"));
    assert!(span.attributes.iter().any(|attribute| attribute.path == "tag.team" && attribute.text == "x"));
}

#[test]
fn the_http_api() {
    let intake = read_api(&batch(&json!({
        "ml_app": "weather-bot",
        "session_id": 1,
        "feedback_join_key": "request-1",
        "tags": ["service:weather", "env:staging", "user_id:1234"],
        "spans": [
            with(bare("a"), json!({
                "parent_id": "undefined",
                "name": "health_coach_agent",
                "meta": { "kind": "agent", "input": { "value": "What is the weather?" }, "output": { "value": "Hot" } },
            })),
            with(bare("b"), json!({
                "parent_id": "a",
                "session_id": "own",
                "meta": {
                    "kind": "llm",
                    "metadata": { "model_name": "gpt-4o", "model_provider": "openai" },
                    "input": { "messages": [{ "role": "user", "content": "hi" }] },
                },
            })),
            { "span_id": "c", "start_ns": 1, "duration": 2 },
        ],
    })));
    let intake = intake.expect("a body that can be read");
    let [agent, llm] = intake.accepted.as_slice() else { panic!("{intake:?}") };
    assert_eq!(agent.ml_app.as_deref(), Some("weather-bot"));
    assert_eq!(agent.session_id.as_deref(), Some("1"));
    assert_eq!((agent.service.as_deref(), agent.env.as_deref()), (Some("weather"), Some("staging")));
    assert_eq!(
        (agent.input_preview.as_str(), agent.output_preview.as_str()),
        ("What is the weather?", "Hot")
    );
    let paths: Vec<&str> = agent.attributes.iter().map(|attribute| attribute.path.as_str()).collect();
    assert_eq!(paths, ["tag.service", "tag.env", "tag.user_id", "tag.feedback_join_key"]);
    assert_eq!((llm.parent_id.as_deref(), llm.session_id.as_deref()), (Some("a"), Some("own")));
    assert_eq!((llm.model_name.as_deref(), llm.model_provider.as_deref()), (Some("gpt-4o"), Some("openai")));
    assert_eq!(
        intake.refusal().as_deref(),
        Some("event 2: `trace_id` is missing: expected a text or an integer (1 of 3 events rejected)")
    );
}
