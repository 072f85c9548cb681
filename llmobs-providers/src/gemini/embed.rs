//! Gemini's embedContent and batchEmbedContents: <https://ai.google.dev/api/embeddings>, and predict of Vertex AI:
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api>.

use super::{field, generate, items, parts};
use crate::json::Json;
use crate::media::Media;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::usage::Usage;

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    let is_content = |json: &Json<'_>| json.get("content").has("parts");
    is_content(body)
        || body.list("requests").first().is_some_and(is_content)
        || matches!(body.get("instances"), Json::Array(_))
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    json.get("embedding").has("values")
        || json.list("embeddings").first().is_some_and(|embedding| embedding.has("values"))
        || json.list("predictions").first().is_some_and(|prediction| vectors(prediction).next().is_some())
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    let requests = match body.list("requests") {
        [] => std::slice::from_ref(body),
        requests => requests,
    };
    for request in requests.iter().filter(|request| request.has("content")) {
        draft.model(super::model(request.str("model")));
        let text = content_text(request.get("content"));
        draft.document_text(&text);
    }
    for instance in body.list("instances") {
        let text = instance_text(instance);
        draft.document_text(&text);
    }
    if let Some(first) = requests.first() {
        draft.parameters(first, &["model", "content", "requests", "instances", "parameters"]);
    }
    draft.parameters(body.get("parameters"), &[]);
}

/// Returns the texts of a content, with notes that replace its files.
fn content_text(content: &Json<'_>) -> String {
    let parts = if content.is_object() { content.get("parts") } else { content };
    let text = |part: &Json<'_>| {
        let text = part.as_str().or_else(|| part.get("text").as_str());
        text.map(str::to_owned).or_else(|| parts::media_note(part))
    };
    items(parts).iter().filter_map(text).collect::<Vec<_>>().join("\n")
}

/// Returns the text of an instance of predict, with notes that replace its image and its video.
fn instance_text(instance: &Json<'_>) -> String {
    let texts = ["content", "text"].map(|name| instance.str(name).to_owned());
    let media = ["image", "video"].map(|kind| {
        let media = instance.get(kind);
        let text = |name: &str| field(media, name).as_str().unwrap_or_default();
        let (bytes, mime) = (text("bytesBase64Encoded"), text("mimeType"));
        let source = if bytes.is_empty() { text("gcsUri") } else { bytes };
        if media.is_object() {
            Media { kind, mime, source, ..Media::default() }.note(!bytes.is_empty())
        } else {
            String::new()
        }
    });
    let found = texts.into_iter().chain(media).filter(|text| !text.is_empty());
    found.collect::<Vec<_>>().join("\n")
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    let one = std::slice::from_ref(json.get("embedding"));
    for embedding in one.iter().chain(json.list("embeddings")).filter(|embedding| embedding.has("values")) {
        draft.vector(embedding.get("values"));
    }
    let predictions = json.list("predictions");
    predictions.iter().flat_map(vectors).for_each(|vector| draft.vector(vector));
    // Vertex AI counts the tokens of each text.
    let tokens =
        predictions.iter().filter_map(|one| one.get("embeddings").get("statistics").count("token_count"));
    draft.usage.update(Usage { input: tokens.reduce(u64::saturating_add), ..Usage::default() });
    draft.usage.update(generate::usage(json.get("usageMetadata")));
    draft.facts(json.get("metadata"), &["billableCharacterCount"]);
    draft.failure(event);
}

/// Returns the vectors of a prediction: that of a text, or those of a text, an image and a video.
fn vectors<'j, 'a>(prediction: &'j Json<'a>) -> impl Iterator<Item = &'j Json<'a>> {
    let texts = [prediction.get("embeddings").get("values")];
    let others = ["textEmbedding", "imageEmbedding"].map(|name| prediction.get(name));
    let videos = prediction.list("videoEmbeddings").iter().map(|video| video.get("embedding"));
    texts.into_iter().chain(others).chain(videos).filter(|vector| matches!(vector, Json::Array(_)))
}
