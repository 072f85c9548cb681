//! Arguments and results of tools, as text.

use llmobs_capture::text::{media_note_of, push_json_string};

use crate::json::Json;
use crate::media;

/// Returns the text of a tool's result: a text unchanged, the texts of a list of parts, or the JSON of any other value. Media in a text and
/// in JSON are replaced by notes.
pub(crate) fn result_text(value: &Json<'_>) -> String {
    match value {
        Json::Null => String::new(),
        Json::Text(text) => with_media_notes(text),
        Json::Array(parts) if !parts.is_empty() => {
            let texts: Vec<_> = parts.iter().map(part_text).collect();
            // If any part is understood, parts of unknown types become notes. Any other list becomes JSON.
            let text_of = |(text, part): (Option<String>, &Json<'_>)| {
                text.or_else(|| Some(media::unknown(part)).filter(|_| !part.str("type").is_empty()))
            };
            let is_known = texts.iter().any(Option::is_some);
            let shown: Option<Vec<_>> = texts.into_iter().zip(parts).map(text_of).collect();
            shown.filter(|_| is_known).map_or_else(|| json_text(value), |texts| texts.join("\n"))
        }
        Json::Object(_) if value.str("type") == "text" => with_media_notes(value.str("text")),
        other => json_text(other),
    }
}

/// Returns the text of a part of a result, or `None` if the value is not a part.
fn part_text(part: &Json<'_>) -> Option<String> {
    if let Some(text) = part.as_str() {
        return Some(with_media_notes(text));
    }
    let text = part.get("text").as_str();
    match (part.str("type"), part.fields()) {
        ("text" | "input_text" | "output_text", _) => text.map(with_media_notes),
        ("", [(name, inner)]) => match name.as_ref() {
            // Bedrock's parts are named by their only key.
            "text" => inner.as_str().map(with_media_notes),
            "json" => Some(json_text(inner)),
            _ => media::bedrock::media_note(name, inner),
        },
        _ => media::mcp::media_note(part)
            .or_else(|| media::rig::media_note(part))
            .or_else(|| media::anthropic::media_note(part))
            .or_else(|| media::openai::media_note(part)),
    }
}

/// The shortest base64 that counts as media, in bytes.
const MIN_BASE64: usize = 256;

/// Returns a text. If it is media or JSON, media are replaced by notes.
fn with_media_notes(text: &str) -> String {
    if let Some(note) = media_note(text) {
        return note;
    }
    // JSON is parsed only if it may contain media.
    let json = Some(text).filter(|text| text.starts_with(['{', '[']) && may_have_media(text));
    let noted = json.and_then(Json::read).and_then(|mut json| note_media(&mut json).then(|| json.to_text()));
    noted.unwrap_or_else(|| text.to_owned())
}

/// Returns the JSON of a value, with media replaced by notes.
fn json_text(value: &Json<'_>) -> String {
    let mut value = value.clone();
    note_media(&mut value);
    value.to_text()
}

/// Replaces media by notes. Returns whether there are any.
fn note_media(value: &mut Json<'_>) -> bool {
    match value {
        Json::Text(text) => match media_note(text) {
            Some(note) => {
                *text = note.into();
                true
            }
            None => false,
        },
        Json::Array(items) => items.iter_mut().filter_map(|item| note_media(item).then_some(())).count() > 0,
        Json::Object(fields) => {
            fields.iter_mut().filter_map(|(_, field)| note_media(field).then_some(())).count() > 0
        }
        _ => false,
    }
}

/// Returns the note that replaces a text that is a data URI or base64.
fn media_note(text: &str) -> Option<String> {
    let base64 = text.trim_end_matches('=');
    media::of_uri(text)
        .or_else(|| media_note_of(base64, base64, base64.len()).filter(|_| base64.len() >= MIN_BASE64))
}

fn may_have_media(text: &str) -> bool {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    text.contains(";base64,")
        || text.as_bytes().split(|byte| !is_base64(byte)).any(|word| word.len() >= MIN_BASE64)
}

/// Returns the arguments of a call as text, in the form of streamed arguments.
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
