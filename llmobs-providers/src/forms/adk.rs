//! The types of adk: <https://docs.rs/adk-core/latest/adk_core/model/index.html>. They are like Gemini's, except for some parts.

use crate::failure::ApiError;
use crate::gemini;
use crate::json::Json;
use crate::media::Media;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};
use crate::usage::Usage;

/// The fields of `LlmRequest`.
const REQUEST: [&str; 4] = ["model", "contents", "config", "previous_response_id"];

/// The fields of `GenerateContentConfig`.
const CONFIG: [&str; 12] = [
    "temperature",
    "top_p",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "max_output_tokens",
    "seed",
    "top_logprobs",
    "stop_sequences",
    "response_schema",
    "cached_content",
    "extensions",
];

fn has_only(json: &Json<'_>, names: &[&str]) -> bool {
    json.fields().iter().all(|(name, _)| names.contains(&name.as_ref()))
}

/// `LlmRequest`.
pub(crate) fn is_request(body: &Json<'_>) -> bool {
    let is_content =
        |content: &Json<'_>| content.has("role") && matches!(content.get("parts"), Json::Array(_));
    ["model", "config"].iter().all(|name| body.has(name))
        && has_only(body, &REQUEST)
        && has_only(body.get("config"), &CONFIG)
        && matches!(body.get("contents"), Json::Array(contents) if contents.iter().all(is_content))
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(body.str("model"));
    draft.conversation(body.list("contents"), |content, turn| {
        turn.role(content.str("role"));
        for (index, item) in content.list("parts").iter().enumerate() {
            part(At::from(index), item, turn);
        }
    });
    draft.parameters(body.get("config"), &[]);
    draft.parameters(body, &["model", "contents", "config"]);
}

/// `LlmResponse`, or its `Content`.
pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    is_content(json)
        || ["partial", "turn_complete"].iter().all(|name| matches!(json.get(name), Json::Bool(_)))
            && matches!(json.get("content"), Json::Null | Json::Object(_))
}

/// `Content` of a model. Parts in other forms have a type.
fn is_content(json: &Json<'_>) -> bool {
    json.str("role") == "model"
        && has_only(json, &["role", "parts"])
        && json.list("parts").iter().all(|part| !part.has("type"))
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    let content = if is_content(json) { json } else { json.get("content") };
    if let Some(mut turn) = draft.turn(0, content.str("role")) {
        for item in content.list("parts") {
            part(At::Next, item, &mut turn);
        }
    }
    draft.finish_reason(0, json.str("finish_reason"));
    let counts = json.get("usage_metadata");
    draft.usage.update(usage(counts));
    draft.facts(counts, &["cost"]);
    draft.facts(json, &["interrupted", "interaction_id"]);
    json.get("citation_metadata")
        .list("citationSources")
        .iter()
        .for_each(|citation| draft.citation(citation));
    if ["error_code", "error_message"].iter().any(|name| json.field(name).is_some()) {
        draft.error(ApiError::read(json));
    }
}

/// `Part`, whose fields show the variant.
fn part(at: At, part: &Json<'_>, turn: &mut Turn<'_>) {
    let function = part.get("functionResponse");
    if let Some(thought) = part.get("thinking").as_str() {
        turn.thought(at, "thinking", thought);
    } else if part.has("name") && part.has("args") {
        let arguments = arguments_text(part.get("args"));
        let (id, name, kind) = (part.str("id"), part.str("name"), "function_call");
        turn.call(at, CallPiece { index: None, id, name, kind, arguments: &arguments });
    } else if function.is_object() {
        let (id, name) = (part.str("id"), function.str("name"));
        let result = ResultPart { id, name, kind: "function_response", is_error: false };
        turn.result(at, result, function.get("response"));
    } else if part.has("mime_type") {
        turn.note(at, &media_note(part));
    } else {
        gemini::part(part, at, turn);
    }
}

/// Returns the note that replaces a file, whose bytes are a list of numbers.
fn media_note(part: &Json<'_>) -> String {
    let mime = part.str("mime_type");
    let is_kind = |kind: &&str| ["image", "audio", "video"].contains(kind);
    let kind = mime.split('/').next().filter(is_kind).unwrap_or("file");
    let source = ["file_uri", "uri"].map(|name| part.str(name)).into_iter().find(|source| !source.is_empty());
    match (source, part.list("data")) {
        (None, bytes @ [_, ..]) => format!("[{kind}: {mime}, {} bytes]", crate::response::length_of(bytes)),
        (source, _) => {
            Media { kind, mime, source: source.unwrap_or_default(), ..Media::default() }.note(false)
        }
    }
}

/// `UsageMetadata`. For some providers, thoughts are not part of the tokens of the response.
fn usage(usage: &Json<'_>) -> Usage {
    Usage {
        input: usage.count("prompt_token_count"),
        output: usage.count("candidates_token_count"),
        total: usage.count("total_token_count"),
        cache_read: usage.count("cache_read_input_token_count"),
        cache_write: usage.count("cache_creation_input_token_count"),
        reasoning: usage.count("thinking_token_count"),
        input_audio: usage.count("audio_input_token_count"),
        output_audio: usage.count("audio_output_token_count"),
        ..Usage::default()
    }
    .with_reasoning_apart()
}
