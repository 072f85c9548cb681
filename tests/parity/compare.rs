//! Comparison of events, regardless of how JSON in their texts is formatted.

use serde_json::{Map, Value, json};

/// `value`, `content` and `text` contain JSON that Rust and Python write in different styles: fields in the order of
/// the declaration or sorted, spaces or none, escapes or UTF-8. If such a text is JSON, it is compared as JSON, and
/// numbers by value.
pub(crate) fn comparable(events: Vec<Value>) -> Vec<Value> {
    events.into_iter().map(|event| walk(event, false)).collect()
}

fn walk(value: Value, inside_text: bool) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields.into_iter().map(field).collect::<Map<_, _>>()),
        Value::Array(items) => items.into_iter().map(|item| walk(item, false)).collect(),
        Value::String(text) if inside_text || text.starts_with(['{', '[']) => {
            match serde_json::from_str(&text) {
                Ok(parsed) => json!({ "json": walk(parsed, false) }),
                Err(_) => Value::String(elided(text)),
            }
        }
        Value::String(text) => Value::String(elided(text)),
        Value::Number(number) => json!(number.as_f64()),
        other => other,
    }
}

fn field((key, value): (String, Value)) -> (String, Value) {
    let text = matches!(key.as_str(), "value" | "content" | "text");
    (key, walk(value, text))
}

/// The captures have the first letters of a long text, and its length. The length of a shortened text depends on the ids of its span.
fn elided(text: String) -> String {
    let length = text.chars().count();
    if length < 1000 {
        return text;
    }
    let first: String = text.chars().take(48).collect();
    if text.contains(" bytes left out] …") {
        format!("{first}<elided: shortened>")
    } else {
        format!("{first}<elided: total {length} chars>")
    }
}
