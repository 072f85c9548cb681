//! The attributes of a model call other than its messages, under the names of all conventions.

use std::borrow::Cow;

use super::{Group, structure};
use crate::failure::ApiError;
use crate::forms::swiftide;
use crate::json::Json;
use crate::protocol::{provider_of_host, provider_of_name};
use crate::request::RequestDraft;
use crate::response::ResponseDraft;
use crate::usage::{Cost, Usage, if_any};

const MODELS: [&str; 5] = [
    "gen_ai.request.model",
    "llm.request.model_name",
    "llm.model_name",
    "embedding.model_name",
    "reranker.model_name",
];

const PROVIDERS: [&str; 4] = ["gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"];

/// Reads the models, the parameters and small facts about the response.
pub(super) fn read(attributes: &Group<'_>, request: &mut RequestDraft, response: &mut ResponseDraft) {
    request.model(attributes.first_str(&MODELS));
    for prefix in ["gen_ai.request", "gen_ai.openai.request", "openai.request"] {
        attributes
            .below(prefix)
            .filter(|(name, _)| *name != "model")
            .for_each(|(name, value)| request.parameter(name, &parameter(name, value)));
    }
    for name in ["output.type", "embeddings.dimension.count"] {
        request.parameter(name, attributes.get(&format!("gen_ai.{name}")));
    }
    response.model(attributes.first_str(&["gen_ai.response.model", "llm.response.model_name"]));
    response.id(attributes.str("gen_ai.response.id"));
    for prefix in ["gen_ai.openai.response", "openai.response"] {
        attributes.below(prefix).for_each(|(name, value)| response.fact(name, value));
    }
    // rig counts them as tokens of the input.
    if let Some(tokens) = count(attributes.get("gen_ai.usage.tool_use_prompt_tokens")) {
        response.fact("tool_use_prompt_tokens", &Json::Number(&tokens.to_string()));
    }
}

/// Parameters that are numbers.
const NUMBERS: [&str; 8] = [
    "choice.count",
    "frequency_penalty",
    "max_tokens",
    "presence_penalty",
    "seed",
    "temperature",
    "top_k",
    "top_p",
];

/// Reads a parameter. Programs that format it themselves make texts of numbers, lists and objects.
fn parameter<'j>(name: &str, value: &'j Json<'j>) -> Cow<'j, Json<'j>> {
    let number = value.as_str().filter(|_| NUMBERS.contains(&name)).and_then(Json::read);
    match number {
        Some(number @ Json::Number(_)) => Cow::Owned(number),
        _ => structure(value),
    }
}

/// Reads a count, which may be a text.
fn count(value: &Json<'_>) -> Option<u64> {
    value.as_count().or_else(|| value.as_str()?.trim().parse().ok())
}

/// Reads the provider of the model.
pub(super) fn provider(attributes: &Group<'_>) -> Option<String> {
    let of_host = || provider_of_host(attributes.str("server.address")).map(str::to_owned);
    provider_of_name(attributes.first_str(&PROVIDERS)).or_else(of_host)
}

/// The names of the reason why the model stopped.
const FINISH_REASONS: [&str; 5] = [
    "gen_ai.response.finish_reason",
    "llm.finish_reason",
    "llm.stop_reason",
    "llm.response.finish_reason",
    "llm.response.stop_reason",
];

/// Reads why the model stopped, for each choice: a list, a text, or the `Debug` output of a list.
pub(super) fn finish_reasons(attributes: &Group<'_>) -> Vec<String> {
    let several = attributes.structure("gen_ai.response.finish_reasons");
    let reasons: Vec<&str> = match several.as_ref() {
        Json::Array(items) => items.iter().filter_map(Json::as_str).collect(),
        Json::Text(text) => {
            text.split(['[', ',', ']']).map(|reason| reason.trim().trim_matches('"')).collect()
        }
        _ => Vec::new(),
    };
    let reasons: Vec<_> =
        reasons.into_iter().filter(|reason| !reason.is_empty()).map(str::to_owned).collect();
    let one = attributes.first_str(&FINISH_REASONS);
    if reasons.is_empty() && !one.is_empty() { vec![one.to_owned()] } else { reasons }
}

/// Reads the tokens.
pub(super) fn usage(attributes: &Group<'_>) -> Usage {
    let count = |names: &[&str]| names.iter().find_map(|name| count(attributes.get(name)));
    let mut usage = swiftide::usage(&attributes.structure("langfuse.usage"));
    let details = attributes.structure("langfuse.observation.usage_details");
    usage.update(Usage {
        input: details.count("input"),
        output: details.count("output"),
        total: details.count("total"),
        cache_read: details.count("cache_read_input_tokens"),
        cache_write: details.count("cache_write_input_tokens"),
        ..Usage::default()
    });
    usage.update(Usage {
        input: count(&["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt"]),
        output: count(&[
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.completion_tokens",
            "llm.token_count.completion",
        ]),
        total: count(&["llm.usage.total_tokens", "gen_ai.usage.total_tokens", "llm.token_count.total"]),
        cache_read: count(&[
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "gen_ai.usage.cache_read_tokens",
            "gen_ai.usage.input_cached_tokens",
            "llm.token_count.prompt_details.cache_read",
        ]),
        cache_write: count(&[
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "gen_ai.usage.cache_creation_tokens",
            "gen_ai.usage.cache_write.input_tokens",
            "llm.token_count.prompt_details.cache_write",
        ]),
        reasoning: count(&[
            "gen_ai.usage.reasoning.output_tokens",
            "gen_ai.usage.reasoning_tokens",
            "gen_ai.usage.thinking_tokens",
            "llm.token_count.completion_details.reasoning",
        ]),
        input_audio: count(&[
            "gen_ai.usage.audio.input_tokens",
            "gen_ai.usage.audio_input_tokens",
            "llm.token_count.prompt_details.audio",
        ]),
        output_audio: count(&[
            "gen_ai.usage.audio.output_tokens",
            "gen_ai.usage.audio_output_tokens",
            "llm.token_count.completion_details.audio",
        ]),
        input_image: if_any(count(&["gen_ai.usage.image.input_tokens"])),
        input_video: if_any(count(&["gen_ai.usage.video.input_tokens"])),
        ..Usage::default()
    });
    usage.with_reasoning_apart()
}

/// Reads the cost, in dollars.
pub(super) fn cost(attributes: &Group<'_>) -> Cost {
    let details = attributes.structure("langfuse.observation.cost_details");
    let dollars = |names: &[&str]| number(attributes.first(names));
    Cost {
        input: dollars(&["llm.cost.prompt"]),
        output: dollars(&["llm.cost.completion"]),
        total: dollars(&["gen_ai.usage.cost", "gen_ai.usage.cost_usd", "llm.cost.total"])
            .or_else(|| number(details.get("total"))),
    }
}

/// Reads a number that is not negative. It may be a text.
pub(super) fn number(value: &Json<'_>) -> Option<f64> {
    let text = match value {
        Json::Number(text) => text,
        value => value.as_str()?,
    };
    text.trim().parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// Reads why the step failed.
pub(super) fn error(attributes: &Group<'_>) -> Option<ApiError> {
    let has_failed = attributes.str("otel.status_code").eq_ignore_ascii_case("error");
    let kind = attributes.first_str(&["error.type", "exception.type", "gen_ai.tool.error.type"]);
    let kind = if kind.is_empty() && has_failed { "error" } else { kind };
    let described: &[&str] =
        if has_failed { &["otel.status_description", "otel.status_message"] } else { &[] };
    let message = attributes.first_str(&["error.message", "exception.message"]);
    let message = if message.is_empty() { attributes.first_str(described) } else { message };
    // The type may be the status.
    let status = kind.parse().ok().filter(|status| (400..600).contains(status));
    let word = if status.is_some() { "" } else { kind };
    let error = ApiError { status, ..ApiError::of_text(message) }.with_kind(&ApiError::of_text(word).message);
    (!kind.is_empty() || !message.is_empty()).then_some(error)
}
