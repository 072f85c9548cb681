//! Images, audio and resources of MCP.

use super::Media;
use crate::json::Json;

/// Returns the note that replaces an image, audio or a resource, or the text of a resource.
pub(crate) fn media_note(part: &Json<'_>) -> Option<String> {
    let kind = part.str("type");
    let mime = part.str("mimeType");
    match kind {
        "image" | "audio" if !mime.is_empty() => {
            let source = part.get("data").as_str()?;
            Some(Media { kind, mime, source, ..Media::default() }.note(true))
        }
        "resource_link" => {
            let (name, source) = (part.str("name"), part.str("uri"));
            Some(Media { kind: "file", name, mime, source }.note(false))
        }
        "resource" => {
            let resource = part.get("resource");
            let (name, mime) = (resource.str("uri"), resource.str("mimeType"));
            Some(match (resource.get("text").as_str(), resource.str("blob")) {
                (Some(text), _) => text.to_owned(),
                (None, source) => Media { kind: "file", name, mime, source }.note(true),
            })
        }
        _ => None,
    }
}
