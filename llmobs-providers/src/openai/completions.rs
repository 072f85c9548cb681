//! OpenAI's completions: <https://platform.openai.com/docs/api-reference/completions>.

use crate::json::Json;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::turn::At;

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    matches!(body.get("prompt"), Json::Text(_) | Json::Array(_))
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    json.str("object") == "text_completion"
        || json.list("choices").first().is_some_and(|choice| {
            let is_text =
                choice.get("text").as_str().is_some() && !choice.has("message") && !choice.has("delta");
            is_text && ["index", "finish_reason", "logprobs"].iter().any(|key| choice.has(key))
        })
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(body.str("model"));
    for text in super::texts(body.get("prompt")) {
        draft.message("user", &text);
    }
    draft.parameters(body, &["model", "prompt"]);
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    draft.model(json.str("model"));
    draft.id(json.str("id"));
    for (position, choice) in (0..).zip(json.list("choices")) {
        let index = choice.count("index").unwrap_or(position);
        if let Some(mut turn) = draft.turn(index, "assistant") {
            turn.text(At::End, choice.str("text"));
        }
        draft.finish_reason(index, choice.str("finish_reason"));
    }
    let usage = json.get("usage");
    if usage.is_object() {
        draft.usage.update(super::usage(usage));
        draft.facts(usage, &["cost", "cost_details"]);
    }
    draft.facts(json, &["service_tier", "system_fingerprint", "provider", "prompt_filter_results"]);
    draft.failure(event);
}
