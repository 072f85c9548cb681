//! A record becomes the bytes of one wire event. Pure: no clock, no globals.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::content::Content;
use crate::record::Record;

/// The largest event that is sent with its input and output, in bytes. The number is the reference SDK's.
const MAX_EVENT_BYTES: usize = 5_000_000;
const DROPPED_IO: &str = "[This value has been dropped because this span's size exceeds the 5MB size limit.]";
/// Arrays and objects this deep in `meta`, itself at depth 0, are sent as their JSON text.
const MAX_META_DEPTH: usize = 12;

/// The version that events carry.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the configuration says about every span of a client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    pub(crate) env: String,
    pub(crate) service: String,
    pub(crate) version: String,
    /// Further tags for every span, overridden by all others.
    pub(crate) tags: BTreeMap<String, String>,
}

/// The JSON text of one span event, as it stands in the `spans` of a request.
pub(crate) fn encode(record: Record, identity: &Identity) -> String {
    let mut event = build(record, identity);
    let text = event.to_string();
    if text.len() < MAX_EVENT_BYTES {
        return text;
    }
    if let Some(meta) = event.get_mut("meta").and_then(Value::as_object_mut) {
        for side in ["input", "output"] {
            meta.insert(side.to_owned(), json!({ "value": DROPPED_IO }));
        }
    }
    put(&mut event, "collection_errors", json!(["dropped_io"]));
    event.to_string()
}

fn build(mut record: Record, identity: &Identity) -> Value {
    let span_id = record.span_id.to_string();
    let apm_trace_id = record.apm_trace_id.to_string();
    let session_id = record.session_id.clone();
    let mut event = json!({
        "trace_id": record.trace_id.to_string(),
        "span_id": span_id,
        "parent_id": record.parent_id.map_or_else(|| "undefined".to_owned(), |id| id.to_string()),
        "name": record.name,
        "start_ns": record.start_nanos,
        "duration": record.duration_nanos,
        "status": if record.failure.is_some() { "error" } else { "ok" },
        "tags": tags(&mut record, identity),
        "metrics": std::mem::take(&mut record.metrics),
        "meta": meta(record),
        "_dd": {
            "span_id": span_id,
            "trace_id": apm_trace_id,
            "apm_trace_id": apm_trace_id,
            "sample_rate": "1",
            "sampling_decision": "1",
        },
    });
    if let Some(session_id) = session_id {
        put(&mut event, "session_id", json!(*session_id));
    }
    event
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}

fn meta(record: Record) -> Value {
    let mut meta = Map::new();
    let mut put = |key: &str, value: Value| meta.insert(key.to_owned(), value);
    put("span", json!({ "kind": record.kind.as_str() }));
    let metadata = record.metadata.into_iter().map(|(key, value)| {
        let json = value.into_json();
        (key, serde_json::from_str(&json).unwrap_or(Value::String(json)))
    });
    put("metadata", Value::Object(metadata.collect()));
    if record.kind.has_model() {
        let or_unknown =
            |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or("unknown".into());
        put("model_name", or_unknown(record.model_name).into());
        put("model_provider", or_unknown(record.model_provider).to_lowercase().into());
    }
    let input = record.input.and_then(|input| Content::of_input(record.kind, input).into_json());
    let output = record.output.and_then(|output| Content::of_output(record.kind, output).into_json());
    for (key, content) in [("input", input), ("output", output)] {
        if let Some(content) = content {
            put(key, content);
        }
    }
    if let Some(agent) = record.agent {
        put(
            "agent_attribution",
            json!({ "pagent_name": agent.name, "pagent_span_id": agent.span_id.to_string() }),
        );
    }
    if let Some(failure) = record.failure {
        put("error", json!({ "type": failure.kind, "message": failure.message, "stack": failure.stack }));
    }
    let mut meta = Value::Object(meta);
    flatten_below(&mut meta, MAX_META_DEPTH);
    meta
}

/// Replaces arrays and objects `depth` levels down by their JSON text.
fn flatten_below(value: &mut Value, depth: usize) {
    if !value.is_array() && !value.is_object() {
        return;
    }
    match (depth, value) {
        (0, value) => *value = Value::String(value.to_string()),
        (_, Value::Array(items)) => items.iter_mut().for_each(|item| flatten_below(item, depth - 1)),
        (_, Value::Object(fields)) => fields.values_mut().for_each(|field| flatten_below(field, depth - 1)),
        _ => {}
    }
}

/// Later ones override earlier ones of the same key. Sorted by the whole text `key:value`.
fn tags(record: &mut Record, identity: &Identity) -> Vec<String> {
    let mut tags = identity.tags.clone();
    let mut put = |key: &str, value: &str| tags.insert(key.to_owned(), value.to_owned());
    put("version", &identity.version);
    put("env", &identity.env);
    put("service", &identity.service);
    put("source", "integration");
    put("ml_app", &record.ml_app);
    put("agent_service", &record.ml_app);
    put("ddtrace.version", VERSION);
    put("language", "rust");
    if let Some(session_id) = &record.session_id {
        put("session_id", session_id);
    }
    if record.attribute {
        put("decorator", "1");
    }
    tags.append(&mut record.tags);
    let failed = record.failure.as_ref();
    tags.insert("error".to_owned(), if failed.is_some() { "1" } else { "0" }.to_owned());
    if let Some(failure) = failed {
        tags.insert("error_type".to_owned(), failure.kind.clone());
    }
    let mut tags: Vec<String> = tags.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
    tags.sort_unstable();
    tags
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
