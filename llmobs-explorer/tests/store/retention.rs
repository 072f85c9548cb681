//! What is deleted again.

use serde_json::{Value, json};

use crate::served::{Served, events_body, metrics_body, noise, span, until};

fn with_input(trace: &str, id: &str, input: &str) -> Value {
    let mut event = span(trace, id);
    event["meta"]["input"] = json!({ "value": input });
    event["tags"] = json!([format!("own:{trace}"), "shared:yes"]);
    event
}

fn score(target: &Value, label: &str) -> Value {
    json!({ "join_on": target, "label": label, "metric_type": "score", "score_value": 1, "timestamp_ms": 5, "ml_app": "a" })
}

#[test]
fn what_is_too_old_goes_with_all_that_belongs_to_it() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = folder.path().join("traces.db");
    let mut served = Served::at(&store, &[]);
    let (shared, own) = ("shared ".repeat(400), "own ".repeat(400));
    for event in
        [with_input("old", "1", &shared), with_input("old", "2", &own), with_input("new", "1", &shared)]
    {
        assert_eq!(served.post("/api/v2/llmobs", &events_body([&event])).status, 202);
    }
    let metrics = json!([
        score(&json!({ "span": { "trace_id": "old", "span_id": "1" } }), "of the old trace"),
        score(&json!({ "span": { "trace_id": "new", "span_id": "1" } }), "of the new trace"),
        score(&json!({ "tag": { "key": "own", "value": "new" } }), "by tag"),
        score(&json!({ "span": { "trace_id": "never", "span_id": "1" } }), "of none"),
    ]);
    let reply = served.post("/api/intake/llm-obs/v2/eval-metric", &metrics_body(&metrics));
    assert_eq!(reply.status, 202, "{}", reply.text());
    served.kill();
    // As if forty days had passed for one of the traces, and for the evaluation of none.
    let passed = rusqlite::named_params! { ":passed": 40 * 86_400_000_i64 };
    let database = rusqlite::Connection::open(&store).unwrap();
    database
        .execute("UPDATE trace SET arrived_ms = arrived_ms - :passed WHERE trace_id = 'old'", passed)
        .unwrap();
    database
        .execute("UPDATE evaluation SET arrived_ms = arrived_ms - :passed WHERE label IN ('of none', 'of the new trace')", passed)
        .unwrap();
    drop(database);

    let served = Served::at(&store, &[]);
    until(|| (served.rows("trace") == 1).then_some(()));
    assert!(served.event("old", "1").is_none());
    assert_eq!(served.event("new", "1"), Some(with_input("new", "1", &shared).to_string()));
    let counts = [
        "span",
        "event",
        "content",
        "span_content",
        "span_text",
        "attribute WHERE text = 'old'",
        "attribute WHERE text = 'new'",
    ]
    .map(|table| served.rows(table));
    assert_eq!(counts, [1, 1, 1, 1, 1, 0, 1]);
    let labels: String = served
        .database()
        .query_row("SELECT group_concat(label, ', ' ORDER BY label) AS labels FROM evaluation", [], |row| {
            row.get("labels")
        })
        .unwrap();
    assert_eq!(labels, "by tag, of the new trace");
}

#[test]
fn the_oldest_go_where_there_is_too_much() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = folder.path().join("traces.db");
    let mut served = Served::at(&store, &[]);
    for number in 0..60_u64 {
        let text = noise(number, 4_000);
        let event = with_input(&format!("T{number:02}"), "1", &text);
        assert_eq!(served.post("/api/v2/llmobs", &events_body([&event])).status, 202);
    }
    served.kill();
    let database = rusqlite::Connection::open(&store).unwrap();
    database.execute("UPDATE trace SET arrived_ms = arrived_ms + id * 1000", []).unwrap();
    database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(database);
    let before = std::fs::metadata(&store).unwrap().len();
    assert!(before > 2 << 20, "{before}");

    let served = Served::at(&store, &["--keep-mib", "1"]);
    let used = |pragma: &str| -> i64 {
        served
            .database()
            .query_row(&format!("SELECT {pragma} FROM pragma_{pragma}()"), [], |row| row.get(pragma))
            .unwrap()
    };
    until(|| ((used("page_count") - used("freelist_count")) * 4096 < 1 << 20).then_some(()));
    // Pages are given back, too.
    until(|| (used("freelist_count") == 0).then_some(()));
    assert!(served.event("T00", "1").is_none());
    assert!(served.event("T59", "1").is_some(), "the last was deleted before others");
    assert!(served.rows("trace") > 5, "more was deleted than had to be: {}", served.rows("trace"));
}
