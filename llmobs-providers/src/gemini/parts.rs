//! The parts of Gemini's contents: <https://ai.google.dev/api/caching#Part>.

use std::borrow::Cow;

use super::{field, items};
use crate::json::Json;
use crate::media::Media;
use crate::texts::arguments_text;
use crate::turn::{At, CallPiece, ResultPart, Turn};

/// Reads the content of a request, whose texts are separate parts.
pub(super) fn content(content: &Json<'_>, turn: &mut Turn<'_>) {
    let parts = if content.is_object() { content.get("parts") } else { content };
    for (index, item) in items(parts).iter().enumerate() {
        part(item, index.into(), turn);
    }
}

/// Reads a part. In a response, texts and thoughts continue at [`At::End`].
pub(crate) fn part(part: &Json<'_>, at: At, turn: &mut Turn<'_>) {
    let get = |name: &str| field(part, name);
    let is_thought = *part.get("thought") == Json::Bool(true);
    if let Some(text) = part.as_str().or_else(|| part.get("text").as_str()) {
        return if is_thought { turn.thought(at, "thought", text) } else { turn.text(at, text) };
    }
    if let call @ Json::Object(_) = get("functionCall") {
        function_call(call, at, turn);
    } else if let result @ Json::Object(_) = get("functionResponse") {
        let id = ResultPart { kind: "function_response", ..ids(result) };
        turn.result(at, id, &Json::Text(function_response(result).into()));
    } else if let code @ Json::Object(_) = get("executableCode") {
        let arguments = without_id(code).to_text();
        let piece = CallPiece { name: "code_execution", kind: "executableCode", ..CallPiece::default() };
        turn.call(at, CallPiece { id: code.str("id"), arguments: &arguments, ..piece });
    } else if let result @ Json::Object(_) = get("codeExecutionResult") {
        turn.result(at, ResultPart { kind: "code_execution_result", ..ids(result) }, &without_id(result));
    } else if let call @ Json::Object(_) = get("toolCall") {
        let name = field(call, "toolType").as_str().unwrap_or_default();
        let arguments = arguments_text(call.get("args"));
        let piece =
            CallPiece { index: None, id: call.str("id"), name, kind: "toolCall", arguments: &arguments };
        turn.call(at, piece);
    } else if let result @ Json::Object(_) = get("toolResponse") {
        let name = field(result, "toolType").as_str().unwrap_or_default();
        let id = ResultPart { name, kind: "tool_response", ..ids(result) };
        turn.result(at, id, result.get("response"));
    } else if let Some((mime, data)) = sound(part).filter(|_| at == At::End) {
        turn.media(at, "audio", mime, data);
    } else if let Some(note) = media_note(part) {
        if is_thought { turn.thought(at, "thought", &note) } else { turn.note(at, &note) }
    } else if part.fields().iter().any(|(key, _)| !super::is_name(key, "thoughtSignature")) {
        turn.unknown(at, part);
    }
}

/// Reads a function call. If its arguments are streamed, only its first piece has a name.
fn function_call(call: &Json<'_>, at: At, turn: &mut Turn<'_>) {
    let name = call.str("name");
    if !name.is_empty() {
        let arguments = arguments_text(call.get("args"));
        let (id, kind) = (call.str("id"), "function_call");
        turn.call(at, CallPiece { index: None, id, name, kind, arguments: &arguments });
    }
    for argument in items(field(call, "partialArgs")) {
        let path = field(argument, "jsonPath").as_str().unwrap_or_default();
        let value = argument.fields().iter().find(|(key, _)| key.ends_with("Value"));
        if let Some((_, value)) = value {
            turn.argument(path, value);
        }
    }
}

/// Returns the result of a function, with notes that replace its media.
fn function_response(result: &Json<'_>) -> String {
    let mut text = match result.get("response") {
        Json::Null => String::new(),
        response => response.to_text(),
    };
    for note in items(result.get("parts")).iter().filter_map(media_note) {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&note);
    }
    text
}

fn ids<'j>(result: &'j Json<'_>) -> ResultPart<'j> {
    ResultPart { id: result.str("id"), name: result.str("name"), ..ResultPart::default() }
}

fn without_id<'a>(json: &Json<'a>) -> Json<'a> {
    let fields = json.fields().iter().filter(|(name, _)| name != "id");
    Json::Object(fields.cloned().collect::<Vec<(Cow<'a, str>, Json<'a>)>>())
}

/// Returns the media type and the base64 of audio.
fn sound<'j>(part: &'j Json<'_>) -> Option<(&'j str, &'j str)> {
    let data = field(part, "inlineData");
    let mime = field(data, "mimeType").as_str().filter(|mime| mime.starts_with("audio/"))?;
    Some((mime, data.str("data")))
}

/// Returns the note that replaces a file, or `None` if the part is not a file.
pub(super) fn media_note(part: &Json<'_>) -> Option<String> {
    let (inline, file) = (field(part, "inlineData"), field(part, "fileData"));
    let data = if inline.is_object() { inline } else { file };
    if !data.is_object() {
        return None;
    }
    let text = |name: &str| field(data, name).as_str().unwrap_or_default();
    let mime = text("mimeType");
    let kind = ["image", "audio", "video"].into_iter().find(|kind| mime.starts_with(kind)).unwrap_or("file");
    let source = if inline.is_object() { text("data") } else { text("fileUri") };
    Some(Media { kind, name: text("displayName"), mime, source }.note(inline.is_object()))
}
