//! Bedrock's InvokeAgent: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_InvokeAgent.html>.

use serde_json::{Map, Value};

use super::bytes_of;
use crate::failure::ApiError;
use crate::json::Json;
use crate::media::Media;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::turn::{At, CallPiece, Turn};
use crate::usage::Usage;

/// Fields that an agent's request has in addition to its text.
const OWN: [&str; 6] = [
    "enableTrace",
    "endSession",
    "sessionState",
    "memoryId",
    "streamingConfigurations",
    "promptCreationConfigurations",
];

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    body.has("inputText") && OWN.iter().any(|name| body.has(name))
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    match event.name {
        // InvokeModel has JSON in such a frame.
        "chunk" => bytes_of(json).is_some_and(|bytes| Json::read(&String::from_utf8_lossy(&bytes)).is_none()),
        "returnControl" => json.has("invocationId"),
        "trace" => json.has("agentId") || json.has("trace"),
        "files" => json.has("files"),
        _ => false,
    }
}

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    let text = body.str("inputText");
    if !text.is_empty() {
        draft.message("user", text);
    }
    draft.parameters(body, &["inputText"]);
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let Event { name, json } = event;
    match *name {
        "chunk" => {
            let text = bytes_of(json).unwrap_or_default();
            with_turn(draft, |turn| turn.text(At::End, &String::from_utf8_lossy(&text)));
            let cited = json.get("attribution").list("citations");
            for citation in cited {
                draft.citation(citation);
            }
        }
        "trace" => {
            let trace = json.get("trace");
            let failed = trace.get("failureTrace");
            if failed.is_object() {
                let message = failed.str("failureReason");
                draft.error(ApiError {
                    code: failed.label("failureCode").into_owned(),
                    ..ApiError::of_text(message)
                });
            }
            // Each step is a request to a model.
            for (_, step) in trace.fields() {
                let usage = step.get("modelInvocationOutput").get("metadata").get("usage");
                let (input, output) = (usage.count("inputTokens"), usage.count("outputTokens"));
                draft.usage = draft.usage.plus(Usage { input, output, ..Usage::default() });
            }
            let thought = trace.get("orchestrationTrace").get("rationale").str("text");
            if !thought.is_empty() {
                with_turn(draft, |turn| turn.thought(At::Next, "rationale", thought));
            }
        }
        "returnControl" => {
            let id = json.str("invocationId");
            with_turn(draft, |turn| {
                for input in json.list("invocationInputs") {
                    call(id, input, turn);
                }
            });
        }
        "files" => with_turn(draft, |turn| {
            for file in json.list("files") {
                let (name, mime) = (file.str("name"), file.str("type"));
                let media = Media { kind: "file", name, mime, source: file.str("bytes") };
                turn.note(At::End, &media.note(true));
            }
        }),
        _ => {
            draft.failure(event);
        }
    }
}

fn with_turn(draft: &mut ResponseDraft, read: impl FnOnce(&mut Turn<'_>)) {
    if let Some(mut turn) = draft.turn(0, "") {
        read(&mut turn);
    }
}

/// Reads a function or an HTTP request that the program has to execute for the agent.
fn call(id: &str, input: &Json<'_>, turn: &mut Turn<'_>) {
    let function = input.get("functionInvocationInput");
    let request = input.get("apiInvocationInput");
    let (input, name) = if function.is_object() {
        (function, function.str("function"))
    } else {
        (request, request.str("apiPath"))
    };
    let content = request.get("requestBody").get("content");
    let bodies = content.fields().iter().flat_map(|(_, body)| body.list("properties"));
    let arguments: Map<String, Value> = input
        .list("parameters")
        .iter()
        .chain(bodies)
        .map(|parameter| (parameter.str("name").to_owned(), parameter.get("value").to_value()))
        .collect();
    let arguments = Value::Object(arguments).to_string();
    turn.call(At::Next, CallPiece { id, name, kind: "returnControl", arguments: &arguments, index: None });
}
