//! Requests and responses in a single attribute: messages, a text, or a request or response in the form of a provider or a library.

use std::borrow::Cow;
use std::slice;

use super::message;
use crate::json::Json;
use crate::protocol::{Operation, Protocol};
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::turn::At;

pub(super) fn read_request(value: &Json<'_>, operation: Option<Operation>, request: &mut RequestDraft) {
    let is_embedding = operation == Some(Operation::Embedding);
    let fits = |protocol: &Protocol| match protocol.operation() {
        Operation::Embedding => is_embedding,
        Operation::Rerank => false,
        Operation::Chat | Operation::Completion => !is_embedding,
    };
    if let Some(protocol) = Protocol::of_request(value).filter(fits) {
        return protocol.read_request(value, request);
    }
    if let Some(messages) = messages(value) {
        return request.conversation(messages, message::read);
    }
    let mut add_text =
        |text: &str| if is_embedding { request.document_text(text) } else { request.message("user", text) };
    match value {
        Json::Null => {}
        Json::Array(texts) if texts.iter().all(|text| text.as_str().is_some()) => {
            texts.iter().filter_map(Json::as_str).for_each(add_text);
        }
        value => add_text(&text_of(value)),
    }
}

pub(super) fn read_response(value: &Json<'_>, response: &mut ResponseDraft) {
    if let Some(protocol) = Protocol::of_answer("", value) {
        return protocol.read_event(&Event { name: "", json: value }, response);
    }
    if value.is_null() {
        return;
    }
    let Some(messages) = messages(value) else {
        let Some(mut turn) = response.turn(0, "") else { return };
        return turn.text(At::End, &text_of(value));
    };
    for (index, message) in (0..).zip(messages) {
        if let Some(mut turn) = response.turn(index, message.str("role")) {
            message::read(message, &mut turn);
        }
        response.finish_reason(index, message.str("finish_reason"));
    }
}

/// Returns the messages of a list, or a lone one, or `None` for any other value.
pub(super) fn messages<'v, 'j>(value: &'v Json<'j>) -> Option<&'v [Json<'j>]> {
    let is_message =
        |item: &Json<'_>| ["role", "content", "parts", "contents"].iter().any(|name| item.has(name));
    match value {
        // A text among the messages is the note of a cut.
        Json::Array(items) => items.iter().any(is_message).then_some(items),
        one => is_message(one).then(|| slice::from_ref(one)),
    }
}

/// Returns a text, or the JSON of another value. For a text in quotes, as in JSON and `Debug`, returns the text inside the quotes.
pub(super) fn text_of<'v>(value: &'v Json<'_>) -> Cow<'v, str> {
    let Some(text) = value.as_str() else { return value.to_text().into() };
    let quoted = Some(text).filter(|text| text.starts_with('"') && text.ends_with('"'));
    match quoted.and_then(Json::read) {
        Some(Json::Text(inner)) => inner.into_owned().into(),
        _ => text.into(),
    }
}
