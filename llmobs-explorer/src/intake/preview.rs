//! The previews of input and output in lists: the beginning as one line.

use std::borrow::Cow;
use std::cell::OnceCell;

use llmobs_providers::json::Json;
use serde_json::Value;
use serde_json::value::RawValue;

use super::content::{self, Content};
use super::field;

/// The maximum length of a preview in characters, with the `…` at the end.
const MAX_CHARS: usize = 160;

/// Returns the preview of the last message of a user, or else of the last message, of the documents, or of the value.
pub(super) fn of_input(input: &Content<'_>, event: &str) -> String {
    let backwards = || (0..input.messages.len()).rev();
    let is_user = |index: &usize| {
        input.messages.get(*index).is_some_and(|message| content::text(message, "role") == "user")
    };
    of(input, backwards().filter(is_user).chain(backwards()), &Side::new(event, "input"))
}

/// Returns the preview of the first message, of the documents, or of the value.
pub(super) fn of_output(output: &Content<'_>, event: &str) -> String {
    of(output, 0..output.messages.len(), &Side::new(event, "output"))
}

fn of(content: &Content<'_>, messages: impl Iterator<Item = usize>, side: &Side<'_>) -> String {
    let messages = messages.filter_map(|index| Some((index, content.messages.get(index)?)));
    let mut lines = messages
        .map(|(index, message)| line(&shown(message, || side.message(index))))
        .chain(documents(content.documents))
        .chain(content.value.map(|value| line(&opened(value, content.inside.as_ref(), side))));
    lines.find(|line| !line.is_empty()).unwrap_or_default()
}

/// `meta.input` or `meta.output` in the text of the event. Objects are shown from this text, because parsed values have sorted keys. Few
/// previews need it.
struct Side<'a> {
    event: &'a str,
    name: &'static str,
    /// The texts of the messages, read on first use.
    messages: OnceCell<Vec<&'a RawValue>>,
}

impl<'a> Side<'a> {
    const fn new(event: &'a str, name: &'static str) -> Self {
        Self { event, name, messages: OnceCell::new() }
    }

    fn text(&self) -> Option<&'a str> {
        field::part(field::part(self.event, "meta")?, self.name)
    }

    fn message(&self, index: usize) -> Option<Json<'a>> {
        let read = || serde_json::from_str(field::part(self.text()?, "messages")?).ok();
        let messages = self.messages.get_or_init(|| read().unwrap_or_default());
        Json::read(messages.get(index)?.get())
    }

    /// Returns the value, which may be the whole side.
    fn value(&self) -> Option<Json<'a>> {
        let text = self.text()?;
        Json::read(field::part(text, "value").unwrap_or(text))
    }
}

/// Returns the text of a message, or else its tool calls or tool results.
fn shown<'a>(message: &Value, written: impl FnOnce() -> Option<Json<'a>>) -> String {
    let text = content::message_text(message);
    let has_tools = || ["tool_calls", "tool_results"].iter().any(|name| message.get(name).is_some());
    if !text.trim().is_empty() || !has_tools() {
        return text.into_owned();
    }
    let written = written().unwrap_or(Json::Null);
    let calls = written.list("tool_calls").iter().map(|call| {
        // In OpenAI's format, these are in `function`.
        let call = call.field("function").filter(|function| function.is_object()).unwrap_or(call);
        format!("{}({})", call.str("name"), whole(call.get("arguments")))
    });
    let results = written.list("tool_results").iter().map(|result| whole(result.get("result")));
    let calls: Vec<String> = calls.collect();
    let found = if calls.is_empty() { results.collect() } else { calls };
    found.join(", ")
}

fn documents(documents: &[Value]) -> Option<String> {
    let first = content::document(documents.first()?);
    Some(line(&match documents.len() {
        1 => format!("1 document: {first}"),
        count => format!("{count} documents: {first}"),
    }))
}

/// Replaces an object with one field by the value of the field. The arguments of many functions are such objects.
fn opened<'a>(value: &'a Value, inside: Option<&'a Value>, side: &Side<'_>) -> Cow<'a, str> {
    let only = |json: &Json<'_>| match json.fields() {
        [(_, only)] => whole(only),
        _ => whole(json),
    };
    match (inside.unwrap_or(value), value) {
        (Value::Object(fields), Value::String(text)) if fields.len() == 1 => {
            Json::read(text).as_ref().map(only).unwrap_or_default().into()
        }
        (Value::String(text), _) | (_, Value::String(text)) => Cow::Borrowed(text),
        (Value::Array(_) | Value::Object(_), _) => side.value().as_ref().map(only).unwrap_or_default().into(),
        (scalar, _) => field::scalar(scalar).unwrap_or_default(),
    }
}

/// Returns a text unchanged, an empty text for null, and JSON for any other value.
fn whole(value: &Json<'_>) -> String {
    match value {
        Json::Null => String::new(),
        Json::Text(text) => text.clone().into_owned(),
        value => value.to_text(),
    }
}

/// Replaces each run of white space and control characters with one space.
fn line(text: &str) -> String {
    let mut line = String::new();
    let mut count = 0;
    let words =
        text.split(|char: char| char.is_whitespace() || char.is_control()).filter(|word| !word.is_empty());
    for word in words {
        for char in (count > 0).then_some(' ').into_iter().chain(word.chars()) {
            count += 1;
            if count > MAX_CHARS {
                line.pop();
                line.push('…');
                return line;
            }
            line.push(char);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_folded_and_cut() {
        assert_eq!(line("  a\n\tb\u{0}\u{1b}c  "), "a b c");
        assert_eq!(line(&"é".repeat(160)), "é".repeat(160));
        assert_eq!(line(&"é".repeat(161)), format!("{}…", "é".repeat(159)));
        assert_eq!(line(&format!("{}\n", "é".repeat(160))), "é".repeat(160));
    }

    #[test]
    fn inputs() {
        for (input, expected) in [
            (
                json!({ "messages": [{ "role": "user", "content": "a" }, { "role": "tool", "content": "b" }] }),
                "a",
            ),
            (json!({ "messages": [{ "role": "system", "content": "a" }, { "content": "b" }] }), "b"),
            (
                json!({ "messages": [{ "role": "user", "content": "a" }, { "role": "user", "content": "" }] }),
                "a",
            ),
            (json!({ "messages": ["a"] }), "a"),
            (
                json!({ "messages": [{ "role": "user", "content": [{ "type": "text", "text": "a" }, "b"] }] }),
                "a b",
            ),
            (json!({ "messages": [{ "role": "user", "tool_results": [{ "result": "a" }] }] }), "a"),
            (json!({ "messages": [], "value": "a" }), "a"),
            (json!({ "documents": [{ "text": "a\nb" }, { "text": "c" }] }), "2 documents: a b"),
            (json!({ "documents": ["a"] }), "1 document: a"),
            (json!({ "value": "{\"question\": \"a \\\"b\\\"\"}" }), "a \"b\""),
            (json!({ "value": "{\"point\": {\"x\": 1}}" }), "{\"x\":1}"),
            (json!({ "value": "{\"b\": 1,  \"a\": 2}" }), "{\"b\": 1, \"a\": 2}"),
            (json!({ "value": "\"a\\nb\"" }), "a b"),
            (json!({ "value": "{not json" }), "{not json"),
            (json!({ "value": { "a": 1.5 } }), "1.5"),
            (json!({ "value": [1, 2] }), "[1,2]"),
            (json!({ "value": null }), ""),
            (json!({ "prompt": { "template": "a" } }), ""),
            (json!({ "question": "a" }), "a"),
            (json!("a"), "a"),
            (json!({}), ""),
        ] {
            let event = json!({ "meta": { "input": input } }).to_string();
            assert_eq!(of_input(&Content::read(Some(&input)), &event), expected, "{input}");
        }
    }

    #[test]
    fn outputs() {
        for (output, expected) in [
            (json!({ "messages": [{ "content": "a" }, { "content": "b" }] }), "a"),
            (
                json!({ "messages": [{ "content": "", "tool_calls": [{ "name": "f", "arguments": { "x": 1 } }] }] }),
                "f({\"x\":1})",
            ),
            (
                json!({ "messages": [{ "content": null, "tool_calls": [
                    { "function": { "name": "f", "arguments": "{\"x\": 1}" } }, { "name": "g" },
                ] }] }),
                "f({\"x\": 1}), g()",
            ),
        ] {
            let event = json!({ "meta": { "output": output } }).to_string();
            assert_eq!(of_output(&Content::read(Some(&output)), &event), expected, "{output}");
        }
    }

    #[test]
    fn keys_and_digits_stay_as_they_were_sent() {
        for (output, expected) in [
            (r#"{ "value": { "z": 1.10, "a": [2] } }"#, r#"{"z":1.10,"a":[2]}"#),
            (r#"{ "value": { "only": { "z": 1, "a": 2 } } }"#, r#"{"z":1,"a":2}"#),
            (r#"{ "value": "{\"only\": {\"z\": 1, \"a\": 2}}" }"#, r#"{"z":1,"a":2}"#),
            (r#"{ "question": "q", "answer": "a" }"#, r#"{"question":"q","answer":"a"}"#),
            (
                r#"{ "messages": [
                    { "content": "" }, { "tool_calls": [{ "name": "f", "arguments": { "to": "Capri", "at": 20 } }] }
                ] }"#,
                r#"f({"to":"Capri","at":20})"#,
            ),
            (
                r#"{ "messages": [{ "tool_results": [{ "result": { "z": 1, "a": 2 } }, { "result": null }] }] }"#,
                r#"{"z":1,"a":2}, "#,
            ),
        ] {
            let event = format!(r#"{{ "name": "x", "meta": {{ "output": {output} }} }}"#);
            let value = serde_json::from_str(output).unwrap();
            assert_eq!(of_output(&Content::read(Some(&value)), &event), expected.trim_end(), "{output}");
        }
    }
}
