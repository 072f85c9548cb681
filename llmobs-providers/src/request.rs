//! Requests to providers.

use std::borrow::Cow;

use llmobs_capture::text::{CUT, shortened};
use llmobs_capture::value::{weight, weight_of};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::{Map, Value};

use crate::document::Document;
use crate::json::Json;
use crate::message::Message;
use crate::protocol::{Operation, Protocol};
use crate::response::{MAX_FACT_BYTES, entry, is_plain, keep, length_of};
use crate::room::Room;
use crate::tool::{ToolDefinition, ToolForm};
use crate::turn::{Parts, Turn};
use crate::url::{is_credential, without_credentials};

/// A request to a provider.
///
/// It serializes as JSON, without empty fields.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Request {
    /// The protocol of the request.
    pub protocol: Option<Protocol>,
    /// The provider of the model, such as `openai`.
    pub provider: Option<String>,
    /// The operation of the model.
    pub operation: Option<Operation>,
    /// The requested model.
    pub model: Option<String>,
    /// The messages, with system messages first. If they exceed the budget, a note replaces the oldest ones.
    pub messages: Vec<Message>,
    /// The texts of an embedding, or the documents of a rerank.
    pub documents: Vec<Document>,
    /// The tools that the model can call.
    pub tools: Vec<ToolDefinition>,
    /// The other fields of the request, such as `temperature`, without credentials.
    pub parameters: Map<String, Value>,
}

impl Request {
    /// Returns whether nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.model.is_none() && self.messages.is_empty() && self.documents.is_empty() && self.tools.is_empty()
    }

    /// Returns the request without texts that people wrote. It keeps the protocol, the provider, the operation, the model, the names of
    /// tools, and the parameters that are numbers or booleans.
    #[must_use]
    pub fn without_content(self) -> Self {
        let Self { protocol, provider, operation, model, tools, mut parameters, .. } = self;
        parameters.retain(|_, value| is_plain(value));
        let tools = tools.into_iter().map(|tool| ToolDefinition::new(tool.name)).collect();
        Self { protocol, provider, operation, model, tools, parameters, ..Self::default() }
    }

    /// Returns about how many bytes of memory the request takes.
    #[doc(hidden)]
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.messages.iter().map(Message::bytes).sum::<usize>()
            + self.documents.iter().map(Document::bytes).sum::<usize>()
            + self.tools.iter().map(ToolDefinition::bytes).sum::<usize>()
            + weight(&self.parameters)
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entry(&mut map, "protocol", &self.protocol, Option::is_none)?;
        entry(&mut map, "provider", &self.provider, Option::is_none)?;
        entry(&mut map, "operation", &self.operation, Option::is_none)?;
        entry(&mut map, "model", &self.model, Option::is_none)?;
        entry(&mut map, "messages", &self.messages, Vec::is_empty)?;
        entry(&mut map, "documents", &self.documents, Vec::is_empty)?;
        entry(&mut map, "tools", &self.tools, Vec::is_empty)?;
        entry(&mut map, "parameters", &self.parameters, Map::is_empty)?;
        map.end()
    }
}

/// The most numbers to show of a list or an object in a parameter.
const MAX_NUMBERS: usize = 64;

/// Returns the value of a parameter to show: without credentials at any depth, without the middle of long texts, and with a note in place
/// of many numbers, such as the tokens of an earlier response.
pub(crate) fn shown(json: &Json<'_>) -> Value {
    match json {
        Json::Text(text) => shortened(&without_credentials(text), MAX_FACT_BYTES).into(),
        Json::Array(items) if are_many_numbers(items.iter()) => {
            format!("{CUT} [{} numbers]", length_of(items)).into()
        }
        Json::Array(items) => items.iter().map(shown).collect(),
        Json::Object(fields) if are_many_numbers(fields.iter().map(|(_, value)| value)) => {
            format!("{CUT} [{} numbers]", fields.len()).into()
        }
        Json::Object(_) => fields(json, false),
        other => other.to_value(),
    }
}

/// Returns the fields of an object that are not credentials. The properties of a schema may have such names.
fn fields(json: &Json<'_>, are_schemas: bool) -> Value {
    let mut shown_fields = Map::new();
    for (name, value) in json.fields() {
        if is_credential(name) && !(are_schemas && value.is_object()) {
            continue;
        }
        let has_schemas = ["properties", "$defs", "definitions"].contains(&name.as_ref());
        let value = if has_schemas && value.is_object() { fields(value, true) } else { shown(value) };
        shown_fields.insert(name.to_string(), value);
    }
    Value::Object(shown_fields)
}

/// Returns whether the values are too many numbers to show. A note may already replace some of them.
fn are_many_numbers<'j, 'a: 'j>(mut values: impl ExactSizeIterator<Item = &'j Json<'a>> + Clone) -> bool {
    let is_long = values.len() > MAX_NUMBERS || values.clone().last().is_some_and(is_cut);
    is_long
        && matches!(values.next(), Some(Json::Number(_)))
        && values.all(|value| matches!(value, Json::Number(_)) || is_cut(value))
}

fn is_cut(json: &Json<'_>) -> bool {
    json.as_str().is_some_and(|note| note.starts_with(CUT))
}

/// A request that is being read.
#[derive(Debug)]
pub(crate) struct RequestDraft {
    room: Room,
    /// The budget of everything except the messages, so that nothing else reduces the budget of the messages.
    extra_room: Room,
    system: Vec<Message>,
    request: Request,
}

impl RequestDraft {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            room: Room::new(limit),
            extra_room: Room::new(limit),
            system: Vec::new(),
            request: Request::default(),
        }
    }

    pub(crate) fn model(&mut self, model: &str) {
        if self.request.model.is_none() && !model.is_empty() {
            self.request.model = Some(self.room.label(model));
        }
    }

    pub(crate) fn operation(&mut self, operation: Operation) {
        self.request.operation = Some(operation);
    }

    /// Adds a message that is shown before the others, and takes at most half of the remaining budget.
    pub(crate) fn system(&mut self, role: &str, read: impl FnOnce(&mut Turn<'_>)) {
        let held = self.room.hold_half();
        let mut parts = Parts::default();
        let mut turn = Turn::new(&mut parts, &mut self.room);
        turn.role(role);
        read(&mut turn);
        if turn.has_parts() {
            parts.into_messages(false, &mut self.system);
        }
        self.room.release(held);
    }

    /// Adds the messages of a conversation. `read` fills the parts of each one.
    ///
    /// The messages are read from the last to the first, so that the oldest are left out if there is no room for all. The last message is
    /// always kept. An item that is a note of an earlier cut becomes a note.
    pub(crate) fn conversation<'j>(
        &mut self,
        items: &'j [Json<'j>],
        mut read: impl FnMut(&'j Json<'j>, &mut Turn<'_>),
    ) {
        self.conversation_of(items.chunks(1), |_, item, turn| read(item, turn));
    }

    /// Adds the messages of a conversation in which a turn may have several items. `read` also receives the index of the item in its turn.
    pub(crate) fn conversation_of<'j>(
        &mut self,
        turns: impl DoubleEndedIterator<Item = &'j [Json<'j>]>,
        mut read: impl FnMut(u64, &'j Json<'j>, &mut Turn<'_>),
    ) {
        let mut messages = Vec::new();
        let mut left_out = 0;
        for items in turns.rev() {
            let has_room = self.room.entry().is_some() && !self.room.is_full();
            if !has_room && !messages.is_empty() {
                left_out += items.len();
                continue;
            }
            let mut parts = Parts::default();
            let mut turn = Turn::new(&mut parts, &mut self.room);
            for (index, item) in (0..).zip(items) {
                match item.as_str().filter(|note| note.starts_with(CUT)) {
                    Some(note) => turn.note(crate::turn::At::End, note),
                    None => read(index, item, &mut turn),
                }
            }
            let mut of_turn = Vec::new();
            parts.into_messages(false, &mut of_turn);
            messages.extend(of_turn.into_iter().rev());
        }
        if left_out > 0 {
            messages.push(Message::new("", format!("… [{left_out} older messages left out]")));
        }
        messages.reverse();
        self.request.messages.append(&mut messages);
    }

    /// Adds a message that is only a text.
    pub(crate) fn message(&mut self, role: &str, text: &str) {
        let text = self.room.whole(text);
        self.request.messages.push(Message::new(role, text));
    }

    /// Adds a text of an embedding, or a document of a rerank.
    pub(crate) fn document(&mut self, document: Document) {
        if self.extra_room.entry().is_some() {
            self.request.documents.push(document);
        }
    }

    /// Adds a document that is only a text.
    pub(crate) fn document_text(&mut self, text: &str) {
        let text = self.room.whole(text);
        self.document(Document::new(text));
    }

    /// Adds a tool, unless it has no name.
    pub(crate) fn tool(&mut self, name: &str, description: Option<&str>, schema: Option<&Json<'_>>) {
        if name.is_empty() || self.extra_room.entry().is_none() {
            return;
        }
        let schema = schema.filter(|schema| schema.is_object()).map(Json::to_map);
        self.request.tools.push(ToolDefinition {
            name: self.extra_room.label(name),
            description: description.map(|text| self.extra_room.whole(text)),
            schema: schema.filter(|schema| self.extra_room.take(weight(schema))),
            version: None,
        });
    }

    /// Adds the tools of a definition in any form, or of a list of definitions.
    pub(crate) fn tools(&mut self, given: &Json<'_>) {
        ToolForm::each(given, &mut |form| self.tool(form.name, form.description, form.schema));
    }

    /// Sets a parameter, unless it is `null` or a credential. If there is no room for the value, a note replaces it.
    pub(crate) fn parameter(&mut self, name: &str, value: &Json<'_>) {
        if value.is_null() || is_credential(name) {
            return;
        }
        if !self.extra_room.has_entries() || !self.extra_room.take(name.len()) {
            return;
        }
        let value = shown(value);
        let bytes = weight_of(&value);
        let kept = keep(value, &mut self.extra_room);
        let value = kept.unwrap_or_else(|| format!("{CUT} [{bytes} bytes left out]").into());
        self.request.parameters.insert(name.to_owned(), value);
    }

    /// Sets the fields of an object as parameters, except those that are read elsewhere.
    pub(crate) fn parameters(&mut self, object: &Json<'_>, without: &[&str]) {
        for (name, value) in object.fields() {
            if !without.contains(&name.as_ref()) {
                self.parameter(name, value);
            }
        }
    }

    /// Returns a text within the budget.
    pub(crate) fn whole(&mut self, text: &str) -> String {
        self.room.whole(text)
    }

    pub(crate) fn finish(self, protocol: Protocol) -> Request {
        let mut request = self.into_request();
        request.protocol = Some(protocol);
        request.operation.get_or_insert(protocol.operation());
        request
    }

    /// Returns what was read, without a protocol.
    pub(crate) fn into_request(self) -> Request {
        let mut request = self.request;
        if !self.system.is_empty() {
            let conversation = std::mem::replace(&mut request.messages, self.system);
            // Libraries that send system messages separately may repeat them in the conversation.
            let is_repeated = conversation.starts_with(&request.messages);
            request.messages.extend(conversation.into_iter().skip(if is_repeated {
                request.messages.len()
            } else {
                0
            }));
        }
        request
    }
}

/// Returns a text, or the texts of a list of texts.
pub(crate) fn texts<'j>(value: &'j Json<'_>) -> Vec<Cow<'j, str>> {
    match value {
        Json::Text(text) => vec![Cow::Borrowed(text)],
        Json::Array(items) => items.iter().filter_map(Json::as_str).map(Cow::Borrowed).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
