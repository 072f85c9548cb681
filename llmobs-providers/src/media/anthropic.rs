//! Images, documents and search results in messages and in results of tools.

use super::{Line, Media, join};
use crate::json::Json;

/// Returns the lines that replace an image, a document or a search result: a note, and texts inside. Returns `None` for any other block.
pub(crate) fn media_note(block: &Json<'_>) -> Option<String> {
    lines(block).map(|lines| join(&lines))
}

/// Returns these lines separately.
pub(crate) fn lines<'j>(block: &'j Json<'_>) -> Option<Vec<Line<'j>>> {
    let kind = block.str("type");
    let (source, name) = (block.get("source"), block.str("title"));
    let media = Media { kind, name, ..Media::default() };
    match kind {
        "image" | "document" if source.is_object() => Some(match source.str("type") {
            "text" => vec![Line::Note(media.note(false)), Line::Text(source.str("data"))],
            "content" => with_content(media, source.get("content")),
            "base64" => {
                let (mime, data) = (source.str("media_type"), source.str("data"));
                vec![Line::Note(Media { mime, source: data, ..media }.note(true))]
            }
            _ => {
                let place = ["url", "file_id"].into_iter().map(|key| source.str(key));
                let place = place.into_iter().find(|place| !place.is_empty()).unwrap_or_default();
                vec![Line::Note(Media { source: place, ..media }.note(false))]
            }
        }),
        "search_result" => {
            let source = source.as_str().unwrap_or_default();
            Some(with_content(Media { source, ..media }, block.get("content")))
        }
        _ => None,
    }
}

/// Returns a note, and the texts and images after it.
fn with_content<'j>(media: Media<'_>, content: &'j Json<'_>) -> Vec<Line<'j>> {
    let mut all = vec![Line::Note(media.note(false))];
    all.extend(content.as_str().map(Line::Text));
    for part in content.items() {
        match part.str("type") {
            "text" => all.push(Line::Text(part.str("text"))),
            // Documents are not nested.
            "image" => all.extend(lines(part).into_iter().flatten()),
            _ => all.push(Line::Note(super::unknown(part))),
        }
    }
    all
}
