//! A finished span becomes the bytes of one wire event. Pure: no clock, no globals.

use serde_json::{Map, Value, json};

use crate::content::Content;
use crate::kind::Kind;
use crate::notice::warn_limited;
use crate::reference::SpanRef;
use crate::span_data::SpanData;

const DROPPED_IO: &str = "[This value has been dropped because this span's size exceeds the 5MB size limit.]";
/// Arrays and objects this deep in `meta`, itself at depth 0, are sent as their JSON text.
const MAX_META_DEPTH: usize = 12;

/// The JSON text of one span event, as it stands in the `spans` of a request. One of `limit` bytes or more is written without
/// input and output.
pub(crate) fn encode(span: SpanData, limit: usize) -> String {
    let mut event = build(span);
    let text = event.to_string();
    if text.len() < limit {
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

fn build(mut span: SpanData) -> Value {
    let ids = span.ids.clone();
    let mut own = json!({
        "span_id": ids.span_id,
        "trace_id": ids.apm_trace_id,
        "apm_trace_id": ids.apm_trace_id,
    });
    if let Some(decision) = ids.decision {
        put(&mut own, "sample_rate", decision.shown_rate().into());
        put(&mut own, "sampling_decision", decision.shown().into());
    }
    let cost_tags = cost_tags(&mut span);
    let links: Vec<Value> = span.own.links.iter().map(link).collect();
    let mut event = json!({
        "trace_id": ids.trace_id,
        "span_id": ids.span_id,
        "parent_id": ids.parent_id.as_deref().unwrap_or("undefined"),
        "name": span.name,
        "start_ns": ids.start_nanos,
        "duration": ids.duration_nanos,
        "status": if span.failure.is_some() { "error" } else { "ok" },
        "metrics": std::mem::take(&mut span.metrics),
        "tags": tags(&mut span),
        "meta": meta(span, cost_tags),
        "_dd": own,
    });
    if !links.is_empty() {
        put(&mut event, "span_links", links.into());
    }
    if let Some(session_id) = ids.session_id {
        put(&mut event, "session_id", json!(*session_id));
    }
    event
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}

/// The output of that span went into the input of this one.
fn link(source: &SpanRef) -> Value {
    json!({
        "trace_id": source.trace_id,
        "span_id": source.span_id,
        "attributes": { "from": "output", "to": "input" },
    })
}

fn meta(span: SpanData, cost_tags: Vec<String>) -> Value {
    let mut meta = Map::new();
    let mut put = |key: &str, value: Value| meta.insert(key.to_owned(), value);
    let kind = span.kind();
    let own = span.own;
    put("span", json!({ "kind": kind.as_str() }));
    let manifest = span.agent.and_then(|agent| agent.into_json(&span.name));
    let mut reserved = Map::new();
    reserved.extend(manifest.map(|manifest| ("agent_manifest".to_owned(), manifest)));
    if !cost_tags.is_empty() {
        reserved.insert("cost_tags".to_owned(), cost_tags.into());
    }
    let mut metadata = span.metadata;
    metadata.remove("_dd");
    if !reserved.is_empty() {
        metadata.insert("_dd".to_owned(), reserved.into());
    }
    put("metadata", Value::Object(metadata));
    if kind.has_model() {
        let or_unknown =
            |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or("unknown".into());
        put("model_name", or_unknown(own.model_name).into());
        put("model_provider", or_unknown(own.model_provider).to_lowercase().into());
    }
    let mut input = span.input.map(Content::into_json);
    if kind == Kind::Llm {
        if let Some(prompt) = span.prompt {
            let prompt = prompt.into_json(&own.default_ml_app);
            self::put(input.get_or_insert_with(|| json!({})), "prompt", prompt);
        }
        if !span.tool_definitions.is_empty() {
            put("tool_definitions", span.tool_definitions.into());
        }
    }
    if kind == Kind::Tool {
        if let Some(version) = own.tool_version {
            put("tool", json!({ "version": version }));
        }
        if let Some(intent) = span.intent {
            put("intent", intent.into());
        }
    }
    for (key, content) in [("input", input), ("output", span.output.map(Content::into_json))] {
        if let Some(content) = content {
            put(key, content);
        }
    }
    if let Some((name, span_id)) = span.ids.agent {
        put("agent_attribution", json!({ "pagent_name": name, "pagent_span_id": span_id }));
    }
    if let Some(failure) = span.failure {
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

/// Those of the tags to break costs down by that the span has.
fn cost_tags(span: &mut SpanData) -> Vec<String> {
    let mut keys = std::mem::take(&mut span.own.cost_tags);
    keys.retain(|key| {
        let known = span.tags.contains_key(key);
        if !known {
            warn_limited!("the cost tag {key:?} was left out: the span has no tag of that name");
        }
        known
    });
    keys
}

/// Sorted by the whole text `key:value`.
fn tags(span: &mut SpanData) -> Vec<String> {
    let mut tags = std::mem::take(&mut span.tags);
    let failed = span.failure.as_ref();
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
