//! Cohere's chat, version 2: <https://docs.cohere.com/reference/chat>.

use crate::failure::ApiError;
use crate::json::Json;
use crate::media;
use crate::openai;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};

/// The positions of the parts of a message.
const PLAN: At = At::Place(0);
const CONTENT: u64 = 1;
const CALLS: u64 = 1 << 32;

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    // All other fields are as in OpenAI's chat.
    let mut documents = body.list("documents").iter();
    body.has("messages")
        && (["citation_options", "safety_mode", "strict_tools"].into_iter().any(|key| body.has(key))
            || ["REQUIRED", "NONE"].contains(&body.str("tool_choice"))
            || body.get("thinking").has("token_budget")
            || documents.any(|document| document.has("data") || document.as_str().is_some())
            || body.list("messages").iter().any(|message| message.has("tool_plan")))
}

/// The types of the events of a stream.
const EVENTS: [&str; 11] = [
    "message-start",
    "content-start",
    "content-delta",
    "content-end",
    "tool-plan-delta",
    "tool-call-start",
    "tool-call-delta",
    "tool-call-end",
    "citation-start",
    "citation-end",
    "message-end",
];

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    EVENTS.contains(&json.str("type"))
        || ["content", "role", "tool_calls"].iter().any(|key| json.get("message").has(key))
            && json.get("finish_reason").as_str().is_some()
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(body.str("model"));
    body.list("tools").iter().for_each(|tool| openai::tool(tool, draft));
    body.list("documents").iter().for_each(|document| super::document(document, draft));
    draft.conversation(body.list("messages"), message);
    draft.parameters(body, &["model", "messages", "tools", "documents"]);
}

fn message(message: &Json<'_>, turn: &mut Turn<'_>) {
    let role = message.str("role");
    turn.role(role);
    if role == "tool" {
        let part = ResultPart { id: message.str("tool_call_id"), ..ResultPart::default() };
        let content = message.get("content");
        // Documents stay JSON.
        let is_text = |part: &Json<'_>| part.str("type") == "text";
        if content.items().iter().all(is_text) {
            turn.result(At::Place(CONTENT), part, content);
        } else {
            turn.result(At::Place(CONTENT), part, &Json::Text(content.to_text().into()));
        }
        return;
    }
    parts(message, 0, turn);
}

/// Reads the parts of a message, or of a piece of one. `index` is the position of the content or call that a piece belongs to.
fn parts(message: &Json<'_>, index: u64, turn: &mut Turn<'_>) {
    let plan = message.str("tool_plan");
    if !plan.is_empty() {
        turn.thought(PLAN, "tool_plan", plan);
    }
    let place = |first: u64, offset: usize| first.saturating_add(index).saturating_add(offset as u64);
    let contents = one_or_more(message.get("content")).iter().enumerate();
    contents.for_each(|(offset, part)| content(part, At::Place(place(CONTENT, offset)), turn));
    for (offset, call) in one_or_more(message.get("tool_calls")).iter().enumerate() {
        let function = call.get("function");
        let piece = CallPiece {
            index: None,
            id: call.str("id"),
            name: function.str("name"),
            kind: if function.has("name") { "function" } else { "" },
            arguments: &arguments_text(function.get("arguments")),
        };
        turn.call(At::Place(place(CALLS, offset)), piece);
    }
}

/// Returns the items of a list. Streams have a single item instead.
fn one_or_more<'j, 'a>(value: &'j Json<'a>) -> &'j [Json<'a>] {
    match value {
        Json::Null => &[],
        Json::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

fn content(part: &Json<'_>, at: At, turn: &mut Turn<'_>) {
    if let Some(text) = part.as_str().or_else(|| part.get("text").as_str()) {
        turn.text(at, text);
    } else if let Some(text) = part.get("thinking").as_str() {
        turn.thought(at, "thinking", text);
    } else if let Some(note) = media::openai::media_note(part) {
        turn.note(at, &note);
    } else {
        turn.unknown(at, part);
    }
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    let delta = json.get("delta");
    draft.id(json.str("id"));
    let index = json.count("index").unwrap_or_default();
    for message in
        [json.get("message"), delta.get("message")].into_iter().filter(|message| message.is_object())
    {
        if let Some(mut turn) = draft.turn(0, message.str("role")) {
            parts(message, index, &mut turn);
        }
        for citation in one_or_more(message.get("citations")) {
            draft.citation(citation);
        }
    }
    for end in [json, delta] {
        draft.finish_reason(0, end.str("finish_reason"));
        super::usage(end.get("usage"), draft);
    }
    if let Some(error) = delta.field("error") {
        draft.error(ApiError::read(error));
    }
    draft.has_ended |= json.str("type") == "message-end";
    super::failure(event, draft);
    for end in [json, delta] {
        super::failed(end.str("finish_reason"), draft);
    }
}
