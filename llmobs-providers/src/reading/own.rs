//! Reads a response from the form that it serializes to.

use crate::conversation;
use crate::document::Document;
use crate::failure::ApiError;
use crate::json::Json;
use crate::protocol::Protocol;
use crate::response::{Response, Vectors};
use crate::usage::Usage;

/// Reads the response, which is recognized by the name of its protocol. Returns `None` for any other value.
pub(super) fn read(json: &Json<'_>) -> Option<Response> {
    let name = json.get("protocol").as_str()?;
    let protocol = *Protocol::ALL.iter().find(|protocol| protocol.name() == name)?;
    let text = |key: &str| json.get(key).as_str().map(str::to_owned);
    let messages = |key: &str| conversation::messages(json.get(key)).unwrap_or_default();
    let vectors = json.get("vectors");
    Some(Response {
        protocol: Some(protocol),
        provider: text("provider"),
        model: text("model"),
        id: text("id"),
        input: messages("input"),
        messages: messages("messages"),
        documents: json.list("documents").iter().filter_map(document).collect(),
        vectors: vectors.count("count").zip(vectors.count("size")).and_then(|(count, size)| {
            Some(Vectors { count: usize::try_from(count).ok()?, size: usize::try_from(size).ok()? })
        }),
        citations: json.list("citations").iter().map(Json::to_value).collect(),
        finish_reasons: json
            .list("finish_reasons")
            .iter()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect(),
        usage: Usage::of_counts(json.get("usage")),
        error: json.field("error").map(ApiError::read),
        facts: json.get("facts").to_map(),
    })
}

fn document(json: &Json<'_>) -> Option<Document> {
    serde_json::from_value(json.to_value()).ok()
}
