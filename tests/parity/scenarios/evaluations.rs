//! Evaluations: sent and invalid ones.

use std::time::{Duration, UNIX_EPOCH};

use llmobs::SpanRef;
use llmobs::eval::{Assessment, Evaluation, EvaluationError, EvaluationScope};
use serde_json::{Value, json};

use super::{Difference, TIMEOUT, flushed};

fn submit(evaluation: Evaluation) {
    evaluation.submit().expect("a valid evaluation");
}

pub(super) fn eval_by_span() -> Value {
    flushed(|| {
        let span = llmobs::llm("").model_name("m").start();
        let reference = span.export();
        assert_eq!(span.enter(llmobs::export_span), reference);
        span.finish();
        let of = |evaluation: Evaluation| submit(evaluation.for_span(reference.clone()));
        of(Evaluation::categorical("cat", "good"));
        let score = Evaluation::score("score", 0.75).tag("judge", "x").ml_app("eval-app");
        let score = score.timestamp(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        let score = score.metadata("b", [1]).metadata("a", json!({ "x": 1 }));
        of(score.assessment(Assessment::Pass).reasoning("because"));
        of(Evaluation::score("score_int", 3));
        of(Evaluation::boolean("bool", true).assessment(Assessment::Fail));
        of(Evaluation::json("json", json!({ "k": [1, 2], "a": null })));
        of(Evaluation::score("trace", 1).scope(EvaluationScope::Trace));
        of(Evaluation::score("extra-keys", 1));
        of(Evaluation::score("bool-as-score", 1));
    })
}

/// Changes the metrics of the capture.
pub(super) fn eval_by_span_metrics(metrics: &mut [Value]) {
    metrics[6]["join_on"]["span"].as_object_mut().expect("a span").remove("extra");
    metrics[7]["score_value"] = json!(1);
}

pub(super) const EVAL_BY_SPAN: &[Difference] = &[Difference {
    name: "a reference to a span has exactly two ids, and a score is a number",
    reason: "the types do not allow other fields, and `true` is the number 1",
    apply: |_| {},
}];

pub(super) fn eval_errors() -> Value {
    let _llmobs = llmobs::init();
    let ok = || SpanRef { trace_id: "2".into(), span_id: "1".into() };
    let error = |evaluation: Evaluation| evaluation.submit().map_err(|error| format!("{error:?}"));
    let observed = json!({
        "no_join": error(Evaluation::score("l", 1)),
        "both_joins": error(Evaluation::score("l", 1).for_span(ok()).for_tag("a", "b")),
        "span_missing_trace": error(Evaluation::score("l", 1).for_span(SpanRef { trace_id: String::new(), span_id: "1".into() })),
        "tag_join_bad": error(Evaluation::score("l", 1).for_tag("", "b")),
        "ts_negative": error(Evaluation::score("l", 1).for_span(ok()).timestamp(UNIX_EPOCH - Duration::from_millis(1))),
        "label_empty": error(Evaluation::score("", 1).for_span(ok())),
        "label_dot": error(Evaluation::score("a.b", 1).for_span(ok())),
        "score_nan": error(Evaluation::score("l", f64::NAN).for_span(ok())),
        "json_list": error(Evaluation::json("l", [1]).for_span(ok())),
        "export_none_active": llmobs::export_span(),
    });
    // A time of zero means now. An empty assessment, which the reference treats as none, cannot be expressed.
    submit(Evaluation::score("l", 1).for_span(ok()).timestamp(UNIX_EPOCH));
    submit(Evaluation::score("l", 1).for_span(ok()));
    llmobs::flush(TIMEOUT);
    observed
}

pub(super) fn eval_errors_observed() -> Value {
    let error = |error: EvaluationError| json!({ "Err": format!("{error:?}") });
    json!({
        "no_join": error(EvaluationError::NoTarget),
        "both_joins": error(EvaluationError::TwoTargets),
        "span_missing_trace": error(EvaluationError::EmptyId),
        "tag_join_bad": error(EvaluationError::EmptyTarget),
        "ts_negative": error(EvaluationError::TimeBefore1970),
        "label_empty": error(EvaluationError::EmptyLabel),
        "label_dot": error(EvaluationError::DotInLabel),
        "score_nan": error(EvaluationError::NotANumber),
        "json_list": error(EvaluationError::NotAnObject),
        "export_none_active": null,
    })
}

pub(super) const EVAL_ERRORS: &[Difference] = &[Difference {
    name: "values that the types exclude need no error",
    reason: "values, tags, ids, scopes and assessments of a wrong type do not compile, and neither does an empty assessment",
    apply: |_| {},
}];
