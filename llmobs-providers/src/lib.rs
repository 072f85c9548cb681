//! Messages, tool calls, documents and token usage, in the forms of model providers and Datadog.
//!
//! This crate does no I/O and starts no spans. It is for the other crates of [llmobs](https://docs.rs/llmobs), and nothing in
//! it is stable. Use `llmobs`, which exports these types.

/// Serializes a struct as an object. Fields after the semicolon are left out if they are `None`.
macro_rules! serialize_struct {
    ($type:ident |$this:ident| { $($key:literal: $value:expr),* $(,)? ; $($optional:literal: $given:expr),* $(,)? }) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct as _;

                let $this = self;
                let fields = <[&str]>::len(&[$($key),*]) $(+ usize::from($given.is_some()))*;
                let mut object = serializer.serialize_struct(stringify!($type), fields)?;
                $(object.serialize_field($key, $value)?;)*
                $(match $given {
                    Some(value) => object.serialize_field($optional, value)?,
                    None => object.skip_field($optional)?,
                })*
                object.end()
            }
        }
    };
}
use serialize_struct;

/// Deserializes a struct from an object. Fields before the semicolon are required. Others may be missing or `null`, and unknown ones are
/// ignored.
macro_rules! deserialize_struct {
    ($type:ident |$this:ident| { $($required:literal: $must:expr),* ; $($key:literal: $field:expr),* $(,)? }) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use llmobs_capture::value::field;
                use serde::de::Error as _;

                let fields = serde_json::Map::deserialize(deserializer)?;
                let mut $this = Self::default();
                $($must = field(&fields, $required)?.ok_or_else(|| D::Error::missing_field($required))?;)*
                $(if let Some(value) = field(&fields, $key)? {
                    $field = value;
                })*
                Ok($this)
            }
        }
    };
}
use deserialize_struct;

/// Converts values to the JSON that they serialize to.
macro_rules! into_value {
    ($($type:ident),*) => {$(
        impl From<$type> for serde_json::Value {
            fn from(value: $type) -> Self {
                // None of these types fails to serialize.
                serde_json::to_value(value).unwrap_or_default()
            }
        }
    )*};
}
use into_value;

mod anthropic;
mod attributes;
mod bedrock;
mod body;
mod cohere;
#[doc(hidden)]
pub mod conversation;
mod dispatch;
pub mod document;
mod endpoint;
mod failure;
mod forms;
mod framing;
mod gemini;
pub mod json;
mod media;
pub mod message;
mod ollama;
mod openai;
pub mod protocol;
mod reading;
mod request;
mod response;
mod room;
mod stream;
mod texts;
pub mod tool;
mod turn;
mod url;
pub mod usage;

pub use attributes::{Attributes, Convention};
pub use body::{RequestText, shortened_json};
pub use document::Document;
pub use endpoint::Endpoint;
pub use failure::ApiError;
pub use forms::mcp::McpResult;
pub use message::{MediaData, MediaPart, Message, ToolCall, ToolResult};
#[doc(hidden)]
pub use message::{arguments_object, result_text};
pub use protocol::{Operation, Protocol, provider_of_host};
pub use request::Request;
pub use response::{Response, Vectors};
pub use stream::{Progress, ResponseReader};
pub use tool::ToolDefinition;
pub use usage::{Cost, Tokens, Usage};

/// Returns a text, unless it is empty.
fn text(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
