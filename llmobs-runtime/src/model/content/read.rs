//! Reads captured JSON as what the kind of a span shows, and requests and answers of providers in it.

use llmobs_capture::warn_limited;
use llmobs_providers::json::Json;
use llmobs_providers::{Document, Message, Operation, Request, Response, conversation};

use super::document::{self, describe_vectors};
use super::{Content, Form};
use crate::base::kind::Kind;
use crate::model::captured::Source;

/// Reads the input of a span from its JSON text, and the request that it is a part of.
pub(crate) fn read_input(kind: Kind, json: &str, source: Source) -> (Content, Option<Box<Request>>) {
    let form = Form::of_input(kind);
    if form == Form::Text {
        return (Content::of_json(json), None);
    }
    let value = Json::read(json);
    // The fields of an object of arguments are in the order of the signature.
    let values: Vec<&Json<'_>> = match (&value, source) {
        (Some(Json::Object(fields)), Source::Arguments) => fields.iter().map(|(_, value)| value).collect(),
        (Some(value), _) => vec![value],
        (None, _) => Vec::new(),
    };
    let is_alone = values.len() == 1;
    let mut requests = values.iter().enumerate();
    let mut found = requests
        .find_map(|(place, value)| Some((place, request(value, source, form, is_alone, budget(json))?)));
    let request = found.as_mut().map(|(place, request)| (*place, &mut **request));
    let content = match form {
        Form::Messages => Content::Messages(input_messages(&values, source, json, request)),
        _ => Content::Documents(input_documents(&values, source, json, request.map(|(_, request)| request))),
    };
    (content, found.map(|(_, request)| request))
}

/// Reads the output of a span from its JSON text, and the response that it is a part of.
pub(crate) fn read_output(kind: Kind, json: &str, source: Source) -> (Content, Option<Box<Response>>) {
    let form = Form::of_output(kind);
    if form == Form::Text && kind != Kind::Embedding {
        return (Content::of_json(json), None);
    }
    let value = Json::read(json);
    let mut response = value
        .as_ref()
        .filter(|_| kind.has_model())
        .and_then(|value| Response::recognize(value, budget(json)))
        .map(Box::new);
    if let Some(content) = response.as_deref_mut().and_then(|response| Content::of_response(kind, response)) {
        return (content, response);
    }
    let content = match form {
        Form::Messages if response.is_some() => Content::Messages(Vec::new()),
        Form::Messages => Content::Messages(output_messages(value.as_ref(), source, json)),
        Form::Documents => Content::Documents(documents(value.as_ref(), source, json)),
        Form::Text if source == Source::Value => {
            Content::Text(value.as_ref().and_then(describe_vectors).unwrap_or_else(|| text(json)))
        }
        Form::Text => Content::Text(text(json)),
    };
    (content, response)
}

/// Returns a budget that a whole captured text fits into: a small value takes more memory than its JSON.
fn budget(json: &str) -> usize {
    json.len().saturating_mul(2).saturating_add(64 * 1024)
}

/// Reads a value that is a whole request. `is_alone` is whether there is no other value.
fn request(
    value: &Json<'_>,
    source: Source,
    form: Form,
    is_alone: bool,
    limit: usize,
) -> Option<Box<Request>> {
    let request = match source {
        Source::Request => Request::read(value, None, limit),
        _ => Request::recognize(value, is_alone, limit),
    };
    let has_form =
        |request: &Request| (request.operation == Some(Operation::Embedding)) == (form == Form::Documents);
    request.filter(has_form).map(Box::new)
}

/// Reads a lone text, or every argument that holds messages, in order. The request, at its place among the values, is one of them.
fn input_messages(
    values: &[&Json<'_>],
    source: Source,
    json: &str,
    request: Option<(usize, &mut Request)>,
) -> Vec<Message> {
    let (place, mut of_request) = match request {
        Some((place, request)) => (Some(place), std::mem::take(&mut request.messages)),
        None => (None, Vec::new()),
    };
    let read = match (source, values) {
        (_, [_]) if !of_request.is_empty() => Some(of_request),
        (Source::Annotated | Source::Request | Source::Response, [only]) => conversation::annotated(only),
        (_, [Json::Text(text)]) => Some(vec![Message::new("user", &**text)]),
        (_, [only]) => conversation::messages(only),
        (_, several) => {
            let mut found = Vec::new();
            for (index, value) in several.iter().enumerate() {
                if place == Some(index) {
                    found.append(&mut of_request);
                } else {
                    found.extend(conversation::messages(value).into_iter().flatten());
                }
            }
            // An empty list next to other arguments can have any meaning, so it must not hide them.
            Some(found).filter(|found| !found.is_empty())
        }
    };
    read.unwrap_or_else(|| vec![text_message(json, source, "user")])
}

fn output_messages(value: Option<&Json<'_>>, source: Source, json: &str) -> Vec<Message> {
    let read = match (source, value) {
        (Source::Value | Source::Arguments, Some(Json::Text(text))) => {
            Some(vec![Message::new("assistant", &**text)])
        }
        (Source::Value | Source::Arguments, Some(value)) => conversation::messages(value),
        (_, Some(value)) => conversation::annotated(value),
        (_, None) => None,
    };
    read.unwrap_or_else(|| vec![text_message(json, source, "assistant")])
}

/// Makes a message from a value that is not one.
fn text_message(json: &str, source: Source, role: &str) -> Message {
    if source != Source::Annotated {
        return Message::new(role, text(json));
    }
    warn_limited!(
        "the annotation of an llm span is not a message and is shown as text: give a text, a `llmobs::content::Message`, a value that \
         serializes as {{\"role\": …, \"content\": …}}, or a list of these"
    );
    // An annotated text has no role, as in the reference SDK.
    Message::new("", text(json))
}

fn input_documents(
    values: &[&Json<'_>],
    source: Source,
    json: &str,
    request: Option<&mut Request>,
) -> Vec<Document> {
    if let Some(request) = request
        && !request.documents.is_empty()
    {
        return std::mem::take(&mut request.documents);
    }
    match (source, values) {
        (Source::Arguments, values) => {
            document::read_arguments(values).unwrap_or_else(|| vec![Document::new(text(json))])
        }
        (source, values) => documents(values.first().copied(), source, json),
    }
}

fn documents(value: Option<&Json<'_>>, source: Source, json: &str) -> Vec<Document> {
    value.and_then(document::read_all).unwrap_or_else(|| {
        if source == Source::Annotated {
            warn_limited!(
                "the annotation of an embedding or retrieval span is not a document and is shown as text: give a text, a \
                 `llmobs::content::Document`, a value that serializes as {{\"text\": …}}, or a list of these"
            );
        }
        vec![Document::new(text(json))]
    })
}

impl Content {
    /// Takes the input that a span of this kind shows out of a request. Returns `None` if there is none.
    pub(crate) fn of_request(kind: Kind, request: &mut Request) -> Option<Self> {
        let content = match Form::of_input(kind) {
            Form::Messages => Self::Messages(std::mem::take(&mut request.messages)),
            Form::Documents => Self::Documents(std::mem::take(&mut request.documents)),
            // The query that the documents are ranked for.
            Form::Text if kind == Kind::Retrieval => {
                Self::Text(std::mem::take(&mut request.messages.first_mut()?.content))
            }
            Form::Text => return None,
        };
        Some(content).filter(|content| !content.is_empty())
    }

    /// Takes the output that a span of this kind shows out of a response. Returns `None` if there is none.
    pub(crate) fn of_response(kind: Kind, response: &mut Response) -> Option<Self> {
        match (Form::of_output(kind), response.vectors) {
            (Form::Messages, _) => {
                let messages = std::mem::take(&mut response.messages);
                Some(Self::Messages(messages)).filter(|content| !content.is_empty())
            }
            (Form::Text, Some(vectors)) if kind == Kind::Embedding => Some(Self::Text(format!(
                "[{} embedding(s) returned with size {}]",
                vectors.count, vectors.size
            ))),
            (Form::Documents, _) => {
                let documents = std::mem::take(&mut response.documents);
                Some(Self::Documents(documents)).filter(|content| !content.is_empty())
            }
            _ => None,
        }
    }

    /// A text, from captured JSON.
    pub(crate) fn of_json(json: &str) -> Self {
        Self::Text(text(json))
    }
}

/// Returns a string as it is, and any other value as its JSON text.
fn text(json: &str) -> String {
    match json.starts_with('"').then(|| serde_json::from_str(json)) {
        Some(Ok(text)) => text,
        _ => json.to_owned(),
    }
}
