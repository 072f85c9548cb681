//! Spans as SDKs send them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

pub(crate) const MILLISECOND: i64 = 1_000_000;
pub(crate) const SECOND: i64 = 1000 * MILLISECOND;
pub(crate) const MINUTE: i64 = 60 * SECOND;

/// Now, in nanoseconds since the Unix epoch.
pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_nanos()).unwrap()
}

/// A span of one second that began a minute ago, with further fields.
pub(crate) fn span(ids: (&str, &str, &str), kind: &str, name: &str, more: Value) -> Value {
    let (trace, id, parent) = ids;
    let mut span = json!({
        "trace_id": trace,
        "span_id": id,
        "parent_id": if parent.is_empty() { "undefined" } else { parent },
        "name": name,
        "start_ns": now() - MINUTE,
        "duration": SECOND,
        "status": "ok",
        "meta": { "span": { "kind": kind } },
        "metrics": {},
        "tags": ["ml_app:shop", "service:shop", "env:test"],
    });
    merge(&mut span, more);
    span
}

/// The root of a trace.
pub(crate) fn root(trace: &str, name: &str, more: Value) -> Value {
    span((trace, "1", ""), "workflow", name, more)
}

/// An evaluation of a span.
pub(crate) fn evaluation(trace: &str, span: &str, label: &str, more: Value) -> Value {
    let mut metric = json!({
        "join_on": { "span": { "trace_id": trace, "span_id": span } },
        "timestamp_ms": now() / MILLISECOND,
        "ml_app": "shop",
        "label": label,
    });
    merge(&mut metric, more);
    metric
}

/// Merges fields into an object. Lists are replaced.
pub(crate) fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (key, value) in more {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more,
    }
}
