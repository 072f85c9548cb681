//! OpenLLMetry: <https://www.traceloop.com/docs/openllmetry/contributing/semantic-conventions>.

use super::{Group, Rest, chat_call, function, list, object, structure};
use crate::json::Json;
use crate::openai;
use crate::protocol::{Operation, provider_of_name};
use crate::request::RequestDraft;
use crate::response::ResponseDraft;

/// How names of this convention begin that others do not have.
pub(super) const NAMES: [&str; 4] =
    ["gen_ai.prompt.", "gen_ai.completion.", "llm.request.type", "llm.request.functions."];

/// Parameters that are not among the attributes of the request, and the names that providers have for them.
const PARAMETERS: [(&str, &str); 7] = [
    ("llm.is_streaming", "stream"),
    ("llm.top_k", "top_k"),
    ("llm.frequency_penalty", "frequency_penalty"),
    ("llm.presence_penalty", "presence_penalty"),
    ("llm.chat.stop_sequences", "stop_sequences"),
    ("llm.request.repetition_penalty", "repetition_penalty"),
    ("llm.request.reasoning_effort", "reasoning_effort"),
];

pub(super) fn read(attributes: &Group<'_>, request: &mut RequestDraft, response: &mut ResponseDraft) -> Rest {
    request.operation(match attributes.str("llm.request.type") {
        "completion" => Operation::Completion,
        "embedding" => Operation::Embedding,
        "rerank" => Operation::Rerank,
        _ => Operation::Chat,
    });
    request.model(attributes.str("gen_ai.request.model"));
    for function in attributes.list("llm.request.functions") {
        let schema = function.structure("parameters").into_owned();
        let [name, description] = ["name", "description"].map(|name| function.get(name).clone());
        request.tools(&object([("name", name), ("description", description), ("parameters", schema)]));
    }
    let prompts: Vec<_> =
        attributes.list("gen_ai.prompt").iter().map(|group| message(group, "user")).collect();
    request.conversation(&prompts, openai::chat::message);
    attributes
        .below("gen_ai.request")
        .filter(|(name, _)| *name != "model")
        .for_each(|(name, value)| request.parameter(name, value));
    for (found, name) in PARAMETERS {
        request.parameter(name, attributes.get(found));
    }

    response.model(attributes.str("gen_ai.response.model"));
    response.id(attributes.str("gen_ai.response.id"));
    response.usage = attributes.usage();
    for (index, group) in attributes.list("gen_ai.completion").iter().enumerate() {
        let index = index as u64;
        if let Some(mut turn) = response.turn(index, "") {
            openai::chat::message(&message(group, "assistant"), &mut turn);
        }
        response.finish_reason(index, group.str("finish_reason"));
    }
    let reason = attributes.str("llm.response.finish_reason");
    let reasons = if reason.is_empty() { Vec::new() } else { vec![reason.to_owned()] };
    (provider_of_name(attributes.str("gen_ai.system")), reasons)
}

/// A message in the form of OpenAI's chat.
fn message<'j>(group: &Group<'j>, role: &'static str) -> Json<'j> {
    let role = match group.get("role") {
        Json::Null => Json::String(role.into()),
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

/// A text, or parts, which are JSON in a text.
fn content<'j>(content: &'j Json<'j>) -> Json<'j> {
    let parts = structure(content);
    let is_parts = !parts.items().is_empty() && parts.items().iter().all(|part| !part.str("type").is_empty());
    if is_parts { parts.into_owned() } else { content.clone() }
}
