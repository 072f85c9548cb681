//! The types of rig: <https://docs.rs/rig-core/latest/rig_core/completion/index.html>.

use super::{text_of, variant};
use crate::document::Document;
use crate::failure::ApiError;
use crate::json::Json;
use crate::media::rig::{is_own, media_note};
use crate::protocol::provider_of_name;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};
use crate::usage::Usage;

/// Returns whether a message can be one of rig.
fn is_message(message: &Json<'_>) -> bool {
    matches!(message.str("role"), "system" | "user" | "assistant") && message.has("content")
}

/// Returns whether a message is certainly one of rig.
fn is_own_message(message: &Json<'_>) -> bool {
    is_message(message) && (message.get("origin").has("api") || message.list("content").iter().any(is_own))
}

/// `CompletionRequest`, messages, or a message.
pub(crate) fn is_request(body: &Json<'_>) -> bool {
    let history = body.list("chat_history");
    !history.is_empty() && history.iter().all(is_message) && body.has("additional_params")
        || body.items().iter().any(is_own_message)
        || is_own_message(body)
}

/// The fields of a request that are not parameters, or whose own fields are parameters.
const READ: [&str; 7] = [
    "model",
    "chat_history",
    "documents",
    "tools",
    "options",
    "additional_params",
    "accept_unknown_finish_reasons",
];

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    match body {
        Json::Array(messages) => return draft.conversation(messages, message),
        _ if is_own_message(body) => return draft.conversation(std::slice::from_ref(body), message),
        _ => {}
    }
    draft.model(body.str("model"));
    draft.tools(body.get("tools"));
    draft.conversation(body.list("chat_history"), message);
    for document in body.list("documents") {
        let text = draft.whole(document.str("text"));
        let id = document.get("id").as_str().map(|id| draft.whole(id));
        draft.document(Document::new(text).id(id));
    }
    draft.parameters(body, &READ);
    draft.parameters(body.get("options"), &[]);
    draft.parameters(body.get("additional_params"), &[]);
}

fn message(message: &Json<'_>, turn: &mut Turn<'_>) {
    turn.role(message.str("role"));
    turn.text(At::End, message.str("content"));
    content(message.get("content"), turn);
}

fn content(parts: &Json<'_>, turn: &mut Turn<'_>) {
    for (index, item) in parts.items().iter().enumerate() {
        part(At::from(index), item, turn);
    }
}

/// `UserContent` or `AssistantContent`.
fn part(at: At, part: &Json<'_>, turn: &mut Turn<'_>) {
    match part.str("type") {
        "text" => turn.text(at, part.str("text")),
        "reasoning" => turn.thought(at, "reasoning", part.str("text")),
        "toolcall" => {
            let function = part.get("function");
            let given = [function.get("invalid_arguments"), function.get("arguments")];
            let arguments = given.into_iter().find(|value| !value.is_null());
            let piece = CallPiece {
                index: None,
                id: text_of(part.get("id")),
                name: function.str("name"),
                kind: "function",
                arguments: &arguments.map(arguments_text).unwrap_or_default(),
            };
            turn.call(at, piece);
        }
        "toolresult" => {
            let result =
                ResultPart { id: text_of(part.get("call")), name: part.str("name"), ..ResultPart::default() };
            turn.result(at, result, part.get("content"));
        }
        "opaque" => turn.unknown(at, part.get("item")),
        _ => match media_note(part) {
            Some(note) => {
                turn.note(at, &note);
                let data = part.get("data");
                if data.str("type") == "string" {
                    turn.text(at, data.str("value"));
                }
            }
            None => turn.unknown(at, part),
        },
    }
}

/// `CompletionResponse`, `StreamEvent`, an item of a stream, a message, parts of one, or a list of events.
pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    is_response(json)
        || is_event(json)
        || is_own_message(json)
        || json.items().iter().any(|item| is_event(item) || is_own(item))
}

fn is_response(json: &Json<'_>) -> bool {
    matches!(json.get("choice"), Json::Array(_)) && json.get("origin").is_object()
}

fn is_event(json: &Json<'_>) -> bool {
    let event = inner(json);
    matches!(event.str("event"), "start" | "text" | "reasoning" | "arguments" | "end")
        && event.count("part").is_some()
}

/// Returns the event of an item, or the item if it is an event.
fn inner<'j>(json: &'j Json<'j>) -> &'j Json<'j> {
    if json.str("item") == "event" { json.get("value") } else { json }
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    match json {
        Json::Array(items) if items.iter().any(is_event) => {
            for item in items {
                stream_event(inner(item), draft);
            }
        }
        Json::Array(_) => output(json, draft),
        _ if is_response(json) => response(json, draft),
        _ if is_message(json) => {
            output(json.get("content"), draft);
            origin(json.get("origin"), draft);
            draft.finish_reason(0, reason_of(json.get("stop")));
        }
        _ => stream_event(inner(json), draft),
    }
}

/// Reads the whole output of a model.
fn output(parts: &Json<'_>, draft: &mut ResponseDraft) {
    let Some(mut turn) = draft.turn(0, "") else { return };
    // At the end of a stream it repeats the earlier events.
    turn.forget(&(0..u64::MAX));
    content(parts, &mut turn);
    parts.items().iter().for_each(|part| citations(part, draft));
}

fn citations(part: &Json<'_>, draft: &mut ResponseDraft) {
    for citation in part.get("citations").list("list") {
        draft.citation(citation);
    }
}

fn response(json: &Json<'_>, draft: &mut ResponseDraft) {
    let error = json.get("error");
    if !error.is_null() {
        draft.error(ApiError::read(error));
    }
    if error.is_null() || !json.list("choice").is_empty() {
        output(json.get("choice"), draft);
        draft.finish_reason(0, reason_of(json.get("finish_reason")));
    }
    origin(json.get("origin"), draft);
    let counts = json.get("usage");
    draft.usage.update(usage(counts));
    draft.facts(counts, &["tool_use_prompt_tokens", "cost"]);
    draft.facts(json, &["aborted", "provider_request_id"]);
}

fn origin(origin: &Json<'_>, draft: &mut ResponseDraft) {
    draft.provider(provider_of_name(origin.str("provider")));
    draft.model(origin.str("response_model"));
    draft.model(origin.str("model"));
    draft.id(origin.str("response_id"));
}

/// Returns why a model stopped. Reasons of one provider are in a variant, and explanations in others are errors.
fn reason_of<'j>(reason: &'j Json<'j>) -> &'j str {
    match variant(reason) {
        Some(("other", text)) => text.as_str().unwrap_or_default(),
        Some((name, _)) => name,
        None => reason.as_str().unwrap_or_default(),
    }
}

fn stream_event(event: &Json<'_>, draft: &mut ResponseDraft) {
    let Some(place) = event.count("part") else { return };
    let at = At::Place(place);
    let Some(mut turn) = draft.turn(0, "") else { return };
    match event.str("event") {
        "start" if event.str("kind") == "tool_call" => {
            turn.call(at, CallPiece { name: event.str("name"), kind: "function", ..CallPiece::default() });
        }
        "text" => turn.text(at, event.str("text")),
        "reasoning" => turn.thought(at, "reasoning", event.str("text")),
        "arguments" => turn.call(at, CallPiece { arguments: event.str("json"), ..CallPiece::default() }),
        "end" => {
            let content = event.get("content");
            turn.forget(&(place..place.saturating_add(1)));
            part(at, content, &mut turn);
            citations(content, draft);
        }
        _ => {}
    }
}

/// Tokens that tools of the provider added are included in those of the input.
fn usage(usage: &Json<'_>) -> Usage {
    Usage {
        input: usage.count("input_tokens"),
        output: usage.count("output_tokens"),
        total: usage.count("total_tokens"),
        cache_read: usage.count("cached_input_tokens"),
        cache_write: usage.count("cache_creation_input_tokens"),
        reasoning: usage.count("reasoning_tokens"),
        ..Usage::default()
    }
}
