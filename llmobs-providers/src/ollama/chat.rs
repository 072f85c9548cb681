//! Ollama's chat: <https://docs.ollama.com/api/chat>.

use super::TEXT;
use crate::json::Json;
use crate::message::has_failed;
use crate::openai;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::turn::{ResultPart, Turn};

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    let is_own = |message: &Json<'_>| {
        message.has("tool_name")
            || message.has("thinking")
            || message.list("images").iter().any(|image| image.as_str().is_some())
    };
    let messages = body.list("messages");
    let is_schema = |format: &Json<'_>| format.is_object() || format.as_str() == Some("json");
    body.has("messages")
        && (super::has_own_field(body) || is_schema(body.get("format")) || messages.iter().any(is_own))
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    event.json.get("message").has("role") && matches!(event.json.get("done"), Json::Bool(_))
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(body.str("model"));
    body.list("tools").iter().for_each(|tool| openai::tool(tool, draft));
    draft.conversation(body.list("messages"), message);
    super::parameters(body, &["model", "messages", "tools", "options"], draft);
}

fn message(message: &Json<'_>, turn: &mut Turn<'_>) {
    let role = message.str("role");
    turn.role(role);
    if role == "tool" {
        let name = ["tool_name", "name"].map(|key| message.str(key));
        let name = name.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
        let (id, is_error) = (message.str("tool_call_id"), has_failed(message));
        let part = ResultPart { id, name, kind: "", is_error };
        return turn.result(TEXT, part, message.get("content"));
    }
    super::message_parts(message.str("thinking"), message.str("content"), message.list("images"), turn);
    super::calls(message.list("tool_calls"), turn);
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let found = event.json.get("message");
    if let Some(mut turn) = found.is_object().then(|| draft.turn(0, "")).flatten() {
        message(found, &mut turn);
    }
    draft.finish_reason(0, event.json.str("done_reason"));
    super::answer(event, draft);
}
