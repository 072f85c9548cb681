//! Cohere's embeddings: <https://docs.cohere.com/reference/embed>.

use crate::json::Json;
use crate::media::{self, Media};
use crate::request::{RequestDraft, texts};
use crate::response::{Event, ResponseDraft};

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    let is_list = |key: &str| matches!(body.get(key), Json::Array(_));
    is_list("texts") || body.has("input_type") && (is_list("images") || is_list("inputs"))
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    let embeddings = json.get("embeddings");
    let is_list = |value: &Json<'_>| matches!(value, Json::Array(_));
    embeddings.fields().iter().any(|(_, vectors)| is_list(vectors))
        || embeddings.items().first().is_some_and(is_list) && (json.has("texts") || json.has("response_type"))
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(body.str("model"));
    for text in texts(body.get("texts")) {
        draft.document_text(&text);
    }
    for image in texts(body.get("images")) {
        draft.document_text(&Media { kind: "image", source: &image, ..Media::default() }.note(false));
    }
    for input in body.list("inputs") {
        let text = |part: &Json<'_>| {
            part.get("text").as_str().map(str::to_owned).or_else(|| media::openai::media_note(part))
        };
        let found = input.list("content").iter().filter_map(text).collect::<Vec<_>>();
        draft.document_text(&found.join("\n"));
    }
    draft.parameters(body, &["model", "texts", "images", "inputs"]);
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    draft.id(json.str("id"));
    // If vectors are grouped by type, each vector occurs once per type.
    let embeddings = json.get("embeddings");
    let first = embeddings.fields().first().map(|(_, vectors)| vectors);
    let vectors = embeddings.field("float").or(first).unwrap_or(embeddings);
    vectors.items().iter().for_each(|vector| draft.vector(vector));
    super::usage(json.get("meta"), draft);
    super::failure(event, draft);
}
