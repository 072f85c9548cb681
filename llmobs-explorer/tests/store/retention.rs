//! Deletion of old data.

use std::path::Path;

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

/// Moves the start of segments and the arrival of evaluations with these labels into the past.
fn pass_days(store: &Path, days: i64, labels: &[&str]) {
    let ms = days * 86_400_000;
    let database = rusqlite::Connection::open(store).unwrap();
    database
        .execute("UPDATE segment SET begun_ms = begun_ms - :ms", rusqlite::named_params! { ":ms": ms })
        .unwrap();
    for label in labels {
        database
            .execute(
                "UPDATE evaluation SET arrived_ms = arrived_ms - :ms WHERE label = :label",
                rusqlite::named_params! { ":ms": ms, ":label": label },
            )
            .unwrap();
    }
}

#[test]
fn old_traces_are_deleted_with_everything_that_belongs_to_them() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = folder.path().join("traces.db");
    let (shared, own) = ("shared ".repeat(400), "own ".repeat(400));
    let send = |served: &Served, event: &Value| {
        assert_eq!(served.post("/api/v2/llmobs", &events_body([event])).status, 202);
    };
    let mut served = Served::at(&store, &[]);
    send(&served, &with_input("old", "1", &shared));
    send(&served, &with_input("old", "2", &own));
    served.kill();
    pass_days(&store, 20, &[]);

    // Twenty days later, the old trace gets one more span, and there is a new trace.
    let mut served = Served::at(&store, &[]);
    send(&served, &with_input("new", "1", &shared));
    send(&served, &with_input("old", "3", &own));
    send(&served, &with_input("new", "2", &own));
    let metrics = json!([
        score(&json!({ "span": { "trace_id": "old", "span_id": "1" } }), "of the old trace"),
        score(&json!({ "span": { "trace_id": "new", "span_id": "1" } }), "of the new trace"),
        score(&json!({ "tag": { "key": "own", "value": "new" } }), "by tag"),
        score(&json!({ "span": { "trace_id": "never", "span_id": "1" } }), "of none"),
    ]);
    let reply = served.post("/api/intake/llm-obs/v2/eval-metric", &metrics_body(&metrics));
    assert_eq!(reply.status, 202, "{}", reply.text());
    assert_eq!((served.rows("trace"), served.rows("segment")), (2, 2));
    served.kill();
    pass_days(&store, 20, &["of none", "of the new trace"]);
    pass_days(&store, 11, &["of none", "of the new trace"]);

    let served = Served::at(&store, &[]);
    until(|| (served.rows("segment WHERE id = 1") == 0).then_some(()));
    for id in ["1", "2", "3"] {
        assert!(served.event("old", id).is_none());
    }
    assert_eq!(served.event("new", "1"), Some(with_input("new", "1", &shared).to_string()));
    assert_eq!(served.event("new", "2"), Some(with_input("new", "2", &own).to_string()));
    let counts = [
        "trace",
        "span",
        "facets",
        "attribute WHERE text = 'old'",
        "attribute WHERE text = 'new'",
        "sqlite_schema WHERE name = 'words_1'",
        "sqlite_schema WHERE name = 'words_2'",
    ]
    .map(|table| served.rows(table));
    // The tags of the late span are deleted with the segment that it arrived in.
    assert_eq!(counts, [1, 2, 1, 1, 1, 0, 1]);
    let labels: String = served
        .database()
        .query_row("SELECT group_concat(label, ', ' ORDER BY label) AS labels FROM evaluation", [], |row| {
            row.get("labels")
        })
        .unwrap();
    assert_eq!(labels, "by tag, of the new trace");
    let found =
        |query: &str| served.get(&format!("/traces?view=spans&q={query}")).text().contains("/traces/new");
    assert!(found("shared") && found("own") && found("own:new"));

    // The last spans are deleted too, even if nothing arrives after them.
    drop(served);
    pass_days(&store, 40, &["by tag", "of the new trace"]);
    let served = Served::at(&store, &[]);
    let tables =
        ["trace", "span", "facets", "attribute", "attribute_set", "block", "span_piece", "evaluation"];
    until(|| tables.iter().all(|table| served.rows(table) == 0).then_some(()));
}

#[test]
fn the_oldest_traces_are_deleted_above_the_size_limit() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = folder.path().join("traces.db");
    let mut served = Served::at(&store, &["--keep-mib", "16"]);
    for number in 0..200_u64 {
        let text = noise(number, 4_000);
        let event = with_input(&format!("T{number:03}"), "1", &text);
        assert_eq!(served.post("/api/v2/llmobs", &events_body([&event])).status, 202);
    }
    served.kill();
    let database = rusqlite::Connection::open(&store).unwrap();
    database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(database);
    let before = std::fs::metadata(&store).unwrap().len();
    assert!((6 << 20..16 << 20).contains(&before), "{before}");

    let served = Served::at(&store, &["--keep-mib", "4"]);
    let used = |pragma: &str| -> i64 {
        served
            .database()
            .query_row(&format!("SELECT {pragma} FROM pragma_{pragma}()"), [], |row| row.get(pragma))
            .unwrap()
    };
    until(|| ((used("page_count") - used("freelist_count")) * 8192 < 4 << 20).then_some(()));
    // The file shrinks too.
    until(|| (used("freelist_count") == 0).then_some(()));
    assert!(served.event("T000", "1").is_none());
    assert!(served.event("T199", "1").is_some(), "the newest trace was deleted before older ones");
    assert!(served.rows("trace") > 50, "more was deleted than necessary: {}", served.rows("trace"));
}
