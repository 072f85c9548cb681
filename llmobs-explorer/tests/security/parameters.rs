//! V5: every part of an address is a value or one of a fixed list of words, and never a part of an SQL statement.

use crate::served::{Served, events_body, metrics_body, percent, span};

const HOSTILE: [&str; 24] = [
    "'",
    "\"",
    "`",
    ";",
    "--",
    "/*",
    "\\",
    "%",
    "_",
    "*",
    "?",
    "[",
    "(",
    "{",
    "\0",
    "\u{202e}",
    "NULL",
    "' OR 1=1 --",
    "\"; DROP TABLE span; --",
    "1); DELETE FROM span; --",
    "NEAR(a b, 5)",
    "a* AND (b",
    "@tag.x:' UNION SELECT * FROM event --",
    "text MATCH 'x'",
];

#[test]
fn special_characters_have_no_effect() {
    let served = Served::new();
    let mut event = span("T", "1");
    event["tags"] = serde_json::json!(["user:'; DROP TABLE span; --"]);
    event["session_id"] = "s".into();
    served.post("/api/v2/llmobs", &events_body([&event]));
    let metric = serde_json::json!([{ "span_id": "1", "trace_id": "T", "label": "' OR 1=1 --", "metric_type": "score",
        "score_value": 1, "timestamp_ms": 5, "ml_app": "app" }]);
    served.post("/api/intake/llm-obs/v2/eval-metric", &metrics_body(&metric));
    let before = served.dump();

    let numbers =
        ["-1", "0", "18446744073709551615", "18446744073709551616", "9223372036854775807", "1e9", "NaN", ""];
    for text in HOSTILE.iter().chain(&numbers) {
        let text = percent(text);
        for path in [
            format!("/traces?q={text}"),
            format!("/traces?q=%40name%3A{text}"),
            format!("/traces?q=%40{text}%3Ax"),
            format!("/traces?q={text}%3Ax"),
            format!("/traces?q=%40duration%3A%3E{text}"),
            format!("/traces?q=%40evaluation.{text}.value%3A1"),
            format!("/traces?q=%22{text}%22"),
            format!("/traces?sort={text}&order={text}"),
            format!("/traces?column={text}&column=tag.{text}"),
            format!("/traces?page={text}&view={text}&last={text}"),
            format!("/traces?view=spans&page={text}"),
            format!("/traces?from={text}&to={text}"),
            format!("/traces?from=0&to={text}"),
            format!("/traces/{text}"),
            format!("/traces/T?span={text}&open={text}&find={text}"),
            format!("/traces/T/rows?of={text}&after={text}"),
            format!("/traces/T/rows?of=&after={text}"),
            format!("/traces/T/rows?of=1&after={text}"),
            format!("/traces/T/spans/{text}"),
            format!("/traces/{text}/spans/{text}/event.json"),
            format!("/sessions?page={text}"),
            format!("/sessions/{text}"),
            format!("/sessions/s?page={text}"),
            format!("/evaluations?page={text}&label={text}"),
            format!("/api/changes?after={text}&wait={text}"),
            format!("/api/ended?after={text}"),
            format!("/assets/{text}"),
            format!("/{text}"),
        ] {
            // These would wait for a change.
            if path.starts_with("/api/changes?after=1&") || path.starts_with("/api/changes?after=2&") {
                continue;
            }
            let reply = served.get(&path);
            assert!(reply.status < 500, "{path}: {}", reply.text());
        }
    }
    assert_eq!(served.dump(), before);
}

#[test]
fn long_and_deep_queries_are_answered() {
    let served = Served::new();
    served.post("/api/v2/llmobs", &events_body([&span("T", "1")]));
    for query in [
        "(".repeat(3000),
        format!("{}a{}", "(".repeat(3000), ")".repeat(3000)),
        "-".repeat(3000),
        format!("{}a", "NOT ".repeat(3000)),
        vec!["a"; 5000].join(" OR "),
        vec!["@a:b"; 3000].join(" "),
        format!("@a:({})", vec!["b"; 3000].join(" OR ")),
        "*".repeat(10_000),
        format!("@name:{}", "*a".repeat(5_000)),
        format!("\"{}\"", "word ".repeat(3_000)),
        "@child.".repeat(1_000),
    ] {
        let reply = served.get(&format!("/traces?q={}", percent(&query)));
        assert!(reply.status < 500, "{}…: {}", &query[..20], reply.status);
    }
}
