//! Input and output in the shape that the kind of their span shows: a text, messages, or documents.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use crate::capture::{Captured, Source};
use crate::document::{Document, describe_vectors};
use crate::kind::Kind;
use crate::message::{Message, Side};

/// One of `meta.input` and `meta.output`.
#[derive(Debug, PartialEq)]
pub(crate) enum Content {
    Text(String),
    Messages(Vec<Message>),
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

    /// The object on the wire, or `None` for an empty list, which is not sent.
    pub(crate) fn into_json(self) -> Option<Value> {
        match self {
            Self::Text(text) => Some(json!({ "value": text })),
            Self::Messages(messages) => list("messages", messages),
            Self::Documents(documents) => list("documents", documents),
        }
    }
}

fn list<T: Into<Value>>(key: &str, items: Vec<T>) -> Option<Value> {
    if items.is_empty() {
        return None;
    }
    let items = items.into_iter().map(Into::into).collect();
    Some(Value::Object(Map::from_iter([(key.to_owned(), Value::Array(items))])))
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
