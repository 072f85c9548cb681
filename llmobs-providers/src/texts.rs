//! What tools are called with and return, as text.

use llmobs_capture::text::push_json_string;

use crate::json::Json;
use crate::media;

/// The text of what a tool returned: a text as it is, the texts of a list of parts, or the JSON of anything else.
pub(crate) fn result_text(value: &Json<'_>) -> String {
    match value {
        Json::Null => String::new(),
        Json::Text(text) => text.clone().into_owned(),
        Json::Array(parts) if !parts.is_empty() => {
            let texts: Vec<_> = parts.iter().map(part_text).collect();
            // Beside parts that are understood, one of another type is a note. A list of anything else is JSON.
            let text_of = |(text, part): (Option<String>, &Json<'_>)| {
                text.or_else(|| Some(media::unknown(part)).filter(|_| !part.str("type").is_empty()))
            };
            let is_known = texts.iter().any(Option::is_some);
            let shown: Option<Vec<_>> = texts.into_iter().zip(parts).map(text_of).collect();
            shown.filter(|_| is_known).map_or_else(|| value.to_text(), |texts| texts.join("\n"))
        }
        Json::Object(_) if value.str("type") == "text" => value.str("text").to_owned(),
        other => other.to_text(),
    }
}

/// The text of a part of a result. `None` if it is no part.
fn part_text(part: &Json<'_>) -> Option<String> {
    if let Some(text) = part.as_str() {
        return Some(text.to_owned());
    }
    let text = part.get("text").as_str();
    match (part.str("type"), part.fields()) {
        ("text" | "input_text" | "output_text", _) => text.map(str::to_owned),
        ("", [(name, inner)]) => match name.as_ref() {
            // Bedrock's parts are named by their only key.
            "text" => inner.as_str().map(str::to_owned),
            "json" => Some(inner.to_text()),
            _ => media::bedrock::media_note(name, inner),
        },
        _ => media::mcp::media_note(part)
            .or_else(|| media::rig::media_note(part))
            .or_else(|| media::anthropic::media_note(part))
            .or_else(|| media::openai::media_note(part)),
    }
}

/// The arguments of a call as the text that pieces of arguments are.
pub(crate) fn arguments_text(arguments: &Json<'_>) -> String {
    match arguments {
        Json::Null => String::new(),
        Json::Text(text) => text.clone().into_owned(),
        Json::Object(_) => arguments.to_text(),
        other => {
            let mut text = String::new();
            push_json_string("value", &mut text);
            format!("{{{text}:{}}}", other.to_text())
        }
    }
}
