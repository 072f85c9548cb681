//! The attributes of a span: the scalars of its event that have no column, by path.

use llmobs_providers::json::Json;
use serde_json::{Value, json};

use super::field::{self, Object};
use crate::span::Attribute;

/// The most attributes of a span. The most useful ones are read first.
const MAX: usize = 200;
/// The value of `collection_errors` for a span with more attributes.
const LEFT_OUT: &str = "llmobs_attributes_left_out";
/// The longest text, and the longest path, in bytes.
const MAX_BYTES: usize = 256;
/// Fields of an event that are read separately.
const OF_EVENT: &[&str] = &[
    "_dd",
    "collection_errors",
    "duration",
    "env",
    "feedback_join_key",
    "meta",
    "metrics",
    "ml_app",
    "name",
    "parent_id",
    "service",
    "session_id",
    "span_id",
    "span_links",
    "start_ns",
    "status",
    "tags",
    "trace_id",
];
/// Fields of `meta` that are read separately, and content. The schemas of tools would exhaust the limit.
const OF_META: &[&str] = &[
    "error",
    "error.message",
    "error.stack",
    "error.type",
    "expected_output",
    "input",
    "kind",
    "model_name",
    "model_provider",
    "output",
    "span",
    "span.kind",
    "tool_definitions",
];

/// Metrics that are read separately.
const OF_METRICS: &[&str] =
    &["cache_read_input_tokens", "input_tokens", "output_tokens", "time_to_first_token", "total_tokens"];

pub(super) fn of<'a>(
    event: &Object,
    meta: &Object,
    metrics: &Object,
    error_message: Option<&str>,
    tags: impl Iterator<Item = &'a str>,
) -> Vec<Attribute> {
    let mut attributes = Attributes::default();
    if let Some(message) = error_message {
        attributes.text("meta.error.message", message);
    }
    for (name, value) in
        metrics.iter().filter(|(name, value)| value.is_number() && !OF_METRICS.contains(&name.as_str()))
    {
        attributes.flatten(&format!("metrics.{name}"), value);
    }
    for tag in tags.filter(|tag| !tag.is_empty()) {
        let (key, value) = tag.split_once(':').unwrap_or((tag, ""));
        attributes.text(&format!("tag.{key}"), value);
    }
    event
        .get("collection_errors")
        .into_iter()
        .for_each(|errors| attributes.flatten("collection_errors", errors));
    if let Some(Value::Object(own)) = event.get("_dd") {
        // Each span has a different value here, which would need its own row, and the span has a column for it.
        attributes.fields("_dd", own, &["span_id"]);
    }
    attributes.fields("meta", meta, OF_META);
    for tool in meta.get("tool_definitions").and_then(Value::as_array).into_iter().flatten() {
        tool.get("name").into_iter().for_each(|name| attributes.flatten("meta.tool_definitions.name", name));
    }
    attributes.fields("", event, OF_EVENT);
    let mut kept = attributes.kept;
    kept.extend(attributes.left_out.then(|| Attribute {
        path: "collection_errors".to_owned(),
        text: LEFT_OUT.to_owned(),
        number: None,
    }));
    kept
}

/// Returns the warning for an event with more attributes than the limit, or `None`.
pub(crate) fn left_out(event: &Json<'_>) -> Option<&'static str> {
    // Content is large, and has no attributes.
    let object = |json: &Json<'_>, but: &[&str]| -> Object {
        let fields = json.fields().iter().filter(|(name, _)| !but.contains(&&**name));
        fields.map(|(name, value)| (name.to_string(), value.to_value())).collect()
    };
    let meta = event.get("meta");
    let mut attributes = object(meta, &["expected_output", "input", "output", "tool_definitions"]);
    let tools = meta.list("tool_definitions").iter().map(|tool| json!({ "name": tool.get("name").as_str() }));
    attributes.insert("tool_definitions".to_owned(), tools.take(MAX + 1).collect());
    let tags = event.list("tags").iter().filter_map(Json::as_str);
    let kept = of(&object(event, &["meta"]), &attributes, &event.get("metrics").to_map(), None, tags);
    kept.last().is_some_and(|last| last.text == LEFT_OUT).then_some(LEFT_OUT)
}

#[derive(Default)]
struct Attributes {
    kept: Vec<Attribute>,
    /// Whether attributes beyond the limit were left out.
    left_out: bool,
}

impl Attributes {
    /// Adds the fields of an object, except for some.
    fn fields(&mut self, path: &str, fields: &Object, but: &[&str]) {
        for (name, value) in fields.iter().filter(|(name, _)| !but.contains(&name.as_str())) {
            if self.is_full() && self.left_out {
                return;
            }
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            self.flatten(&path, value);
        }
    }

    /// Adds nested values. Paths are names joined by dots. All elements of a list have the path of the list.
    fn flatten(&mut self, path: &str, value: &Value) {
        if self.is_full() || path.len() > MAX_BYTES {
            self.left_out |= !is_empty(value);
            return;
        }
        match value {
            Value::Null => {}
            Value::Array(items) => items.iter().for_each(|item| self.flatten(path, item)),
            Value::Object(fields) => self.fields(path, fields, &[]),
            Value::String(text) => self.text(path, text),
            Value::Number(number) => self.add(path, &number.to_string(), number.as_f64()),
            Value::Bool(flag) => self.add(path, if *flag { "true" } else { "false" }, None),
        }
    }

    /// Whether the limit is reached. An event can have a million fields, so the rest is not read.
    fn is_full(&self) -> bool {
        self.kept.len() >= MAX
    }

    fn text(&mut self, path: &str, text: &str) {
        self.add(path, text, number(text));
    }

    fn add(&mut self, path: &str, text: &str, number: Option<f64>) {
        let text = field::cut(text, MAX_BYTES);
        if self.is_full() || path.len() > MAX_BYTES {
            self.left_out = true;
        } else if !self.kept.iter().any(|known| known.path == path && known.text == text) {
            self.kept.push(Attribute { path: path.to_owned(), text: text.to_owned(), number });
        }
    }
}

/// Whether a value contains no scalar.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(fields) => fields.values().all(is_empty),
        _ => false,
    }
}

/// Parses a decimal number. Rust's parser would also accept `inf` and `nan`.
fn number(text: &str) -> Option<f64> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(event: &Value) -> Vec<String> {
        let object = |name: &str| event.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
        let tags =
            event.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        of(event.as_object().expect("an object"), &object("meta"), &object("metrics"), None, tags)
            .into_iter()
            .map(|Attribute { path, text, number }| match number {
                Some(number) => format!("{path}={text} ({number})"),
                None => format!("{path}={text}"),
            })
            .collect()
    }

    #[test]
    fn scalars_have_their_path() {
        let event = json!({
            "_dd": { "span_id": "7", "sample_rate": "0.5" },
            "collection_errors": ["dropped_io"],
            "config": { "model": "m" },
            "meta": {
                "span": { "kind": "llm" },
                "model_name": "m",
                "input": { "value": "hidden" },
                "output": { "value": "hidden" },
                "expected_output": "hidden",
                "error": { "stack": "hidden" },
                "metadata": {
                    "temperature": 0.2, "stop": ["a", "b", "a"], "on": true, "nothing": null,
                    "deep": { "er": { "x": 1 } }, "list": [{ "y": 1 }, { "y": 2 }],
                },
                "agent_attribution": { "pagent_name": null, "pagent_span_id": "9" },
                "tool_definitions": [{ "name": "f", "schema": { "type": "object" } }],
            },
            "metrics": { "input_tokens": 5, "audio_tokens": 5, "inf": "inf", "on": true },
            "name": "hidden",
            "span_links": [{ "span_id": "hidden" }],
            "tags": ["a:b:c", "bare", "n:1e3", "hash:12e456", "x:inf", "k:1", "k:2", "k:1", ""],
        });
        assert_eq!(
            all(&event),
            [
                "metrics.audio_tokens=5 (5)",
                "tag.a=b:c",
                "tag.bare=",
                "tag.n=1e3 (1000)",
                "tag.hash=12e456",
                "tag.x=inf",
                "tag.k=1 (1)",
                "tag.k=2 (2)",
                "collection_errors=dropped_io",
                "_dd.sample_rate=0.5 (0.5)",
                "meta.agent_attribution.pagent_span_id=9 (9)",
                "meta.metadata.deep.er.x=1 (1)",
                "meta.metadata.list.y=1 (1)",
                "meta.metadata.list.y=2 (2)",
                "meta.metadata.on=true",
                "meta.metadata.stop=a",
                "meta.metadata.stop=b",
                "meta.metadata.temperature=0.2 (0.2)",
                "meta.tool_definitions.name=f",
                "config.model=m",
            ]
        );
    }

    #[test]
    fn attributes_are_limited() {
        let tags: Vec<String> = (0..1_000).map(|tag| format!("t{tag}:{}", "é".repeat(200))).collect();
        let event = json!({ "tags": tags, "meta": { "metadata": { "left": "out" } } });
        let attributes = all(&event);
        assert_eq!(attributes.len(), MAX + 1);
        assert_eq!(attributes[200], "collection_errors=llmobs_attributes_left_out");
        assert_eq!(attributes[199], format!("tag.t199={}", "é".repeat(128)));
        let event =
            json!({ "meta": { "metadata": { "k".repeat(300): 1, "x": format!("a{}", "é".repeat(200)) } } });
        let left_out = "collection_errors=llmobs_attributes_left_out".to_owned();
        assert_eq!(all(&event), [format!("meta.metadata.x=a{}", "é".repeat(127)), left_out]);
        let tags: Vec<String> = (0..MAX).map(|tag| format!("t{tag}")).collect();
        assert_eq!(all(&json!({ "tags": tags, "meta": { "metadata": {} } })).len(), MAX);
    }
}
