//! Messages of a chat.

use llmobs_capture::text::CUT;
use llmobs_capture::value::{field, for_each_string, given, weight};
use llmobs_capture::{DEFAULT_LIMIT, Label, to_value};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use serde_json::{Map, Value};

use crate::json::Json;
use crate::text;

/// One message of a chat.
///
/// It serializes in the form that Datadog's intake takes, and deserializes from it.
///
/// ```
/// # mod llmobs { pub mod content { pub use llmobs_providers::*; } }
/// use llmobs::content::{Message, ToolCall, ToolResult};
/// use serde_json::json;
///
/// let call = ToolCall::new("weather", json!({ "city": "Paris" })).tool_id("call_1");
/// let result = ToolResult::new("drizzle").tool_id("call_1");
/// let chat = [
///     Message::system("You know the weather."),
///     Message::user("Is it raining in Paris?"),
///     Message::assistant("").tool_call(call),
///     Message::tool().tool_result(result),
/// ];
/// assert_eq!(
///     serde_json::to_value(&chat[3])?,
///     json!({ "role": "tool", "content": "", "tool_results": [{ "result": "drizzle", "tool_id": "call_1" }] })
/// );
/// assert_eq!(serde_json::from_str::<Message>(r#"{"role":"user","content":"Why?"}"#)?, Message::user("Why?"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Message {
    /// Who wrote the message: `system`, `user`, `assistant`, `tool`, or another role of the provider.
    pub role: String,
    /// The text. It is empty if the message has only tool calls, tool results, audio or images.
    pub content: String,
    /// The tools that the model asks the program to call.
    pub tool_calls: Vec<ToolCall>,
    /// The results of tools.
    pub tool_results: Vec<ToolResult>,
    /// Audio in the message.
    pub audio_parts: Vec<MediaPart>,
    /// Images in the message.
    pub image_parts: Vec<MediaPart>,
    #[doc(hidden)]
    pub empty_lists: EmptyLists,
}

/// Messages are equal regardless of how lists without items are sent.
impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        let Self { role, content, tool_calls, tool_results, audio_parts, image_parts, empty_lists: _ } = self;
        (role, content) == (&other.role, &other.content)
            && (tool_calls, tool_results) == (&other.tool_calls, &other.tool_results)
            && (audio_parts, image_parts) == (&other.audio_parts, &other.image_parts)
    }
}

/// Which lists of a message a program set without items. They are sent as empty lists. Other lists without items are left out.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is about one of four lists")]
pub struct EmptyLists {
    pub tool_calls: bool,
    pub tool_results: bool,
    pub audio_parts: bool,
    pub image_parts: bool,
}

/// A tool call that a model asks for.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// The name of the tool.
    pub name: String,
    /// The arguments by name.
    pub arguments: Map<String, Value>,
    /// The provider's id of this call, which its result refers to. Empty if there is none.
    pub tool_id: String,
    /// The provider's type of this call, such as `function` or `tool_use`. Empty if there is none.
    pub kind: String,
}

/// The result of a tool, which is sent to a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolResult {
    /// The result.
    pub result: String,
    /// The name of the tool. Empty if it is unknown.
    pub name: String,
    /// The id of the call that this result belongs to. Empty if there is none.
    pub tool_id: String,
    /// The provider's type of this result, such as `tool_result`. Empty if there is none.
    pub kind: String,
}

/// Audio or an image in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaPart {
    /// The media type, such as `image/png` or `audio/wav`.
    pub mime_type: String,
    /// The bytes, or their location.
    pub data: MediaData,
}

/// The bytes of audio or an image, or their location.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaData {
    /// The bytes in base64.
    Base64(String),
    /// The key of an attachment that Datadog stores.
    AttachmentKey(String),
}

impl Message {
    /// Creates a message with a role and a text.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: content.into(), ..Self::default() }
    }

    /// Returns about how many bytes of memory the message takes.
    #[doc(hidden)]
    #[must_use]
    pub fn bytes(&self) -> usize {
        let calls = self.tool_calls.iter().map(|call| size_of::<ToolCall>() + weight(&call.arguments));
        let results = self.tool_results.iter().map(|result| size_of::<ToolResult>() + result.result.len());
        size_of::<Self>() + self.content.len() + calls.chain(results).sum::<usize>()
    }

    /// Creates a message with the role `system`, which instructs the model.
    pub fn system(content: impl Into<String>) -> Self {
        Self::new("system", content)
    }

    /// Creates a message with the role `user`.
    pub fn user(content: impl Into<String>) -> Self {
        Self::new("user", content)
    }

    /// Creates a message with the role `assistant`, of the model.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new("assistant", content)
    }

    /// Creates an empty message for [tool results](Self::tool_result).
    #[must_use]
    pub fn tool() -> Self {
        Self::new("tool", "")
    }

    /// Adds a tool call that the model asks for.
    #[must_use]
    pub fn tool_call(mut self, call: ToolCall) -> Self {
        self.tool_calls.push(call);
        self
    }

    /// Adds the result of a tool.
    #[must_use]
    pub fn tool_result(mut self, result: ToolResult) -> Self {
        self.tool_results.push(result);
        self
    }

    /// Adds audio.
    #[must_use]
    pub fn audio(mut self, part: MediaPart) -> Self {
        self.audio_parts.push(part);
        self
    }

    /// Adds an image.
    #[must_use]
    pub fn image(mut self, part: MediaPart) -> Self {
        self.image_parts.push(part);
        self
    }

    /// Calls `edit` with every text that a person or a model wrote.
    #[doc(hidden)]
    pub fn for_each_text(&mut self, edit: &mut impl FnMut(&mut String)) {
        edit(&mut self.content);
        for call in &mut self.tool_calls {
            call.arguments.values_mut().for_each(|argument| for_each_string(argument, edit));
        }
        self.tool_results.iter_mut().for_each(|result| edit(&mut result.result));
    }
}

impl ToolCall {
    /// Creates a call of the tool `name`. Arguments that are an object, or a text that is the JSON of an object, are used unchanged. Other
    /// arguments become the object `{"value": …}`.
    pub fn new(name: impl Into<String>, arguments: impl Serialize) -> Self {
        let arguments = arguments_object(to_value(&arguments, DEFAULT_LIMIT));
        Self { name: name.into(), arguments, ..Self::default() }
    }

    /// Sets the provider's id of this call, which its result refers to.
    #[must_use]
    pub fn tool_id<Form>(mut self, id: impl Label<Form>) -> Self {
        set(&mut self.tool_id, id);
        self
    }

    /// Sets the provider's type of this call, such as `function`.
    #[must_use]
    pub fn kind<Form>(mut self, kind: impl Label<Form>) -> Self {
        set(&mut self.kind, kind);
        self
    }
}

/// Sets a text, unless it is empty or absent.
fn set<Form>(field: &mut String, text: impl Label<Form>) {
    if let Some(text) = given(text) {
        *field = text;
    }
}

/// Returns the arguments of a tool call: an object, given as it is or as JSON in a text. Any other value is kept under the name `value`.
#[doc(hidden)]
#[must_use]
pub fn arguments_object(arguments: Value) -> Map<String, Value> {
    match arguments {
        Value::Null => Map::new(),
        Value::Object(object) => object,
        Value::String(text) => arguments_of(&text),
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

/// Returns the arguments of a tool call from their JSON text. A text that is not an object is kept under the name `value`.
pub(crate) fn arguments_of(text: &str) -> Map<String, Value> {
    match Json::read(text) {
        Some(object @ Json::Object(_)) => object.to_map(),
        _ if text.is_empty() => Map::new(),
        _ => Map::from_iter([("value".to_owned(), text.into())]),
    }
}

impl ToolResult {
    /// Creates a result: a text unchanged, the text of a list of content parts, or the JSON of any other value.
    pub fn new(result: impl Serialize) -> Self {
        Self { result: result_text(to_value(&result, DEFAULT_LIMIT)), ..Self::default() }
    }

    /// Sets the name of the tool.
    #[must_use]
    pub fn name<Form>(mut self, name: impl Label<Form>) -> Self {
        set(&mut self.name, name);
        self
    }

    /// Sets the id of the call that this result belongs to.
    #[must_use]
    pub fn tool_id<Form>(mut self, id: impl Label<Form>) -> Self {
        set(&mut self.tool_id, id);
        self
    }

    /// Sets the provider's type of this result, such as `tool_result`.
    #[must_use]
    pub fn kind<Form>(mut self, kind: impl Label<Form>) -> Self {
        set(&mut self.kind, kind);
        self
    }
}

/// Returns the text of a tool's result: a text unchanged, the text of a list of content parts, or the JSON of any other value.
#[doc(hidden)]
#[must_use]
pub fn result_text(result: Value) -> String {
    match result {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => parts_text(&other).unwrap_or_else(|| other.to_string()),
    }
}

/// Returns the text of the result of a tool that failed: a note, and the result.
pub(crate) fn failed_result(text: &str) -> String {
    if text.is_empty() { "[error]".to_owned() } else { format!("[error]\n{text}") }
}

/// Returns whether a result is marked as failed.
pub(crate) fn has_failed(result: &Json<'_>) -> bool {
    ["is_error", "isError"].into_iter().any(|name| *result.get(name) == Json::Bool(true))
        || result.str("status") == "error"
}

/// Returns the text of a list of content parts. A part without text is shown by its type, such as `[image]`.
fn parts_text(content: &Value) -> Option<String> {
    let text = |part: &Value| {
        // If a list was cut, it contains a note.
        if let Some(note) = part.as_str().or_else(|| part.get(CUT)?.as_str()) {
            return Some(note.to_owned());
        }
        let kind = part.get("type")?.as_str()?;
        Some(match part.get("text").and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => format!("[{kind}]"),
        })
    };
    content.as_array()?.iter().map(text).collect()
}

impl MediaPart {
    /// Creates a part from its bytes in base64.
    pub fn base64(mime_type: impl Into<String>, content: impl Into<String>) -> Self {
        Self { mime_type: mime_type.into(), data: MediaData::Base64(content.into()) }
    }

    /// Creates a part from the key of an attachment that Datadog stores.
    pub fn attachment(mime_type: impl Into<String>, key: impl Into<String>) -> Self {
        Self { mime_type: mime_type.into(), data: MediaData::AttachmentKey(key.into()) }
    }
}

/// Returns a list, unless it is empty and was not set.
fn list<T>(items: &[T], is_given: bool) -> Option<&[T]> {
    (is_given || !items.is_empty()).then_some(items)
}

crate::serialize_struct! {
    Message |message| {
        "role": &message.role,
        "content": &message.content;
        "tool_calls": list(&message.tool_calls, message.empty_lists.tool_calls),
        "tool_results": list(&message.tool_results, message.empty_lists.tool_results),
        "audio_parts": list(&message.audio_parts, message.empty_lists.audio_parts),
        "image_parts": list(&message.image_parts, message.empty_lists.image_parts),
    }
}
crate::serialize_struct! {
    ToolCall |call| {
        "name": &call.name,
        "arguments": &call.arguments;
        "tool_id": text(&call.tool_id),
        "type": text(&call.kind),
    }
}
crate::serialize_struct! {
    ToolResult |result| {
        "result": &result.result;
        "name": text(&result.name),
        "tool_id": text(&result.tool_id),
        "type": text(&result.kind),
    }
}

impl Serialize for MediaPart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("MediaPart", 2)?;
        object.serialize_field("mime_type", &self.mime_type)?;
        match &self.data {
            MediaData::Base64(content) => object.serialize_field("content", content)?,
            MediaData::AttachmentKey(key) => object.serialize_field("attachment_key", key)?,
        }
        object.end()
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::deserialize(deserializer)?;
        let is_empty_list = |key: &str| fields.get(key).and_then(Value::as_array).is_some_and(Vec::is_empty);
        Ok(Self {
            role: field(&fields, "role")?.unwrap_or_default(),
            content: field(&fields, "content")?.unwrap_or_default(),
            tool_calls: field(&fields, "tool_calls")?.unwrap_or_default(),
            tool_results: field(&fields, "tool_results")?.unwrap_or_default(),
            audio_parts: field(&fields, "audio_parts")?.unwrap_or_default(),
            image_parts: field(&fields, "image_parts")?.unwrap_or_default(),
            empty_lists: EmptyLists {
                tool_calls: is_empty_list("tool_calls"),
                tool_results: is_empty_list("tool_results"),
                audio_parts: is_empty_list("audio_parts"),
                image_parts: is_empty_list("image_parts"),
            },
        })
    }
}

crate::deserialize_struct! {
    ToolCall |call| {
        "name": call.name;
        "arguments": call.arguments,
        "tool_id": call.tool_id,
        "type": call.kind,
    }
}
crate::deserialize_struct! {
    ToolResult |result| {
        "result": result.result;
        "name": result.name,
        "tool_id": result.tool_id,
        "type": result.kind,
    }
}

impl<'de> Deserialize<'de> for MediaPart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::deserialize(deserializer)?;
        let mime_type = field(&fields, "mime_type")?.ok_or_else(|| D::Error::missing_field("mime_type"))?;
        let data = match (field(&fields, "content")?, field(&fields, "attachment_key")?) {
            (Some(content), None) => MediaData::Base64(content),
            (None, Some(key)) => MediaData::AttachmentKey(key),
            _ => return Err(D::Error::custom("expected one of `content` and `attachment_key`")),
        };
        Ok(Self { mime_type, data })
    }
}

crate::into_value! { Message, ToolCall, ToolResult, MediaPart }

#[cfg(test)]
mod tests;
