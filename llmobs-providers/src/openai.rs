//! OpenAI's protocols. Many other servers speak the first.

pub(crate) mod chat;
pub(crate) mod completions;
pub(crate) mod embeddings;
pub(crate) mod responses;

use std::borrow::Cow;

use crate::json::Json;
use crate::media::Media;
use crate::request::RequestDraft;
use crate::tool::ToolDefinition;
use crate::turn::result_text;
use crate::usage::Usage;

/// The inputs of completions and embeddings: texts, or lists of the ids of tokens.
pub(crate) fn texts<'j>(input: &'j Json<'_>) -> Vec<Cow<'j, str>> {
    let text = |input: &'j Json<'_>| match input {
        Json::String(text) => Cow::Borrowed(text.as_ref()),
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

/// The note in place of an image, a sound or a file of chat or responses. `None` if the part is none of these.
pub(crate) fn media_note(part: &Json<'_>) -> Option<String> {
    let kind = part.str("type");
    // Some servers take the URL without an object around it.
    let inner = part.get(kind);
    let field = |key: &str| -> String {
        [inner, part]
            .into_iter()
            .map(|value| value.str(key))
            .find(|text| !text.is_empty())
            .unwrap_or_default()
            .to_owned()
    };
    let (media_kind, name, mime, source, is_base64) = match kind {
        "image_url" | "input_image" | "output_image" | "computer_screenshot" => {
            let url = inner.as_str().map_or_else(|| field("url"), str::to_owned);
            let url = if url.is_empty() {
                part.get("image_url").as_str().unwrap_or_default().to_owned()
            } else {
                url
            };
            (
                "image",
                String::new(),
                String::new(),
                if url.is_empty() { field("file_id") } else { url },
                false,
            )
        }
        "input_audio" => ("audio", String::new(), field("format"), field("data"), true),
        "video_url" => (
            "video",
            String::new(),
            String::new(),
            inner.as_str().map_or_else(|| field("url"), str::to_owned),
            false,
        ),
        "file" | "input_file" => {
            let data = field("file_data");
            let source =
                [data.clone(), field("file_url"), field("file_id")].into_iter().find(|text| !text.is_empty());
            ("file", field("filename"), String::new(), source.unwrap_or_default(), !data.is_empty())
        }
        _ => return None,
    };
    let media = Media { kind: media_kind, name: &name, mime: &mime, source: &source };
    Some(media.note(is_base64))
}

/// Tokens, under the names of chat and those of responses.
pub(crate) fn usage(usage: &Json<'_>) -> Usage {
    let count = |keys: [&str; 2]| keys.into_iter().find_map(|key| usage.count(key));
    let detail = |keys: [&str; 2], name: &str| keys.into_iter().find_map(|key| usage.get(key).count(name));
    let (input, output) = (
        ["prompt_tokens_details", "input_tokens_details"],
        ["completion_tokens_details", "output_tokens_details"],
    );
    let mut counts = Usage::default();
    counts.input = count(["prompt_tokens", "input_tokens"]);
    counts.output = count(["completion_tokens", "output_tokens"]);
    counts.total = usage.count("total_tokens");
    counts.cache_read =
        detail(input, "cached_tokens").or_else(|| count(["prompt_cache_hit_tokens", "cached_tokens"]));
    counts.cache_write = detail(input, "cache_write_tokens");
    counts.input_audio = detail(input, "audio_tokens");
    counts.reasoning = detail(output, "reasoning_tokens").or_else(|| usage.count("reasoning_tokens"));
    counts.output_audio = detail(output, "audio_tokens");
    counts
}

/// A tool of chat or responses, or a function of the old kind. Built-in tools have only a type.
pub(crate) fn tool(tool: &Json<'_>, draft: &mut RequestDraft) {
    let kind = tool.str("type");
    let inner = [tool.get("function"), tool.get("custom")]
        .into_iter()
        .find(|value| value.is_object())
        .unwrap_or(tool);
    let name = inner.str("name");
    let mut definition = ToolDefinition::default();
    definition.name = draft.whole(if name.is_empty() { kind } else { name });
    definition.description = inner.get("description").as_str().map(|text| draft.whole(text));
    let schema =
        ["parameters", "input_schema"].into_iter().map(|key| inner.get(key)).find(|value| value.is_object());
    definition.schema = schema.map(Json::to_map);
    if !definition.name.is_empty() {
        draft.tool(definition);
    }
}
