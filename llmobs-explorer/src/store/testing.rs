//! Stores for tests, filled through the intake.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::schema::{Database, Location};
use super::segment::Retention;
use super::write::Batch;
use super::writer::Writer;
use crate::intake::{read_metrics, read_spans};

pub(super) const SECOND: i64 = 1_000_000_000;

/// A store with these spans and evaluations.
pub(super) fn filled(spans: &Value, metrics: &Value) -> Connection {
    let spans = json!([{ "event_type": "span", "spans": spans }]).to_string();
    let metrics =
        json!({"data": {"type": "evaluation_metric", "attributes": {"metrics": metrics}}}).to_string();
    let (spans, metrics) =
        (read_spans(spans.as_bytes()).unwrap(), read_metrics(metrics.as_bytes(), 0).unwrap());
    assert_eq!((spans.refusal(), metrics.refusal()), (None, None));
    let batch = Batch { spans: spans.accepted, evaluations: metrics.accepted, ..Batch::default() };
    let mut writer = writer(&Location::Memory, Duration::MAX);
    writer.write(&mut [batch]).unwrap();
    writer.connection
}

/// A writer whose segments end after a 32nd part of this time.
pub(super) fn writer(location: &Location, age: Duration) -> Writer {
    let (database, connection, _) = Database::open(location).unwrap();
    let retention = Retention { age, bytes: u64::MAX };
    Writer::new(connection, database.path().to_owned(), retention, watch::channel(0).0)
}

/// A root, or a span below the root of `trace`, with its start and its duration in seconds.
pub(super) fn span(trace: &str, id: &str, kind: &str, (at, takes): (i64, i64), metrics: &Value) -> Value {
    let parent = if id == "1" { "undefined" } else { "1" };
    json!({
        "trace_id": trace, "span_id": id, "parent_id": parent, "name": format!("{trace}-{id}"), "start_ns": at * SECOND,
        "duration": takes * SECOND, "status": if takes == 9 { "error" } else { "ok" }, "metrics": metrics,
        "tags": ["ml_app:shop", format!("turn:{trace}-{id}")], "session_id": format!("s-{trace}"),
        "meta": {"span": {"kind": kind}, "input": {"value": "hello"}},
    })
}

/// The number of kept counts that differ from the counts of the rows.
pub(super) fn wrong_counts(connection: &Connection) -> i64 {
    let kept = "SELECT time, facets, spans, heads FROM activity WHERE spans <> 0 OR heads <> 0";
    let counted = "SELECT start_ns >> 38, facets, count(*), sum(head) FROM span GROUP BY 1, 2";
    let differences = [(kept, counted), (counted, kept)].map(|(one, other)| {
        let sql = format!("SELECT count(*) AS differences FROM ({one} EXCEPT {other})");
        connection.query_row(&sql, [], |row| row.get::<_, i64>("differences")).unwrap()
    });
    differences.iter().sum()
}

/// Counts the steps of SQLite's virtual machine from now on, in tens.
pub(super) fn count_steps(connection: &Connection) -> Arc<AtomicU64> {
    let steps = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&steps);
    let count = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        false
    };
    connection.progress_handler(10, Some(count)).unwrap();
    steps
}
