//! Documents that a retrieval found.

use llmobs_capture::text::cut;

use crate::document::Document;
use crate::json::Json;

/// The longest id or name, in bytes.
const MAX_LABEL_BYTES: usize = 1024;

/// Reads a document with the fields `content`, `id` and `score`, or the names that other programs use for them. `keep` shortens its text.
pub(super) fn read(document: &Json<'_>, keep: impl FnOnce(&str) -> String) -> Document {
    let first = |names: &[&str]| names.iter().find_map(|name| document.field(name));
    let label = |names: &[&str]| match first(names)? {
        Json::Text(text) => Some(cut(text.as_ref(), MAX_LABEL_BYTES)),
        Json::Number(text) => Some((*text).to_owned()),
        _ => None,
    };
    let text = match first(&["content", "text", "page_content"]) {
        Some(Json::Text(text)) => keep(text),
        Some(value) => keep(&value.to_text()),
        None => String::new(),
    };
    let mut read = Document::new(text);
    read.name = label(&["name", "title"]);
    read.id = label(&["id"]);
    read.score = label(&["score"]).and_then(|score| score.trim().parse().ok());
    read
}
