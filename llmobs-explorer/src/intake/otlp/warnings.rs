//! Warnings for missing or malformed attributes of a step. Queries find them as values of `collection_errors`.

use llmobs_providers::Attributes;
use llmobs_providers::json::Json;
use serde_json::Value;

use crate::intake::field::{self, Object};

/// The types of the parts of a message.
const PARTS: [&str; 13] = [
    "audio",
    "blob",
    "compaction",
    "file",
    "image",
    "reasoning",
    "redacted_reasoning",
    "server_tool_call",
    "server_tool_call_response",
    "text",
    "tool_call",
    "tool_call_response",
    "uri",
];

/// Returns the warnings of a step, each once.
pub(super) fn of(kind: &str, attributes: &Object, read: Option<&Attributes>) -> Vec<&'static str> {
    let is_model_call = matches!(kind, "llm" | "embedding");
    let model = read.and_then(|read| read.response.model.as_ref().or(read.request.model.as_ref()));
    let is_otel = attributes.keys().any(|name| name.starts_with("gen_ai."));
    let has_other_kind = ["llm.request.type", "traceloop.span.kind", "openinference.span.kind"]
        .iter()
        .chain(&["langfuse.observation.type", "gen_ai.operation.name"])
        .any(|name| field::text(attributes, name).is_some());
    let input = [attributes.get("gen_ai.input.messages"), attributes.get("gen_ai.system_instructions")];
    let output = [attributes.get("gen_ai.output.messages"), None];
    let are_malformed =
        |values: [Option<&Value>; 2]| values.into_iter().flatten().any(|value| list(value).is_none());
    let [input_parts, output_parts] =
        [&input, &output].map(|values| values.iter().flatten().any(|value| has_unknown_parts(value)));
    let found = [
        (is_model_call && model.is_none(), "otel_warning_missing_model_name"),
        (is_otel && !has_other_kind, "otel_warning_operation_missing"),
        (are_malformed(input), "otel_warning_input_malformed"),
        (are_malformed(output), "otel_warning_output_malformed"),
        (input_parts || output_parts, "otel_warning_invalid_parts"),
        (attributes.iter().any(is_invalid_usage), "otel_warning_token_usage_invalid"),
    ];
    found.into_iter().filter(|(is_so, _)| *is_so).map(|(_, warning)| warning).collect()
}

/// Returns the items of a list, which may be JSON in a text.
fn list(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(items) => Some(items.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

fn has_unknown_parts(messages: &Value) -> bool {
    let messages = list(messages).unwrap_or_default();
    let parts = messages.iter().flat_map(|message| match message.get("parts") {
        Some(Value::Array(parts)) => parts.as_slice(),
        Some(_) => std::slice::from_ref(message),
        None => &[],
    });
    let is_unknown = |part: &Value| !matches!(part.get("type"), Some(Value::String(kind)) if PARTS.contains(&kind.as_str()));
    parts.into_iter().any(is_unknown)
}

/// Whether a number of tokens is not a count, and so is left out. Spans of `tracing` have texts as counts, because OpenTelemetry has no
/// unsigned numbers.
fn is_invalid_usage((name, value): (&String, &Value)) -> bool {
    let is_usage =
        ["gen_ai.usage.", "llm.usage.", "llm.token_count."].iter().any(|usage| name.starts_with(usage))
            && name.contains("token");
    let is_count = || match value {
        Value::String(text) => text.trim().parse::<u64>().is_ok(),
        value => Json::read(&value.to_string()).is_some_and(|number| number.as_count().is_some()),
    };
    is_usage && !is_count()
}
