//! Spans and evaluations arrive in any order: the sums of the trace are right in the end.

use serde_json::{Value, json};

use crate::served::{Served, events_body, metrics_body, span};

fn child(id: &str, parent: &str, kind: &str, start: i64) -> Value {
    let mut event = span("T", id);
    event["parent_id"] = parent.into();
    event["meta"]["span"]["kind"] = kind.into();
    event["start_ns"] = start.into();
    event["name"] = format!("{kind} {id}").into();
    event
}

/// The head span of the trace, and its sums.
fn picture(served: &Served) -> String {
    let sql = "SELECT (SELECT group_concat(s.span_id) FROM span s WHERE s.head = 1) || ': ' || spans || ' spans, ' || errors
        || ' errors, ' || llm_calls || ' calls, ' || tool_calls || ' of ' || tools || ' tools, ' || coalesce(input_tokens, '-')
        || ' in, ' || coalesce(total_tokens, '-') || ' in all, ' || start_ns || '..' || end_ns || ', ' ||
        replace(models, char(10), '+') || ', first ' || coalesce(time_to_first_token, '-') AS picture
        FROM trace";
    served.database().query_row(sql, [], |row| row.get("picture")).unwrap()
}

#[test]
fn the_root_becomes_the_head_whenever_it_arrives() {
    let served = Served::new();
    let send = |event: &Value| {
        assert_eq!(served.post("/api/v2/llmobs", &events_body([event])).status, 202);
        picture(&served)
    };
    let mut call = child("2", "1", "llm", 30);
    call["meta"]["model_name"] = "m2".into();
    call["metrics"] = json!({ "input_tokens": 3, "output_tokens": 4, "time_to_first_token": 0.5 });
    call["duration"] = 10.into();
    assert_eq!(
        send(&call),
        "2: 1 spans, 0 errors, 1 calls, 0 of 0 tools, 3 in, 7 in all, 30..40, m2, first 0.5"
    );

    let mut tool = child("3", "1", "tool", 20);
    tool["status"] = "error".into();
    tool["duration"] = 5.into();
    assert_eq!(
        send(&tool),
        "3: 2 spans, 1 errors, 1 calls, 1 of 1 tools, 3 in, 7 in all, 20..40, m2, first 0.5"
    );

    let mut root = child("1", "undefined", "workflow", 10);
    root["duration"] = 90.into();
    // The root repeats the tokens of the calls below it.
    root["metrics"] = json!({ "input_tokens": 3 });
    assert_eq!(
        send(&root),
        "1: 3 spans, 1 errors, 1 calls, 1 of 1 tools, 3 in, 7 in all, 10..100, m2, first 0.5"
    );

    let mut earlier = child("4", "3", "llm", 15);
    earlier["meta"]["model_name"] = "m1".into();
    earlier["metrics"] = json!({ "time_to_first_token": 0.25 });
    earlier["duration"] = 1.into();
    assert_eq!(
        send(&earlier),
        "1: 4 spans, 1 errors, 2 calls, 1 of 1 tools, 3 in, 7 in all, 10..100, m1+m2, first 0.25"
    );

    // The same span with another end replaces the first one.
    call["duration"] = 100.into();
    call["status"] = "error".into();
    call["metrics"] = json!({ "input_tokens": 1 });
    assert_eq!(
        send(&call),
        "1: 4 spans, 2 errors, 2 calls, 1 of 1 tools, 1 in, 1 in all, 10..130, m1+m2, first 0.25"
    );
    assert_eq!(served.event("T", "2"), Some(call.to_string()));
    assert_eq!(served.rows("span"), 4);
}

#[test]
fn evaluations_find_their_spans_in_either_order() {
    let served = Served::new();
    let score = |target: Value, label: &str| {
        json!({ "join_on": target, "label": label, "metric_type": "score",
        "score_value": 0.5, "timestamp_ms": 5, "ml_app": "a" })
    };
    let alone = json!({ "span_id": "2", "label": "by span id", "metric_type": "score", "score_value": 1,
        "timestamp_ms": 5, "ml_app": "a" });
    let of = |field: &str, id: &str, label: &str| {
        json!({ field: id, "label": label, "metric_type": "score", "score_value": 1,
        "timestamp_ms": 5, "ml_app": "a" })
    };
    let metrics = json!([
        score(json!({ "span": { "trace_id": "T", "span_id": "2" } }), "by span"),
        score(json!({ "tag": { "key": "user", "value": "u-7" } }), "by tag"),
        alone,
        of("trace_id", "T", "by trace"),
        of("session_id", "s", "by session"),
        score(json!({ "span": { "trace_id": "other", "span_id": "2" } }), "of another trace"),
    ]);
    let reply = served.post("/api/intake/llm-obs/v2/eval-metric", &metrics_body(&metrics));
    assert_eq!(reply.status, 202, "{}", reply.text());
    let mut root = child("1", "undefined", "workflow", 10);
    root["session_id"] = "s".into();
    let mut call = child("2", "1", "llm", 20);
    call["tags"] = json!(["user:u-7"]);
    assert_eq!(served.post("/api/v2/llmobs", &events_body([&call, &root])).status, 202);
    let sql = "SELECT group_concat(s.span_id || ' ' || e.label, ', ' ORDER BY s.span_id, e.label) AS judged
        FROM judged j JOIN span s ON s.id = j.span JOIN evaluation e ON e.id = j.evaluation";
    let judged: String = served.database().query_row(sql, [], |row| row.get("judged")).unwrap();
    assert_eq!(judged, "1 by session, 1 by trace, 2 by span, 2 by span id, 2 by tag");
    let panel = served.get("/traces/T/spans/2").text();
    assert!(["by span", "by tag", "by span id"].iter().all(|label| panel.contains(label)), "{panel}");
    assert!(!panel.contains("of another trace"), "{panel}");
}
