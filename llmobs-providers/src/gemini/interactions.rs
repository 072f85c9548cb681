//! Gemini's interactions: <https://ai.google.dev/api/interactions-api>.

use super::{field, items};
use crate::json::Json;
use crate::media::Media;
use crate::message::has_failed;
use crate::openai;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};
use crate::usage::{Usage, if_any};

/// The number of positions of a step.
const PLACES: u64 = 1 << 16;

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    // OpenAI's responses and embeddings also have an input.
    let model = super::model(body.str("model"));
    body.has("input")
        && (model.starts_with("gemini") && !model.contains("embedding")
            || body.has("previous_interaction_id")
            || body.get("agent").as_str().is_some()
            || body.get("generation_config").is_object()
            || body
                .list("input")
                .iter()
                .any(|step| ["user_input", "model_output"].contains(&step.str("type"))))
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    let kind = json.str("event_type");
    json.str("object") == "interaction"
        || ["interaction.", "step.", "content."].into_iter().any(|start| kind.starts_with(start))
}

/// The fields of a request that are not parameters.
const READ: [&str; 7] = [
    "model",
    "input",
    "system_instruction",
    "systemInstruction",
    "tools",
    "generation_config",
    "generationConfig",
];

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(super::model(body.str("model")));
    draft.system("system", |turn| contents(field(body, "systemInstruction"), turn));
    body.list("tools").iter().for_each(|tool| openai::tool(tool, draft));
    let input = body.get("input");
    if items(input).iter().any(is_step) {
        draft.conversation(items(input), message);
    } else if !input.is_null() {
        draft.conversation(std::slice::from_ref(input), |input, turn| {
            turn.role("user");
            contents(input, turn);
        });
    }
    draft.parameters(body, &READ);
    draft.parameters(field(body, "generationConfig"), &[]);
}

/// Returns whether an item of the input is a separate message. Other items are parts of a message of the user.
fn is_step(item: &Json<'_>) -> bool {
    let kind = item.str("type");
    item.has("role") || item.has("content") || kind == "thought" || is_call(kind) || is_result(kind)
}

fn is_call(kind: &str) -> bool {
    kind.ends_with("_call")
}

fn is_result(kind: &str) -> bool {
    kind.ends_with("_result")
}

/// Reads a step of the input, or a turn of it.
fn message(item: &Json<'_>, turn: &mut Turn<'_>) {
    let kind = item.str("type");
    turn.role(item.str("role"));
    turn.role(match kind {
        "model_output" | "thought" => "assistant",
        kind if is_call(kind) => "assistant",
        kind if is_result(kind) => "tool",
        _ => "user",
    });
    if item.has("content") {
        contents(item.get("content"), turn);
    } else {
        step(item, At::Place(0), At::Place(0), turn);
    }
}

/// Reads a text, one content, or several contents.
fn contents(value: &Json<'_>, turn: &mut Turn<'_>) {
    for (index, item) in items(value).iter().enumerate() {
        step(item, index.into(), index.into(), turn);
    }
}

/// Reads a step, or a content of one. Texts and files go to `end`, all other parts to `at`.
fn step(item: &Json<'_>, at: At, end: At, turn: &mut Turn<'_>) {
    let kind = item.str("type");
    if let Some(text) = item.as_str() {
        return turn.text(end, text);
    }
    match kind {
        "text" => turn.text(end, item.str("text")),
        "model_output" | "user_input" => {
            for content in items(item.get("content")) {
                step(content, at, end, turn);
            }
        }
        "thought" => {
            turn.thought(at, kind, "");
            for part in items(item.get("summary")) {
                turn.thought(at, kind, text_of(part));
            }
        }
        "thought_summary" => turn.thought(at, "thought", text_of(item.get("content"))),
        "thought_signature" => turn.thought(at, "thought", ""),
        "arguments_delta" => {
            let arguments = item.str("arguments");
            turn.call(at, CallPiece { arguments, ..CallPiece::default() });
        }
        "text_annotation" | "text_annotation_delta" => {}
        _ if is_call(kind) => {
            let name = match item.str("name") {
                "" => kind.trim_end_matches("_call"),
                name => name,
            };
            // A streamed call begins with empty arguments.
            let arguments = match item.get("arguments") {
                Json::Object(fields) if fields.is_empty() => String::new(),
                arguments => arguments_text(arguments),
            };
            turn.call(at, CallPiece { index: None, id: item.str("id"), name, kind, arguments: &arguments });
        }
        _ if is_result(kind) => {
            let part = ResultPart {
                id: item.str("call_id"),
                name: item.str("name"),
                kind,
                is_error: has_failed(item),
            };
            turn.result(at, part, item.get("result"));
        }
        "audio" if end == At::End && item.has("data") => {
            turn.media(end, "audio", item.str("mime_type"), item.str("data"));
        }
        "image" | "audio" | "video" | "document" => {
            let (data, mime) = (item.str("data"), item.str("mime_type"));
            let source = if data.is_empty() { item.str("uri") } else { data };
            let media = Media { kind, mime, source, ..Media::default() };
            turn.note(end, &media.note(!data.is_empty()));
        }
        _ => turn.unknown(end, item),
    }
}

fn text_of<'j>(part: &'j Json<'_>) -> &'j str {
    part.as_str().unwrap_or_else(|| part.str("text"))
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    let is_whole = json.str("event_type").is_empty();
    let interaction = if is_whole { json } else { json.get("interaction") };
    draft.model(interaction.str("model"));
    draft.id(interaction.str("id"));
    if is_whole {
        let steps = json.list("steps").iter().chain(json.list("outputs")).enumerate();
        steps.for_each(|(index, item)| step_of_answer(index as u64, item, draft));
    } else {
        let index = json.count("index").unwrap_or_default();
        let pieces = ["step", "content", "delta"].into_iter().filter_map(|name| json.field(name));
        pieces.for_each(|item| step_of_answer(index, item, draft));
    }
    match interaction.str("status") {
        "in_progress" | "queued" => {}
        status @ ("failed" | "cancelled") => draft.no_choice(status),
        status => draft.finish_reason(0, status),
    }
    for counts in [json.get("metadata").get("total_usage"), interaction.get("usage")] {
        draft.usage.update(usage(counts));
    }
    draft.facts(interaction, &["service_tier"]);
    draft.failure(event);
    if interaction.str("status") == "failed" {
        draft.failed("failed");
    }
}

/// Reads a step of a response, or a piece of one.
fn step_of_answer(index: u64, item: &Json<'_>, draft: &mut ResponseDraft) {
    if let Some(mut turn) = draft.turn(0, "") {
        step(item, At::Place(index.saturating_mul(PLACES)), At::End, &mut turn);
    }
    let contents = items(item.get("content")).iter().chain([item]);
    contents.flat_map(|content| content.list("annotations")).for_each(|citation| draft.citation(citation));
}

/// Reads the tokens. Thoughts and the results of tools are counted separately from the input and the output.
fn usage(usage: &Json<'_>) -> Usage {
    let modality = |name: &str, modality: &str| {
        let parts =
            usage.list(name).iter().filter(|part| part.str("modality").eq_ignore_ascii_case(modality));
        if_any(parts.filter_map(|part| part.count("tokens")).reduce(u64::saturating_add))
    };
    let (input, output) = ("input_tokens_by_modality", "output_tokens_by_modality");
    Usage {
        input: usage.count("total_input_tokens"),
        cache_read: usage.count("total_cached_tokens"),
        tool_input: usage.count("total_tool_use_tokens"),
        input_audio: modality(input, "audio"),
        input_image: modality(input, "image"),
        input_video: modality(input, "video"),
        input_document: modality(input, "document"),
        visible_output: usage.count("total_output_tokens"),
        reasoning: usage.count("total_thought_tokens"),
        output_audio: modality(output, "audio"),
        output_image: modality(output, "image"),
        total: usage.count("total_tokens"),
        ..Usage::default()
    }
}
