//! Input and output in the shape that the kind of their span shows: a text, messages, or documents.

mod document;
mod read;

use llmobs_capture::warn_limited;
use llmobs_providers::{Document, Message};

use crate::base::kind::Kind;
pub(crate) use read::{read_input, read_output};

/// The input or the output of a span.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// A text, which may be JSON. For all kinds except those of the other variants.
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
    /// Converts what a processor set to the input of a span of this kind. Returns `None` if nothing is left to show.
    pub(crate) fn into_input(self, kind: Kind) -> Option<Self> {
        self.into_form(Form::of_input(kind))
    }

    /// Converts what a processor set to the output of a span of this kind. Returns `None` if nothing is left to show.
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

    /// Returns the text, or the JSON of any other content, which a span of another kind shows.
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

    /// Returns whether input and output of a span of this kind are plain texts, from which nothing is read.
    pub(crate) fn is_text(kind: Kind) -> bool {
        Self::is_text_input(kind) && Self::is_text_output(kind) && kind != Kind::Tool
    }

    /// Returns whether the input of a span of this kind is a text, as it was captured.
    pub(crate) fn is_text_input(kind: Kind) -> bool {
        Form::of_input(kind) == Form::Text
    }

    /// Returns whether the output of a span of this kind is a text, as it was captured.
    pub(crate) fn is_text_output(kind: Kind) -> bool {
        Form::of_output(kind) == Form::Text && kind != Kind::Embedding
    }

    /// Returns whether this is an empty list.
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
            Self::Messages(messages) => messages.iter().map(Message::bytes).sum(),
            Self::Documents(documents) => documents.iter().map(Document::bytes).sum(),
        }
    }

    /// Calls `edit` with every text that a person or a model wrote, but not with roles, ids and the like.
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

#[cfg(test)]
mod tests;
