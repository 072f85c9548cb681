//! OpenAI's two APIs. Many other providers speak the first.

use std::borrow::Cow;

use llmobs_providers::Usage;
use serde_json::Value;

use super::call::CallDelta;
use super::draft::{Draft, Turn};
use super::{Seen, named, number, object, string};

/// A chunk of a chat completion: <https://platform.openai.com/docs/api-reference/chat-streaming>.
///
/// Azure's first chunk has no choice, and its last ones have choices without a delta:
/// <https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-streaming>.
pub(super) fn chunk(item: &Value, draft: &mut Draft) -> Seen {
    let Some(Value::Array(choices)) = item.get("choices") else {
        return Seen::Foreign;
    };
    let usage = object(item, "usage");
    let silent = choices.is_empty() && usage.is_none() && !item.get("object").is_some_and(Value::is_string);
    if silent || !choices.iter().all(|choice| object(choice, "delta").is_some()) {
        return Seen::Skipped;
    }
    for choice in choices {
        let index = number(choice, "index").unwrap_or_default();
        let delta = choice.get("delta").unwrap_or(&Value::Null);
        if let Some(mut turn) = draft.turn(index, string(delta, "role")) {
            add_delta(delta, &mut turn);
        }
    }
    draft.usage.update(usage.map(counts).unwrap_or_default());
    Seen::Read
}

fn add_delta(delta: &Value, turn: &mut Turn<'_>) {
    turn.text(string(delta, "content"));
    turn.text(string(delta, "refusal"));
    let calls = delta.get("tool_calls").and_then(Value::as_array);
    for call in calls.into_iter().flatten() {
        let function = call.get("function").unwrap_or(&Value::Null);
        turn.call(CallDelta {
            index: number(call, "index"),
            id: string(call, "id"),
            name: string(function, "name"),
            arguments: &as_text(function.get("arguments")),
        });
    }
}

/// An event of a response: <https://platform.openai.com/docs/api-reference/responses-streaming>.
pub(super) fn event(item: &Value, draft: &mut Draft) -> Seen {
    named(item, |name| {
        let index = number(item, "output_index");
        match name {
            "response.output_text.delta" | "response.refusal.delta" => {
                let piece = item.get("delta")?.as_str()?;
                draft.turn(0, "")?.text(piece);
            }
            "response.output_item.added" => {
                let item = object(item, "item")?;
                let mut turn = draft.turn(0, string(item, "role"))?;
                let (id, name) = (string(item, "call_id"), string(item, "name"));
                turn.call(CallDelta { index, id, name, arguments: "" });
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                let arguments = item.get("delta")?.as_str()?;
                draft.turn(0, "")?.call(CallDelta { index, arguments, ..CallDelta::default() });
            }
            // The beginning and the end, whether it is called completed, incomplete or failed.
            _ => {
                name.strip_prefix("response.")?;
                let usage = object(item, "response")?.get("usage");
                draft.usage.update(usage.map(counts).unwrap_or_default());
            }
        }
        Some(())
    })
}

/// Arguments are JSON in a text. Some servers send them as they are.
fn as_text(arguments: Option<&Value>) -> Cow<'_, str> {
    match arguments {
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(Value::String(text)) => Cow::Borrowed(text),
        Some(other) => Cow::Owned(other.to_string()),
    }
}

/// What a chunk calls the tokens of the prompt and completion, an event calls those of the input and output.
fn counts(usage: &Value) -> Usage {
    let count = |chunk: &str, event: &str| usage.pointer(chunk).or_else(|| usage.pointer(event))?.as_u64();
    let mut counts = Usage::default();
    counts.input = count("/prompt_tokens", "/input_tokens");
    counts.output = count("/completion_tokens", "/output_tokens");
    counts.total = number(usage, "total_tokens");
    counts.cache_read = count("/prompt_tokens_details/cached_tokens", "/input_tokens_details/cached_tokens");
    counts.reasoning =
        count("/completion_tokens_details/reasoning_tokens", "/output_tokens_details/reasoning_tokens");
    counts
}
