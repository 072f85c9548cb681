//! The data of the spans of a library, by the contents of the table in `docs/tracing.md`.

use llmobs_runtime::testing::Collector;
use serde_json::{Map, Value, json};

/// The expected spans of the replays of a library.
pub(crate) struct Library {
    /// The name of the integration.
    pub(crate) integration: &'static str,
    /// Each replay with its spans, in the order in which they start.
    ///
    /// A span has `kind` and `name`, `trace` (for the first of a trace) or `parent` as a number, and, if it has them, `session`,
    /// `model` (with the provider in front of it), `input`, `output`, `tools`, `metadata`, `metrics`, `error` (type and message), `links`,
    /// the `tags` that are not the same for all spans, and `integration`, if it is another one.
    pub(crate) replays: Vec<(fn(), Value)>,
}

const ALL: [&str; 11] = [
    "agent",
    "llm",
    "tool",
    "embedding",
    "messages",
    "tool_calls",
    "tokens",
    "cached_tokens",
    "first_token",
    "errors",
    "parents",
];

/// Checks one content of the spans of a library's replays.
pub(crate) fn check(library: &Library, content: &str) {
    let mut is_found = false;
    for (replay, expected) in &library.replays {
        let expected = selected(expected.as_array().unwrap(), content);
        assert_eq!(selected(&shown(library, *replay), content), expected);
        is_found |= expected.iter().any(|value| !value.is_null());
    }
    assert!(is_found, "no span has {content}");
}

/// Checks all data of the spans of a library's replays, and that they have no content without a test.
pub(crate) fn check_all(library: &Library, tested: &[&str]) {
    for (replay, expected) in &library.replays {
        let shown = shown(library, *replay);
        assert_eq!(Value::from(shown.clone()), *expected);
        for content in ALL.iter().filter(|content| !tested.contains(content)) {
            assert!(selected(&shown, content).iter().all(Value::is_null), "{content} has no test");
        }
    }
}

/// This content of each span. `Null` means none.
fn selected(spans: &[Value], content: &str) -> Vec<Value> {
    let of_kind = |span: &Value| if span["kind"] == content { span.clone() } else { Value::Null };
    let is_of_cache = |name: &str| name.starts_with("cache_");
    let is_of_time = |name: &str| name.starts_with("time_");
    let metrics = |span: &Value, is_selected: &dyn Fn(&str) -> bool| {
        only(&span["metrics"], |name, _| is_selected(name))
    };
    let select = |span: &Value| match content {
        "messages" | "tool_calls" if span["kind"] != "llm" => Value::Null,
        "messages" => only(span, |name, _| ["input", "output"].contains(&name)),
        "tool_calls" => tool_calls(span),
        "tokens" => metrics(span, &|name| name.ends_with("_tokens") && !is_of_cache(name)),
        "cached_tokens" => metrics(span, &is_of_cache),
        "first_token" => metrics(span, &is_of_time),
        "errors" => only(span, |name, _| name == "error"),
        "parents" => only(span, |name, _| ["parent", "links"].contains(&name)),
        _ => of_kind(span),
    };
    spans.iter().map(select).collect()
}

/// The messages of a span with tool calls or results, and the available tools.
fn tool_calls(span: &Value) -> Value {
    let is_of_tool =
        |message: &&Value| message["tool_calls"].is_array() || message["tool_results"].is_array();
    let messages = |side: &str| span[side].as_array().into_iter().flatten().filter(is_of_tool);
    let shown = json!({
        "input": messages("input").collect::<Vec<_>>(),
        "output": messages("output").collect::<Vec<_>>(),
        "tools": span["tools"],
    });
    only(&shown, |_, value| !is_empty(value))
}

fn only(object: &Value, is_selected: impl Fn(&str, &Value) -> bool) -> Value {
    let fields = object.as_object().into_iter().flatten().filter(|(name, value)| is_selected(name, value));
    let fields: Map<_, _> = fields.map(|(name, value)| (name.clone(), value.clone())).collect();
    if fields.is_empty() { Value::Null } else { fields.into() }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || *value == json!([]) || *value == json!({})
}

/// The spans of a replay.
fn shown(library: &Library, replay: fn()) -> Vec<Value> {
    let collector = Collector::new();
    crate::run(&collector, replay);
    let events = collector.events();
    let number = |id: &Value| 1 + events.iter().position(|event| event["span_id"] == *id).unwrap();
    let mut traces: Vec<&Value> = Vec::new();
    let mut spans = Vec::new();
    for event in &events {
        let meta = &event["meta"];
        let tags: Vec<_> = event["tags"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let integration = tags.iter().find_map(|tag| tag.strip_prefix("integration:"));
        let is_own = |tag: &&&str| ["user_id:", "cancelled:"].iter().any(|own| tag.starts_with(own));
        let mut span = json!({
            "kind": meta["span"]["kind"],
            "name": event["name"],
            "integration": integration.filter(|name| *name != library.integration),
            "session": event["session_id"],
            "tags": tags.iter().filter(is_own).collect::<Vec<_>>(),
            "input": side(&meta["input"]),
            "output": side(&meta["output"]),
            "tools": meta["tool_definitions"],
            "metadata": meta["metadata"],
            "metrics": event["metrics"],
            "links": event["span_links"],
        });
        let is_known = traces.contains(&&event["trace_id"]);
        if event["parent_id"] == "undefined" {
            assert!(!is_known, "two spans are the first of a trace");
            traces.push(&event["trace_id"]);
            span["trace"] = traces.len().into();
        } else {
            let parent = number(&event["parent_id"]);
            assert_eq!(event["trace_id"], events[parent - 1]["trace_id"]);
            span["parent"] = parent.into();
        }
        if let Some(model) = meta["model_name"].as_str() {
            span["model"] = format!("{}/{model}", meta["model_provider"].as_str().unwrap()).into();
        }
        assert_eq!(event["status"] == "error", meta["error"].is_object());
        if meta["error"].is_object() {
            span["error"] = json!({ "type": meta["error"]["type"], "message": meta["error"]["message"] });
        }
        spans.push(only(&span, |_, value| !is_empty(value)));
    }
    spans
}

/// The messages, documents or text of an input or output.
fn side(side: &Value) -> Value {
    let value = ["messages", "documents", "value"].into_iter().find_map(|form| side.get(form));
    value.cloned().unwrap_or_default()
}
