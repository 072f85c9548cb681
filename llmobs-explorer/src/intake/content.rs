//! The input or output of a span: messages, documents or a value, in the forms that different programs use.

use std::borrow::Cow;

use serde_json::Value;

/// The value of `meta.input` or `meta.output`.
#[derive(Debug, Default)]
pub(super) struct Content<'a> {
    pub(super) messages: &'a [Value],
    pub(super) documents: &'a [Value],
    pub(super) value: Option<&'a Value>,
    /// The parsed value, if it is a text with JSON.
    pub(super) inside: Option<Value>,
    pub(super) prompt: Option<&'a Value>,
}

impl<'a> Content<'a> {
    pub(super) fn read(content: Option<&'a Value>) -> Self {
        let Some(content) = content else { return Self::default() };
        let items = |name| content.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let known = ["value", "messages", "documents", "prompt", "parameters"];
        let value = match content.as_object() {
            Some(fields) if known.iter().any(|name| fields.contains_key(*name)) => fields.get("value"),
            // The input of experiments can be any value.
            Some(fields) if !fields.is_empty() => Some(content),
            Some(_) => None,
            None => Some(content),
        };
        Self {
            messages: items("messages"),
            documents: items("documents"),
            value: value.filter(|value| !value.is_null()),
            inside: value.and_then(Value::as_str).and_then(json_inside),
            prompt: content.get("prompt"),
        }
    }
}

/// Parses the object, list or text in a text with JSON. Other JSON values are the same as their text.
pub(super) fn json_inside(text: &str) -> Option<Value> {
    text.trim_start().starts_with(['{', '[', '"']).then(|| serde_json::from_str(text).ok()).flatten()
}

/// Returns the text of a message, or the texts of its parts.
pub(super) fn message_text(message: &Value) -> Cow<'_, str> {
    let content = if message.is_string() { Some(message) } else { message.get("content") };
    match content {
        Some(Value::String(text)) => Cow::Borrowed(text),
        Some(Value::Array(parts)) => {
            let texts = parts.iter().filter_map(|part| part.as_str().or_else(|| part.get("text")?.as_str()));
            Cow::Owned(texts.collect::<Vec<_>>().join("\n"))
        }
        _ => Cow::Borrowed(""),
    }
}

/// Returns the names and arguments of the tools that a message calls.
pub(super) fn tool_calls(message: &Value) -> impl Iterator<Item = (&str, Option<&Value>)> {
    items(message, "tool_calls").map(|call| {
        // In OpenAI's format, these are in `function`.
        let call = call.get("function").filter(|function| function.is_object()).unwrap_or(call);
        (text(call, "name"), call.get("arguments"))
    })
}

/// Returns the names and results of the tools in a message.
pub(super) fn tool_results(message: &Value) -> impl Iterator<Item = (&str, Option<&Value>)> {
    items(message, "tool_results").map(|result| (text(result, "name"), result.get("result")))
}

/// Returns the text of a document.
pub(super) fn document(document: &Value) -> &str {
    document.as_str().unwrap_or_else(|| text(document, "text"))
}

/// Returns a text of an object, or an empty text.
pub(super) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(message: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    message.get(name).and_then(Value::as_array).into_iter().flatten()
}
