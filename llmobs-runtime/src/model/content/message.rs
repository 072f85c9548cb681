//! Messages read from the requests and responses of model providers.

use std::borrow::Cow;

use serde_json::{Map, Value};

use llmobs_capture::text::CUT;
use llmobs_capture::warn_limited;
use llmobs_providers::{MediaPart, Message, ToolCall, ToolResult, arguments_object, result_text};

use super::borrowed::Borrowed;
use super::string;

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
    let read = |item| note(item).map_or_else(|| read(item), |note| Some(Message::new("", note)));
    items.iter().map(read).collect()
}

/// An object with a string `role`, and a `content` of text, null or parts. Tool calls and results, the latter in
/// Datadog's form, can do without content.
pub(crate) fn read(value: &Borrowed<'_>) -> Option<Message> {
    let role = value.get("role")?.as_str()?;
    let lists = ["tool_calls", "tool_results", "audio_parts", "image_parts"].map(|key| items(value, key));
    let mut message = match value.get("content").or_else(|| value.get(CUT)) {
        Some(content) => with_content(role, content)?,
        None => lists.iter().flatten().next().map(|_| Message::new(role, ""))?,
    };
    let [is_empty_calls, is_empty_results, is_empty_audio, is_empty_images] =
        lists.map(|list| list.is_some_and(<[_]>::is_empty));
    message.empty_lists.tool_calls = is_empty_calls;
    message.empty_lists.tool_results = is_empty_results;
    message.empty_lists.audio_parts = is_empty_audio;
    message.empty_lists.image_parts = is_empty_images;
    let [calls, results, audio, images] = lists.map(|list| list.unwrap_or_default().iter());
    message.tool_calls.extend(calls.map(tool_call));
    message.tool_results.extend(results.map(tool_result));
    message.audio_parts.extend(audio.filter_map(media_part));
    message.image_parts.extend(images.filter_map(media_part));
    Some(message)
}

/// The items of a list in a message. A lone one need not be in a list.
fn items<'v, 'a>(message: &'v Borrowed<'a>, key: &str) -> Option<&'v [Borrowed<'a>]> {
    match message.get(key)? {
        Borrowed::Null => None,
        Borrowed::Array(items) => Some(items),
        other => Some(std::slice::from_ref(other)),
    }
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

/// OpenAI's forms, where the arguments are JSON in a text, or the flat form of Datadog. Of a call without a name, all that has no other
/// place is an argument.
fn tool_call(value: &Borrowed<'_>) -> ToolCall {
    if let Some(note) = note(value) {
        return call(note.to_owned(), Map::new());
    }
    let function = ["function", "custom"].into_iter().find_map(|key| value.get(key)).unwrap_or(value);
    let name = string(function, "name");
    let mut given = function.get("arguments").or_else(|| function.get("input"));
    if name.is_empty() {
        given = given.or(Some(value));
        if function.get(CUT).is_none() {
            warn_limited!(
                "a tool call in a message has no name: give a `llmobs::content::ToolCall`, or what serializes as {{\"name\": …, \
                 \"arguments\": …}}"
            );
        }
    }
    let id = if value.get("id").is_some() { "id" } else { "tool_id" };
    call(name, arguments(given)).tool_id(string(value, id)).kind(string(value, "type"))
}

/// The flat form of Datadog. Anything else is a result as a whole.
fn tool_result(value: &Borrowed<'_>) -> ToolResult {
    let given = value.get("result").or_else(|| value.get("content"));
    if given.is_none() && note(value).is_none() {
        warn_limited!(
            "a tool result in a message has no field \"result\" and is shown as a whole: give a `llmobs::content::ToolResult`, or what \
             serializes as {{\"result\": …}}"
        );
    }
    let result = result(given.or(Some(value)));
    result.name(string(value, "name")).tool_id(string(value, "tool_id")).kind(string(value, "type"))
}

/// The form of Datadog, or the bytes alone. Bytes win over a key. A part with neither is left out.
fn media_part(value: &Borrowed<'_>) -> Option<MediaPart> {
    if note(value).is_some() {
        return None;
    }
    let [mime_type, content, key] = ["mime_type", "content", "attachment_key"]
        .map(|key| value.get(key).and_then(Borrowed::as_str).filter(|text| !text.is_empty()));
    let content = content.or(value.as_str());
    if mime_type.is_none() || content.is_some() == key.is_some() {
        warn_limited!(
            "a sound or image in a message is not shown as it was given: give a `llmobs::content::MediaPart`, or what serializes as \
             {{\"mime_type\": …}} with either \"content\" or \"attachment_key\""
        );
    }
    let mime_type = mime_type.unwrap_or("application/octet-stream");
    match (content, key) {
        (Some(content), _) => Some(MediaPart::base64(mime_type, content)),
        (None, Some(key)) => Some(MediaPart::attachment(mime_type, key)),
        (None, None) => None,
    }
}

/// The note in place of the items of a list that are left out.
fn note<'v>(value: &'v Borrowed<'_>) -> Option<&'v str> {
    value.as_str().filter(|text| text.starts_with(CUT))
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
