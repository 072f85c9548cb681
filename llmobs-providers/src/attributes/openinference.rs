//! OpenInference: <https://arize-ai.github.io/openinference/spec/semantic_conventions.html>.

use std::borrow::Cow;

use super::{Group, chat_call, document, function, list, object, value};
use crate::document::Document;
use crate::json::Json;
use crate::media::Media;
use crate::openai;
use crate::protocol::Operation;
use crate::request::RequestDraft;
use crate::response::ResponseDraft;
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};

/// Prefixes of names that only this convention has.
pub(super) const NAMES: [&str; 7] = [
    "openinference.span.kind",
    "llm.input_messages.",
    "llm.output_messages.",
    "llm.model_name",
    "embedding.embeddings.",
    "reranker.",
    "retrieval.documents.",
];

pub(super) fn read(attributes: &Group<'_>, request: &mut RequestDraft, response: &mut ResponseDraft) {
    let prompts = attributes.list("llm.prompts");
    let kind = attributes.str("openinference.span.kind").to_ascii_uppercase();
    let operation = match kind.as_str() {
        "EMBEDDING" => Some(Operation::Embedding),
        "RERANKER" => Some(Operation::Rerank),
        "LLM" | "" if prompts.is_empty() => Some(Operation::Chat),
        "LLM" | "" => Some(Operation::Completion),
        _ => None,
    };
    if let Some(operation) = operation {
        request.operation(operation);
    }
    for tool in attributes.list("llm.tools") {
        let schema = tool.structure("tool.json_schema");
        if schema.is_object() {
            request.tools(&schema);
        } else {
            let [name, description] = ["tool.name", "tool.description"].map(|name| tool.get(name).clone());
            request.tools(&object([("name", name), ("description", description)]));
        }
    }
    let messages: Vec<_> = attributes.list("llm.input_messages").iter().map(gathered).collect();
    request.conversation(&messages, message);
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
    for found in documents(attributes, "reranker.input_documents", |text| request.whole(text)) {
        request.document(found);
    }

    let answers = attributes.list("llm.output_messages");
    for (index, group) in (0..).zip(&answers) {
        if let Some(mut turn) = response.turn(index, group.str("message.role")) {
            message(&gathered(group), &mut turn);
        }
    }
    let choices = attributes.list("llm.choices");
    for (index, group) in (0..).zip(&choices) {
        if let Some(mut turn) = response.turn(index, "") {
            turn.text(At::End, group.str("completion.text"));
        }
    }
    let embeddings = attributes.list("embedding.embeddings");
    for group in &embeddings {
        let text = group.str("embedding.text");
        if !text.is_empty() {
            request.document_text(text);
        }
        let vector = group.structure("embedding.vector");
        if !vector.items().is_empty() {
            response.vectors(1, vector.items().len());
        }
    }
    for name in ["reranker.output_documents", "retrieval.documents"] {
        for found in documents(attributes, name, |text| response.room.whole(text)) {
            response.document(found);
        }
    }
    // For a call without such lists, these are the only values.
    if matches!(operation, Some(Operation::Chat | Operation::Completion | Operation::Embedding)) {
        if messages.is_empty() && prompts.is_empty() && embeddings.is_empty() {
            value::read_request(&whole(attributes, "input"), operation, request);
        }
        if answers.is_empty() && choices.is_empty() && embeddings.is_empty() {
            value::read_response(&whole(attributes, "output"), response);
        }
    }
    let is_detail = |name: &str| !["prompt", "completion", "total"].contains(&name);
    let costs = attributes.below("llm.cost").filter(|(name, _)| is_detail(name));
    costs.for_each(|(name, value)| response.fact(&format!("cost.{name}"), value));
}

/// Returns the input or the output as one value. Its media type may show that it is not JSON.
fn whole<'j>(attributes: &Group<'j>, side: &str) -> Cow<'j, Json<'j>> {
    let name = format!("{side}.value");
    match attributes.str(&format!("{side}.mime_type")) {
        "text/plain" => Cow::Borrowed(attributes.get(&name)),
        _ => attributes.structure(&name),
    }
}

/// Returns the documents of a list, with texts that `keep` shortens.
fn documents(attributes: &Group<'_>, name: &str, mut keep: impl FnMut(&str) -> String) -> Vec<Document> {
    let groups = attributes.list(name).into_iter();
    groups
        .map(|group| {
            let [content, id, score] =
                ["content", "id", "score"].map(|name| group.get(&format!("document.{name}")).clone());
            document::read(&object([("content", content), ("id", id), ("score", score)]), &mut keep)
        })
        .collect()
}

/// Returns a message in the form of OpenAI's chat, with its separate parts.
fn gathered<'j>(group: &Group<'j>) -> Json<'j> {
    let calls = group.list("message.tool_calls").iter().map(call).collect();
    let function =
        function(group.get("message.function_call_name"), group.get("message.function_call_arguments_json"));
    object([
        ("role", group.get("message.role").clone()),
        ("content", group.get("message.content").clone()),
        ("parts", list(group.list("message.contents").iter().map(gathered_part).collect())),
        ("tool_calls", list(calls)),
        ("function_call", function),
        ("tool_call_id", group.get("message.tool_call_id").clone()),
        ("name", group.get("message.name").clone()),
    ])
}

fn call<'j>(group: &Group<'j>) -> Json<'j> {
    chat_call(
        group.get("tool_call.id"),
        group.get("tool_call.function.name"),
        group.get("tool_call.function.arguments"),
    )
}

fn gathered_part<'j>(group: &Group<'j>) -> Json<'j> {
    let media = |name: &str| {
        ["image", "audio", "video"].into_iter().fold(Json::Null, |found, kind| match found {
            Json::Null => group.get(&format!("message_content.{kind}.{kind}.{name}")).clone(),
            found => found,
        })
    };
    let call = call(group);
    object([
        ("type", group.get("message_content.type").clone()),
        ("text", group.get("message_content.text").clone()),
        ("url", media("url")),
        ("mime_type", media("mime_type")),
        ("transcript", media("transcript")),
        ("call", if call.get("function").is_null() { Json::Null } else { call }),
    ])
}

fn message(message: &Json<'_>, turn: &mut Turn<'_>) {
    let (role, parts) = (message.str("role"), message.list("parts"));
    if parts.is_empty() || role == "tool" && message.has("content") {
        return openai::chat::message(message, turn);
    }
    turn.role(role);
    if role == "tool" {
        let result = ResultPart {
            id: message.str("tool_call_id"),
            name: message.str("name"),
            ..ResultPart::default()
        };
        return turn.result(At::End, result, message.get("parts"));
    }
    for (index, item) in parts.iter().enumerate() {
        part(At::from(index), item, turn);
    }
    // Calls that are parts may also be in the list of calls.
    if !parts.iter().any(|part| part.has("call")) {
        for call in message.list("tool_calls") {
            add_call(At::End, call, turn);
        }
    }
}

fn part(at: At, part: &Json<'_>, turn: &mut Turn<'_>) {
    let kind = part.str("type");
    match kind {
        "text" => turn.text(at, part.str("text")),
        "reasoning" => turn.thought(at, kind, part.str("text")),
        "tool_use" => add_call(at, part.get("call"), turn),
        "image" | "audio" | "video" => {
            turn.text(at, part.str("transcript"));
            let media =
                Media { kind, mime: part.str("mime_type"), source: part.str("url"), ..Media::default() };
            turn.note(at, &media.note(false));
        }
        _ => turn.unknown(at, part),
    }
}

fn add_call(at: At, call: &Json<'_>, turn: &mut Turn<'_>) {
    let function = call.get("function");
    let arguments = arguments_text(function.get("arguments"));
    let (id, name) = (call.str("id"), function.str("name"));
    turn.call(at, CallPiece { id, name, kind: "function", arguments: &arguments, ..CallPiece::default() });
}
