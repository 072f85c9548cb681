//! Recognizes requests and answers among the values of a program.
//!
//! A value of a program can look like a request or an answer and be something else. Only what is one without doubt is read.

use crate::json::Json;
use crate::message::Message;
use crate::protocol::{Operation, Protocol};
use crate::request::Request;
use crate::response::Response;

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
    /// Reads a value if it is a request without doubt: it names a model beside what only requests have, or it has a form without a
    /// model, and all of its messages are understood. `is_alone` says that the program has no other value that could be the input.
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
        // The prompt that the provider keeps names the model, and has the messages.
        let has_prompt = request.parameters.contains_key("prompt");
        let has_model = request.model.is_some() || is_of_library || is_in_url || has_prompt;
        let is_understood = has_prompt
            || request.operation == Some(Operation::Embedding)
            || request.messages.iter().all(is_known) && request.messages.iter().any(is_said);
        (has_model && is_understood).then_some(request)
    }
}

impl Response {
    /// Reads a value if it is an answer without doubt: it says something, or counts something.
    #[must_use]
    pub fn recognize(json: &Json<'_>, limit: usize) -> Option<Self> {
        Self::read(json, None, limit).filter(|response| {
            response.model.is_some()
                || !response.usage.is_empty()
                || response.error.is_some()
                || response.vectors.is_some()
                || !response.documents.is_empty()
                || response.messages.iter().any(is_said)
        })
    }
}

fn is_known(message: &Message) -> bool {
    !message.role.is_empty() && message.content != "[unknown]"
}

fn is_said(message: &Message) -> bool {
    *message != Message::new(message.role.clone(), "")
}
