//! Recognizes requests and responses among the values of a program.
//!
//! A value of a program can look like a request or a response and be something else. Only unambiguous values are read.

use crate::json::Json;
use crate::message::Message;
use crate::protocol::{Operation, Protocol};
use crate::request::Request;
use crate::response::Response;
use crate::stream::{Decoder, has_error};

/// The fields of requests that are a text with parameters.
const TEXT_FIELDS: [&str; 31] = [
    "model",
    "prompt",
    "message",
    "chat_history",
    "preamble",
    "system",
    "suffix",
    "images",
    "format",
    "options",
    "stream",
    "stream_options",
    "raw",
    "keep_alive",
    "think",
    "template",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "n",
    "stop",
    "stop_sequences",
    "seed",
    "echo",
    "logprobs",
    "best_of",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "user",
];

impl Request {
    /// Reads a value if it is certainly a request: it names a model next to fields that only requests have, or it has a form without a
    /// model, and all its messages are understood. `is_alone` is whether the program has no other value that could be the input.
    #[must_use]
    pub fn recognize(json: &Json<'_>, is_alone: bool, limit: usize) -> Option<Self> {
        let protocol = Protocol::of_request(json)?;
        let is_alike = match protocol {
            Protocol::OpenAiCompletions | Protocol::OllamaGenerate | Protocol::CohereChatV1 => {
                is_alone && json.fields().iter().all(|(name, _)| TEXT_FIELDS.contains(&name.as_ref()))
            }
            Protocol::CohereRerank => false,
            _ => true,
        };
        let request = Self::read(json, Some(protocol), limit).filter(|_| is_alike)?;
        let is_of_library = protocol.provider().is_none() && json.is_object() && !json.has("role");
        let is_in_url = matches!(protocol.provider(), Some("google" | "amazon_bedrock"));
        // A prompt that is stored at the provider names the model, and has the messages.
        let has_prompt = request.parameters.contains_key("prompt");
        let has_model = request.model.is_some() || is_of_library || is_in_url || has_prompt;
        let is_understood = has_prompt
            || request.operation == Some(Operation::Embedding)
            || request.messages.iter().all(is_known) && request.messages.iter().any(is_said);
        (has_model && is_understood).then_some(request)
    }
}

impl Response {
    /// Reads a value if it is certainly a response, or a list of the events of one: it has content or counts.
    #[must_use]
    pub fn recognize(json: &Json<'_>, limit: usize) -> Option<Self> {
        Self::read(json, None, limit).or_else(|| of_events(json.items(), limit)).filter(|response| {
            response.model.is_some()
                || !response.usage.is_empty()
                || response.error.is_some()
                || response.vectors.is_some()
                || !response.documents.is_empty()
                || response.messages.iter().any(is_said)
        })
    }
}

/// Reads the events of a response, such as the list that Gemini streams. They belong to one response if they have the same id, or no id and
/// a finish reason only in the last event.
fn of_events(events: &[Json<'_>], limit: usize) -> Option<Response> {
    let (first, others) = events.split_first()?;
    if others.is_empty() {
        return Response::read(first, None, limit);
    }
    let protocol = Protocol::of_answer("", first)?;
    if !matches!(protocol.operation(), Operation::Chat | Operation::Completion) {
        return None;
    }
    // For example a `ping`.
    let is_empty = |event: &Json<'_>| matches!(event.fields(), [(name, Json::Text(_))] if name == "type");
    let mut decoder = Decoder::new(limit);
    let mut id = None;
    let mut reasons = Vec::new();
    for (index, event) in events.iter().enumerate() {
        if Protocol::of_answer("", event) == Some(protocol) {
            let alone = Response::read(event, Some(protocol), limit)?;
            if id.is_some() && alone.id.is_some() && id != alone.id {
                return None;
            }
            id = id.or(alone.id);
            reasons.extend((!alone.finish_reasons.is_empty()).then_some(index));
        } else if !has_error(event) && !is_empty(event) {
            return None;
        }
        decoder.protocol = Some(protocol);
        decoder.event("", event);
    }
    (id.is_some() || reasons == [others.len()]).then(|| decoder.finish())
}

fn is_known(message: &Message) -> bool {
    !message.role.is_empty() && message.content != "[unknown]"
}

fn is_said(message: &Message) -> bool {
    *message != Message::new(message.role.clone(), "")
}
