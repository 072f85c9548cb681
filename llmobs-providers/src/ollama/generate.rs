//! Ollama's generate: <https://docs.ollama.com/api/generate>.

use crate::json::Json;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    // OpenAI's completions also have a prompt.
    body.get("prompt").as_str().is_some()
        && (super::has_own_field(body)
            || ["system", "images", "raw", "template", "context"].into_iter().any(|key| body.has(key)))
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    ["response", "image"].into_iter().any(|name| event.json.get(name).as_str().is_some())
        && matches!(event.json.get("done"), Json::Bool(_))
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(body.str("model"));
    draft.system("system", |turn| super::message_parts("", body.str("system"), &[], turn));
    if body.has("prompt") || body.has("images") {
        draft.conversation(std::slice::from_ref(body), |body, turn| {
            turn.role("user");
            super::message_parts("", body.str("prompt"), body.list("images"), turn);
        });
    }
    super::parameters(body, &["model", "prompt", "system", "images", "options"], draft);
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    if is_answer(event)
        && let Some(mut turn) = draft.turn(0, "")
    {
        // Models that generate images return one.
        let image = std::slice::from_ref(json.get("image"));
        super::message_parts(json.str("thinking"), json.str("response"), image, &mut turn);
        super::calls(json.list("tool_calls"), &mut turn);
    }
    draft.finish_reason(0, json.str("done_reason"));
    super::answer(event, draft);
}
