//! OpenAI's chat: <https://platform.openai.com/docs/api-reference/chat>, with the additions of other servers.

use crate::failure::ApiError;
use crate::json::Json;
use crate::media::{self, Media};
use crate::message::has_failed;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};

/// The positions of the parts of a message, because servers stream them in any order.
const THOUGHTS: u64 = 0;
const EXECUTED: u64 = 1 << 31;
const TEXT: u64 = 1 << 32;
const AUDIO: u64 = 2 << 32;
const CALLS: u64 = 3 << 32;

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    matches!(body.get("messages"), Json::Array(_))
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    let is_choice = |choice: &Json<'_>| {
        let marks = ["delta", "finish_reason", "finish_details", "content_filter_results"];
        choice.get("message").is_object() || marks.iter().any(|key| choice.has(key))
    };
    match json.get("choices") {
        _ if json.str("object").starts_with("chat.completion") => true,
        Json::Array(choices) if choices.is_empty() => {
            json.get("usage").is_object() || json.has("prompt_filter_results")
        }
        Json::Array(choices) => choices.iter().all(is_choice),
        _ => false,
    }
}

/// The fields of a request that are not parameters.
const READ: [&str; 4] = ["model", "messages", "tools", "functions"];

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(body.str("model"));
    body.list("tools").iter().chain(body.list("functions")).for_each(|tool| super::tool(tool, draft));
    draft.conversation(body.list("messages"), message);
    draft.parameters(body, &READ);
}

/// Reads a message of a request.
pub(crate) fn message(message: &Json<'_>, turn: &mut Turn<'_>) {
    let role = message.str("role");
    turn.role(role);
    if role == "tool" || role == "function" {
        let (id, name) = (message.str("tool_call_id"), message.str("name"));
        let part = ResultPart { id, name, kind: "", is_error: has_failed(message) };
        turn.result(At::Place(TEXT), part, message.get("content"));
        return;
    }
    parts(message, true, turn);
}

/// Reads the parts of a message, or of a piece of one.
fn parts(message: &Json<'_>, is_whole: bool, turn: &mut Turn<'_>) {
    thoughts(message, turn);
    executed(message.list("executed_tools"), turn);
    content(message.get("content"), is_whole, turn);
    turn.text(At::Place(TEXT), message.str("refusal"));
    for image in message.list("images") {
        if let Some(note) = media::openai::media_note(image) {
            turn.note(At::Place(AUDIO - 1), &note);
        }
    }
    audio(message.get("audio"), turn);
    for (index, call) in message.list("tool_calls").iter().filter(|call| call.is_object()).enumerate() {
        // The client async-openai has its own name for one of them.
        let inner = [call.get("function"), call.get("custom"), call.get("custom_tool")]
            .into_iter()
            .find(|value| value.is_object())
            .unwrap_or(call);
        let arguments =
            [inner.get("arguments"), inner.get("input")].into_iter().find(|value| !value.is_null());
        let kind = match call.str("type") {
            "" => "function",
            kind => kind,
        };
        let piece = CallPiece {
            index: call.count("index"),
            id: call.str("id"),
            name: inner.str("name"),
            kind,
            arguments: &arguments.map(arguments_text).unwrap_or_default(),
        };
        if is_whole {
            turn.call(At::Place(CALLS + index as u64), piece);
        } else {
            turn.call_piece(CALLS, piece);
        }
    }
    let legacy = message.get("function_call");
    if legacy.is_object() {
        let arguments = arguments_text(legacy.get("arguments"));
        turn.call_piece(
            CALLS,
            CallPiece {
                name: legacy.str("name"),
                kind: "function_call",
                arguments: &arguments,
                ..CallPiece::default()
            },
        );
    }
}

/// Reads thoughts. DeepSeek, vLLM and others use `reasoning_content`; Groq, OpenRouter and newer ones `reasoning`.
fn thoughts(message: &Json<'_>, turn: &mut Turn<'_>) {
    let text = ["reasoning_content", "reasoning", "thinking"]
        .into_iter()
        .map(|key| message.str(key))
        .find(|text| !text.is_empty());
    if let Some(text) = text {
        return turn.thought(At::Place(THOUGHTS), "reasoning", text);
    }
    for (index, detail) in message.list("reasoning_details").iter().enumerate() {
        let place = At::Place(detail.count("index").unwrap_or(index as u64).min(EXECUTED - 1));
        let text = ["text", "summary"].into_iter().map(|key| detail.str(key)).find(|text| !text.is_empty());
        turn.thought(place, detail.str("type"), text.unwrap_or_default());
    }
}

/// Reads the tools that Groq called itself. In a stream, the known data of a call is repeated with its result.
fn executed(tools: &[Json<'_>], turn: &mut Turn<'_>) {
    if !tools.is_empty() {
        turn.answered();
    }
    for (index, tool) in tools.iter().enumerate() {
        let index = tool.count("index").unwrap_or(index as u64);
        let place = EXECUTED + 2 * index.min(EXECUTED / 2 - 1);
        let (id, kind) = (tool.str("id"), tool.str("type"));
        let name = crate::text(tool.str("name")).unwrap_or(kind);
        let arguments = arguments_text(tool.get("arguments"));
        if !arguments.is_empty() {
            turn.forget(&(place..place + 1));
        }
        turn.call(At::Place(place), CallPiece { index: None, id, name, kind, arguments: &arguments });
        let returned = returned(tool);
        if !returned.is_null() {
            let part = ResultPart { id, name, kind, is_error: has_failed(tool) };
            turn.result(At::Place(place + 1), part, &returned);
        }
    }
}

/// Returns the result of a tool of Groq: a text and images, or else results unchanged.
fn returned<'j>(tool: &Json<'j>) -> Json<'j> {
    let (output, code) = (tool.str("output"), tool.list("code_results"));
    let texts = code.iter().map(|result| result.str("text")).filter(|_| output.is_empty());
    let images = code.iter().map(|result| result.str("png")).filter(|image| !image.is_empty());
    let notes = images
        .map(|source| Media { kind: "image", mime: "image/png", source, ..Media::default() }.note(true));
    let lines = std::iter::once(output).chain(texts).map(str::to_owned).chain(notes);
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    if !lines.is_empty() {
        return Json::Text(lines.join("\n").into());
    }
    let results = [tool.get("search_results").get("results"), tool.get("browser_results")];
    results.into_iter().find(|results| !results.items().is_empty()).cloned().unwrap_or(Json::Null)
}

fn content(content: &Json<'_>, is_whole: bool, turn: &mut Turn<'_>) {
    match content {
        Json::Text(text) => turn.text(At::Place(TEXT), text),
        Json::Array(items) => {
            for (index, part) in items.iter().enumerate() {
                // Pieces of one text arrive as texts and in lists, whose indexes have no meaning for the text.
                content_part(if is_whole { index as u64 } else { 0 }, part, turn);
            }
        }
        _ => {}
    }
}

fn content_part(index: u64, part: &Json<'_>, turn: &mut Turn<'_>) {
    if let Some(text) = part.as_str() {
        return turn.text(At::Place(TEXT + index), text);
    }
    match part.str("type") {
        _ if part.is_null() => {}
        "text" | "input_text" | "output_text" => turn.text(At::Place(TEXT + index), part.str("text")),
        "refusal" => turn.text(At::Place(TEXT + index), part.str("refusal")),
        // Mistral's thoughts are a list of texts.
        "thinking" => {
            let thoughts = part.get("thinking");
            turn.thought(At::Place(THOUGHTS), "thinking", thoughts.as_str().unwrap_or_default());
            for thought in thoughts.items() {
                turn.thought(At::Place(THOUGHTS), "thinking", thought.str("text"));
            }
        }
        // A citation of Mistral.
        "reference" => {}
        _ => match media::openai::media_note(part) {
            Some(note) => turn.note(At::Place(TEXT + index), &note),
            None => turn.unknown(At::Place(TEXT + index), part),
        },
    }
}

/// Reads the audio of a response, with its transcript.
fn audio(audio: &Json<'_>, turn: &mut Turn<'_>) {
    turn.text(At::Place(TEXT), audio.str("transcript"));
    let data = audio.str("data");
    if !data.is_empty() {
        turn.sound(At::Place(AUDIO), data);
    } else if audio.has("id") && !audio.has("transcript") && !audio.has("expires_at") {
        turn.note(At::Place(AUDIO), &format!("[audio: {}]", audio.str("id")));
    }
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    draft.model(json.str("model"));
    draft.id(json.str("id"));
    for (index, choice) in json.list("choices").iter().enumerate() {
        let index = choice.count("index").unwrap_or(index as u64);
        // Perplexity sends both: a whole response has an empty piece, and a piece of a stream has the message so far.
        let mut forms = [choice.get("delta"), choice.get("message")];
        if json.str("object") == "chat.completion" {
            forms.reverse();
        }
        let message = forms.into_iter().find(|value| value.is_object());
        if let Some(message) = message {
            if let Some(mut turn) = draft.turn(index, message.str("role")) {
                parts(message, std::ptr::eq(message, choice.get("message")), &mut turn);
            }
            let cited = [
                message.get("annotations"),
                message.get("citations"),
                message.get("context").get("citations"),
            ];
            cited.into_iter().flat_map(Json::items).for_each(|citation| draft.citation(citation));
            let references = message.list("content").iter().filter(|part| part.str("type") == "reference");
            references.for_each(|citation| draft.citation(citation));
        }
        let finish = [choice.str("finish_reason"), choice.get("finish_details").str("type")];
        for reason in finish {
            draft.finish_reason(index, reason);
        }
        if choice.str("finish_reason") == "error" && !choice.has("error") && !json.has("error") {
            draft.failed("error");
        }
        draft.facts(choice, &["native_finish_reason"]);
        if choice.has("error") {
            draft.error(ApiError::read(choice.get("error")));
        }
    }
    let found =
        [json.list("search_results"), json.list("citations")].into_iter().find(|list| !list.is_empty());
    found.unwrap_or_default().iter().for_each(|citation| draft.citation(citation));
    let usage =
        [json.get("usage"), json.get("x_groq").get("usage")].into_iter().find(|value| value.is_object());
    if let Some(usage) = usage {
        draft.usage.update(super::usage(usage));
        draft.facts(usage, &["cost", "cost_details"]);
    }
    draft.facts(json, &["service_tier", "system_fingerprint", "provider", "prompt_filter_results"]);
    draft.failure(event);
}
