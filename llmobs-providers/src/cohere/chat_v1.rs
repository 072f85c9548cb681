//! Cohere's chat, version 1: <https://docs.cohere.com/v1/reference/chat>.

use crate::json::Json;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};

/// The positions of the parts of a message.
const TEXT: At = At::Place(0);
const CALLS: u64 = 1;

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    body.get("message").as_str().is_some()
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    json.has("event_type") && json.has("is_finished") || json.has("generation_id") && json.has("text")
}

/// The fields of a request that are not parameters.
const READ: [&str; 7] =
    ["model", "message", "chat_history", "preamble", "tools", "tool_results", "documents"];

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(body.str("model"));
    draft.system("system", |turn| turn.text(TEXT, body.str("preamble")));
    body.list("tools").iter().for_each(|one| tool(one, draft));
    body.list("documents").iter().for_each(|document| super::document(document, draft));
    draft.conversation(body.list("chat_history"), message);
    if !body.str("message").is_empty() {
        draft.message("user", body.str("message"));
    }
    if !body.list("tool_results").is_empty() {
        draft.conversation(std::slice::from_ref(body), |body, turn| {
            turn.role("tool");
            results(body, turn);
        });
    }
    draft.parameters(body, &READ);
}

fn tool(tool: &Json<'_>, draft: &mut RequestDraft) {
    draft.tool(tool.str("name"), tool.get("description").as_str(), tool.field("parameter_definitions"));
}

/// Reads a message of the history.
fn message(message: &Json<'_>, turn: &mut Turn<'_>) {
    turn.role(message.str("role"));
    turn.text(TEXT, message.str("message"));
    calls(message.list("tool_calls"), turn);
    results(message, turn);
}

fn calls(calls: &[Json<'_>], turn: &mut Turn<'_>) {
    for (index, call) in calls.iter().enumerate() {
        let arguments = arguments_text(call.get("parameters"));
        let (name, kind) = (call.str("name"), "function");
        let at = At::Place(CALLS.saturating_add(index as u64));
        turn.call(at, CallPiece { index: None, id: "", name, kind, arguments: &arguments });
    }
}

/// Reads the results of tools: a list of outputs for each call.
fn results(message: &Json<'_>, turn: &mut Turn<'_>) {
    for result in message.list("tool_results") {
        let part = ResultPart { name: result.get("call").str("name"), ..ResultPart::default() };
        turn.result(At::End, part, &Json::Text(result.get("outputs").to_text().into()));
    }
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    let kind = json.str("event_type");
    // The last event of a stream repeats the whole response.
    let whole = if kind == "stream-end" { json.get("response") } else { json };
    if kind.is_empty() || kind == "stream-end" {
        draft.id(whole.str("response_id"));
        draft.id(whole.str("generation_id"));
    }
    let (text, tool_calls) = (whole.str("text"), whole.list("tool_calls"));
    let has_said = whole.has("text") || !tool_calls.is_empty();
    if let Some(mut turn) = has_said.then(|| draft.turn(0, "")).flatten() {
        let is_piece = ["text-generation", "tool-calls-chunk"].contains(&kind);
        if is_piece || !turn.has_parts() {
            turn.text(TEXT, text);
        }
        if !tool_calls.is_empty() {
            turn.forget(&(CALLS..u64::MAX));
            calls(tool_calls, &mut turn);
        }
    }
    whole.list("citations").iter().for_each(|citation| draft.citation(citation));
    draft.finish_reason(0, whole.str("finish_reason"));
    draft.finish_reason(0, json.str("finish_reason"));
    super::usage(whole.get("meta"), draft);
    draft.has_ended |= kind == "stream-end";
    super::failure(event, draft);
    super::failed(json.str("finish_reason"), draft);
}
