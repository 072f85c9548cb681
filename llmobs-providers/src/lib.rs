//! Messages, tool calls, documents and token usage, as model providers and Datadog know them.
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

/// Converts values into the JSON that they serialize to.
macro_rules! into_value {
    ($($type:ident),*) => {$(
        impl From<$type> for serde_json::Value {
            fn from(value: $type) -> Self {
                // None of the types fails.
                serde_json::to_value(value).unwrap_or_default()
            }
        }
    )*};
}
use into_value;

pub mod document;
pub mod message;
pub mod tool;
pub mod usage;

pub use document::Document;
pub use message::{MediaData, MediaPart, Message, ToolCall, ToolResult};
#[doc(hidden)]
pub use message::{arguments_object, result_text};
pub use tool::ToolDefinition;
pub use usage::Usage;

/// A text, unless it is empty.
fn text(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
