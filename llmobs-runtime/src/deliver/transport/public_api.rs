//! Spans in the form of Datadog's public HTTP API.
//!
//! The API is documented at <https://docs.datadoghq.com/llm_observability/instrumentation/api/>, and has other names for some fields than
//! the intake of Datadog's SDKs. Only documented fields are sent: links between spans, the agent of a span, sampling, and reserved metadata
//! are left out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// The path of the API.
pub(super) const SPANS_PATH: &str = "/api/intake/llm-obs/v1/trace/spans";

/// The fields of an event that the intake and the API share.
const FIELDS: [&str; 10] = [
    "trace_id",
    "span_id",
    "parent_id",
    "name",
    "start_ns",
    "duration",
    "session_id",
    "status",
    "metrics",
    "tags",
];
/// The fields of `meta` that the intake and the API share.
const META: [&str; 9] = [
    "metadata",
    "model_name",
    "model_provider",
    "tool_definitions",
    "intent",
    "error",
    "input",
    "output",
    "expected_output",
];
/// The metadata key that is reserved for Datadog.
const RESERVED: &str = "_dd";

type Object<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// Returns the body of a request, from a JSON array of events in the wrapper objects of the intake of SDKs. `ml_app` is the application of
/// spans that name none.
pub(super) fn body(events: &str, ml_app: &str) -> serde_json::Result<String> {
    let mut body = String::with_capacity(events.len());
    body.push_str(r#"{"data":{"type":"span","attributes":{"ml_app":"#);
    body.push_str(&serde_json::to_string(ml_app)?);
    body.push_str(r#","spans":["#);
    for wrapper in serde_json::from_str::<Vec<&RawValue>>(events)? {
        for event in member::<Vec<&RawValue>>(&object(wrapper)?, "spans")?.unwrap_or_default() {
            push_event(&object(event)?, &mut body)?;
            body.push(',');
        }
    }
    if body.ends_with(',') {
        body.pop();
    }
    body.push_str("]}}}");
    Ok(body)
}

fn push_event(event: &Object<'_>, body: &mut String) -> serde_json::Result<()> {
    let mut fields = Fields::open(body);
    fields.push_all(event, &FIELDS);
    if let Some(tracer) = member::<Object<'_>>(event, "_dd")? {
        fields.push_all(&tracer, &["apm_trace_id"]);
    }
    let tags = member::<Vec<Cow<'_, str>>>(event, "tags")?.unwrap_or_default();
    if let Some(ml_app) = tags.iter().find_map(|tag| tag.strip_prefix("ml_app:")) {
        fields.push("ml_app", &serde_json::to_string(ml_app)?);
    }
    let meta = member::<Object<'_>>(event, "meta")?.unwrap_or_default();
    fields.push_key("meta");
    push_meta(&meta, fields.body)?;
    fields.close();
    Ok(())
}

fn push_meta(meta: &Object<'_>, body: &mut String) -> serde_json::Result<()> {
    let mut fields = Fields::open(body);
    if let Some(span) = member::<Object<'_>>(meta, "span")? {
        fields.push_all(&span, &["kind"]);
    }
    for name in META {
        match meta.get(name) {
            Some(metadata) if name == "metadata" => {
                let mut metadata = object(metadata)?;
                metadata.remove(RESERVED);
                fields.push(name, &serde_json::to_string(&metadata)?);
            }
            Some(value) => fields.push(name, value.get()),
            None => {}
        }
    }
    fields.close();
    Ok(())
}

fn object(value: &RawValue) -> serde_json::Result<Object<'_>> {
    serde_json::from_str(value.get())
}

fn member<'a, T: serde::Deserialize<'a>>(object: &Object<'a>, name: &str) -> serde_json::Result<Option<T>> {
    object.get(name).map(|value| serde_json::from_str(value.get())).transpose()
}

/// An object that is being written.
struct Fields<'a> {
    body: &'a mut String,
}

impl<'a> Fields<'a> {
    fn open(body: &'a mut String) -> Self {
        body.push('{');
        Self { body }
    }

    /// Names in this file need no escapes.
    fn push_key(&mut self, name: &str) {
        let comma = if self.body.ends_with('{') { "" } else { "," };
        self.body.extend([comma, "\"", name, "\":"]);
    }

    fn push(&mut self, name: &str, json: &str) {
        self.push_key(name);
        self.body.push_str(json);
    }

    fn push_all(&mut self, object: &Object<'_>, names: &[&str]) {
        for name in names {
            if let Some(value) = object.get(*name) {
                self.push(name, value.get());
            }
        }
    }

    fn close(self) {
        self.body.push('}');
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::Collector;

    #[test]
    fn a_span_has_the_documented_fields() {
        let events = json!([
            {
                "_dd.stage": "raw",
                "event_type": "span",
                "spans": [{
                    "trace_id": "6b", "span_id": "1", "parent_id": "undefined", "name": "a\"b", "session_id": "s",
                    "start_ns": 1_763_800_000_123_456_789_u64, "duration": 42, "status": "error",
                    "metrics": { "input_tokens": 7 }, "tags": ["env:test", "ml_app:other \"app\""],
                    "span_links": [{ "span_id": "2" }], "collection_errors": ["dropped_io"],
                    "_dd": { "apm_trace_id": "0af7", "trace_id": "0af7", "span_id": "1", "sample_rate": "1" },
                    "meta": {
                        "span": { "kind": "llm" },
                        "metadata": { "_dd": { "cost_tags": ["env"] }, "temperature": 0.5, "k\"": { "deep": [1] } },
                        "model_name": "m", "model_provider": "p", "intent": "i", "tool": { "version": "1" },
                        "tool_definitions": [{ "name": "t" }], "agent_attribution": { "pagent_span_id": "3" },
                        "error": { "type": "t", "message": "m", "stack": "s" },
                        "input": { "messages": [{ "role": "user", "content": "c" }] }, "output": { "value": "v" },
                    },
                }],
            },
            { "spans": [{ "trace_id": "6b", "span_id": "2", "meta": { "span": { "kind": "task" } } }] },
        ]);
        let sent: Value = serde_json::from_str(&body(&events.to_string(), "app").unwrap()).unwrap();
        let spans = json!([
            {
                "trace_id": "6b", "span_id": "1", "parent_id": "undefined", "name": "a\"b", "session_id": "s",
                "start_ns": 1_763_800_000_123_456_789_u64, "duration": 42, "status": "error",
                "metrics": { "input_tokens": 7 }, "tags": ["env:test", "ml_app:other \"app\""],
                "apm_trace_id": "0af7", "ml_app": "other \"app\"",
                "meta": {
                    "kind": "llm",
                    "metadata": { "temperature": 0.5, "k\"": { "deep": [1] } },
                    "model_name": "m", "model_provider": "p", "intent": "i", "tool_definitions": [{ "name": "t" }],
                    "error": { "type": "t", "message": "m", "stack": "s" },
                    "input": { "messages": [{ "role": "user", "content": "c" }] }, "output": { "value": "v" },
                },
            },
            { "trace_id": "6b", "span_id": "2", "meta": { "kind": "task" } },
        ]);
        let attributes = json!({ "ml_app": "app", "spans": spans });
        assert_eq!(sent, json!({ "data": { "type": "span", "attributes": attributes } }));
    }

    #[test]
    fn numbers_keep_their_digits() {
        let events = r#"[{"spans":[{"duration":1.00000000000000000001,"meta":{"metadata":{"x":1e400}}}]}]"#;
        let sent = r#"[{"duration":1.00000000000000000001,"meta":{"metadata":{"x":1e400}}}]"#;
        let expected =
            format!(r#"{{"data":{{"type":"span","attributes":{{"ml_app":"a","spans":{sent}}}}}}}"#);
        assert_eq!(body(events, "a").unwrap(), expected);
    }

    #[test]
    fn each_encoded_event_can_be_sent() {
        let collector = Collector::new();
        collector.enter(|| {
            let span = crate::llm("ask").session_id("s").start();
            span.annotate(|note| {
                note.input("hello").metadata("temperature", 0.5).metric("input_tokens", 3).failure("t", "m");
            });
        });
        let native = collector.events().remove(0);
        let events = json!([{ "spans": [native] }]).to_string();
        let sent: Value = serde_json::from_str(&body(&events, "app").unwrap()).unwrap();
        let span = &sent["data"]["attributes"]["spans"][0];
        for field in FIELDS {
            assert_eq!(span[field], native[field], "{field}");
        }
        assert_eq!(span["apm_trace_id"], native["_dd"]["apm_trace_id"]);
        for field in META {
            assert_eq!(span["meta"][field], native["meta"][field], "{field}");
        }
        assert_eq!(span["meta"]["kind"], "llm");
    }

    #[test]
    fn text_that_is_not_an_array_of_events_is_refused() {
        for events in ["", "[", "{}", "[1]", r#"[{"spans":[1]}]"#] {
            assert!(body(events, "app").is_err(), "{events}");
        }
    }
}
