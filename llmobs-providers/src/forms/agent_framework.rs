//! Messages of agent-framework: <https://docs.rs/agent-framework-core/latest/agent_framework_core/types/enum.Content.html>.

use crate::json::Json;
use crate::media::Media;
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};

/// `Message`. Gemini's contents have no types.
pub(crate) fn is_message(message: &Json<'_>) -> bool {
    let contents = message.list("contents");
    message.has("role")
        && !contents.is_empty()
        && contents.iter().all(|content| !content.str("type").is_empty())
}

pub(crate) fn message(message: &Json<'_>, turn: &mut Turn<'_>) {
    turn.role(message.str("role"));
    for (index, item) in message.list("contents").iter().enumerate() {
        content(At::from(index), item, turn);
    }
}

/// `Content`.
fn content(at: At, content: &Json<'_>, turn: &mut Turn<'_>) {
    let kind = content.str("type");
    match kind {
        "text" => turn.text(at, content.str("text")),
        "text_reasoning" => turn.thought(at, "reasoning", content.str("text")),
        "function_call" => call(at, content, content.str("name"), turn),
        "function_result" => {
            returned(at, content, [content.get("result"), content.get("exception")], turn);
        }
        "data" | "uri" | "hosted_file" => {
            let mime = content.str("media_type");
            let is_kind = |kind: &&str| ["image", "audio", "video"].contains(kind);
            let kind = mime.split('/').next().filter(is_kind).unwrap_or("file");
            let source = content.str(if content.has("file_id") { "file_id" } else { "uri" });
            turn.note(at, &Media { kind, mime, source, ..Media::default() }.note(false));
        }
        "error" => {
            turn.unknown(at, content);
            turn.passage(at, content.str("message"));
        }
        "usage" => {}
        _ if kind.ends_with("_tool_result") => {
            // The provider ran the tool.
            turn.answered();
            let outputs = ["result", "output", "outputs", "items"].map(|name| content.get(name));
            let output = outputs.into_iter().find(|value| !value.is_null()).unwrap_or(&Json::Null);
            returned(at, content, [output, content.get("error")], turn);
        }
        _ => match kind.strip_suffix("_tool_call") {
            Some(tool) => call(at, content, crate::text(content.str("tool_name")).unwrap_or(tool), turn),
            None => turn.unknown(at, content),
        },
    }
}

fn call(at: At, content: &Json<'_>, name: &str, turn: &mut Turn<'_>) {
    let given = ["arguments", "inputs", "commands"].map(|name| content.get(name));
    let given = given.into_iter().find(|value| !value.is_null()).unwrap_or(&Json::Null);
    let (id, kind, arguments) = (content.str("call_id"), content.str("type"), arguments_text(given));
    turn.call(at, CallPiece { id, name, kind, arguments: &arguments, index: None });
}

/// Reads the result of a tool, or why it failed.
fn returned(at: At, content: &Json<'_>, [result, error]: [&Json<'_>; 2], turn: &mut Turn<'_>) {
    let [id, name, kind] = ["call_id", "tool_name", "type"].map(|name| content.str(name));
    let shown = if result.is_null() { error } else { result };
    turn.result(at, ResultPart { id, name, kind, is_error: !error.is_null() }, shown);
}
