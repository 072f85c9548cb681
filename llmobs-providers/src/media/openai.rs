//! Images, audio and files of chat and responses.

use super::Media;
use crate::json::Json;

/// Returns the note that replaces an image, audio or a file of chat or responses. Returns `None` for any other part.
pub(crate) fn media_note(part: &Json<'_>) -> Option<String> {
    let kind = part.str("type");
    // Some servers accept the URL without an object around it.
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
