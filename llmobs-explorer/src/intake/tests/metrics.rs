//! Evaluations and feedback.

use serde_json::{Value, json};

use super::{evaluations, with};
use crate::intake::read_metrics;
use crate::span::{Evaluation, Target};

const NOW: i64 = 1_763_800_000_000;

/// A minimal metric without a target.
fn score(fields: Value) -> Value {
    with(json!({ "label": "l", "metric_type": "score", "score_value": 0.5 }), fields)
}

fn read(metric: &Value) -> Evaluation {
    let intake = read_metrics(&evaluations(&json!([metric])), NOW).expect("a body that can be read");
    assert_eq!(intake.rejected, []);
    intake.accepted.into_iter().next().expect("a metric")
}

fn refused(metric: &Value) -> String {
    let intake = read_metrics(&evaluations(&json!([metric])), NOW).expect("a body that can be read");
    assert_eq!(intake.accepted, []);
    intake.rejected[0].reason.clone()
}

#[test]
fn an_evaluation() {
    let metric = json!({
        "assessment": "pass",
        "eval_scope": "span",
        "event_kind": "evaluation",
        "join_on": { "span": { "span_id": "S1", "trace_id": "T1" } },
        "label": "faithfulness",
        "metric_type": "score",
        "ml_app": "app",
        "reasoning": "because",
        "score_value": 0.75,
        "tags": ["judge:x"],
        "timestamp_ms": 1_700_000_000_000_i64,
    });
    assert_eq!(
        read(&metric),
        Evaluation {
            feedback: false,
            label: "faithfulness".to_owned(),
            metric_type: "score".to_owned(),
            value: "0.75".to_owned(),
            number: Some(0.75),
            assessment: Some("pass".to_owned()),
            reasoning: Some("because".to_owned()),
            ml_app: Some("app".to_owned()),
            timestamp_ms: 1_700_000_000_000,
            target: Target::Span { trace_id: Some("T1".to_owned()), span_id: "S1".to_owned() },
            event: metric.to_string(),
        }
    );
}

#[test]
fn targets() {
    let tag = |key: &str, value: &str| Target::Tag { key: key.to_owned(), value: value.to_owned() };
    let span = |trace_id: Option<&str>, span_id: &str| Target::Span {
        trace_id: trace_id.map(str::to_owned),
        span_id: span_id.to_owned(),
    };
    let joined = json!({ "span": { "span_id": "S", "trace_id": "T" } });
    for (fields, expected) in [
        (json!({ "join_on": joined }), span(Some("T"), "S")),
        (json!({ "join_on": joined, "eval_scope": "trace" }), Target::Trace("T".to_owned())),
        (json!({ "join_on": { "span": { "span_id": 7 } }, "eval_scope": "trace" }), span(None, "7")),
        (
            json!({ "join_on": { "tag": { "key": "msg_id", "value": "1" } }, "span_id": "S" }),
            tag("msg_id", "1"),
        ),
        (json!({ "join_on": { "tag": { "key": "msg_id", "value": 1 } } }), tag("msg_id", "1")),
        (json!({ "span_id": "S", "trace_id": "T" }), span(Some("T"), "S")),
        (json!({ "span_id": 18_446_744_073_709_551_615_u64 }), span(None, "18446744073709551615")),
        (json!({ "trace_id": "T" }), Target::Trace("T".to_owned())),
        (json!({ "session_id": "s-1" }), Target::Session("s-1".to_owned())),
        (json!({ "feedback_join_key": "ticket-1" }), tag("feedback_join_key", "ticket-1")),
    ] {
        assert_eq!(read(&score(fields.clone())).target, expected, "{fields}");
    }
    let body = br#"{"data": {"attributes": {"metrics": [{"label": "l", "score_value": 1, "join_on": {"span":
        {"span_id": 1, "trace_id": 142135342145923849238759238759238475983}}}]}}}"#;
    let read = read_metrics(body, NOW).expect("a body").accepted;
    assert_eq!(read[0].target, span(Some("6aee456ab4c375f09d21173852b620cf"), "1"));
}

#[test]
fn values() {
    for (kind, value, text, number) in [
        ("score", json!(3), "3", Some(3.0)),
        ("score", json!(true), "true", Some(1.0)),
        ("SCORE", json!(-0.5), "-0.5", Some(-0.5)),
        ("categorical", json!("good"), "good", None),
        ("boolean", json!(false), "false", Some(0.0)),
        ("json", json!({ "b": [1], "a": null }), r#"{"a":null,"b":[1]}"#, None),
        ("text", json!("9"), "9", None),
    ] {
        let name = format!("{}_value", kind.to_lowercase());
        let metric = json!({ "label": "l", "metric_type": kind, name: value, "span_id": "S" });
        let read = read(&metric);
        assert_eq!((read.value.as_str(), read.number, read.metric_type), (text, number, kind.to_lowercase()));
    }
    let inferred = read(&json!({ "label": "l", "boolean_value": true, "span_id": "S" }));
    assert_eq!((inferred.metric_type.as_str(), inferred.timestamp_ms), ("boolean", NOW));
}

#[test]
fn feedback() {
    let feedback = read(&score(json!({
        "event_kind": "feedback", "session_id": "s-1", "submitter": { "id": "u" }, "timestamp_ms": 0, "assessment": "FAIL",
    })));
    assert!(feedback.feedback);
    assert_eq!(feedback.target, Target::Session("s-1".to_owned()));
    assert_eq!(feedback.timestamp_ms, NOW);
    assert_eq!(feedback.assessment.as_deref(), Some("fail"));
    assert!(feedback.event.contains(r#""submitter":{"id":"u"}"#));
}

#[test]
fn invalid_metrics_are_rejected_with_reasons() {
    let on_span = |fields| score(with(json!({ "span_id": "S" }), fields));
    for (metric, reason) in [
        (json!("x"), "it is a text: expected an object"),
        (on_span(json!({ "label": null })), "`label` is missing: expected a text"),
        (on_span(json!({ "label": "" })), "`label` is \"\": expected a text that is not empty"),
        (
            on_span(json!({ "metric_type": "colour" })),
            "`metric_type` is \"colour\": expected `score`, `categorical`, `boolean`, `json` or `text`",
        ),
        (
            json!({ "label": "l", "span_id": "S" }),
            "`metric_type` is missing: expected `score`, `categorical`, `boolean`, `json` or `text`",
        ),
        (on_span(json!({ "metric_type": "json" })), "`json_value` is missing: expected an object"),
        (on_span(json!({ "score_value": "0.5" })), "`score_value` is \"0.5\": expected a number"),
        (
            on_span(json!({ "timestamp_ms": -1 })),
            "`timestamp_ms` is -1: expected a whole number of milliseconds since 1970, from 0 to 9223372036854775807",
        ),
        (
            score(json!({})),
            "the target is missing: expected `join_on`, or one of `span_id`, `trace_id`, `session_id`, `feedback_join_key`",
        ),
        (score(json!({ "join_on": {} })), "`join_on` is empty: expected `span` or `tag` in it"),
        (score(json!({ "join_on": [] })), "`join_on` is a list: expected an object with `span` or `tag`"),
        (
            score(json!({ "join_on": { "span": { "trace_id": "T" } } })),
            "in `join_on.span`, `span_id` is missing: expected a text or an integer",
        ),
        (
            score(json!({ "join_on": { "tag": { "key": "k" } } })),
            "in `join_on.tag`, `value` is missing: expected a text",
        ),
    ] {
        assert_eq!(refused(&metric), reason, "{metric}");
    }
}

#[test]
fn neighbours_of_invalid_metrics_are_accepted() {
    let metrics = json!([score(json!({ "span_id": "S" })), 1, score(json!({ "trace_id": "T" }))]);
    let intake = read_metrics(&evaluations(&metrics), NOW).expect("a body");
    assert_eq!(intake.accepted.len(), 2);
    assert_eq!(
        intake.refusal().as_deref(),
        Some("event 1: it is a number: expected an object (1 of 3 events rejected)")
    );
    let error = read_metrics(br#"{"data": {"attributes": {}}}"#, NOW).unwrap_err();
    assert_eq!(
        error,
        r#"`metrics` is missing: expected `{"data": {"type": "evaluation_metric", "attributes": {"metrics": […]}}}`"#
    );
}
