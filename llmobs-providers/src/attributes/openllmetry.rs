//! OpenLLMetry: <https://www.traceloop.com/docs/openllmetry/contributing/semantic-conventions>.

use super::{Group, chat_call, function, list, object, structure};
use crate::json::Json;
use crate::openai;
use crate::protocol::Operation;
use crate::request::RequestDraft;
use crate::response::ResponseDraft;

/// Returns whether only this convention has an attribute of this name.
pub(super) fn has(name: &str) -> bool {
    // OpenTelemetry has `gen_ai.prompt.name`.
    let is_item = |list: &str| {
        name.strip_prefix(list).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    };
    ["gen_ai.prompt.", "gen_ai.completion.", "gen_ai.tool.definitions.", "llm.request.functions."]
        .into_iter()
        .any(is_item)
        || name == "llm.request.type"
}

/// Parameters that are not among the attributes of the request, and the names that providers use for them.
const PARAMETERS: [(&str, &str); 10] = [
    ("llm.is_streaming", "stream"),
    ("gen_ai.is_streaming", "stream"),
    ("llm.user", "user"),
    ("gen_ai.user", "user"),
    ("llm.top_k", "top_k"),
    ("llm.frequency_penalty", "frequency_penalty"),
    ("llm.presence_penalty", "presence_penalty"),
    ("llm.chat.stop_sequences", "stop_sequences"),
    ("llm.request.repetition_penalty", "repetition_penalty"),
    ("llm.request.reasoning_effort", "reasoning_effort"),
];

pub(super) fn read(attributes: &Group<'_>, request: &mut RequestDraft, response: &mut ResponseDraft) {
    let operation = match attributes.first_str(&["llm.request.type", "gen_ai.operation.name"]) {
        "completion" | "text_completion" => Operation::Completion,
        "embedding" | "embeddings" => Operation::Embedding,
        "rerank" => Operation::Rerank,
        _ => Operation::Chat,
    };
    request.operation(operation);
    let functions = ["llm.request.functions", "gen_ai.tool.definitions"].map(|name| attributes.list(name));
    for function in functions.iter().flatten() {
        let schema = function.structure("parameters").into_owned();
        let [name, description] = ["name", "description"].map(|name| function.get(name).clone());
        request.tools(&object([("name", name), ("description", description), ("parameters", schema)]));
    }
    let prompts = attributes.list("gen_ai.prompt");
    if operation == Operation::Embedding {
        for prompt in &prompts {
            request.document_text(prompt.str("content"));
        }
    } else {
        let prompts: Vec<_> = prompts.iter().map(|group| message(group, "user")).collect();
        request.conversation(&prompts, openai::chat::message);
    }
    for (found, name) in PARAMETERS {
        request.parameter(name, attributes.get(found));
    }

    for (index, group) in attributes.list("gen_ai.completion").iter().enumerate() {
        let index = index as u64;
        if let Some(mut turn) = response.turn(index, "") {
            openai::chat::message(&message(group, "assistant"), &mut turn);
        }
        response.finish_reason(index, group.str("finish_reason"));
    }
    response.fact("system_fingerprint", attributes.get("gen_ai.openai.system_fingerprint"));
}

/// Returns a message in the form of OpenAI's chat.
fn message<'j>(group: &Group<'j>, role: &'static str) -> Json<'j> {
    let role = match group.get("role") {
        Json::Null => Json::Text(role.into()),
        role => role.clone(),
    };
    let calls = group.list("tool_calls");
    let calls =
        calls.iter().map(|call| chat_call(call.get("id"), call.get("name"), call.get("arguments"))).collect();
    object([
        ("role", role),
        ("content", content(group.get("content"))),
        ("reasoning", group.get("reasoning").clone()),
        ("tool_calls", list(calls)),
        ("function_call", function(group.get("function_call.name"), group.get("function_call.arguments"))),
        ("tool_call_id", group.get("tool_call_id").clone()),
        ("name", group.get("name").clone()),
    ])
}

/// Returns a text, or parts, which are JSON in a text.
fn content<'j>(content: &'j Json<'j>) -> Json<'j> {
    let parts = structure(content);
    let is_parts = !parts.items().is_empty() && parts.items().iter().all(|part| !part.str("type").is_empty());
    if is_parts { parts.into_owned() } else { content.clone() }
}
