//! Messages while they are being streamed.

use llmobs_providers::Usage;

use super::call::{Call, CallDelta};
use super::list::List;
use super::room::{Room, Text, quoted};
use crate::base::kind::Kind;

/// The messages of a chat, or one text without a role.
pub(super) struct Draft {
    /// In the order of their indexes.
    messages: Vec<Message>,
    room: Room,
    pub(super) usage: Usage,
}

struct Message {
    index: u64,
    /// Empty for a text without a role.
    role: String,
    content: Text,
    calls: Vec<Call>,
}

/// A message of the draft, to be added to.
pub(super) struct Turn<'a> {
    message: &'a mut Message,
    room: &'a mut Room,
}

impl Draft {
    pub(super) fn new(limit: usize) -> Self {
        Self { messages: Vec::new(), room: Room::new(limit), usage: Usage::default() }
    }

    /// The message with this index, which begins with this role or the assistant's. `None` if there are too many.
    pub(super) fn turn(&mut self, index: u64, role: &str) -> Option<Turn<'_>> {
        self.open(index, if role.is_empty() { "assistant" } else { role })
    }

    /// Adds to the text without a role.
    pub(super) fn bare_text(&mut self, piece: &str) {
        if let Some(mut turn) = self.open(0, "") {
            turn.text(piece);
        }
    }

    fn open(&mut self, index: u64, role: &str) -> Option<Turn<'_>> {
        // An index is compared and never counted up to: it may be any number.
        let at = match self.messages.binary_search_by_key(&index, |message| message.index) {
            Ok(at) => at,
            Err(at) => {
                self.room.entry()?;
                let role = self.room.label(role);
                let message = Message { index, role, content: Text::default(), calls: Vec::new() };
                self.messages.insert(at, message);
                at
            }
        };
        Some(Turn { message: self.messages.get_mut(at)?, room: &mut self.room })
    }

    /// The text alone where that is all, or else the messages in OpenAI's form. `None` if there are none.
    pub(super) fn to_json(&self, kind: Kind) -> Option<String> {
        match self.messages.as_slice() {
            [] => None,
            [only] if only.role.is_empty() || kind != Kind::Llm && only.calls.is_empty() => {
                Some(only.content.to_json())
            }
            _ => Some(self.to_list(usize::MAX).into_json()),
        }
    }

    /// A list that begins with the messages, or with the text.
    pub(super) fn to_list(&self, limit: usize) -> List {
        let mut list = List::new(limit);
        for message in &self.messages {
            list.push(&message.to_json());
        }
        list
    }
}

impl Turn<'_> {
    /// Adds to the content.
    pub(super) fn text(&mut self, piece: &str) {
        self.message.content.push(piece, self.room);
    }

    /// Adds to the tool call that this is about, or begins one.
    pub(super) fn call(&mut self, delta: CallDelta<'_>) {
        delta.add_to(&mut self.message.calls, self.room);
    }
}

impl Message {
    fn to_json(&self) -> String {
        let content = self.content.to_json();
        if self.role.is_empty() {
            return content;
        }
        let mut json = format!(r#"{{"role":{},"content":{content}"#, quoted(&self.role));
        if !self.calls.is_empty() {
            let mut calls = List::new(usize::MAX);
            for call in &self.calls {
                calls.push(&call.to_json());
            }
            json.push_str(r#","tool_calls":"#);
            json.push_str(&calls.into_json());
        }
        json.push('}');
        json
    }
}
