//! Messages in the forms in which programs hold them: those of providers, of Datadog, and mixtures.

use std::borrow::Cow;

use llmobs_capture::text::CUT;
use llmobs_capture::warn_limited;

use crate::attributes;
use crate::forms::{agent_framework, genai, rig};
use crate::json::Json;
use crate::message::{EmptyLists, MediaPart, Message, ToolCall, ToolResult};
use crate::message::{arguments_object, failed_result, has_failed, result_text};
use crate::protocol::Protocol;
use crate::request::RequestDraft;
use crate::room::Room;
use crate::turn::{Parts, Turn};

/// When a program annotates an object with one of these keys, it is read as a message.
const LOOSE_KEYS: [&str; 6] = ["role", "content", "tool_calls", "tool_results", "audio_parts", "image_parts"];

/// The lists of a message in Datadog's form.
const LISTS: [&str; 4] = ["tool_calls", "tool_results", "audio_parts", "image_parts"];

/// Reads a message, a list of messages, or an object with the field `messages`. Returns `None` for any other value.
#[must_use]
pub fn messages(value: &Json<'_>) -> Option<Vec<Message>> {
    match value {
        // The messages of these libraries also have roles and contents, but in other forms.
        _ if genai::is_request(value) => Some(read_as(Protocol::Genai, value)),
        _ if rig::is_request(value) => Some(read_as(Protocol::Rig, value)),
        Json::Array(items) => list(items),
        Json::Object(_) => match value.get("messages") {
            Json::Array(items) => {
                // Anthropic's request has the system prompt next to the messages.
                let system = value.field("system").map(|content| {
                    Json::Object(vec![
                        (Cow::Borrowed("role"), Json::Text("system".into())),
                        (Cow::Borrowed("content"), content.clone()),
                    ])
                });
                let mut all = system.as_ref().and_then(message).unwrap_or_default();
                all.extend(list(items)?);
                Some(all)
            }
            _ => message(value),
        },
        _ => None,
    }
}

/// Returns the messages of a request.
fn read_as(protocol: Protocol, body: &Json<'_>) -> Vec<Message> {
    let mut draft = RequestDraft::new(NO_LIMIT);
    protocol.read_request(body, &mut draft);
    draft.finish(protocol).messages
}

/// Reads a list. If it was cut, a note replaces the elements that are left out.
fn list(items: &[Json<'_>]) -> Option<Vec<Message>> {
    let read = |item| note(item).map_or_else(|| message(item), |note| Some(vec![Message::new("", note)]));
    let read: Option<Vec<_>> = items.iter().map(read).collect();
    Some(read?.into_iter().flatten().collect())
}

/// Reads an annotated value as messages, like the reference SDK: including strings, and objects without a role or content.
#[must_use]
pub fn annotated(value: &Json<'_>) -> Option<Vec<Message>> {
    match value {
        Json::Array(items) => {
            let read: Option<Vec<_>> = items.iter().map(loosely).collect();
            Some(read?.into_iter().flatten().collect())
        }
        Json::Text(_) => loosely(value),
        other => messages(other).or_else(|| loosely(other)),
    }
}

fn loosely(value: &Json<'_>) -> Option<Vec<Message>> {
    match value {
        Json::Text(text) => Some(vec![Message::new("", &**text)]),
        Json::Object(fields) if LOOSE_KEYS.iter().any(|key| value.has(key)) => {
            // A later field of the same name replaces an earlier one. So the fields that may be missing come first.
            let missing = ["role", "content"].map(|key| (Cow::Borrowed(key), Json::Text("".into())));
            let given = fields.iter().filter(|(_, value)| !value.is_null()).cloned();
            message(&Json::Object(missing.into_iter().chain(given).collect()))
        }
        _ => None,
    }
}

/// Reads an object with a string `role`, and a `content` that is a text, null or parts. Tool calls and results, the latter in Datadog's
/// form, need no content.
fn message(value: &Json<'_>) -> Option<Vec<Message>> {
    if agent_framework::is_message(value) {
        return Some(of_telemetry(value));
    }
    let role = value.get("role").as_str()?;
    let given = value.has("content") || value.has(CUT);
    let lists = LISTS.map(|key| items(value, key));
    match value.get("content") {
        Json::Null | Json::Text(_) | Json::Array(_) if given => {}
        Json::Null if lists.iter().flatten().next().is_some() || has_parts(value) => {}
        _ => return None,
    }
    let is_plain = matches!(value.get("content"), Json::Null | Json::Text(_)) && !has_parts(value);
    if is_plain { Some(vec![plain(role, value, lists)]) } else { with_parts(value, lists) }
}

/// Returns whether a message has parts that only the forms of providers have.
fn has_parts(value: &Json<'_>) -> bool {
    let keys = [
        "parts",
        "reasoning_content",
        "reasoning",
        "reasoning_details",
        "refusal",
        "audio",
        "function_call",
        "tool_call_id",
    ];
    keys.iter().any(|key| value.field(key).is_some())
}

/// Returns a message whose content is a text.
fn plain(role: &str, value: &Json<'_>, lists: [Option<&[Json<'_>]>; 4]) -> Message {
    let mut message = Message::new(role, value.str("content"));
    if message.content.is_empty() {
        message.content.push_str(value.str(CUT));
    }
    add_lists(&mut message, lists);
    message
}

/// Returns messages whose content is a list of parts, in the form of any protocol.
fn with_parts(value: &Json<'_>, lists: [Option<&[Json<'_>]>; 4]) -> Option<Vec<Message>> {
    let mut messages = match value.list("parts").first() {
        Some(part) if part.has("type") => of_telemetry(value),
        Some(_) => of_request("contents", value),
        None => of_request("messages", value),
    };
    let last = messages.last_mut()?;
    let [_, results, audio, images] = lists;
    add_lists(last, [None, results, audio, images]);
    Some(messages)
}

/// Returns a message in the form of OpenTelemetry or of agent-framework.
fn of_telemetry(value: &Json<'_>) -> Vec<Message> {
    let (mut room, mut parts, mut messages) = (Room::new(NO_LIMIT), Parts::default(), Vec::new());
    attributes::message::read(value, &mut Turn::new(&mut parts, &mut room));
    parts.into_messages(false, &mut messages);
    messages
}

/// Returns a message as the only one of a request.
fn of_request(field: &'static str, value: &Json<'_>) -> Vec<Message> {
    let body = Json::Object(vec![(field.into(), Json::Array(vec![value.clone()]))]);
    read_as(Protocol::of_request(&body).unwrap_or(Protocol::OpenAiChat), &body)
}

/// A budget for values that are already in memory.
const NO_LIMIT: usize = usize::MAX / 4;

fn add_lists(message: &mut Message, lists: [Option<&[Json<'_>]>; 4]) {
    let [is_empty_calls, is_empty_results, is_empty_audio, is_empty_images] =
        lists.map(|list| list.is_some_and(<[_]>::is_empty));
    message.empty_lists = EmptyLists {
        tool_calls: is_empty_calls,
        tool_results: is_empty_results,
        audio_parts: is_empty_audio,
        image_parts: is_empty_images,
    };
    let [calls, results, audio, images] = lists.map(|list| list.unwrap_or_default().iter());
    message.tool_calls.extend(calls.map(tool_call));
    message.tool_results.extend(results.map(tool_result));
    message.audio_parts.extend(audio.filter_map(media_part));
    message.image_parts.extend(images.filter_map(media_part));
}

/// Returns the items of a list in a message. A single item need not be in a list.
fn items<'v, 'a>(message: &'v Json<'a>, key: &str) -> Option<&'v [Json<'a>]> {
    match message.field(key)? {
        Json::Array(items) => Some(items),
        other => Some(std::slice::from_ref(other)),
    }
}

/// Reads OpenAI's forms, in which the arguments are JSON in a text, or Datadog's flat form. If a call has no name, all its unknown fields
/// are arguments.
fn tool_call(value: &Json<'_>) -> ToolCall {
    let mut call = ToolCall::default();
    if let Some(note) = note(value) {
        note.clone_into(&mut call.name);
        return call;
    }
    let function =
        ["function", "custom", "custom_tool"].into_iter().find_map(|key| value.field(key)).unwrap_or(value);
    call.name = label(function, "name");
    let given = function.field("arguments").or_else(|| function.field("input"));
    if call.name.is_empty() && function.field(CUT).is_none() {
        warn_limited!(
            "a tool call in a message has no name: give a `llmobs::content::ToolCall`, or a value that serializes as {{\"name\": …, \
             \"arguments\": …}}"
        );
    }
    let given = if call.name.is_empty() { given.or(Some(value)) } else { given };
    call.arguments = arguments_object(given.map(Json::to_value).unwrap_or_default());
    call.tool_id = label(value, if value.field("id").is_some() { "id" } else { "tool_id" });
    call.kind = label(value, "type");
    call
}

/// Reads Datadog's flat form. Any other value is a result as a whole.
fn tool_result(value: &Json<'_>) -> ToolResult {
    let given = value.field("result").or_else(|| value.field("content"));
    if given.is_none() && note(value).is_none() {
        warn_limited!(
            "a tool result in a message has no field \"result\" and is shown as a whole: give a `llmobs::content::ToolResult`, or what \
             serializes as {{\"result\": …}}"
        );
    }
    let result = result_text(given.unwrap_or(value).to_value());
    ToolResult {
        result: if has_failed(value) { failed_result(&result) } else { result },
        name: label(value, "name"),
        tool_id: label(value, "tool_id"),
        kind: label(value, "type"),
    }
}

/// Reads Datadog's form, or only the bytes. Bytes take precedence over a key. A part with neither is left out.
fn media_part(value: &Json<'_>) -> Option<MediaPart> {
    if note(value).is_some() {
        return None;
    }
    let [mime_type, content, key] = ["mime_type", "content", "attachment_key"]
        .map(|key| value.get(key).as_str().filter(|text| !text.is_empty()));
    let content = content.or(value.as_str());
    if mime_type.is_none() || content.is_some() == key.is_some() {
        warn_limited!(
            "a sound or image in a message is not shown as it was given: give a `llmobs::content::MediaPart`, or a value that serializes as \
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

/// Returns the note that replaces the omitted items of a list.
fn note<'v>(value: &'v Json<'_>) -> Option<&'v str> {
    value.as_str().filter(|text| text.starts_with(CUT))
}

/// Reads a field that is a short text, such as a name. A number is read as its text.
fn label(value: &Json<'_>, key: &str) -> String {
    match value.get(key) {
        Json::Null | Json::Text(_) | Json::Number(_) => value.label(key).into_owned(),
        _ => {
            warn_limited!("the field {key:?} of a part of a message was left out: it is not a text");
            String::new()
        }
    }
}
