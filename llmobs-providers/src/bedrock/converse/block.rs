//! Content blocks of requests and responses, and the pieces of blocks in a stream. Their only key shows their type.

use crate::json::Json;
use crate::media::bedrock::lines;
use crate::message::has_failed;
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};

/// The default types of calls and results.
const CALL: &str = "toolUse";
const RESULT: &str = "toolResult";
const REASONING: &str = "reasoningContent";

/// Returns whether only Converse has such a block.
pub(super) fn is_own(block: &Json<'_>) -> bool {
    let [(name, inner)] = block.fields() else { return false };
    match name.as_ref() {
        "text" => inner.as_str().is_some(),
        CALL | RESULT | REASONING | "guardContent" | "cachePoint" => inner.is_object(),
        name => lines(name, inner).is_some(),
    }
}

/// Reads a whole block.
pub(super) fn read(at: At, block: &Json<'_>, turn: &mut Turn<'_>) {
    for (name, inner) in block.fields() {
        match name.as_ref() {
            "text" => turn.text(at, inner.as_str().unwrap_or_default()),
            CALL => {
                let arguments = arguments_text(inner.get("input"));
                turn.call(at, CallPiece { arguments: &arguments, ..call(inner) });
            }
            RESULT => turn.result(at, result(inner), inner.get("content")),
            REASONING => {
                let text = inner.get("reasoningText").str("text");
                turn.thought(at, reasoning_name(inner), text);
            }
            "citationsContent" => {
                inner.list("content").iter().for_each(|part| turn.text(at, part.str("text")));
            }
            "guardContent" => match inner.get("text").get("text").as_str() {
                Some(text) => turn.text(at, text),
                None => read(at, inner, turn),
            },
            "cachePoint" => {}
            name => match lines(name, inner) {
                Some(lines) => turn.lines(at, &lines),
                None => turn.note(at, &format!("[{name}]")),
            },
        }
    }
}

/// Reads the beginning of a block of a stream. Texts and thoughts have no beginning.
pub(super) fn begin(at: At, start: &Json<'_>, turn: &mut Turn<'_>) {
    for (name, inner) in start.fields() {
        match name.as_ref() {
            CALL => turn.call(at, call(inner)),
            RESULT => turn.result_piece(at, result(inner), &Json::Null),
            "image" | "document" | "video" | "audio" => turn.media(at, name, inner.str("format"), ""),
            name => turn.note(at, &format!("[{name}]")),
        }
    }
}

/// Reads the next piece of a block of a stream.
pub(super) fn piece(at: At, piece: &Json<'_>, turn: &mut Turn<'_>) {
    for (name, inner) in piece.fields() {
        match name.as_ref() {
            "text" => turn.text(at, inner.as_str().unwrap_or_default()),
            CALL => turn.call(at, CallPiece { arguments: inner.str("input"), ..CallPiece::default() }),
            RESULT => turn.result_piece(at, ResultPart::default(), inner),
            REASONING => turn.thought(at, reasoning_name(inner), inner.str("text")),
            "image" | "document" | "video" | "audio" => {
                let data = inner.get("source").str("bytes");
                if !data.is_empty() {
                    turn.media(at, name, "", data);
                }
            }
            // Citations are read from the event.
            "citation" => {}
            name => turn.mark(at, name),
        }
    }
}

fn call<'j>(call: &'j Json<'_>) -> CallPiece<'j> {
    let kind = crate::text(call.str("type")).unwrap_or(CALL);
    CallPiece { id: call.str("toolUseId"), name: call.str("name"), kind, ..CallPiece::default() }
}

fn result<'j>(result: &'j Json<'_>) -> ResultPart<'j> {
    let kind = crate::text(result.str("type")).unwrap_or(RESULT);
    ResultPart { id: result.str("toolUseId"), name: "", kind, is_error: has_failed(result) }
}

/// Returns the name of a thought without text.
fn reasoning_name(reasoning: &Json<'_>) -> &'static str {
    if reasoning.has("redactedContent") { "redactedContent" } else { REASONING }
}
