//! Messages read from the requests and responses of model providers.

use std::borrow::Cow;

use serde_json::{Map, Value};

use llmobs_capture::text::CUT;
use llmobs_providers::{MediaPart, Message, ToolCall, ToolResult, arguments_object, result_text};

use super::borrowed::Borrowed;

/// Whether a model was asked or answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Input,
    Output,
}

impl Side {
    /// Whose words a bare text is.
    pub(crate) const fn role(self) -> &'static str {
        match self {
            Self::Input => "user",
            Self::Output => "assistant",
        }
    }
}

/// An object with one of these is meant as a message when a program annotates it.
const LOOSE_KEYS: [&str; 6] = ["role", "content", "tool_calls", "tool_results", "audio_parts", "image_parts"];

/// The arguments of an instrumented function: a lone string, or every argument that holds messages, in order.
pub(crate) fn read_arguments(arguments: &[Borrowed<'_>]) -> Option<Vec<Message>> {
    match arguments {
        [Borrowed::String(prompt)] => Some(vec![Message::new(Side::Input.role(), &**prompt)]),
        [only] => read_request(only),
        several => {
            let found: Vec<_> = several.iter().filter_map(read_request).flatten().collect();
            // An empty list beside other arguments may be anything: it must not hide them.
            Some(found).filter(|found| !found.is_empty())
        }
    }
}

/// Reads what an instrumented function returned, or one value that is the whole input.
pub(crate) fn read_all(value: &Borrowed<'_>, side: Side) -> Option<Vec<Message>> {
    match value {
        Borrowed::String(text) => Some(vec![Message::new(side.role(), &**text)]),
        Borrowed::Object(_) if value.get("choices").is_some() => read_choices(value),
        other => read_request(other),
    }
}

/// What a program annotates: as the reference SDK reads it, strings too, with the role left open.
pub(crate) fn read_annotated(value: &Borrowed<'_>) -> Option<Vec<Message>> {
    match value {
        Borrowed::Array(items) => items.iter().map(read_loosely).collect(),
        Borrowed::String(_) => read_loosely(value).map(|message| vec![message]),
        other => read_all(other, Side::Output).or_else(|| Some(vec![read_loosely(other)?])),
    }
}

/// A message, a list of messages, or an object with the field `messages`, as the chat APIs take.
fn read_request(value: &Borrowed<'_>) -> Option<Vec<Message>> {
    match value {
        Borrowed::Array(items) => read_list(items),
        Borrowed::Object(_) => match value.get("messages") {
            Some(Borrowed::Array(items)) => {
                // Anthropic's request keeps the system prompt beside the messages.
                let system = value.get("system").and_then(|content| with_content("system", content));
                let messages = read_list(items)?;
                Some(system.into_iter().chain(messages).collect())
            }
            _ => Some(vec![read(value)?]),
        },
        _ => None,
    }
}

/// Reads a list. If it was cut, a note replaces the elements that are left out.
fn read_list(items: &[Borrowed<'_>]) -> Option<Vec<Message>> {
    let read = |item: &Borrowed<'_>| match item {
        Borrowed::String(note) if note.starts_with(CUT) => Some(Message::new("", &**note)),
        item => read(item),
    };
    items.iter().map(read).collect()
}

/// An object with a string `role`, and a `content` of text, null or parts. Tool calls and results, the latter in
/// Datadog's form, can do without content.
pub(crate) fn read(value: &Borrowed<'_>) -> Option<Message> {
    let role = value.get("role")?.as_str()?;
    let items = |key| value.get(key).and_then(Borrowed::as_array);
    let (calls, results) = (items("tool_calls"), items("tool_results"));
    let (audio, images) = (items("audio_parts"), items("image_parts"));
    let mut message = match value.get("content").or_else(|| value.get(CUT)) {
        Some(content) => with_content(role, content)?,
        None => calls.or(results).or(audio).or(images).map(|_| Message::new(role, ""))?,
    };
    message.audio_parts = audio.into_iter().flatten().filter_map(media_part).collect();
    message.image_parts = images.into_iter().flatten().filter_map(media_part).collect();
    let calls = calls.into_iter().flatten().filter_map(tool_call);
    message.tool_calls.extend(calls);
    let results = results.into_iter().flatten().filter_map(tool_result);
    message.tool_results.extend(results);
    Some(message)
}

fn read_loosely(value: &Borrowed<'_>) -> Option<Message> {
    match value {
        Borrowed::String(text) => Some(Message::new("", &**text)),
        Borrowed::Object(fields) if LOOSE_KEYS.iter().any(|key| value.get(key).is_some()) => {
            // What a later field of the same name replaces is found behind it. The first of all are those that may be missing.
            let missing = ["role", "content"].map(|key| (Cow::Borrowed(key), Borrowed::String("".into())));
            let given = fields.iter().filter(|(_, value)| *value != Borrowed::Null).cloned();
            read(&Borrowed::Object(missing.into_iter().chain(given).collect()))
        }
        _ => None,
    }
}

fn with_content(role: &str, content: &Borrowed<'_>) -> Option<Message> {
    let mut message = Message::new(role, "");
    match content {
        Borrowed::Null => {}
        Borrowed::String(text) => message.content.push_str(text),
        Borrowed::Array(parts) => {
            for part in parts {
                add_part(&mut message, part)?;
            }
        }
        _ => return None,
    }
    Some(message)
}

fn add_part(message: &mut Message, part: &Borrowed<'_>) -> Option<()> {
    if let Some(note) = part.as_str().or_else(|| part.get(CUT)?.as_str()) {
        message.content.push_str(note);
        return Some(());
    }
    let kind = part.get("type")?.as_str()?;
    match (kind, part.get("text").and_then(Borrowed::as_str)) {
        (_, Some(text)) => message.content.push_str(text),
        ("tool_use", _) => message.tool_calls.push(
            call(string(part, "name"), arguments(part.get("input"))).tool_id(string(part, "id")).kind(kind),
        ),
        ("tool_result", _) => message
            .tool_results
            .push(result(part.get("content")).tool_id(string(part, "tool_use_id")).kind(kind)),
        // An image, a sound, a thought: its place is kept.
        _ => message.content.push_str(&format!("[{kind}]")),
    }
    Some(())
}

/// OpenAI's form, where the arguments are JSON in a text, or the flat form of Datadog.
fn tool_call(value: &Borrowed<'_>) -> Option<ToolCall> {
    let function = value.get("function").unwrap_or(value);
    let id = value.get("id").or_else(|| value.get("tool_id"));
    let call = call(function.get("name")?.as_str()?.to_owned(), arguments(function.get("arguments")));
    Some(call.tool_id(id.and_then(Borrowed::as_str).unwrap_or_default()).kind(string(value, "type")))
}

/// The flat form of Datadog.
fn tool_result(value: &Borrowed<'_>) -> Option<ToolResult> {
    let result = result(Some(value.get("result")?));
    Some(result.name(string(value, "name")).tool_id(string(value, "tool_id")).kind(string(value, "type")))
}

/// The form of Datadog. A part with neither bytes nor key, with both, or of no type is left out.
fn media_part(value: &Borrowed<'_>) -> Option<MediaPart> {
    let text = |key| value.get(key).and_then(Borrowed::as_str);
    let mime_type = text("mime_type").filter(|mime_type| !mime_type.is_empty())?;
    match (text("content"), text("attachment_key")) {
        (Some(content), None) => Some(MediaPart::base64(mime_type, content)),
        (None, Some(key)) => Some(MediaPart::attachment(mime_type, key)),
        _ => None,
    }
}

/// OpenAI's response: a message in each choice.
fn read_choices(response: &Borrowed<'_>) -> Option<Vec<Message>> {
    let choices = response.get("choices")?.as_array()?;
    choices.iter().map(|choice| read(choice.get("message")?)).collect()
}

fn call(name: String, arguments: Map<String, Value>) -> ToolCall {
    let mut call = ToolCall::default();
    call.name = name;
    call.arguments = arguments;
    call
}

fn arguments(value: Option<&Borrowed<'_>>) -> Map<String, Value> {
    arguments_object(value.map(Borrowed::to_value).unwrap_or_default())
}

fn result(value: Option<&Borrowed<'_>>) -> ToolResult {
    let mut result = ToolResult::default();
    result.result = result_text(value.map(Borrowed::to_value).unwrap_or_default());
    result
}

fn string(value: &Borrowed<'_>, key: &str) -> String {
    value.get(key).and_then(Borrowed::as_str).unwrap_or_default().to_owned()
}
