//! Feedback, whole metrics; and all that cannot be meant so.

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
    let text = |target: FeedbackTarget| encoded(Feedback::text("l", "fine", "u").of(target));
    for (target, key) in [
        (FeedbackTarget::Span("1".into()), "span_id"),
        (SpanRef::new("t", "1").into(), "span_id"),
        (FeedbackTarget::Trace("1".into()), "trace_id"),
        (FeedbackTarget::Session("1".into()), "session_id"),
        (FeedbackTarget::JoinKey("1".into()), "feedback_join_key"),
    ] {
        let fields =
            json!({ "metric_type": "text", "text_value": "fine", key: "1", "submitter": { "id": "u" } });
        assert_eq!(text(target), expected(fields));
    }
    let of = |feedback: Feedback| encoded(feedback.of(SpanRef::new("t", "1")));
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
fn a_submitter_of_no_kind_is_an_id() {
    let session = || FeedbackTarget::Session("s".into());
    for submitter in [Submitter::new("u"), Submitter::new("u").kind(""), "u".into(), String::from("u").into()]
    {
        let feedback = encoded(Feedback::boolean("l", true, submitter).of(session()));
        let fields = json!({
            "metric_type": "boolean", "boolean_value": true, "session_id": "s", "submitter": { "id": "u" },
        });
        assert_eq!(feedback, expected(fields));
    }
}

#[test]
fn what_cannot_be_meant_so_says_what_to_change() {
    let session = || FeedbackTarget::Session("s".into());
    let fine = || Feedback::boolean("l", true, "u").of(session());
    for (feedback, error) in [
        (Feedback::boolean("l", true, "u"), EvaluationError::NoTarget),
        (Feedback::boolean("l", true, "u").of_span(None), EvaluationError::NoTarget),
        (fine().of(session()), EvaluationError::TwoTargets),
        (
            Feedback::boolean("l", true, "u").of(FeedbackTarget::Trace(String::new())),
            EvaluationError::EmptyTarget,
        ),
        (Feedback::boolean("l", true, "").of(session()), EvaluationError::EmptySubmitter),
        (Feedback::boolean("", true, "u").of(session()), EvaluationError::EmptyLabel),
        (Feedback::score("l", f32::NAN, "u").of(session()), EvaluationError::NotANumber),
    ] {
        assert_eq!(feedback.encode("app", 42), Err(error));
    }
}
