//! Ollama's chat, generate and embed.

use crate::json::Json;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    let _ = body;
    false
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let _ = event;
    false
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    let _ = (body, draft);
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let _ = (event, draft);
}

pub(crate) fn is_chat_request(body: &Json<'_>) -> bool {
    is_request(body)
}

pub(crate) fn is_chat_answer(event: &Event<'_>) -> bool {
    is_answer(event)
}

pub(crate) fn is_generate_answer(event: &Event<'_>) -> bool {
    is_answer(event)
}

pub(crate) fn is_embed_answer(event: &Event<'_>) -> bool {
    is_answer(event)
}
