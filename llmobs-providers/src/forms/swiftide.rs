//! The types of swiftide: <https://docs.rs/swiftide-core/latest/swiftide_core/chat_completion/struct.ChatCompletionResponse.html>.
//!
//! swiftide sends the requests of the provider.

use crate::json::Json;
use crate::openai;
use crate::response::{Event, ResponseDraft};
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece};
use crate::usage::Usage;

/// The fields of `ChatCompletionResponse`. The first three are in all versions.
const FIELDS: [&str; 6] = ["id", "message", "tool_calls", "usage", "reasoning", "delta"];

/// `ChatCompletionResponse`. Its message is a text, unlike in any protocol of a provider.
pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    let is_call = |call: &Json<'_>| call.get("name").as_str().is_some() && call.has("args");
    FIELDS.iter().take(3).all(|name| json.has(name))
        && json.fields().iter().all(|(name, _)| FIELDS.contains(&name.as_ref()))
        && matches!(json.get("message"), Json::Null | Json::Text(_))
        && matches!(json.get("tool_calls"), Json::Null | Json::Array(_))
        && json.list("tool_calls").iter().all(is_call)
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    draft.id(json.str("id"));
    draft.usage.update(usage(json.get("usage")));
    let Some(mut turn) = draft.turn(0, "") else { return };
    for item in json.list("reasoning") {
        let texts = [item.list("content"), item.list("summary")].into_iter().find(|texts| !texts.is_empty());
        let texts: Vec<_> = texts.unwrap_or_default().iter().filter_map(Json::as_str).collect();
        turn.thought(At::Next, "reasoning", &texts.join("\n\n"));
    }
    turn.text(At::Next, json.str("message"));
    for call in json.list("tool_calls") {
        let arguments = arguments_text(call.get("args"));
        let (id, name) = (call.str("id"), call.str("name"));
        turn.call(
            At::Next,
            CallPiece { id, name, kind: "function", arguments: &arguments, ..CallPiece::default() },
        );
    }
}

/// `Usage`, with the details of OpenAI's chat or responses.
pub(crate) fn usage(usage: &Json<'_>) -> Usage {
    let mut read = openai::usage(usage);
    read.update(openai::usage(usage.get("details")));
    read
}
