//! Events of streams: <https://platform.openai.com/docs/api-reference/responses-streaming>. The last event has the whole response.

use super::item;
use crate::failure::ApiError;
use crate::json::Json;
use crate::response::{Event, ResponseDraft};
use crate::turn::{CallPiece, ResultPart};

const ASSISTANT: &str = "assistant";

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    let kind = match json.str("type") {
        "" => event.name,
        kind => kind,
    };
    let index = json.count("output_index").unwrap_or_default();
    match kind {
        "response.output_item.added" => {
            if let Some(mut turn) = draft.turn(0, ASSISTANT) {
                item::read_begun(index, json.get("item"), &mut turn);
            }
        }
        "response.output_item.done" => items(index, std::slice::from_ref(json.get("item")), draft),
        "response.output_text.annotation.added" => draft.citation(json.get("annotation")),
        _ if json.has("delta") => delta(kind, index, json, draft),
        _ => {
            let inner = json.get("response");
            if inner.is_object() {
                response(inner, draft);
            } else if kind.is_empty() {
                response(json, draft);
            }
            draft.failure(event);
            let ends = ["response.completed", "response.incomplete", "response.failed", "response.cancelled"];
            draft.has_ended |= ends.contains(&kind);
        }
    }
}

/// Reads the next piece of an item.
fn delta(kind: &str, index: u64, json: &Json<'_>, draft: &mut ResponseDraft) {
    let piece = json.str("delta");
    let part = ["content_index", "summary_index"].into_iter().find_map(|key| json.count(key));
    let part = part.unwrap_or_default();
    let Some(mut turn) = draft.turn(0, ASSISTANT) else { return };
    match kind {
        "response.output_text.delta" | "response.text.delta" | "response.refusal.delta" => {
            turn.text(item::place(index, part), piece);
        }
        // Events of audio and of transcripts have different names in different versions.
        _ if kind.contains("transcript") => turn.text(item::place(index, part), piece),
        _ if kind.contains("audio") => turn.sound(item::place_of_sound(index, part), piece),
        _ if kind.starts_with("response.reasoning") => {
            let at = item::place_of_thought(index, part, json.has("summary_index"));
            turn.thought(at, "reasoning", piece);
        }
        // The output of commands.
        _ if kind.contains("_call_output") => {
            let result = ResultPart { kind: "shell_call_output", ..ResultPart::default() };
            for name in ["stdout", "stderr"] {
                turn.result_piece(item::place(index, 0), result, json.get("delta").get(name));
            }
        }
        // Arguments, the input of a custom tool, or code.
        _ if kind.contains("_call_") => {
            turn.call(item::place(index, 0), CallPiece { arguments: piece, ..CallPiece::default() });
        }
        _ => {
            if let Some(name) = kind.strip_suffix(".delta") {
                turn.mark(item::place(index, part), name.trim_start_matches("response."));
            }
        }
    }
}

/// Reads complete items, which replace their pieces.
fn items(first: u64, items: &[Json<'_>], draft: &mut ResponseDraft) {
    let indexed = (0..).zip(items).map(|(offset, item)| (first.saturating_add(offset), item));
    if let Some(mut turn) = draft.turn(0, ASSISTANT) {
        let last = indexed.clone().last().map_or(first, |(index, _)| index);
        turn.forget(&(item::places(first).start..item::places(last).end));
        indexed.for_each(|(index, item)| item::read(index, item, &mut turn));
    }
    let parts = items.iter().flat_map(|item| item.list("content"));
    for citation in parts.flat_map(|part| part.list("annotations")) {
        draft.citation(citation);
    }
}

/// Reads a response, or its known part.
fn response(response: &Json<'_>, draft: &mut ResponseDraft) {
    draft.model(response.str("model"));
    draft.id(response.str("id"));
    // The messages of a stored prompt, which all events have.
    if !draft.has_input() {
        for turn_items in item::turns(response.list("instructions")) {
            draft.input(|turn| (0..).zip(turn_items).for_each(|(index, item)| item::read(index, item, turn)));
        }
    }
    let output = response.list("output");
    if !output.is_empty() {
        items(0, output, draft);
    }
    let status = response.str("status");
    if !matches!(status, "queued" | "in_progress") {
        draft.finish_reason(0, status);
    }
    let usage = response.get("usage");
    if usage.is_object() {
        draft.usage.update(crate::openai::usage(usage));
        draft.facts(usage, &["cost", "cost_details", "cost_in_usd_ticks"]);
    }
    draft.facts(response, &["service_tier", "incomplete_details"]);
    let error = response.get("error");
    if error.is_object() {
        draft.error(ApiError::read(error));
    } else if status == "failed" {
        draft.failed(status);
    }
}
