//! Converts parts to messages.

use super::parts::{Body, Parts};
use crate::message::{Message, failed_result};

/// The role of messages with thoughts.
const REASONING: &str = "reasoning";
/// The role of messages with results of tools, in the output of a model.
const TOOL: &str = "tool";
const ASSISTANT: &str = "assistant";

impl Parts {
    /// Converts the parts to messages and appends them. `is_answer` is whether a model produced the parts.
    pub(crate) fn into_messages(self, is_answer: bool, messages: &mut Vec<Message>) {
        let is_answer = is_answer || self.is_answer;
        let role = match (self.role.is_empty(), is_answer) {
            (true, true) => ASSISTANT.to_owned(),
            _ => self.role,
        };
        let before = messages.len();
        let mut builder = Builder { role, is_answer, glued: false, messages, is_open: false };
        for part in self.list {
            builder.add(part.body);
        }
        if builder.messages.len() == before {
            let role = std::mem::take(&mut builder.role);
            builder.messages.push(Message::new(role, ""));
        }
    }
}

/// The messages so far, and how to add the next part to them.
struct Builder<'a> {
    role: String,
    is_answer: bool,
    /// Whether a text continues the last message without a separator.
    glued: bool,
    messages: &'a mut Vec<Message>,
    /// Whether the last message consists of these parts, and more can be added to it.
    is_open: bool,
}

impl Builder<'_> {
    /// Returns the last message if it has the role and `takes` accepts it, or a new message otherwise.
    fn message(&mut self, role: &str, takes: impl FnOnce(&Message) -> bool) -> Option<&mut Message> {
        let goes_on =
            self.is_open && self.messages.last().is_some_and(|last| last.role == role && takes(last));
        if !goes_on {
            self.messages.push(Message::new(role, ""));
            self.is_open = true;
            self.glued = false;
        }
        self.messages.last_mut()
    }

    fn is_text_alone(message: &Message) -> bool {
        message.tool_calls.is_empty() && message.tool_results.is_empty()
    }

    fn add(&mut self, body: Body) {
        let role = self.role.clone();
        match body {
            Body::Text(text) => {
                let separator = if self.glued { "" } else { "\n" };
                let Some(message) = self.message(&role, Self::is_text_alone) else { return };
                append(&mut message.content, &text.into_string(), separator);
                self.glued = role == ASSISTANT;
            }
            Body::Passage(text) => self.add(Body::Note(text.into_string())),
            Body::Note(note) => {
                let Some(message) = self.message(&role, Self::is_text_alone) else { return };
                let separator = if message.content.ends_with('\n') { "" } else { "\n" };
                append(&mut message.content, &note, separator);
                self.glued = false;
            }
            Body::Media(kind, mime, bytes) => {
                let separator = if mime.is_empty() { "" } else { ", " };
                self.add(Body::Note(format!("[{kind}: {mime}{separator}{bytes} bytes]")));
            }
            Body::Thought(text, name) => {
                let text = if text.is_empty() { format!("[{name}]") } else { text.into_string() };
                let Some(message) = self.message(REASONING, |_| true) else { return };
                append(&mut message.content, &text, "\n\n");
            }
            Body::Call(call) => {
                let Some(message) = self.message(&role, |last| last.tool_results.is_empty()) else { return };
                message.tool_calls.push(call.into_call());
            }
            Body::Result(mut result, text, is_error) => {
                let text = text.into_string();
                result.result = if is_error { failed_result(&text) } else { text };
                let role = if self.is_answer && role == ASSISTANT { TOOL } else { &role };
                let Some(message) = self.message(role, |_| true) else { return };
                message.tool_results.push(result);
            }
            Body::Begin => self.is_open = false,
        }
    }
}

/// Appends a text to the content. If neither is empty, the separator is put between them.
fn append(content: &mut String, text: &str, separator: &str) {
    if !content.is_empty() && !text.is_empty() {
        content.push_str(separator);
    }
    if content.is_empty() { text.clone_into(content) } else { content.push_str(text) }
}
