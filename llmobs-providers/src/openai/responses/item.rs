//! Items: messages, thoughts, calls and their results. Requests and responses have the same items.

use std::borrow::Cow;
use std::ops::Range;

use crate::json::Json;
use crate::media::{self, Media};
use crate::message::has_failed;
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};

/// The number of positions of an item.
const PLACES: u64 = 1 << 32;
/// The position of the first thought of an item that is not a summary.
const THOUGHTS: u64 = 1 << 16;
/// The position of the first audio part of an item.
const SOUNDS: u64 = 1 << 31;

/// Fields of calls and results that are not arguments.
const NOT_ARGUMENTS: [&str; 10] = [
    "id",
    "type",
    "status",
    "call_id",
    "approval_request_id",
    "results",
    "outputs",
    "output",
    "result",
    "error",
];

/// Returns the items of a request, grouped by consecutive items of the model.
pub(super) fn turns<'j>(items: &'j [Json<'j>]) -> impl DoubleEndedIterator<Item = &'j [Json<'j>]> {
    let is_answered = |item: &Json<'_>| item.is_object() && role(item) == "assistant";
    items.chunk_by(move |item, next| is_answered(item) && is_answered(next))
}

fn role<'j>(item: &'j Json<'_>) -> &'j str {
    match (item.str("role"), item.str("type")) {
        ("", kind) if kind.ends_with("_output") || kind.ends_with("_response") => "tool",
        ("", _) => "assistant",
        (role, _) => role,
    }
}

/// Returns the positions of the parts of an item.
pub(super) fn places(index: u64) -> Range<u64> {
    let start = index.min(PLACES - 2) * PLACES;
    start..start + PLACES
}

/// Returns the position of a part of a message.
pub(super) fn place(item: u64, part: u64) -> At {
    At::Place(places(item).start + part.min(PLACES - 1))
}

/// Returns the position of a thought, or of a summary of thoughts.
pub(super) fn place_of_thought(item: u64, part: u64, is_summary: bool) -> At {
    place(item, if is_summary { part.min(THOUGHTS - 1) } else { part.saturating_add(THOUGHTS) })
}

/// Returns the position of audio, after its transcript.
pub(super) fn place_of_sound(item: u64, part: u64) -> At {
    place(item, part.saturating_add(SOUNDS))
}

/// Reads an item. `index` is its position in its turn.
pub(super) fn read(index: u64, item: &Json<'_>, turn: &mut Turn<'_>) {
    let role = role(item);
    turn.role(role);
    if role == "assistant" {
        turn.answered();
    }
    match item.str("type") {
        "" | "message" if item.has("role") || item.has("content") => message(index, item, turn),
        "reasoning" => reasoning(index, item, turn),
        "mcp_approval_request" => call(index, item, turn),
        kind if kind.ends_with("_call") => {
            call(index, item, turn);
            result_of_call(index, item, turn);
        }
        _ if role == "tool" => result(index, item, turn),
        _ => {
            turn.begin(place(index, 0));
            turn.unknown(place(index, 0), item);
        }
    }
}

/// Reads an item that has only begun.
pub(super) fn read_begun(index: u64, item: &Json<'_>, turn: &mut Turn<'_>) {
    turn.role(role(item));
    match item.str("type") {
        "message" => message(index, item, turn),
        kind if kind.ends_with("_call") => {
            let arguments = [item.str("arguments"), item.str("input")];
            turn.call(
                place(index, 0),
                CallPiece {
                    arguments: arguments.into_iter().find(|text| !text.is_empty()).unwrap_or_default(),
                    ..call_piece(item)
                },
            );
        }
        _ => {}
    }
}

fn message(index: u64, item: &Json<'_>, turn: &mut Turn<'_>) {
    turn.begin(place(index, 0));
    turn.text(place(index, 0), item.str("content"));
    for (part_index, part) in (0..).zip(item.list("content")) {
        let at = place(index, part_index);
        match part.str("type") {
            "input_text" | "output_text" | "text" => turn.text(at, part.str("text")),
            "refusal" => turn.text(at, part.str("refusal")),
            "output_audio" => {
                turn.text(at, part.str("transcript"));
                let data = part.str("data");
                if !data.is_empty() {
                    turn.sound(place_of_sound(index, part_index), data);
                }
            }
            _ => match media::openai::media_note(part) {
                Some(note) => turn.note(at, &note),
                None => turn.unknown(at, part),
            },
        }
    }
}

fn reasoning(index: u64, item: &Json<'_>, turn: &mut Turn<'_>) {
    let mut is_hidden = true;
    for (name, is_summary) in [("summary", true), ("content", false)] {
        for (part_index, part) in (0..).zip(item.list(name)) {
            let text = part.str("text");
            if !text.is_empty() {
                turn.thought(place_of_thought(index, part_index, is_summary), "reasoning", text);
                is_hidden = false;
            }
        }
    }
    if is_hidden {
        turn.thought(place(index, 0), "reasoning", "");
    }
}

/// Returns a call without its arguments. The name of a tool of the provider is its type.
fn call_piece<'j>(item: &'j Json<'_>) -> CallPiece<'j> {
    let kind = item.str("type");
    let name = match item.str("name") {
        "" => kind.strip_suffix("_call").unwrap_or(kind),
        name => name,
    };
    CallPiece { id: id(item), name, kind, ..CallPiece::default() }
}

fn call(index: u64, item: &Json<'_>, turn: &mut Turn<'_>) {
    let arguments = ["arguments", "input"].into_iter().find_map(|key| item.field(key));
    let arguments = arguments.map_or_else(|| others(item).to_text(), arguments_text);
    turn.call(place(index, 0), CallPiece { arguments: &arguments, ..call_piece(item) });
}

/// Reads the result of a call of a tool of the provider.
fn result_of_call(index: u64, item: &Json<'_>, turn: &mut Turn<'_>) {
    let is_error = item.field("error").is_some() || item.str("status") == "failed";
    let part = ResultPart { id: id(item), kind: item.str("type"), name: "", is_error };
    let image = item.str("result");
    if !image.is_empty() {
        let mime = match item.str("output_format") {
            "" => String::new(),
            format => format!("image/{format}"),
        };
        let note = Media { kind: "image", mime: &mime, source: image, ..Media::default() }.note(true);
        turn.result(place(index, 0), part, &text(note));
    }
    if let Some(value) = ["results", "outputs", "output", "error"].into_iter().find_map(|key| item.field(key))
    {
        turn.result(place(index, 0), part, value);
    } else if is_error && image.is_empty() {
        turn.result(place(index, 0), part, &Json::Null);
    }
}

/// Reads the result of a tool of the program.
fn result(index: u64, item: &Json<'_>, turn: &mut Turn<'_>) {
    let part = ResultPart { id: id(item), kind: item.str("type"), name: "", is_error: has_failed(item) };
    let output = item.get("output");
    let value = match media::openai::media_note(output) {
        Some(note) => &text(note),
        None if output.is_null() => &others(item),
        None => output,
    };
    turn.result(place(index, 0), part, value);
}

/// Returns the id that a result refers to.
fn id<'j>(item: &'j Json<'_>) -> &'j str {
    let ids = ["call_id", "approval_request_id", "id"].into_iter().map(|key| item.str(key));
    ids.into_iter().find(|id| !id.is_empty()).unwrap_or_default()
}

/// Returns the fields that only such an item has.
fn others<'j>(item: &Json<'j>) -> Json<'j> {
    let fields = item.fields().iter();
    let others = fields.filter(|(name, value)| !NOT_ARGUMENTS.contains(&name.as_ref()) && !value.is_null());
    Json::Object(others.cloned().collect())
}

const fn text(text: String) -> Json<'static> {
    Json::Text(Cow::Owned(text))
}
