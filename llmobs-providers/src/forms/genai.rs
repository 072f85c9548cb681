//! The types of genai: <https://docs.rs/genai/latest/genai/chat/index.html>.

use super::{text_of, variant};
use crate::json::Json;
use crate::media::Media;
use crate::openai;
use crate::protocol::{Operation, provider_of_name};
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};
use crate::usage::Usage;

/// The roles, in a spelling that no provider uses.
const ROLES: [(&str, &str); 4] =
    [("System", "system"), ("User", "user"), ("Assistant", "assistant"), ("Tool", "tool")];

/// The variants of `ContentPart`.
const PARTS: [&str; 7] =
    ["Text", "Binary", "ToolCall", "ToolResponse", "ThoughtSignature", "ReasoningContent", "Custom"];

/// The type of a thought of Anthropic's models that is not readable.
const REDACTED: &str = "redacted_thinking";

fn role_of(message: &Json<'_>) -> Option<&'static str> {
    let role = message.get("role").as_str()?;
    ROLES.into_iter().find(|(name, _)| *name == role).map(|(_, role)| role)
}

fn is_part(part: &Json<'_>) -> bool {
    variant(part).is_some_and(|(name, _)| PARTS.contains(&name))
}

fn is_message(message: &Json<'_>) -> bool {
    role_of(message).is_some()
        && matches!(message.get("content"), Json::Array(parts) if parts.iter().all(is_part))
}

/// `ChatRequest`, messages, a message, or `EmbedRequest`.
pub(crate) fn is_request(body: &Json<'_>) -> bool {
    let messages = if body.items().is_empty() { body.list("messages") } else { body.items() };
    messages.first().is_some_and(is_message) || is_message(body) || !embedded(body).is_empty()
}

/// The texts of `EmbedRequest`.
fn embedded<'j>(body: &'j Json<'j>) -> &'j [Json<'j>] {
    match (body.fields(), variant(body.get("input"))) {
        ([_], Some(("Single", text @ Json::Text(_)))) => std::slice::from_ref(text),
        ([_], Some(("Batch", texts))) => texts.items(),
        _ => &[],
    }
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    let texts = embedded(body);
    if !texts.is_empty() {
        draft.operation(Operation::Embedding);
        texts.iter().filter_map(Json::as_str).for_each(|text| draft.document_text(text));
        return;
    }
    let system = body.str("system");
    if !system.is_empty() {
        draft.system("system", |turn| turn.text(At::End, system));
    }
    draft.tools(body.get("tools"));
    match body {
        Json::Array(messages) => draft.conversation(messages, message),
        _ if is_message(body) => draft.conversation(std::slice::from_ref(body), message),
        _ => draft.conversation(body.list("messages"), message),
    }
    if !is_message(body) {
        draft.parameters(body, &["system", "messages", "tools"]);
    }
}

fn message(message: &Json<'_>, turn: &mut Turn<'_>) {
    turn.role(role_of(message).unwrap_or_default());
    content(message.get("content"), turn);
}

/// `MessageContent`.
fn content(parts: &Json<'_>, turn: &mut Turn<'_>) {
    for (index, item) in (1..).zip(parts.items()) {
        if let Some((name, value)) = variant(item) {
            part(At::Place(index), name, value, turn);
        }
    }
}

fn part(at: At, name: &str, value: &Json<'_>, turn: &mut Turn<'_>) {
    match name {
        "Text" => turn.text(at, value.as_str().unwrap_or_default()),
        "ReasoningContent" => turn.thought(at, "reasoning", value.as_str().unwrap_or_default()),
        "ThoughtSignature" => {}
        "Binary" => turn.note(at, &binary_note(value)),
        "ToolCall" => {
            let arguments = arguments_text(value.get("fn_arguments"));
            turn.call(at, call(value, &arguments));
        }
        "ToolResponse" => {
            let part =
                ResultPart { id: value.str("call_id"), name: value.str("fn_name"), ..ResultPart::default() };
            turn.result(at, part, value.get("content"));
        }
        "Custom" => match value.get("data") {
            data if data.str("type") == REDACTED => turn.thought(at, REDACTED, ""),
            data => turn.unknown(at, data),
        },
        _ => turn.note(at, &format!("[{name}]")),
    }
}

/// `ToolCall`, with its arguments as a text.
fn call<'j>(value: &'j Json<'_>, arguments: &'j str) -> CallPiece<'j> {
    CallPiece {
        index: None,
        id: value.str("call_id"),
        name: value.str("fn_name"),
        kind: "function",
        arguments,
    }
}

/// Returns the note that replaces `Binary`.
fn binary_note(binary: &Json<'_>) -> String {
    let (mime, name) = (binary.str("content_type"), binary.str("name"));
    let kind =
        mime.split('/').next().filter(|kind| ["image", "audio", "video"].contains(kind)).unwrap_or("file");
    let (source, is_base64) = match variant(binary.get("source")) {
        Some((variant, source)) => (source.as_str().unwrap_or_default(), variant == "Base64"),
        None => ("", false),
    };
    Media { kind, name, mime, source }.note(is_base64)
}

/// `ChatResponse`, `EmbedResponse`, `ChatStreamEvent`, a message, its content, or a list of events.
pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    json.get("provider_model_iden").is_object()
        || is_message(json)
        || json.items().iter().any(is_part)
        || is_event(json)
        || json.items().iter().any(is_event)
}

/// Returns whether this is an event of a stream that has content.
fn is_event(json: &Json<'_>) -> bool {
    match variant(json) {
        Some(("Chunk" | "ReasoningChunk" | "ThoughtSignatureChunk", chunk)) => {
            matches!(chunk.get("content"), Json::Text(_))
        }
        Some(("ToolCallChunk", chunk)) => chunk.get("tool_call").has("fn_name"),
        Some(("End", Json::Object(fields))) => fields.iter().all(|(name, _)| name.starts_with("captured_")),
        _ => false,
    }
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    match json {
        Json::Array(items) if items.iter().any(is_part) => output(json, &Json::Null, draft),
        Json::Array(events) => events.iter().for_each(|json| stream_event(json, draft)),
        _ if json.get("provider_model_iden").is_object() => response(json, draft),
        _ if is_message(json) => output(json.get("content"), &Json::Null, draft),
        _ => stream_event(json, draft),
    }
}

/// Reads the whole output of a model.
fn output(parts: &Json<'_>, reasoning: &Json<'_>, draft: &mut ResponseDraft) {
    let Some(mut turn) = draft.turn(0, "") else { return };
    // For some providers the same thoughts are among the parts.
    let has_thoughts = parts.items().iter().any(|part| part.has("ReasoningContent"));
    if let Some(text) = reasoning.as_str().filter(|text| !has_thoughts && !text.is_empty()) {
        turn.thought(At::Place(0), "reasoning", text);
    }
    content(parts, &mut turn);
}

fn response(json: &Json<'_>, draft: &mut ResponseDraft) {
    let model = json.get("provider_model_iden");
    draft.provider(provider_of_name(model.str("adapter_kind")));
    draft.model(text_of(model.get("model_name")));
    draft.id(json.str("response_id"));
    draft.usage.update(usage(json.get("usage")));
    for embedding in json.list("embeddings") {
        draft.vectors(1, embedding.list("vector").len());
    }
    if json.has("content") {
        output(json.get("content"), json.get("reasoning_content"), draft);
        draft.finish_reason(0, text_of(json.get("stop_reason")));
    }
}

fn stream_event(json: &Json<'_>, draft: &mut ResponseDraft) {
    let Some((name, value)) = variant(json) else { return };
    match name {
        "Chunk" => {
            if let Some(mut turn) = draft.turn(0, "") {
                turn.text(At::End, value.str("content"));
            }
        }
        "ReasoningChunk" => {
            if let Some(mut turn) = draft.turn(0, "") {
                turn.thought(At::End, "reasoning", value.str("content"));
            }
        }
        "ToolCallChunk" => {
            if let Some(mut turn) = draft.turn(0, "") {
                call_chunk(value.get("tool_call"), &mut turn);
            }
        }
        "End" => end(value, draft),
        _ => {}
    }
}

/// Reads a piece of a tool call. A piece without a name has the next arguments; a piece with a name has all arguments so far.
fn call_chunk(value: &Json<'_>, turn: &mut Turn<'_>) {
    let arguments = arguments_text(value.get("fn_arguments"));
    let piece = call(value, &arguments);
    if piece.name.is_empty() {
        // Its id is derived from the index.
        let index = piece.id.strip_prefix("call_").and_then(|index| index.parse().ok());
        turn.call_piece(0, CallPiece { index, id: "", ..piece });
    } else {
        turn.call_so_far(0, piece);
    }
}

/// `StreamEnd`. Its content repeats earlier events, unless the program skipped those.
fn end(end: &Json<'_>, draft: &mut ResponseDraft) {
    draft.has_ended = true;
    draft.id(end.str("captured_response_id"));
    draft.usage.update(usage(end.get("captured_usage")));
    if draft.turn(0, "").is_some_and(|turn| !turn.has_parts()) {
        output(end.get("captured_content"), end.get("captured_reasoning_content"), draft);
    }
    draft.finish_reason(0, text_of(end.get("captured_stop_reason")));
}

fn usage(usage: &Json<'_>) -> Usage {
    let details = usage.get("prompt_tokens_details");
    let lifetimes = details.get("cache_creation_details");
    Usage {
        cache_write: details.count("cache_creation_tokens"),
        cache_write_5m: lifetimes.count("ephemeral_5m_tokens"),
        cache_write_1h: lifetimes.count("ephemeral_1h_tokens"),
        ..openai::usage(usage)
    }
}
