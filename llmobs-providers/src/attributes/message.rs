//! The messages of OpenTelemetry's conventions, which are lists of parts.

use crate::forms::agent_framework;
use crate::json::Json;
use crate::media::Media;
use crate::message::has_failed;
use crate::openai;
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};

/// Reads a message of the input or of the output, which may be a message of agent-framework. A message without parts is read as one of
/// OpenAI's chat, on which the older conventions are based.
pub(crate) fn read(message: &Json<'_>, turn: &mut Turn<'_>) {
    let parts_of = message.list("parts");
    let are_results =
        !parts_of.is_empty() && parts_of.iter().all(|part| part.str("type") == "tool_call_response");
    // Some libraries put results in messages of the user.
    turn.role(if are_results { "tool" } else { message.str("role") });
    match message.get("parts") {
        Json::Null if agent_framework::is_message(message) => agent_framework::message(message, turn),
        Json::Null => openai::chat::message(message, turn),
        given => parts(given, turn),
    }
}

/// Reads the parts of a message, or a text.
pub(super) fn parts(given: &Json<'_>, turn: &mut Turn<'_>) {
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
        // From goose.
        "redacted_reasoning" => turn.thought(at, kind, ""),
        // The summary of what the model removes from its context.
        "compaction" => {
            turn.unknown(at, part);
            turn.passage(at, part.str("content"));
        }
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
        // From goose, for a call that could not be made.
        "tool_call_error" => {
            let error = ["error", "message", "response", "content"].map(|name| part.get(name));
            let error = error.into_iter().find(|value| !value.is_null()).unwrap_or(&Json::Null);
            let result = ResultPart { id: part.str("id"), name: part.str("name"), kind, is_error: true };
            turn.result(at, result, error);
        }
        "blob" | "uri" | "file" => {
            turn.text(at, part.str("transcript"));
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
