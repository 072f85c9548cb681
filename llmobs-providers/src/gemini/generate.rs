//! Gemini's generateContent and streamGenerateContent.

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
