//! Content blocks of requests and responses, and the pieces of blocks in a stream.

use crate::json::Json;
use crate::media::anthropic::lines;
use crate::message::has_failed;
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};

/// Returns whether only Anthropic has such a block.
pub(super) fn is_own(block: &Json<'_>) -> bool {
    match block.str("type") {
        "redacted_thinking" | "container_upload" => true,
        "thinking" => block.get("thinking").as_str().is_some(),
        "image" | "document" => block.get("source").is_object(),
        kind => is_call(kind) && block.has("input") || is_result(kind) && block.has("tool_use_id"),
    }
}

/// Returns whether a block is a call of a tool of the program, of Anthropic, or of an MCP server.
fn is_call(kind: &str) -> bool {
    kind.ends_with("tool_use")
}

fn is_result(kind: &str) -> bool {
    kind.ends_with("tool_result")
}

/// Reads a block, or its known part when it begins.
pub(super) fn read(at: At, block: &Json<'_>, turn: &mut Turn<'_>) {
    match block.str("type") {
        "text" => turn.text(at, block.str("text")),
        "thinking" => turn.thought(at, "thinking", block.str("thinking")),
        kind @ "redacted_thinking" => turn.thought(at, kind, ""),
        // The summary of what the model removes from its context.
        "compaction" => {
            turn.unknown(at, block);
            turn.passage(at, block.str("content"));
        }
        kind if is_call(kind) => {
            // In a stream, arguments begin as an empty object, and follow in pieces.
            let input = block.field("input").filter(|input| **input != Json::Object(Vec::new()));
            let arguments = input.map(arguments_text).unwrap_or_default();
            let (id, name) = (block.str("id"), block.str("name"));
            turn.call(at, CallPiece { id, name, kind, arguments: &arguments, index: None });
        }
        kind if is_result(kind) => {
            let (id, is_error) = (block.str("tool_use_id"), has_failed(block));
            let part = ResultPart { id, name: "", kind, is_error };
            turn.result(at, part, block.get("content"));
        }
        _ => match lines(block) {
            Some(lines) => turn.lines(at, &lines),
            None => turn.unknown(at, block),
        },
    }
}

/// Reads a piece of the block at a place.
pub(super) fn delta(at: At, delta: &Json<'_>, turn: &mut Turn<'_>) {
    match delta.str("type") {
        "text_delta" => turn.text(at, delta.str("text")),
        "thinking_delta" | "signature_delta" => turn.thought(at, "thinking", delta.str("thinking")),
        "input_json_delta" => {
            turn.call(at, CallPiece { arguments: delta.str("partial_json"), ..CallPiece::default() });
        }
        "compaction_delta" => turn.passage(at, delta.str("content")),
        // Citations are read from the event.
        "" | "citations_delta" => {}
        kind => turn.mark(at, kind),
    }
}
