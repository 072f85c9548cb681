//! Cohere's rerank: <https://docs.cohere.com/reference/rerank>. Jina and Voyage also use it.

use serde_json::Value;

use crate::document::Document;
use crate::json::Json;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::usage::Usage;

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    body.has("query") && matches!(body.get("documents"), Json::Array(_))
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    results(event.json).first().is_some_and(|result| result.has("relevance_score"))
}

/// Returns the results, which Voyage calls data.
fn results<'j, 'a>(json: &'j Json<'a>) -> &'j [Json<'a>] {
    match json.list("results") {
        [] => json.list("data"),
        results => results,
    }
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(body.str("model"));
    draft.message("user", body.str("query"));
    body.list("documents").iter().for_each(|document| super::document(document, draft));
    draft.parameters(body, &["model", "query", "documents"]);
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    draft.id(json.str("id"));
    draft.model(json.str("model"));
    for result in results(json) {
        let document = result.get("document");
        let text = if document.is_null() { "".into() } else { super::document_text(document) };
        let mut found = Document::new(draft.room.whole(&text));
        found.id = Some(result.label("index").into_owned());
        if let Value::Number(score) = result.get("relevance_score").to_value() {
            found.score = Some(score);
        }
        draft.document(found);
    }
    draft.usage.update(Usage { total: json.get("usage").count("total_tokens"), ..Usage::default() });
    super::usage(json.get("meta"), draft);
    super::failure(event, draft);
}
