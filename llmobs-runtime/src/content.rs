//! Input and output in the shape that the kind of their span shows: a text, messages, or documents.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, json};

use crate::capture::{Captured, Source};
use crate::document::{Document, describe_vectors};
use crate::kind::Kind;
use crate::message::{Message, Side};
use crate::notice::warn_limited;

/// The input or the output of a span.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// A text, which may be JSON. On all kinds but where the others are.
    Text(String),
    /// The messages of a chat: input and output of an `llm` span.
    Messages(Vec<Message>),
    /// The input of an `embedding` span, and the output of a `retrieval` span.
    Documents(Vec<Document>),
}

impl Content {
    pub(crate) fn of_input(kind: Kind, captured: Captured) -> Self {
        match kind {
            Kind::Llm => Self::Messages(messages(captured, Side::Input)),
            Kind::Embedding => Self::Documents(documents(captured)),
            _ => Self::Text(text(captured.into_json())),
        }
    }

    pub(crate) fn of_output(kind: Kind, captured: Captured) -> Self {
        match kind {
            Kind::Llm => Self::Messages(messages(captured, Side::Output)),
            Kind::Retrieval => Self::Documents(documents(captured)),
            Kind::Embedding if captured.source == Source::Value => Self::Text(vectors(captured)),
            _ => Self::Text(text(captured.into_json())),
        }
    }

    /// Whether it is a list of nothing.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Messages(messages) => messages.is_empty(),
            Self::Documents(documents) => documents.is_empty(),
        }
    }

    /// The object on the wire.
    pub(crate) fn into_json(self) -> Value {
        match self {
            Self::Text(text) => json!({ "value": text }),
            Self::Messages(messages) => json!({ "messages": values(messages) }),
            Self::Documents(documents) => json!({ "documents": values(documents) }),
        }
    }

    /// What stands under `input` or `output` of an event.
    pub(crate) fn of_wire(content: &Value) -> Option<Self> {
        let items = |key: &str| content.get(key)?.as_array();
        if let Some(messages) = items("messages") {
            return Some(Self::Messages(messages.iter().filter_map(Message::read).collect()));
        }
        if let Some(documents) = items("documents") {
            return Some(Self::Documents(documents.iter().filter_map(Document::read).collect()));
        }
        Some(Self::Text(content.get("value")?.as_str()?.to_owned()))
    }

    /// Shows `edit` every text that a person or a model wrote: not roles, ids and the like.
    pub fn for_each_text(&mut self, mut edit: impl FnMut(&mut String)) {
        match self {
            Self::Text(text) => edit(text),
            Self::Messages(messages) => {
                for message in messages {
                    message.for_each_text(&mut edit);
                }
            }
            Self::Documents(documents) => {
                for document in documents {
                    edit(&mut document.text);
                    document.name.iter_mut().for_each(&mut edit);
                }
            }
        }
    }
}

fn values<T: Into<Value>>(items: Vec<T>) -> Value {
    items.into_iter().map(Into::into).collect()
}

/// A string as it is, anything else as the JSON text it is.
fn text(json: String) -> String {
    match json.starts_with('"').then(|| serde_json::from_str(&json)) {
        Some(Ok(text)) => text,
        _ => json,
    }
}

fn messages(captured: Captured, side: Side) -> Vec<Message> {
    let source = captured.source;
    let json = captured.into_json();
    let read = match source {
        Source::Arguments => arguments(&json).and_then(|values| Message::read_arguments(&values)),
        Source::Annotated => value(&json).and_then(|value| Message::read_annotated(&value)),
        Source::Value => value(&json).and_then(|value| Message::read_all(&value, side)),
    };
    if read.is_none() && source == Source::Annotated {
        warn_limited!(
            "what was annotated on an llm span is no message and is shown as text: give a text, a `llmobs::Message`, what \
             serializes as {{\"role\": …, \"content\": …}}, or a list of these"
        );
    }
    // A program that annotates a bare text has not said whose it is, and the reference SDK leaves it open too.
    let role = if source == Source::Annotated { "" } else { side.role() };
    read.unwrap_or_else(|| vec![Message::new(role, text(json))])
}

fn documents(captured: Captured) -> Vec<Document> {
    let source = captured.source;
    let json = captured.into_json();
    let read = match source {
        Source::Arguments => arguments(&json).and_then(|values| Document::read_arguments(&values)),
        Source::Annotated | Source::Value => value(&json).and_then(|value| Document::read_all(&value)),
    };
    if read.is_none() && source == Source::Annotated {
        warn_limited!(
            "what was annotated on an embedding or retrieval span is no document and is shown as text: give a text, a \
             `llmobs::Document`, what serializes as {{\"text\": …}}, or a list of these"
        );
    }
    read.unwrap_or_else(|| vec![Document::new(text(json))])
}

fn vectors(captured: Captured) -> String {
    let json = captured.into_json();
    value(&json).and_then(|value| describe_vectors(&value)).unwrap_or_else(|| text(json))
}

fn value(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok()
}

/// The values of a JSON object in the order of the text, which is that of the arguments in the signature.
fn arguments(json: &str) -> Option<Vec<Value>> {
    struct Values;

    impl<'de> Visitor<'de> for Values {
        type Value = Vec<Value>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Value>, A::Error> {
            let mut values = Vec::new();
            while let Some((IgnoredAny, value)) = map.next_entry()? {
                values.push(value);
            }
            Ok(values)
        }
    }

    serde_json::Deserializer::from_str(json).deserialize_map(Values).ok()
}

#[cfg(test)]
#[path = "content_tests.rs"]
mod tests;
