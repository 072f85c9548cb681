//! Responses of providers.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use llmobs_capture::value::{weight, weight_of};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::{Map, Value};

use crate::document::Document;
use crate::failure::ApiError;
use crate::json::Json;
use crate::media;
use crate::message::Message;
use crate::protocol::Protocol;
use crate::room::{EventContent, Room};
use crate::turn::{Parts, Turn};
use crate::usage::Usage;

/// A response of a provider. Whole and streamed responses have the same form.
///
/// It serializes as JSON, without empty fields.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Response {
    /// The protocol of the response.
    pub protocol: Option<Protocol>,
    /// The provider of the model, such as `openai`.
    pub provider: Option<String>,
    /// The model that responded, if the response names it.
    pub model: Option<String>,
    /// The provider's id of the response.
    pub id: Option<String>,
    /// Input messages that only the response contains, such as those that a provider made from a stored prompt.
    pub input: Vec<Message>,
    /// The output of the model, with its choices in order.
    pub messages: Vec<Message>,
    /// The results of a rerank.
    pub documents: Vec<Document>,
    /// The vectors of an embedding.
    pub vectors: Option<Vectors>,
    /// Citations, in the form of the provider.
    pub citations: Vec<Value>,
    /// Why the model stopped, for each choice.
    pub finish_reasons: Vec<String>,
    /// The token counts.
    pub usage: Usage,
    /// The error. Earlier output is kept.
    pub error: Option<ApiError>,
    /// Other facts about the response, under the provider's names.
    pub facts: Map<String, Value>,
}

/// The vectors of an embedding, which are not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Vectors {
    /// The number of vectors.
    pub count: usize,
    /// The number of dimensions of each vector.
    pub size: usize,
}

impl Response {
    /// Returns whether nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self { protocol: self.protocol, provider: self.provider.clone(), ..Self::default() }
    }

    /// Returns the response without texts that a model or a person wrote. It keeps the model, the token counts, the finish reasons, the
    /// type of an error, and the facts that are numbers or booleans.
    #[must_use]
    pub fn without_content(self) -> Self {
        let Self { protocol, provider, model, id, vectors, finish_reasons, usage, error, mut facts, .. } =
            self;
        facts.retain(|_, value| is_plain(value));
        let error = error.map(ApiError::without_message);
        Self {
            protocol,
            provider,
            model,
            id,
            vectors,
            finish_reasons,
            usage,
            error,
            facts,
            ..Self::default()
        }
    }

    /// Returns about how many bytes of memory the response takes.
    #[doc(hidden)]
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.input.iter().chain(&self.messages).map(Message::bytes).sum::<usize>()
            + self.documents.iter().map(Document::bytes).sum::<usize>()
            + self.citations.iter().map(weight_of).sum::<usize>()
            + weight(&self.facts)
            + self.error.as_ref().map_or(0, |error| error.message.len())
    }
}

impl Serialize for Vectors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("count", &self.count)?;
        map.serialize_entry("size", &self.size)?;
        map.end()
    }
}

impl Serialize for Response {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entry(&mut map, "protocol", &self.protocol, Option::is_none)?;
        entry(&mut map, "provider", &self.provider, Option::is_none)?;
        entry(&mut map, "model", &self.model, Option::is_none)?;
        entry(&mut map, "id", &self.id, Option::is_none)?;
        entry(&mut map, "input", &self.input, Vec::is_empty)?;
        entry(&mut map, "messages", &self.messages, Vec::is_empty)?;
        entry(&mut map, "documents", &self.documents, Vec::is_empty)?;
        entry(&mut map, "vectors", &self.vectors, Option::is_none)?;
        entry(&mut map, "citations", &self.citations, Vec::is_empty)?;
        entry(&mut map, "finish_reasons", &self.finish_reasons, Vec::is_empty)?;
        entry(&mut map, "usage", &self.usage, Usage::is_empty)?;
        entry(&mut map, "error", &self.error, Option::is_none)?;
        entry(&mut map, "facts", &self.facts, Map::is_empty)?;
        map.end()
    }
}

/// Serializes a field, unless it is empty.
pub(crate) fn entry<M: serde::ser::SerializeMap, T: Serialize>(
    map: &mut M,
    key: &str,
    value: &T,
    is_empty: impl FnOnce(&T) -> bool,
) -> Result<(), M::Error> {
    if is_empty(value) { Ok(()) } else { map.serialize_entry(key, value) }
}

/// Returns whether a value cannot contain text that a person wrote.
pub(crate) const fn is_plain(value: &Value) -> bool {
    matches!(value, Value::Bool(_) | Value::Number(_))
}

/// An event of a stream, or a whole response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<'a> {
    /// Its name, if the stream has it outside of the JSON.
    pub(crate) name: &'a str,
    pub(crate) json: &'a Json<'a>,
}

/// A response that is being read.
#[derive(Debug)]
pub(crate) struct ResponseDraft {
    /// The choices, in the order of their indexes.
    choices: Vec<Choice>,
    pub(crate) room: Room,
    /// The budget of facts and citations, so that they never reduce the budget of the output.
    extra_room: Room,
    pub(crate) usage: Usage,
    /// Whether the end has arrived, after which clients stop reading.
    pub(crate) has_ended: bool,
    /// The indexes of citations, by their hashes.
    cited: HashMap<u64, usize>,
    response: Response,
}

#[derive(Debug)]
struct Choice {
    index: u64,
    parts: Parts,
    finish_reason: String,
}

impl ResponseDraft {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            choices: Vec::new(),
            room: Room::new(limit),
            extra_room: Room::new(limit),
            usage: Usage::default(),
            has_ended: false,
            cited: HashMap::new(),
            response: Response::default(),
        }
    }

    fn open(&mut self, index: u64) -> Option<&mut Choice> {
        // Indexes are only compared, because a response may have any number as an index.
        let at = match self.choices.binary_search_by_key(&index, |choice| choice.index) {
            Ok(at) => at,
            Err(at) => {
                self.room.entry()?;
                let choice = Choice { index, parts: Parts::default(), finish_reason: String::new() };
                self.choices.insert(at, choice);
                at
            }
        };
        self.choices.get_mut(at)
    }

    /// Returns the parts of the choice with this index, which gets this role unless it has one. Returns `None` if there are too many
    /// choices.
    pub(crate) fn turn(&mut self, index: u64, role: &str) -> Option<Turn<'_>> {
        self.open(index)?;
        self.room.choice = index;
        let at = self.choices.binary_search_by_key(&index, |choice| choice.index).ok()?;
        let mut turn = Turn::new(&mut self.choices.get_mut(at)?.parts, &mut self.room);
        turn.role(role);
        Some(turn)
    }

    /// Sets the reason why a choice ended. A later reason replaces an earlier one.
    pub(crate) fn finish_reason(&mut self, index: u64, reason: &str) {
        if reason.is_empty() {
            return;
        }
        let Some(choice) = self.open(index) else { return };
        // Some streams repeat it with each event.
        if choice.finish_reason == reason {
            return;
        }
        let known = std::mem::take(&mut choice.finish_reason);
        self.room.give(&known);
        let reason = self.room.label(reason);
        if let Some(choice) = self.open(index) {
            choice.finish_reason = reason;
        }
    }

    /// Sets the model that responded, unless the text is empty or a model is already set.
    pub(crate) fn model(&mut self, model: &str) {
        set(&mut self.response.model, model, &mut self.room);
    }

    /// Sets the id of the response, unless the text is empty or an id is already set.
    pub(crate) fn id(&mut self, id: &str) {
        set(&mut self.response.id, id, &mut self.room);
    }

    /// Sets the provider of the model, from a value of a library that names it, unless a provider is already set.
    pub(crate) fn provider(&mut self, provider: Option<String>) {
        self.response.provider = self.response.provider.take().or(provider);
    }

    /// Sets the error, unless one is already set.
    pub(crate) fn error(&mut self, error: ApiError) {
        self.response.error.get_or_insert(error);
    }

    /// Sets an error that a provider describes with a single word.
    pub(crate) fn failed(&mut self, word: &str) {
        if !self.has_error() {
            self.error(ApiError { kind: word.to_owned(), ..ApiError::default() });
        }
    }

    pub(crate) const fn has_error(&self) -> bool {
        self.response.error.is_some()
    }

    /// Reads an error that replaces a response, or accompanies one. Returns whether there is one.
    pub(crate) fn failure(&mut self, event: &Event<'_>) -> bool {
        let Some(error) = ApiError::find(event.name, event.json) else { return false };
        self.error(error);
        true
    }

    /// Adds a citation, unless it equals an earlier one.
    pub(crate) fn citation(&mut self, citation: &Json<'_>) {
        if !self.extra_room.has_entries() {
            return;
        }
        // Some streams repeat all citations in each event.
        let value = shortened(citation);
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let hash = hasher.finish();
        let known = self.cited.get(&hash).and_then(|at| self.response.citations.get(*at));
        if known != Some(&value)
            && let Some(value) = keep(value, &mut self.extra_room)
        {
            self.cited.insert(hash, self.response.citations.len());
            self.response.citations.push(value);
        }
    }

    /// Sets the reason why there are no choices, unless the text is empty or a reason is already set.
    pub(crate) fn no_choice(&mut self, reason: &str) {
        if !reason.is_empty() && self.response.finish_reasons.is_empty() {
            self.response.finish_reasons.push(self.room.label(reason));
        }
    }

    /// Sets another fact about the response, unless it is `null` or empty.
    pub(crate) fn fact(&mut self, name: &str, value: &Json<'_>) {
        let is_empty = match value {
            Json::Null => true,
            Json::Text(text) => text.is_empty(),
            Json::Array(items) => items.is_empty(),
            Json::Object(fields) => fields.is_empty(),
            _ => false,
        };
        // Many streams repeat the same fact in each event.
        let is_known = match (self.response.facts.get(name), value) {
            (Some(Value::String(known)), Json::Text(text)) => known == text,
            _ => false,
        };
        if is_empty || is_known {
            return;
        }
        let value = shortened(value);
        if self.response.facts.get(name) == Some(&value) {
            return;
        }
        let kept = keep(value, &mut self.extra_room);
        let old = kept.and_then(|value| self.response.facts.insert(name.to_owned(), value));
        if let Some(old) = old {
            self.extra_room.release(weight_of(&old));
            self.extra_room.give_entry();
        }
    }

    /// Sets these fields of an object as facts.
    pub(crate) fn facts(&mut self, object: &Json<'_>, names: &[&str]) {
        for name in names {
            self.fact(name, object.get(name));
        }
    }

    /// Adds vectors.
    pub(crate) fn vectors(&mut self, count: usize, size: usize) {
        let vectors = self.response.vectors.get_or_insert_default();
        self.room.event_content = EventContent::More;
        vectors.count += count;
        vectors.size = vectors.size.max(size);
        self.room.has_content = true;
    }

    /// Adds a vector: a list of numbers, or 32-bit floats in base64. Values too short for one number are ignored.
    pub(crate) fn vector(&mut self, vector: &Json<'_>) {
        let size = match vector {
            Json::Text(base64) => media::bytes_of(base64) / 4,
            other => length_of(other.items()),
        };
        if size > 0 {
            self.vectors(1, size);
        }
    }

    /// Adds a result of a rerank.
    pub(crate) fn document(&mut self, document: Document) {
        if self.room.entry().is_some() {
            self.room.event_content = EventContent::More;
            self.response.documents.push(document);
            self.room.has_content = true;
        }
    }

    pub(crate) const fn has_input(&self) -> bool {
        !self.response.input.is_empty()
    }

    /// Adds a message of the input. `read` fills its parts.
    pub(crate) fn input(&mut self, read: impl FnOnce(&mut Turn<'_>)) {
        let mut parts = Parts::default();
        let had_content = self.room.has_content;
        read(&mut Turn::new(&mut parts, &mut self.room));
        self.room.has_content = had_content;
        parts.into_messages(false, &mut self.response.input);
    }

    pub(crate) fn finish(self) -> Response {
        let mut response = self.response;
        response.usage = self.usage;
        for choice in self.choices {
            // If there is an error instead of a response, no empty message is added.
            if response.error.is_none() || !choice.parts.is_empty() {
                choice.parts.into_messages(true, &mut response.messages);
            }
            if !choice.finish_reason.is_empty() {
                response.finish_reasons.push(choice.finish_reason);
            }
        }
        response
    }
}

fn set(field: &mut Option<String>, text: &str, room: &mut Room) {
    if field.is_none() && !text.is_empty() {
        *field = Some(room.label(text));
    }
}

/// Returns the length of a list of numbers. A shortened list ends with a note that contains the original length.
pub(crate) fn length_of(numbers: &[Json<'_>]) -> usize {
    let note = numbers.last().and_then(Json::as_str).and_then(|note| note.split_once(" of "));
    let noted = note.and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    noted.unwrap_or(numbers.len())
}

/// The longest text in a fact or a citation, in bytes.
pub(crate) const MAX_FACT_BYTES: usize = 1024;

/// Returns a value with its long texts shortened.
fn shortened(json: &Json<'_>) -> Value {
    let mut value = json.to_value();
    llmobs_capture::value::for_each_string(&mut value, &mut |text| {
        llmobs_capture::value::shorten(text, MAX_FACT_BYTES);
    });
    value
}

/// Returns the value, or `None` if there is no room for it.
pub(crate) fn keep(value: Value, room: &mut Room) -> Option<Value> {
    room.entry()?;
    room.take(weight_of(&value)).then_some(value)
}
