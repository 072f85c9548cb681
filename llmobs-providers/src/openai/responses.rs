//! OpenAI's responses: <https://platform.openai.com/docs/api-reference/responses>.

mod events;
mod item;

use crate::json::Json;
use crate::request::RequestDraft;
use crate::response::Event;
use crate::turn::At;

pub(crate) use events::event;

/// The fields of a request that are not parameters.
const READ: [&str; 4] = ["model", "input", "instructions", "tools"];

/// Fields that requests of embeddings do not have.
const OWN: [&str; 9] = [
    "instructions",
    "previous_response_id",
    "conversation",
    "tools",
    "max_output_tokens",
    "reasoning",
    "text",
    "store",
    "stream",
];

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    let is_item = |item: &Json<'_>| item.has("type") || item.has("role");
    let has_own = || OWN.iter().any(|name| body.has(name));
    match body.get("input") {
        Json::Array(items) if items.iter().any(is_item) => true,
        // An embedding can also be requested with a text.
        Json::Text(_) => has_own() || body.has("model") && !super::embeddings::is_for_vectors(body),
        input => body.get("prompt").has("id") || !input.is_null() && has_own(),
    }
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let is_own = |text: &str| text.starts_with("response.");
    is_own(event.json.str("type")) || is_own(event.name) || event.json.str("object") == "response"
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(body.str("model"));
    draft.system("system", |turn| turn.text(At::End, body.str("instructions")));
    body.list("tools").iter().for_each(|tool| super::tool(tool, draft));
    match body.get("input") {
        Json::Text(text) => draft.message("user", text),
        input => draft.conversation_of(item::turns(input.items()), item::read),
    }
    draft.parameters(body, &READ);
}

#[cfg(test)]
mod tests;
