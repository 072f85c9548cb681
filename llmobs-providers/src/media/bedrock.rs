//! Images, documents, videos, audio and search results in messages and in results of tools.

use super::{Line, Media, join};
use crate::json::Json;

/// Returns the lines that replace an image, a document, a video, audio or a search result: a note, and texts inside. `name` is the type of
/// the block. Returns `None` for any other block.
pub(crate) fn media_note(name: &str, block: &Json<'_>) -> Option<String> {
    lines(name, block).map(|lines| join(&lines))
}

/// Returns these lines separately.
pub(crate) fn lines<'j>(kind: &str, block: &'j Json<'_>) -> Option<Vec<Line<'j>>> {
    let source = block.get("source");
    let texts = |list: &'j Json<'_>| list.list("content").iter().map(|part| Line::Text(part.str("text")));
    match kind {
        "image" | "document" | "video" | "audio" if source.is_object() => {
            let media = Media { kind, name: block.str("name"), ..Media::default() };
            let (mime, data) = (block.str("format"), source.str("bytes"));
            let place = source.get("s3Location").str("uri");
            let mut lines = Vec::new();
            if source.has("text") || source.has("content") {
                lines.push(Line::Note(media.note(false)));
                lines.extend(source.get("text").as_str().map(Line::Text));
                lines.extend(texts(source));
            } else if data.is_empty() {
                lines.push(Line::Note(Media { mime, source: place, ..media }.note(false)));
            } else {
                lines.push(Line::Note(Media { mime, source: data, ..media }.note(true)));
            }
            Some(lines)
        }
        "searchResult" if block.has("content") => {
            let (name, source) = (block.str("title"), source.as_str().unwrap_or_default());
            let note = Media { kind, name, source, ..Media::default() }.note(false);
            Some(std::iter::once(Line::Note(note)).chain(texts(block)).collect())
        }
        _ => None,
    }
}
