//! Evaluations as complete metrics, and invalid evaluations.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::*;

fn encoded(evaluation: Evaluation) -> Value {
    serde_json::from_str(&evaluation.encode("app", 42).unwrap()).unwrap()
}

fn span() -> SpanRef {
    SpanRef { trace_id: "T1".into(), span_id: "S1".into() }
}

/// Returns a metric with these fields and those that all metrics have.
fn expected(fields: Value) -> Value {
    let mut metric = json!({
        "event_kind": "evaluation",
        "join_on": { "span": { "span_id": "S1", "trace_id": "T1" } },
        "label": "l",
        "ml_app": "app",
        "tags": [format!("ddtrace.version:{VERSION}"), "ml_app:app"],
        "eval_scope": "span",
        "timestamp_ms": 42,
    });
    if let (Value::Object(metric), Value::Object(fields)) = (&mut metric, fields) {
        metric.extend(fields);
    }
    metric
}

#[test]
fn each_type_has_its_own_value() {
    let found = json!({ "k": [1, 2], "a": null });
    for (evaluation, fields) in [
        (
            Evaluation::categorical("l", "good"),
            json!({ "metric_type": "categorical", "categorical_value": "good" }),
        ),
        (Evaluation::score("l", 0.75), json!({ "metric_type": "score", "score_value": 0.75 })),
        (Evaluation::score("l", 3), json!({ "metric_type": "score", "score_value": 3 })),
        (Evaluation::score("l", Some(0)), json!({ "metric_type": "score", "score_value": 0 })),
        (Evaluation::boolean("l", false), json!({ "metric_type": "boolean", "boolean_value": false })),
        (Evaluation::json("l", &found), json!({ "metric_type": "json", "json_value": found })),
    ] {
        assert_eq!(encoded(evaluation.for_span(span())), expected(fields));
    }
}

#[test]
fn options() {
    let evaluation = Evaluation::score("l", 1)
        .for_tag("message", "m-1")
        .ml_app("other")
        .scope(EvaluationScope::Trace)
        .timestamp(UNIX_EPOCH + Duration::from_secs(1_700_000_000))
        .metadata("judge", json!({ "model": "x" }))
        .assessment(Assessment::Fail)
        .reasoning("because")
        .tag("b", 2)
        .tags([("a", "x"), ("b", "3")])
        .tag("ddtrace.version", "mine");
    assert_eq!(
        encoded(evaluation),
        expected(json!({
            "metric_type": "score",
            "score_value": 1,
            "join_on": { "tag": { "key": "message", "value": "m-1" } },
            "ml_app": "other",
            "tags": ["ml_app:other", "a:x", "b:3", "ddtrace.version:mine"],
            "eval_scope": "trace",
            "timestamp_ms": 1_700_000_000_000_u64,
            "metadata": { "judge": { "model": "x" } },
            "assessment": "fail",
            "reasoning": "because",
        }))
    );
    let nothing_said = Evaluation::score("l", 1)
        .for_span(span())
        .for_span(None)
        .ml_app("")
        .reasoning("")
        .timestamp(UNIX_EPOCH);
    assert_eq!(encoded(nothing_said), expected(json!({ "metric_type": "score", "score_value": 1 })));
}

#[test]
fn errors_explain_what_to_change() {
    let fine = || Evaluation::score("l", 1).for_span(span());
    let before = UNIX_EPOCH - Duration::from_secs(1);
    for (evaluation, start) in [
        (Evaluation::score("l", 1), "no target was set: call `for_span`"),
        (Evaluation::score("l", 1).for_span(None), "no target was set: call `for_span`"),
        (fine().for_tag("a", "b"), "more than one target was set"),
        (fine().for_span(span()), "more than one target was set"),
        (
            Evaluation::score("l", 1).for_span(SpanRef { trace_id: String::new(), span_id: "1".into() }),
            "the span has no span id or no trace id",
        ),
        (
            Evaluation::score("l", 1).for_span(SpanRef { trace_id: "1".into(), span_id: String::new() }),
            "the span has no span id or no trace id",
        ),
        (Evaluation::score("l", 1).for_tag("", "b"), "the target is empty"),
        (Evaluation::score("", 1).for_span(span()), "the label is empty"),
        (Evaluation::score("a.b", 1).for_span(span()), "the label has a dot"),
        (Evaluation::score("l", f64::NAN).for_span(span()), "the score is not a finite number"),
        (Evaluation::score("l", f64::INFINITY).for_span(span()), "the score is not a finite number"),
        (Evaluation::score("l", None::<u8>).for_span(span()), "the score is not a finite number"),
        (Evaluation::json("l", [1]).for_span(span()), "the JSON value is not an object"),
        (fine().timestamp(before), "the time is before 1970"),
    ] {
        let error = evaluation.encode("app", 42).unwrap_err().to_string();
        assert!(error.starts_with(start), "{error} instead of {start}");
    }
}

#[test]
fn without_a_client_submitting_succeeds() {
    assert_eq!(Evaluation::score("", f64::NAN).submit(), Ok(()));
}
