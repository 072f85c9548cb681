//! The text of a span for full-text search: texts of people, models and tools.

use serde_json::Value;

use super::content::{self, Content};
use super::error::ErrorFields;
use super::field;
use crate::unspaced;

/// The most searchable characters of the input, and of the output. Datadog has the same limit.
const MAX_CHARS: usize = 20_500;
/// Texts of this many bytes or more are stored separately, because other spans may repeat them.
const LONG: usize = 64;
/// The most searchable characters of the error.
const MAX_ERROR_CHARS: usize = 4_096;

pub(super) fn of(input: &Content<'_>, output: &Content<'_>, error: &ErrorFields<'_>) -> SearchText {
    let mut search_text = SearchText::default();
    for content in [input, output] {
        search_text.left = MAX_CHARS;
        search_text.content(content);
    }
    search_text.left = MAX_ERROR_CHARS;
    error.message.into_iter().chain(error.error_type).for_each(|text| search_text.add(text));
    search_text
}

/// The texts of a span.
#[derive(Default)]
pub(super) struct SearchText {
    /// The long texts.
    pub(super) long: Vec<String>,
    /// The other texts, one per line.
    pub(super) short: String,
    /// The number of further characters that fit.
    left: usize,
}

impl SearchText {
    fn content(&mut self, content: &Content<'_>) {
        content.messages.iter().for_each(|message| self.message(message));
        for document in content.documents {
            self.add(content::document(document));
            self.add(content::text(document, "name"));
        }
        if let Some(value) = content.inside.as_ref().or(content.value) {
            self.value(value);
        }
        if let Some(prompt) = content.prompt {
            self.add(content::text(prompt, "template"));
            prompt.get("chat_template").and_then(Value::as_array).into_iter().flatten().for_each(|message| {
                self.add(&content::message_text(message));
            });
            if let Some(variables) = prompt.get("variables") {
                self.value(variables);
            }
        }
    }

    fn message(&mut self, message: &Value) {
        self.add(&content::message_text(message));
        for (name, value) in content::tool_calls(message).chain(content::tool_results(message)) {
            self.add(name);
            match value {
                Some(Value::String(text)) if self.left > 0 => match content::json_inside(text) {
                    Some(inside) => self.value(&inside),
                    None => self.add(text),
                },
                Some(value) => self.value(value),
                None => {}
            }
        }
    }

    /// Adds names and scalars instead of JSON text. In JSON text, `\n` and `\u00e9` would be parts of words.
    fn value(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(fields) => {
                for (name, field) in fields {
                    self.add(name);
                    self.value(field);
                }
            }
            scalar => self.add(&field::scalar(scalar).unwrap_or_default()),
        }
    }

    fn add(&mut self, text: &str) {
        if text.is_empty() || self.left == 0 {
            return;
        }
        let chars = text.chars().count();
        let end = if chars > self.left { text.char_indices().nth(self.left) } else { None };
        let text = end.map_or(text, |(end, _)| text.get(..end).unwrap_or_default());
        self.left -= chars.min(self.left);
        let text = unspaced::indexed(text);
        if text.len() >= LONG {
            self.long.push(text.into_owned());
            return;
        }
        if !self.short.is_empty() {
            self.short.push('\n');
        }
        self.short.push_str(&text);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_texts_are_searchable() {
        let input = json!({
            "messages": [{ "role": "user", "content": "hello" }, {
                "role": "tool",
                "content": "",
                "tool_results": [{ "name": "search", "result": "{\"city\": \"K\\u00f6ln\"}", "tool_id": "1" }],
            }],
            "prompt": {
                "id": "p",
                "template": "say {{what}}",
                "chat_template": [{ "role": "user", "content": "ask" }],
                "variables": { "what": "hi", "times": 2 },
            },
        });
        let output = json!({
            "messages": [{
                "role": "assistant",
                "content": "calling",
                "tool_calls": [{ "name": "search", "arguments": { "query": "a\nb" }, "tool_id": "2" }],
                "image_parts": [{ "mime_type": "image/png", "content": "iVBORw0KGgo=" }],
            }],
            "documents": [{ "text": "text", "name": "title", "id": "d1", "score": 0.5 }],
            "value": "{\"line\": \"one\\ntwo\"}",
        });
        let error = ErrorFields { error_type: Some("ValueError"), message: Some("bad thing") };
        let texts = of(&Content::read(Some(&input)), &Content::read(Some(&output)), &error);
        assert_eq!(
            texts.short,
            "hello\nsearch\ncity\nKöln\nsay {{what}}\nask\ntimes\n2\nwhat\nhi\n\
             calling\nsearch\nquery\na\nb\ntext\ntitle\nline\none\ntwo\nbad thing\nValueError"
        );
    }

    #[test]
    fn long_texts_are_kept_apart_from_short_ones() {
        let input = json!({ "messages": [{ "content": "a ".repeat(32) }, { "content": "b ".repeat(31) }] });
        let none = Content::read(None);
        let texts =
            of(&Content::read(Some(&input)), &none, &ErrorFields { error_type: Some("T"), message: None });
        assert_eq!((texts.long, texts.short), (vec!["a ".repeat(32)], format!("{}\nT", "b ".repeat(31))));
    }

    #[test]
    fn input_output_and_error_have_separate_limits() {
        let long = json!({ "value": "é".repeat(30_000) });
        let content = Content::read(Some(&long));
        let error = "x".repeat(5_000);
        let texts = of(&content, &content, &ErrorFields { error_type: Some("T"), message: Some(&error) });
        let long = "é".repeat(MAX_CHARS);
        assert_eq!(texts.long, [long.clone(), long, "x".repeat(MAX_ERROR_CHARS)]);
        assert_eq!(texts.short, "");
    }
}
