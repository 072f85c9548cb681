//! Cohere.

pub(crate) mod chat;
pub(crate) mod chat_v1;
pub(crate) mod embed;
pub(crate) mod rerank;

use std::borrow::Cow;

use crate::document::Document;
use crate::failure::ApiError;
use crate::json::Json;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::usage::Usage;

/// Reads the tokens, and the billed units. They are in `usage`, or in `meta`.
fn usage(usage: &Json<'_>, draft: &mut ResponseDraft) {
    let tokens = usage.get("tokens");
    draft.usage.update(Usage {
        input: tokens.count("input_tokens"),
        output: tokens.count("output_tokens"),
        cache_read: usage.count("cached_tokens"),
        ..Usage::default()
    });
    draft.facts(usage, &["billed_units", "warnings"]);
}

/// Reads an error, which is a message, and sometimes an id.
fn failure(event: &Event<'_>, draft: &mut ResponseDraft) {
    if !draft.failure(event) && !event.json.str("message").is_empty() {
        draft.error(ApiError::read(event.json));
    }
}

/// Reads finish reasons that are failures: `ERROR`, `ERROR_TOXIC`, `TIMEOUT` and the like.
fn failed(reason: &str, draft: &mut ResponseDraft) {
    if reason.starts_with("ERROR") || reason == "TIMEOUT" {
        draft.failed(reason);
    }
}

/// Adds a document: a text, or an object whose fields the program chooses.
fn document(document: &Json<'_>, draft: &mut RequestDraft) {
    let id = document.label("id");
    let data = [document.get("data"), document].into_iter().find(|data| !data.is_null());
    let text = data.map(document_text).unwrap_or_default();
    let mut found = Document::new(draft.whole(&text));
    found.id = Some(draft.whole(&id)).filter(|id| !id.is_empty());
    draft.document(found);
}

/// Returns the text of a document: its only text, or the JSON of its fields.
fn document_text<'j>(data: &'j Json<'_>) -> Cow<'j, str> {
    let fields = || data.fields().iter().filter(|(name, _)| name != "id");
    if let Some(text) = data.as_str() {
        return text.into();
    }
    match (data.get("text").as_str(), fields().count()) {
        (Some(text), 1) => text.into(),
        _ => Json::Object(fields().cloned().collect()).to_text().into(),
    }
}

#[cfg(test)]
mod tests {
    use crate::json::Json;
    use crate::protocol::Protocol;

    #[test]
    fn bodies_are_told_from_others() {
        let of = |body: &str| Protocol::of_request(&Json::read(body).unwrap());
        assert_eq!(of(r#"{"messages":[],"documents":["It rains."]}"#), Some(Protocol::CohereChat));
        assert_eq!(of(r#"{"messages":[],"tool_choice":"REQUIRED"}"#), Some(Protocol::CohereChat));
        assert_eq!(of(r#"{"messages":[],"tool_choice":"required"}"#), Some(Protocol::OpenAiChat));
        assert_eq!(of(r#"{"message":"Hi"}"#), Some(Protocol::CohereChatV1));
        assert_eq!(of(r#"{"texts":["Hi"],"input_type":"search_query"}"#), Some(Protocol::CohereEmbed));
        assert_eq!(of(r#"{"query":"Rain?","documents":["It rains."]}"#), Some(Protocol::CohereRerank));
    }
}
