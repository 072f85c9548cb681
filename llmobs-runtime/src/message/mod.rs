//! Messages of a chat, as Datadog shows them.

mod read;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::capture::Captured;
use crate::config::CAPTURE_LIMIT;
use crate::values::for_each_string;
use crate::wire::as_on_the_wire;
pub(crate) use read::Side;
use read::{object, readable};

/// One message of a chat, to be annotated as input or output of an `llm` span: alone or in a list.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// use llmobs::{Message, ToolCall, ToolResult};
///
/// let span = llmobs::llm("chat").start();
/// span.annotate(|span| {
///     span.input([
///         Message::system("You know the weather."),
///         Message::user("Is it raining in Paris?"),
///         Message::tool().tool_result(ToolResult::new("drizzle").tool_id("call_1")),
///     ])
///     .output(Message::assistant("").tool_call(ToolCall::new("take", ("umbrella",)).tool_id("call_2")))
/// });
/// # span.finish();
/// # assert_eq!(collector.tree(), "llm chat  in system: You know the weather. | user: Is it raining in Paris? | tool:  \
/// # result drizzle  out assistant:  call take({\"value\":[\"umbrella\"]})\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Whose message it is: `system`, `user`, `assistant`, `tool`, or what else the provider knows.
    pub role: String,
    /// The text. Empty where the message is all tool calls, results, sounds or images.
    pub content: String,
    /// The tools that the model wants called.
    pub tool_calls: Vec<ToolCall>,
    /// What tools answered.
    pub tool_results: Vec<ToolResult>,
    /// Sounds in the message.
    pub audio_parts: Vec<MediaPart>,
    /// Images in the message.
    pub image_parts: Vec<MediaPart>,
}

/// A tool that the model wants called.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// The name of the tool.
    pub name: String,
    /// Its arguments by name.
    pub arguments: Map<String, Value>,
    /// What the provider calls this call, to find its result by. Empty for none.
    pub tool_id: String,
    /// The provider's word for what this is, such as `function` or `tool_use`. Empty for none.
    pub kind: String,
}

/// What a tool answered to the model.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ToolResult {
    /// The answer.
    pub result: String,
    /// The name of the tool. Empty for none.
    pub name: String,
    /// The id of the call that this answers. Empty for none.
    pub tool_id: String,
    /// The provider's word for what this is, such as `tool_result`. Empty for none.
    pub kind: String,
}

/// A sound or an image in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaPart {
    /// Such as `image/png` or `audio/wav`.
    pub mime_type: String,
    /// Where the bytes are.
    pub data: MediaData,
}

/// Where the bytes of a sound or an image are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaData {
    /// Here, in base64.
    Base64(String),
    /// With Datadog, under this key.
    AttachmentKey(String),
}

impl Message {
    /// A message of `role` with a text.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: content.into(), ..Self::default() }
    }

    /// What the program tells the model about its task.
    pub fn system(content: impl Into<String>) -> Self {
        Self::new("system", content)
    }

    /// What a person asks.
    pub fn user(content: impl Into<String>) -> Self {
        Self::new("user", content)
    }

    /// What the model answers.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new("assistant", content)
    }

    /// A message for what tools answer: see [`tool_result`](Self::tool_result).
    #[must_use]
    pub fn tool() -> Self {
        Self::new("tool", "")
    }

    /// Adds a tool that the model wants called.
    #[must_use]
    pub fn tool_call(mut self, call: ToolCall) -> Self {
        self.tool_calls.push(call);
        self
    }

    /// Adds what a tool answered.
    #[must_use]
    pub fn tool_result(mut self, result: ToolResult) -> Self {
        self.tool_results.push(result);
        self
    }

    /// Adds a sound.
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

    /// Shows `edit` every text that a person or a model wrote.
    pub(crate) fn for_each_text(&mut self, edit: &mut impl FnMut(&mut String)) {
        edit(&mut self.content);
        for call in &mut self.tool_calls {
            call.arguments.values_mut().for_each(|argument| for_each_string(argument, edit));
        }
        self.tool_results.iter_mut().for_each(|result| edit(&mut result.result));
    }
}

impl ToolCall {
    /// A call of the tool `name`. Arguments that are an object, or a text that holds one as JSON, stand as they are;
    /// others under the name `value`.
    pub fn new(name: impl Into<String>, arguments: impl Serialize) -> Self {
        let arguments = object(Some(&Captured::annotated(&arguments, CAPTURE_LIMIT).parse()));
        Self { name: name.into(), arguments, ..Self::default() }
    }

    /// What the provider calls this call, to find its result by.
    #[must_use]
    pub fn tool_id(mut self, id: impl Into<String>) -> Self {
        self.tool_id = id.into();
        self
    }

    /// The provider's word for what this is, such as `function`.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }
}

impl ToolResult {
    /// What a tool answered: a text as it is, anything else as JSON.
    pub fn new(result: impl Serialize) -> Self {
        let result = readable(&Captured::annotated(&result, CAPTURE_LIMIT).parse());
        Self { result, ..Self::default() }
    }

    /// The name of the tool.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The id of the call that this answers.
    #[must_use]
    pub fn tool_id(mut self, id: impl Into<String>) -> Self {
        self.tool_id = id.into();
        self
    }

    /// The provider's word for what this is, such as `tool_result`.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }
}

impl MediaPart {
    /// A part whose bytes are here, in base64.
    pub fn base64(mime_type: impl Into<String>, content: impl Into<String>) -> Self {
        Self { mime_type: mime_type.into(), data: MediaData::Base64(content.into()) }
    }

    /// A part whose bytes Datadog has under a key.
    pub fn attachment(mime_type: impl Into<String>, key: impl Into<String>) -> Self {
        Self { mime_type: mime_type.into(), data: MediaData::AttachmentKey(key.into()) }
    }
}

/// Empty optional fields are left out, as the reference SDK does.
fn with_optional<const N: usize>(mut value: Value, optional: [(&str, Value); N]) -> Value {
    if let Value::Object(fields) = &mut value {
        let given = optional.into_iter().filter(|(_, value)| *value != json!("") && *value != json!([]));
        fields.extend(given.map(|(key, value)| (key.to_owned(), value)));
    }
    value
}

impl From<Message> for Value {
    fn from(message: Message) -> Self {
        let calls: Self = message.tool_calls.into_iter().map(Self::from).collect();
        let results: Self = message.tool_results.into_iter().map(Self::from).collect();
        let value = json!({ "role": message.role, "content": message.content });
        let parts = |parts: Vec<MediaPart>| parts.into_iter().map(Self::from).collect::<Self>();
        with_optional(
            value,
            [
                ("tool_calls", calls),
                ("tool_results", results),
                ("audio_parts", parts(message.audio_parts)),
                ("image_parts", parts(message.image_parts)),
            ],
        )
    }
}

impl From<MediaPart> for Value {
    fn from(part: MediaPart) -> Self {
        match part.data {
            MediaData::Base64(content) => json!({ "mime_type": part.mime_type, "content": content }),
            MediaData::AttachmentKey(key) => json!({ "mime_type": part.mime_type, "attachment_key": key }),
        }
    }
}

as_on_the_wire! { Message, ToolCall, ToolResult, MediaPart }

impl From<ToolCall> for Value {
    fn from(call: ToolCall) -> Self {
        let value = json!({ "name": call.name, "arguments": call.arguments });
        with_optional(value, [("tool_id", call.tool_id.into()), ("type", call.kind.into())])
    }
}

impl From<ToolResult> for Value {
    fn from(result: ToolResult) -> Self {
        let value = json!({ "result": result.result });
        with_optional(
            value,
            [("name", result.name.into()), ("tool_id", result.tool_id.into()), ("type", result.kind.into())],
        )
    }
}
