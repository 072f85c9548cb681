//! Input and output in the shape that the kind of their span shows: a text, messages, or documents.

mod borrowed;
mod document;
mod message;

use llmobs_capture::warn_limited;
use llmobs_providers::{Document, Message};

use super::captured::Source;
use crate::base::kind::Kind;
use borrowed::Borrowed;
use document::describe_vectors;
use message::Side;

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

/// The form of an input or output.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Messages,
    Documents,
}

impl Form {
    const fn of_input(kind: Kind) -> Self {
        match kind {
            Kind::Llm => Self::Messages,
            Kind::Embedding => Self::Documents,
            _ => Self::Text,
        }
    }

    const fn of_output(kind: Kind) -> Self {
        match kind {
            Kind::Llm => Self::Messages,
            Kind::Retrieval => Self::Documents,
            _ => Self::Text,
        }
    }
}

impl Content {
    /// The input of a span, from its JSON text.
    pub(crate) fn of_input(kind: Kind, json: &str, source: Source) -> Self {
        match Form::of_input(kind) {
            Form::Messages => Self::Messages(messages(json, source, Side::Input)),
            Form::Documents => Self::Documents(documents(json, source)),
            Form::Text => Self::Text(text(json)),
        }
    }

    /// The output of a span, from its JSON text.
    pub(crate) fn of_output(kind: Kind, json: &str, source: Source) -> Self {
        match Form::of_output(kind) {
            Form::Messages => Self::Messages(messages(json, source, Side::Output)),
            Form::Documents => Self::Documents(documents(json, source)),
            Form::Text if kind == Kind::Embedding && source == Source::Value => Self::Text(vectors(json)),
            Form::Text => Self::Text(text(json)),
        }
    }

    /// The input of a span of this kind, from what a processor put there. `None` if nothing is left to show.
    pub(crate) fn into_input(self, kind: Kind) -> Option<Self> {
        self.into_form(Form::of_input(kind))
    }

    /// The output of a span of this kind, from what a processor put there. `None` if nothing is left to show.
    pub(crate) fn into_output(self, kind: Kind) -> Option<Self> {
        self.into_form(Form::of_output(kind))
    }

    fn into_form(self, form: Form) -> Option<Self> {
        match (form, self) {
            (Form::Text, content @ Self::Text(_)) | (Form::Messages, content @ Self::Messages(_)) => {
                Some(content)
            }
            (_, empty) if empty.is_empty() => None,
            (Form::Documents, content @ Self::Documents(_)) => Some(content),
            (form, other) => {
                let text = other.into_text();
                Some(match form {
                    Form::Text => Self::Text(text),
                    Form::Messages => Self::Messages(vec![Message::new("", text)]),
                    Form::Documents => Self::Documents(vec![Document::new(text)]),
                })
            }
        }
    }

    /// The text, or the JSON of what is no text, which a span of another kind shows.
    fn into_text(self) -> String {
        let (text, found) = match self {
            Self::Text(text) => return text,
            Self::Messages(messages) => (serde_json::to_string(&messages), "messages"),
            Self::Documents(documents) => (serde_json::to_string(&documents), "documents"),
        };
        warn_limited!(
            "a processor put {found} on a span that does not show them, and they are shown as text: put them on the input or output of \
             a kind that does"
        );
        text.unwrap_or_default()
    }

    /// Whether the input of a span of this kind is a text.
    pub(crate) fn is_text_input(kind: Kind) -> bool {
        Form::of_input(kind) == Form::Text
    }

    /// Whether the output of a span of this kind is a text, as it was captured.
    pub(crate) fn is_text_output(kind: Kind) -> bool {
        Form::of_output(kind) == Form::Text && kind != Kind::Embedding
    }

    /// Whether it is a list of nothing.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Messages(messages) => messages.is_empty(),
            Self::Documents(documents) => documents.is_empty(),
        }
    }

    /// About how many bytes of memory the texts take.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Messages(messages) => {
                messages.iter().map(|message| size_of::<Message>() + message.content.len()).sum()
            }
            Self::Documents(documents) => {
                documents.iter().map(|document| size_of::<Document>() + document.text.len()).sum()
            }
        }
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

/// A string as it is, anything else as the JSON text that it is.
fn text(json: &str) -> String {
    match json.starts_with('"').then(|| serde_json::from_str(json)) {
        Some(Ok(text)) => text,
        _ => json.to_owned(),
    }
}

/// A field that is a short text, such as a name. A number is its text.
fn string(value: &Borrowed<'_>, key: &str) -> String {
    match value.get(key) {
        None | Some(Borrowed::Null) => String::new(),
        Some(Borrowed::String(text)) => text.clone().into_owned(),
        Some(Borrowed::Number(number)) => number.to_string(),
        Some(_) => {
            warn_limited!(
                "the field {key:?} of a document or of a part of a message was left out: it is no text"
            );
            String::new()
        }
    }
}

fn messages(json: &str, source: Source, side: Side) -> Vec<Message> {
    let read = match source {
        Source::Arguments => arguments(json).and_then(|values| message::read_arguments(&values)),
        Source::Annotated => Borrowed::read(json).and_then(|value| message::read_annotated(&value)),
        Source::Value => Borrowed::read(json).and_then(|value| message::read_all(&value, side)),
    };
    if read.is_none() && source == Source::Annotated {
        warn_limited!(
            "what was annotated on an llm span is no message and is shown as text: give a text, a `llmobs::content::Message`, what \
             serializes as {{\"role\": …, \"content\": …}}, or a list of these"
        );
    }
    // A program that annotates a bare text has not said whose it is, and the reference SDK leaves it open too.
    let role = if source == Source::Annotated { "" } else { side.role() };
    read.unwrap_or_else(|| vec![Message::new(role, text(json))])
}

fn documents(json: &str, source: Source) -> Vec<Document> {
    let read = match source {
        Source::Arguments => arguments(json).and_then(|values| document::read_arguments(&values)),
        Source::Annotated | Source::Value => {
            Borrowed::read(json).and_then(|value| document::read_all(&value))
        }
    };
    if read.is_none() && source == Source::Annotated {
        warn_limited!(
            "what was annotated on an embedding or retrieval span is no document and is shown as text: give a text, a \
             `llmobs::content::Document`, what serializes as {{\"text\": …}}, or a list of these"
        );
    }
    read.unwrap_or_else(|| vec![Document::new(text(json))])
}

fn vectors(json: &str) -> String {
    Borrowed::read(json).and_then(|value| describe_vectors(&value)).unwrap_or_else(|| text(json))
}

/// The values of a JSON object in the order of the text, which is that of the arguments in the signature.
fn arguments(json: &str) -> Option<Vec<Borrowed<'_>>> {
    let Borrowed::Object(fields) = Borrowed::read(json)? else { return None };
    Some(fields.into_iter().map(|(_, value)| value).collect())
}

#[cfg(test)]
mod tests;
