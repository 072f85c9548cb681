//! OpenAI's embeddings: <https://platform.openai.com/docs/api-reference/embeddings>.

use crate::json::Json;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    match body.get("input") {
        Json::Text(_) => true,
        Json::Array(items) => items.iter().all(|item| !item.is_object()),
        _ => false,
    }
}

/// Returns whether a request with a text as input asks for vectors.
pub(super) fn is_for_vectors(body: &Json<'_>) -> bool {
    let model = body.str("model");
    ["encoding_format", "dimensions", "input_type", "truncate"].into_iter().any(|name| body.has(name))
        || ["embed", "bge-", "gte-", "e5-"].into_iter().any(|name| model.contains(name))
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    event.json.list("data").first().is_some_and(|vector| vector.has("embedding"))
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(body.str("model"));
    for text in super::texts(body.get("input")) {
        draft.document_text(&text);
    }
    draft.parameters(body, &["model", "input"]);
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    draft.model(json.str("model"));
    draft.id(json.str("id"));
    let vectors = json.list("data").iter().filter(|vector| vector.has("embedding"));
    for vector in vectors {
        draft.vector(vector.get("embedding"));
    }
    let usage = json.get("usage");
    if usage.is_object() {
        draft.usage.update(super::usage(usage));
        draft.facts(usage, &["cost"]);
    }
    draft.failure(event);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ResponseReader;

    #[test]
    fn vectors_beyond_the_limit_are_counted() {
        let numbers: Vec<f64> = (0..1536).map(|index| f64::from(index) / 7.0).collect();
        let base64 = "qr8Mu2".repeat(1024) + "qr8M";
        for (embedding, size) in [(json!(numbers), 1536), (json!(base64), base64.len() * 3 / 4 / 4)] {
            let vector = json!({"object": "embedding", "index": 0, "embedding": embedding});
            let answer = json!({"object": "list", "model": "m", "data": [vector, vector]}).to_string();
            for limit in [8000, 1024 * 1024] {
                let mut reader = ResponseReader::new().limit(limit);
                reader.push(answer.as_bytes());
                let response = reader.finish();
                let vectors = response.vectors.unwrap_or_else(|| panic!("{size} {limit}: {response:?}"));
                assert_eq!((vectors.count, vectors.size), (2, size), "{limit}");
            }
        }
    }
}
