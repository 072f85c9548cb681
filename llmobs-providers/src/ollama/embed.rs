//! Ollama's embed: <https://docs.ollama.com/api/embed>, and the older embeddings.

use crate::json::Json;
use crate::request::{RequestDraft, texts};
use crate::response::{Event, ResponseDraft};

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    // OpenAI's embeddings also have an input.
    body.has("input") && (super::has_own_field(body) || matches!(body.get("truncate"), Json::Bool(_)))
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    let is_vector = |json: &Json<'_>| matches!(json.items(), [Json::Number(_), ..]);
    let is_one = is_vector(json.get("embedding")) && json.fields().len() == 1;
    is_one || json.list("embeddings").first().is_some_and(is_vector) && json.has("model")
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(body.str("model"));
    let inputs = texts(body.get("input")).into_iter().chain(texts(body.get("prompt")));
    inputs.for_each(|text| draft.document_text(&text));
    super::parameters(body, &["model", "input", "prompt", "options"], draft);
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    let one = json.field("embedding").into_iter();
    one.chain(json.list("embeddings")).for_each(|vector| draft.vector(vector));
    super::answer(event, draft);
}
