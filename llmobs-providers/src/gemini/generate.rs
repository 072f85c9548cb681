//! Gemini's generateContent and streamGenerateContent: <https://ai.google.dev/api/generate-content>.

use super::{field, items, parts};
use crate::json::Json;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::turn::At;
use crate::usage::{Usage, if_any};

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    matches!(body.get("contents"), Json::Array(_) | Json::Object(_))
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    let candidates = json.list("candidates");
    let is_candidate = |candidate: &Json<'_>| {
        ["content", "finishReason", "finish_reason"].iter().any(|key| candidate.has(key))
    };
    !candidates.is_empty() && candidates.iter().all(is_candidate)
        || json.get("promptFeedback").is_object()
        || field(json, "usageMetadata").is_object()
}

/// The fields of a request that are not parameters.
const READ: [&str; 7] = [
    "model",
    "contents",
    "systemInstruction",
    "system_instruction",
    "tools",
    "generationConfig",
    "generation_config",
];

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(super::model(body.str("model")));
    draft.system("system", |turn| parts::content(field(body, "systemInstruction"), turn));
    for tool in items(body.get("tools")) {
        tools(tool, draft);
    }
    draft.conversation(items(body.get("contents")), |content, turn| {
        turn.role(content.str("role"));
        turn.role("user");
        parts::content(content, turn);
    });
    draft.parameters(body, &READ);
    draft.parameters(field(body, "generationConfig"), &[]);
}

/// Reads the functions that a model may call, and the tools of Google, which only have a name.
fn tools(tool: &Json<'_>, draft: &mut RequestDraft) {
    for (name, value) in tool.fields() {
        if !super::is_name(name, "functionDeclarations") {
            draft.tool(name, None, None);
            continue;
        }
        for function in items(value) {
            let schemas = ["parameters", "parametersJsonSchema"].map(|name| field(function, name));
            let schema = schemas.into_iter().find(|schema| schema.is_object());
            draft.tool(function.str("name"), function.get("description").as_str(), schema);
        }
    }
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    draft.model(field(json, "modelVersion").as_str().unwrap_or_default());
    draft.id(field(json, "responseId").as_str().unwrap_or_default());
    for (index, candidate) in json.list("candidates").iter().enumerate() {
        let index = candidate.count("index").unwrap_or(index as u64);
        let content = candidate.get("content");
        if let Some(mut turn) = draft.turn(index, content.str("role")) {
            content.list("parts").iter().for_each(|part| parts::part(part, At::End, &mut turn));
        }
        let (grounding, cited) = (candidate.get("groundingMetadata"), candidate.get("citationMetadata"));
        let lists =
            [grounding.list("groundingChunks"), cited.list("citationSources"), cited.list("citations")];
        lists.into_iter().flatten().for_each(|citation| draft.citation(citation));
        let reason = field(candidate, "finishReason").as_str().unwrap_or_default();
        draft.finish_reason(index, reason);
        if !reason.is_empty() {
            draft.facts(candidate, &["finishMessage", "safetyRatings"]);
        }
        draft.facts(grounding, &["webSearchQueries"]);
    }
    // A blocked prompt has no candidates.
    draft.no_choice(json.get("promptFeedback").str("blockReason"));
    draft.facts(json, &["promptFeedback"]);
    let counts = field(json, "usageMetadata");
    draft.usage.update(usage(counts));
    draft.facts(counts, &["trafficType", "serviceTier"]);
    draft.failure(event);
}

/// Reads the tokens. Thoughts and the results of tools are counted separately from the prompt and the response.
pub(super) fn usage(usage: &Json<'_>) -> Usage {
    let count = |name: &str| field(usage, name).as_count();
    let modality = |parts: &[Json<'_>], modality: &str| {
        let parts = parts.iter().filter(|part| part.str("modality") == modality);
        parts.filter_map(|part| field(part, "tokenCount").as_count()).reduce(u64::saturating_add)
    };
    let [prompt, answer] =
        ["promptTokensDetails", "candidatesTokensDetails"].map(|name| field(usage, name).items());
    Usage {
        input: count("promptTokenCount"),
        cache_read: count("cachedContentTokenCount"),
        tool_input: count("toolUsePromptTokenCount"),
        input_audio: modality(prompt, "AUDIO"),
        input_image: if_any(modality(prompt, "IMAGE")),
        input_video: if_any(modality(prompt, "VIDEO")),
        input_document: if_any(modality(prompt, "DOCUMENT")),
        visible_output: count("candidatesTokenCount"),
        reasoning: count("thoughtsTokenCount"),
        output_audio: modality(answer, "AUDIO"),
        output_image: if_any(modality(answer, "IMAGE")),
        total: count("totalTokenCount"),
        ..Usage::default()
    }
}
