//! Feedback as complete metrics, and invalid feedback.

use serde_json::{Value, json};

use super::*;
use crate::model::evaluation::Assessment;
use crate::model::tags::VERSION;

fn encoded(feedback: Feedback) -> Value {
    serde_json::from_str(&feedback.encode("app", 42).unwrap()).unwrap()
}

fn expected(fields: Value) -> Value {
    let mut metric = json!({
        "event_kind": "feedback",
        "label": "l",
        "ml_app": "app",
        "tags": [format!("ddtrace.version:{VERSION}"), "ml_app:app"],
        "timestamp_ms": 42,
    });
    if let (Value::Object(metric), Value::Object(fields)) = (&mut metric, fields) {
        metric.extend(fields);
    }
    metric
}

#[test]
fn each_target_and_each_type() {
    let span = || SpanRef { trace_id: "t".into(), span_id: "1".into() };
    let text = || Feedback::text("l", "fine", "u");
    for (feedback, key, id) in [
        (text().for_span(span()), "span_id", "1"),
        (text().for_trace(span()).for_trace(None), "trace_id", "t"),
        (text().for_session("s"), "session_id", "s"),
        (text().for_join_key("k"), "feedback_join_key", "k"),
    ] {
        let fields =
            json!({ "metric_type": "text", "text_value": "fine", key: id, "submitter": { "id": "u" } });
        assert_eq!(encoded(feedback), expected(fields));
    }
    let of = |feedback: Feedback| encoded(feedback.for_span(span()));
    let submitter = || Submitter::new("u").kind("customer");
    for (feedback, kind, value) in [
        (Feedback::score("l", 4, submitter()), "score", json!(4)),
        (Feedback::categorical("l", "long", submitter()), "categorical", json!("long")),
        (Feedback::boolean("l", true, submitter()), "boolean", json!(true)),
        (Feedback::json("l", json!({ "a": 1 }), submitter()), "json", json!({ "a": 1 })),
    ] {
        let key = format!("{kind}_value");
        let submitter = json!({ "id": "u", "type": "customer" });
        let fields = json!({
            "metric_type": kind, key: value, "span_id": "1", "submitter": submitter,
            "assessment": "pass", "reasoning": "r",
        });
        let feedback = feedback.assessment(Assessment::Pass).reasoning("r");
        assert_eq!(of(feedback), expected(fields));
    }
}

#[test]
fn a_submitter_without_a_kind_is_an_id() {
    for submitter in [Submitter::new("u"), Submitter::new("u").kind(""), "u".into(), String::from("u").into()]
    {
        let feedback = encoded(Feedback::boolean("l", true, submitter).for_session("s"));
        let fields = json!({
            "metric_type": "boolean", "boolean_value": true, "session_id": "s", "submitter": { "id": "u" },
        });
        assert_eq!(feedback, expected(fields));
    }
}

#[test]
fn errors_explain_what_to_change() {
    let fine = || Feedback::boolean("l", true, "u").for_session("s");
    for (feedback, error) in [
        (Feedback::boolean("l", true, "u"), EvaluationError::NoTarget),
        (Feedback::boolean("l", true, "u").for_span(None), EvaluationError::NoTarget),
        (fine().for_session("s"), EvaluationError::TwoTargets),
        (Feedback::boolean("l", true, "u").for_session(""), EvaluationError::EmptyTarget),
        (Feedback::boolean("l", true, "").for_session("s"), EvaluationError::EmptySubmitter),
        (Feedback::boolean("", true, "u").for_session("s"), EvaluationError::EmptyLabel),
        (Feedback::score("l", f32::NAN, "u").for_session("s"), EvaluationError::NotANumber),
    ] {
        assert_eq!(feedback.encode("app", 42), Err(error));
    }
}
