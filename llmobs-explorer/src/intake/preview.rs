//! The previews of input and output in lists: their beginning in one line.

use std::borrow::Cow;

use serde_json::Value;

use super::content::{self, Content};
use super::field;

/// The maximum length of a preview in characters, with the `…` at the end.
const MAX_CHARS: usize = 160;

/// The last message of a user, or else the last message; documents; or the value.
pub(super) fn of_input(input: &Content<'_>) -> String {
    let backwards = || input.messages.iter().rev();
    let users = backwards().filter(|message| content::text(message, "role") == "user");
    of(input, users.chain(backwards()))
}

/// The first message; documents; or the value.
pub(super) fn of_output(output: &Content<'_>) -> String {
    of(output, output.messages.iter())
}

fn of<'a>(content: &Content<'_>, messages: impl Iterator<Item = &'a Value>) -> String {
    let mut lines = messages
        .map(|message| line(&shown(message)))
        .chain(documents(content.documents))
        .chain(content.value.map(|value| line(&opened(value, content.inside.as_ref()))));
    lines.find(|line| !line.is_empty()).unwrap_or_default()
}

/// The text of a message, or else its tool calls, or else its tool results.
fn shown(message: &Value) -> Cow<'_, str> {
    let said = content::message_text(message);
    if !said.trim().is_empty() {
        return said;
    }
    let calls = content::tool_calls(message)
        .map(|(name, arguments)| format!("{name}({})", arguments.map(whole).unwrap_or_default()));
    let results =
        content::tool_results(message).map(|(_, result)| result.map(whole).unwrap_or_default().into_owned());
    let calls: Vec<String> = calls.collect();
    let found = if calls.is_empty() { results.collect() } else { calls };
    Cow::Owned(found.join(", "))
}

fn documents(documents: &[Value]) -> Option<String> {
    let first = content::document(documents.first()?);
    Some(line(&match documents.len() {
        1 => format!("1 document: {first}"),
        count => format!("{count} documents: {first}"),
    }))
}

/// An object with one field is shown as the value of the field. The arguments of many functions are such objects.
fn opened<'a>(value: &'a Value, inside: Option<&'a Value>) -> Cow<'a, str> {
    match inside.unwrap_or(value) {
        Value::Object(fields) if fields.len() == 1 => fields.values().map(whole).next().unwrap_or_default(),
        Value::String(text) => Cow::Borrowed(text),
        _ => whole(value),
    }
}

/// A text as it is, anything else as JSON.
fn whole(value: &Value) -> Cow<'_, str> {
    field::scalar(value).unwrap_or_else(|| Cow::Owned(value.to_string()))
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
            assert_eq!(of_input(&Content::read(Some(&input))), expected, "{input}");
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
            assert_eq!(of_output(&Content::read(Some(&output))), expected, "{output}");
        }
    }
}
