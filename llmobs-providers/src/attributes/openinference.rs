//! OpenInference: <https://arize-ai.github.io/openinference/spec/semantic_conventions.html>.

use super::{Group, Rest, chat_call, function, list, object, structure};
use crate::document::Document;
use crate::json::Json;
use crate::media::Media;
use crate::openai;
use crate::protocol::{Operation, provider_of_name};
use crate::request::RequestDraft;
use crate::response::ResponseDraft;
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};

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
    request.model(attributes.first_str(&[
        "llm.request.model_name",
        "llm.model_name",
        "embedding.model_name",
        "reranker.model_name",
    ]));
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
    for group in attributes.list("reranker.input_documents") {
        let text = request.whole(group.str("document.content"));
        request.document(document(&group, text));
    }

    response.model(attributes.str("llm.response.model_name"));
    response.usage = attributes.usage();
    for (index, group) in attributes.list("llm.output_messages").iter().enumerate() {
        if let Some(mut turn) = response.turn(index as u64, group.str("message.role")) {
            message(&gathered(group), &mut turn);
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
        Json::Text(text) => Some(text.to_string()),
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

/// A message in the form of OpenAI's chat, with its parts beside it.
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
    // Calls that are parts may be in the list of calls, too.
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
