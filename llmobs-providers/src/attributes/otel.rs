//! OpenTelemetry's attributes: <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>.

use std::borrow::Cow;

use super::{Group, Rest, structure};
use crate::json::Json;
use crate::media::Media;
use crate::message::has_failed;
use crate::openai;
use crate::protocol::{Operation, provider_of_host, provider_of_name};
use crate::request::RequestDraft;
use crate::response::ResponseDraft;
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};

/// The attributes that only this convention has.
pub(super) const MESSAGES: [&str; 3] =
    ["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"];

pub(super) fn read(attributes: &Group<'_>, request: &mut RequestDraft, response: &mut ResponseDraft) -> Rest {
    match attributes.str("gen_ai.operation.name") {
        "chat" | "generate_content" => request.operation(Operation::Chat),
        "text_completion" => request.operation(Operation::Completion),
        "embeddings" => request.operation(Operation::Embedding),
        _ => {}
    }
    request.model(attributes.str("gen_ai.request.model"));
    request.tools(&attributes.structure("gen_ai.tool.definitions"));
    let system = attributes.structure("gen_ai.system_instructions");
    request.system("system", |turn| parts(&system, turn));
    let input = first(attributes, &["gen_ai.input.messages", "gen_ai.prompt", "input.value"]);
    match input.as_ref() {
        Json::Array(messages) => request.conversation(messages, message),
        Json::Text(text) => request.message("user", text),
        _ => {}
    }
    for prefix in ["gen_ai.request", "gen_ai.openai.request", "openai.request"] {
        attributes
            .below(prefix)
            .filter(|(name, _)| *name != "model")
            .for_each(|(name, value)| request.parameter(name, &structure(value)));
    }
    for name in ["output.type", "embeddings.dimension.count"] {
        request.parameter(name, attributes.get(&format!("gen_ai.{name}")));
    }

    response.model(attributes.str("gen_ai.response.model"));
    response.id(attributes.str("gen_ai.response.id"));
    response.usage = attributes.usage();
    for prefix in ["gen_ai.openai.response", "openai.response"] {
        attributes.below(prefix).for_each(|(name, value)| response.fact(name, value));
    }
    let output = first(attributes, &["gen_ai.output.messages", "gen_ai.completion", "output.value"]);
    match output.as_ref() {
        Json::Array(messages) => {
            for (index, said) in messages.iter().enumerate() {
                let index = index as u64;
                if let Some(mut turn) = response.turn(index, said.str("role")) {
                    message(said, &mut turn);
                }
                response.finish_reason(index, said.str("finish_reason"));
            }
        }
        Json::Text(text) => {
            if let Some(mut turn) = response.turn(0, "") {
                turn.text(At::End, text);
            }
        }
        _ => {}
    }
    let reasons = attributes.structure("gen_ai.response.finish_reasons");
    let reasons = reasons.items().iter().filter_map(Json::as_str).map(str::to_owned).collect();
    let named = attributes.first_str(&["gen_ai.provider.name", "gen_ai.system"]);
    let of_host = || provider_of_host(attributes.str("server.address")).map(str::to_owned);
    (provider_of_name(named).or_else(of_host), reasons)
}

/// The first of the attributes that there is.
fn first<'j>(attributes: &Group<'j>, names: &[&str]) -> Cow<'j, Json<'j>> {
    let found = names.iter().map(|name| attributes.get(name)).find(|value| !value.is_null());
    structure(found.unwrap_or(&Json::Null))
}

/// A message of the input or of the output. One without parts is read as a message of OpenAI's chat, from which the older
/// conventions took theirs.
pub(crate) fn message(message: &Json<'_>, turn: &mut Turn<'_>) {
    let are_results = |parts: &[Json<'_>]| {
        !parts.is_empty() && parts.iter().all(|part| part.str("type") == "tool_call_response")
    };
    // Libraries give results in messages of the user.
    turn.role(if are_results(message.list("parts")) { "tool" } else { message.str("role") });
    match message.get("parts") {
        Json::Null => openai::chat::message(message, turn),
        given => parts(given, turn),
    }
}

/// The parts of a message, or a text.
fn parts(given: &Json<'_>, turn: &mut Turn<'_>) {
    if let Some(text) = given.as_str() {
        turn.text(At::End, text);
    }
    for (index, item) in given.items().iter().enumerate() {
        part(At::from(index), item, turn);
    }
}

fn part(at: At, part: &Json<'_>, turn: &mut Turn<'_>) {
    if let Some(text) = part.as_str() {
        return turn.text(at, text);
    }
    let kind = part.str("type");
    match kind {
        "text" => turn.text(at, part.str("content")),
        "reasoning" => turn.thought(at, kind, part.str("content")),
        "tool_call" | "server_tool_call" => {
            let arguments =
                [part.get(kind), part.get("arguments")].into_iter().find(|value| !value.is_null());
            let (id, name) = (part.str("id"), part.str("name"));
            let arguments = arguments.map(arguments_text).unwrap_or_default();
            turn.call(at, CallPiece { id, name, kind, arguments: &arguments, ..CallPiece::default() });
        }
        "tool_call_response" | "server_tool_call_response" => {
            let result = [part.get(kind), part.get("response"), part.get("result")];
            let result = result.into_iter().find(|value| !value.is_null()).unwrap_or(&Json::Null);
            turn.result(
                at,
                ResultPart { id: part.str("id"), name: part.str("name"), kind, is_error: has_failed(part) },
                result,
            );
        }
        "blob" | "uri" | "file" => {
            let modality = part.str("modality");
            let media = Media {
                kind: if modality.is_empty() { "file" } else { modality },
                mime: part.str("mime_type"),
                source: part.str(match kind {
                    "blob" => "content",
                    "uri" => "uri",
                    _ => "file_id",
                }),
                ..Media::default()
            };
            turn.note(at, &media.note(kind == "blob"));
        }
        _ => turn.unknown(at, part),
    }
}
