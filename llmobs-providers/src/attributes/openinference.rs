//! OpenInference: <https://arize-ai.github.io/openinference/spec/semantic_conventions.html>.

use super::{Group, Rest, chat_call, function, list, object, structure};
use crate::document::Document;
use crate::json::Json;
use crate::openai;
use crate::protocol::{Operation, provider_of_name};
use crate::request::RequestDraft;
use crate::response::ResponseDraft;
use crate::turn::At;

/// How names of this convention begin that others do not have.
pub(super) const NAMES: [&str; 6] = [
    "openinference.span.kind",
    "llm.input_messages.",
    "llm.output_messages.",
    "llm.model_name",
    "embedding.embeddings.",
    "reranker.",
];

pub(super) fn read(attributes: &Group<'_>, request: &mut RequestDraft, response: &mut ResponseDraft) -> Rest {
    let prompts = attributes.list("llm.prompts");
    request.operation(match attributes.str("openinference.span.kind") {
        "EMBEDDING" => Operation::Embedding,
        "RERANKER" => Operation::Rerank,
        _ if !prompts.is_empty() => Operation::Completion,
        _ => Operation::Chat,
    });
    request.model(attributes.first_str(&["llm.model_name", "embedding.model_name", "reranker.model_name"]));
    for tool in attributes.list("llm.tools") {
        request.tools(&tool.structure("tool.json_schema"));
    }
    let messages: Vec<_> = attributes.list("llm.input_messages").iter().map(message).collect();
    request.conversation(&messages, openai::chat::message);
    for prompt in &prompts {
        request.message("user", prompt.str("prompt.text"));
    }
    for name in ["llm.invocation_parameters", "embedding.invocation_parameters"] {
        request.parameters(&attributes.structure(name), &["model", "messages", "tools", "input"]);
    }
    let query = attributes.str("reranker.query");
    if !query.is_empty() {
        request.message("user", query);
    }
    request.parameter("top_k", attributes.get("reranker.top_k"));
    for group in attributes.list("reranker.input_documents") {
        let text = request.whole(group.str("document.content"));
        request.document(document(&group, text));
    }

    response.usage = attributes.usage();
    for (index, group) in attributes.list("llm.output_messages").iter().enumerate() {
        if let Some(mut turn) = response.turn(index as u64, group.str("message.role")) {
            openai::chat::message(&message(group), &mut turn);
        }
    }
    for (index, group) in attributes.list("llm.choices").iter().enumerate() {
        if let Some(mut turn) = response.turn(index as u64, "") {
            turn.text(At::End, group.str("completion.text"));
        }
    }
    for group in attributes.list("embedding.embeddings") {
        let text = group.str("embedding.text");
        if !text.is_empty() {
            request.document_text(text);
        }
        let vector = group.structure("embedding.vector");
        if !vector.items().is_empty() {
            response.vectors(1, vector.items().len());
        }
    }
    for group in attributes.list("reranker.output_documents") {
        let text = response.room.whole(group.str("document.content"));
        response.document(document(&group, text));
    }
    attributes.below("llm.cost").for_each(|(name, value)| response.fact(&format!("cost.{name}"), value));
    let reason = attributes.str("llm.finish_reason");
    let reasons = if reason.is_empty() { Vec::new() } else { vec![reason.to_owned()] };
    (provider_of_name(attributes.first_str(&["llm.provider", "llm.system"])), reasons)
}

/// A document of a rerank, with the text that was kept of it.
fn document(group: &Group<'_>, text: String) -> Document {
    let label = |name: &str| match structure(group.get(name)).as_ref() {
        Json::String(text) => Some(text.to_string()),
        Json::Number(text) => Some((*text).to_owned()),
        _ => None,
    };
    let mut document = Document::new(text);
    document.id = label("document.id").map(|id| llmobs_capture::text::cut(&id, MAX_ID_BYTES));
    document.score = label("document.score").and_then(|score| score.parse().ok());
    document
}

/// The most bytes of the id of a document.
const MAX_ID_BYTES: usize = 1024;

/// A message in the form of OpenAI's chat.
fn message<'j>(group: &Group<'j>) -> Json<'j> {
    let parts: Vec<_> = group.list("message.contents").iter().map(part).collect();
    let calls = group.list("message.tool_calls");
    let calls = calls.iter().map(|call| {
        chat_call(
            call.get("tool_call.id"),
            call.get("tool_call.function.name"),
            call.get("tool_call.function.arguments"),
        )
    });
    let function =
        function(group.get("message.function_call_name"), group.get("message.function_call_arguments_json"));
    object([
        ("role", group.get("message.role").clone()),
        ("content", if parts.is_empty() { group.get("message.content").clone() } else { list(parts) }),
        ("tool_calls", list(calls.collect())),
        ("function_call", function),
        ("tool_call_id", group.get("message.tool_call_id").clone()),
        ("name", group.get("message.name").clone()),
    ])
}

/// A part of a message in the form of OpenAI's chat.
fn part<'j>(group: &Group<'j>) -> Json<'j> {
    let kind = group.get("message_content.type").clone();
    let text = group.get("message_content.text").clone();
    match kind.as_str() {
        Some("image") => {
            let url = group.get("message_content.image.image.url").clone();
            object([("type", Json::String("image_url".into())), ("image_url", object([("url", url)]))])
        }
        Some("reasoning" | "thinking") => {
            object([("type", Json::String("thinking".into())), ("thinking", text)])
        }
        _ => object([("type", kind), ("text", text)]),
    }
}
