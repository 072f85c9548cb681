//! Images, audio and documents of the library rig.

use super::Media;
use crate::json::Json;

/// Returns whether no provider has a part in this form.
pub(crate) fn is_own(part: &Json<'_>) -> bool {
    match part.str("type") {
        "toolcall" => part.get("function").is_object(),
        "toolresult" => part.has("call"),
        "opaque" => part.has("item"),
        "image" | "audio" | "video" | "document" => {
            matches!(part.get("data").str("type"), "url" | "base64" | "fileId" | "raw" | "string" | "unknown")
        }
        _ => false,
    }
}

/// Returns the note that replaces an image, audio, a video or a document, or the JSON of a result.
pub(crate) fn media_note(part: &Json<'_>) -> Option<String> {
    let kind = part.str("type");
    if kind == "json" && part.fields().len() == 2 {
        return Some(part.field("value")?.to_text());
    }
    let data = part.get("data");
    if !is_own(part) || !data.is_object() {
        return None;
    }
    let media = Media {
        kind,
        name: part.get("additional_params").str("title"),
        mime: part.str("media_type"),
        source: "",
    };
    let source = data.str("value");
    Some(match data.str("type") {
        "base64" => Media { source, ..media }.note(true),
        "url" | "fileId" => Media { source, ..media }.note(false),
        "raw" => Media { source: &format!("{} bytes", data.list("value").len()), ..media }.note(false),
        _ => media.note(false),
    })
}
