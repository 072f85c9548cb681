//! OpenAI's protocols. Many other servers use the chat.

pub(crate) mod chat;
pub(crate) mod completions;
pub(crate) mod embeddings;
pub(crate) mod responses;

use std::borrow::Cow;

use crate::json::Json;
use crate::media::openai::media_note;
use crate::request::RequestDraft;
use crate::texts::result_text;
use crate::usage::{Usage, if_any};

/// Returns the inputs of completions and embeddings: texts, or lists of token ids.
pub(crate) fn texts<'j>(input: &'j Json<'_>) -> Vec<Cow<'j, str>> {
    let text = |input: &'j Json<'_>| match input {
        Json::Text(text) => Cow::Borrowed(text.as_ref()),
        other => Cow::Owned(media_note(other).unwrap_or_else(|| result_text(other))),
    };
    match input {
        Json::Null => Vec::new(),
        Json::Array(items) if !matches!(items.first(), Some(Json::Number(_))) => {
            items.iter().map(text).collect()
        }
        one => vec![text(one)],
    }
}

/// Reads the tokens, under the names of chat and those of responses.
pub(crate) fn usage(usage: &Json<'_>) -> Usage {
    let count = |keys: [&str; 2]| keys.into_iter().find_map(|key| usage.count(key));
    let details = |keys: [&str; 2]| keys.into_iter().find_map(|key| usage.field(key)).unwrap_or(&Json::Null);
    let input = details(["prompt_tokens_details", "input_tokens_details"]);
    let output = details(["completion_tokens_details", "output_tokens_details"]);
    Usage {
        input: count(["prompt_tokens", "input_tokens"]),
        output: count(["completion_tokens", "output_tokens"]),
        total: usage.count("total_tokens"),
        cache_read: input
            .count("cached_tokens")
            .or_else(|| count(["prompt_cache_hit_tokens", "cached_tokens"])),
        cache_write: input.count("cache_write_tokens"),
        input_audio: input.count("audio_tokens"),
        reasoning: output.count("reasoning_tokens").or_else(|| usage.count("reasoning_tokens")),
        output_audio: output.count("audio_tokens"),
        input_image: if_any(input.count("image_tokens")),
        input_video: if_any(input.count("video_tokens")),
        output_image: if_any(output.count("image_tokens")),
        accepted_prediction: if_any(output.count("accepted_prediction_tokens")),
        rejected_prediction: if_any(output.count("rejected_prediction_tokens")),
        ..Usage::default()
    }
    .with_reasoning_apart()
}

/// Reads a tool of chat or responses, or a function of the old form. Built-in tools have only a type.
pub(crate) fn tool(tool: &Json<'_>, draft: &mut RequestDraft) {
    let kind = tool.str("type");
    let inner = [tool.get("function"), tool.get("custom")]
        .into_iter()
        .find(|value| value.is_object())
        .unwrap_or(tool);
    let name = inner.str("name");
    let schema =
        ["parameters", "input_schema"].into_iter().map(|key| inner.get(key)).find(|value| value.is_object());
    let name = if name.is_empty() { kind } else { name };
    draft.tool(name, inner.get("description").as_str(), schema);
}
