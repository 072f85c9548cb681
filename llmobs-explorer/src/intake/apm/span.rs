//! Converts spans of tracers to events of LLM Observability.

use serde_json::{Map, Value};

use crate::intake::field::{self, Object};
use crate::intake::msgpack::text;

/// A span of LLM Observability.
#[derive(Debug, Default)]
pub(super) struct ApmSpan {
    pub(super) name: String,
    pub(super) trace_id: u64,
    pub(super) span_id: u64,
    pub(super) start_ns: i64,
    pub(super) duration_ns: i64,
    pub(super) failed: bool,
    pub(super) error_type: Option<String>,
    pub(super) llmobs: Option<Object>,
}

impl ApmSpan {
    /// Reads a text of `meta`.
    pub(super) fn meta(&mut self, name: &[u8], value: &[u8], high_id: &mut Option<String>) {
        match name {
            b"_dd.p.tid" => *high_id = Some(text(value).into_owned()),
            b"error.type" => self.error_type = Some(text(value).into_owned()),
            _ => {}
        }
    }

    /// Returns the JSON text of the event, as the SDK would send it.
    pub(super) fn event(self, high_id: Option<&str>) -> String {
        let apm_trace_id = format!("{}{:016x}", high_id.unwrap_or_default(), self.trace_id);
        let mut event = self.llmobs.unwrap_or_default();
        let own = [
            ("span_id", self.span_id.to_string().into()),
            ("trace_id", apm_trace_id.clone().into()),
            ("parent_id", "undefined".into()),
            ("name", self.name.into()),
            ("start_ns", self.start_ns.into()),
            ("duration", self.duration_ns.into()),
            ("status", Value::from(if self.failed { "error" } else { "ok" })),
        ];
        for (name, value) in own {
            event.entry(name).or_insert(value);
        }
        if let Some(tags @ Value::Object(_)) = event.get_mut("tags") {
            *tags = listed(tags.take(), self.failed, self.error_type);
        }
        if let Value::Object(own) = event.entry("_dd").or_insert_with(|| Map::new().into()) {
            let span_id = self.span_id.to_string();
            for (name, value) in
                [("span_id", &span_id), ("trace_id", &apm_trace_id), ("apm_trace_id", &apm_trace_id)]
            {
                own.entry(name).or_insert_with(|| value.as_str().into());
            }
        }
        Value::Object(event).to_string()
    }
}

/// Converts tags in a map to a list of `key:value`, and adds the tags of the error.
fn listed(tags: Value, failed: bool, error_type: Option<String>) -> Value {
    let Value::Object(mut tags) = tags else { return tags };
    tags.entry("error").or_insert_with(|| if failed { "1".into() } else { "0".into() });
    if let Some(error_type) = error_type {
        tags.entry("error_type").or_insert_with(|| error_type.into());
    }
    tags.iter().filter_map(|(key, value)| Some(format!("{key}:{}", field::scalar(value)?))).collect()
}
