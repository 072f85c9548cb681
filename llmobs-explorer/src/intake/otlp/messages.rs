//! Messages in events of a span, the form of OpenTelemetry before messages were attributes.

use serde_json::{Map, Value};

use super::span::Event;
use crate::intake::field::Object;

/// The names of the events, and the roles of their messages.
const EVENTS: [(&str, &str); 5] = [
    ("gen_ai.system.message", "system"),
    ("gen_ai.user.message", "user"),
    ("gen_ai.assistant.message", "assistant"),
    ("gen_ai.tool.message", "tool"),
    (CHOICE, "assistant"),
];
/// The event with the answer of a model.
const CHOICE: &str = "gen_ai.choice";

/// Adds the messages of events to attributes without messages.
pub(super) fn add(events: &[Event], attributes: &mut Object) {
    for (name, is_output) in [("gen_ai.input.messages", false), ("gen_ai.output.messages", true)] {
        let of_side = events.iter().filter(|event| (event.name == CHOICE) == is_output);
        let messages: Vec<_> = of_side.filter_map(message).collect();
        if !messages.is_empty() {
            attributes.entry(name).or_insert(Value::Array(messages));
        }
    }
}

/// Returns the message of an event. It is JSON in one attribute, or has one attribute per field.
fn message(event: &Event) -> Option<Value> {
    let (_, role) = EVENTS.iter().find(|(name, _)| *name == event.name)?;
    let content = event.attributes.get("gen_ai.event.content").map(inside);
    let mut fields = match content {
        Some(Value::Object(fields)) => fields,
        _ => event.attributes.iter().map(|(name, value)| (name.clone(), inside(value))).collect(),
    };
    let mut message = match fields.remove("message") {
        Some(Value::Object(message)) => message,
        Some(text) => Map::from_iter([("content".to_owned(), text)]),
        None => fields.clone(),
    };
    message.retain(|name, _| !name.starts_with("gen_ai."));
    message.entry("role").or_insert_with(|| (*role).into());
    if let Some(reason) = fields.remove("finish_reason") {
        message.entry("finish_reason").or_insert(reason);
    }
    Some(Value::Object(message))
}

/// Returns a list or an object, which may be JSON in a text.
fn inside(value: &Value) -> Value {
    let text = value.as_str().filter(|text| text.starts_with(['{', '[']));
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| value.clone())
}
