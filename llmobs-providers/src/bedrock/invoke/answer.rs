//! The responses of models to InvokeModel, whole or in frames.

use crate::bedrock::{bytes_of, converse};
use crate::json::Json;
use crate::response::{Event, ResponseDraft};
use crate::turn::At;
use crate::usage::Usage;
use crate::{anthropic, cohere, openai};

/// The data that Bedrock adds to the last frame of a stream.
const METRICS: &str = "amazon-bedrock-invocationMetrics";
/// The lists of choices: of Titan, Mistral, Jurassic, older models of Cohere, and models whose chats are like OpenAI's.
const CHOICES: [&str; 5] = ["results", "outputs", "completions", "generations", "choices"];
/// The texts of choices.
const TEXTS: [&str; 4] = ["outputText", "generation", "completion", "text"];
/// The reasons why a choice ended.
const REASONS: [&str; 4] = ["completionReason", "stop_reason", "finish_reason", "finishReason"];

pub(super) fn has_metrics(json: &Json<'_>) -> bool {
    json.get(METRICS).is_object()
}

/// Returns whether this is a text in a form that only models of Bedrock have.
pub(super) fn is_text(json: &Json<'_>) -> bool {
    let is_choice = |choice: &Json<'_>| {
        choice.has("outputText") || choice.get("data").has("text") && choice.has("finishReason")
    };
    json.has("outputText")
        || json.has("inputTextTokenCount")
        || json.has("generation") && json.has("generation_token_count")
        || json.str("type") == "completion" && json.has("completion")
        || json.list("outputs").iter().any(|choice| choice.has("text") && choice.has("stop_reason"))
        || ["results", "completions"].into_iter().flat_map(|key| json.list(key)).any(is_choice)
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    match bytes_of(event.json) {
        Some(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            if let Some(json) = Json::read(&text) {
                read(&Event { name: "", json: &json }, draft);
            }
        }
        None => read(event, draft),
    }
}

fn read(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    if anthropic::is_answer(event) {
        anthropic::event(event, draft);
    } else if converse::is_answer(event) {
        converse::event(event, draft);
    } else if json.list("choices").iter().any(|choice| choice.has("delta") || choice.has("message")) {
        openai::chat::event(event, draft);
        reasons(json.list("choices"), draft);
    } else if json.has("embedding") || json.has("embeddingsByType") {
        embedding(json, draft);
    } else if json.has("embeddings") {
        cohere::embed::event(event, draft);
    } else if json.list("results").iter().any(|result| result.has("relevance_score")) {
        cohere::rerank::event(event, draft);
    } else if json.has("event_type") || json.has("generation_id") || json.has("response_id") {
        cohere::chat_v1::event(event, draft);
    } else if !draft.failure(event) {
        texts(json, draft);
    }
    metrics(json.get(METRICS), draft);
    draft.facts(json, &["amazon-bedrock-guardrailAction", "amazon-bedrock-trace"]);
}

/// Reads the choices of models that continue a text. Streams and Llama have a single choice, without a list around it.
fn texts(json: &Json<'_>, draft: &mut ResponseDraft) {
    let found = CHOICES.into_iter().map(|key| json.list(key)).find(|choices| !choices.is_empty());
    let choices = found.unwrap_or_else(|| std::slice::from_ref(json));
    draft.id(&json.label("id"));
    // Titan counts the tokens of each choice.
    let mut counted = Usage::default();
    for (index, choice) in choices.iter().enumerate() {
        let index = choice.count("index").unwrap_or(index as u64);
        let inner = choice.field("data").unwrap_or(choice);
        let text = TEXTS.into_iter().map(|key| inner.str(key)).find(|text| !text.is_empty());
        if let Some(text) = text
            && let Some(mut turn) = draft.turn(index, "")
        {
            turn.text(At::End, text);
        }
        counted = counted.plus(tokens(choice));
    }
    draft.usage.update(counted);
    reasons(choices, draft);
    draft.usage.update(tokens(json));
    draft.usage.update(openai::usage(json.get("usage")));
}

/// Reads why choices ended. Mistral's chat has no `finish_reason`.
fn reasons(choices: &[Json<'_>], draft: &mut ResponseDraft) {
    for (index, choice) in choices.iter().enumerate() {
        let index = choice.count("index").unwrap_or(index as u64);
        let reasons = REASONS.into_iter().map(|key| choice.get(key));
        let mut reasons =
            reasons.filter_map(|reason| reason.as_str().or_else(|| reason.get("reason").as_str()));
        draft.finish_reason(index, reasons.next().unwrap_or_default());
    }
}

/// Reads Titan's vector.
fn embedding(json: &Json<'_>, draft: &mut ResponseDraft) {
    let lists = [json.get("embedding"), json.get("embeddingsByType").get("float")];
    let by_type = json.get("embeddingsByType").fields().iter().map(|(_, vector)| vector);
    let vector = lists.into_iter().chain(by_type).find(|vector| !vector.items().is_empty());
    if let Some(vector) = vector {
        draft.vectors(1, vector.items().len());
    }
    draft.usage.update(tokens(json));
}

/// Reads Titan's and Llama's tokens.
fn tokens(json: &Json<'_>) -> Usage {
    let count = |keys: &[&str]| keys.iter().find_map(|key| json.count(key));
    Usage {
        input: count(&["inputTextTokenCount", "prompt_token_count"]),
        output: count(&["totalOutputTextTokenCount", "tokenCount", "generation_token_count"]),
        ..Usage::default()
    }
}

/// Reads the tokens that Bedrock counted, if the model did not report them.
fn metrics(metrics: &Json<'_>, draft: &mut ResponseDraft) {
    if metrics.is_object() {
        draft.has_ended = true;
        let count = |name: &str| metrics.count(name);
        let (read, written) = (count("cacheReadInputTokenCount"), count("cacheWriteInputTokenCount"));
        let usage = &mut draft.usage;
        // Cohere reports the billed tokens, which are fewer. Tokens of the cache are counted separately.
        if usage.input.is_none() && usage.uncached.is_none() {
            let input = if read.or(written).is_some() { &mut usage.uncached } else { &mut usage.input };
            *input = count("inputTokenCount");
        }
        usage.cache_read = usage.cache_read.or(read);
        usage.cache_write = usage.cache_write.or(written);
        usage.output = usage.output.or_else(|| count("outputTokenCount"));
    }
}
