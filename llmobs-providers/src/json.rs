//! A reader of JSON text that copies little and keeps the digits of numbers.
//!
//! `serde_json` reads a number as 64 bits, which loses the digits of long ones, and refuses a whole body because of a lone surrogate, which
//! providers send when a pair is split between two pieces. A tree of this module borrows from its text, so that it is cheap to build from
//! responses and events of a stream, of which only a few fields are used.

mod number;
mod reader;

use std::borrow::Cow;

pub(crate) use reader::TOO_DEEP;

use llmobs_capture::text::push_json_string;
use serde_json::{Map, Value};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// The text of the number.
    Number(&'a str),
    /// A string, borrowed if it has no escapes. If the variant were called `String`, the compiler would write `std::string::String` in its
    /// errors.
    Text(Cow<'a, str>),
    /// A list.
    Array(Vec<Self>),
    /// The fields in the order of the text. The later of two fields with the same name counts.
    Object(Vec<(Cow<'a, str>, Self)>),
}

/// The value of a missing field.
static NULL: Json<'static> = Json::Null;

impl<'a> Json<'a> {
    /// Reads a text. Returns `None` if it is not JSON. Values nested deeper than 128 levels are replaced by a note.
    ///
    /// It accepts what `serde_json` accepts. It also accepts the numbers `NaN`, `Infinity` and `-Infinity`, which servers in Python
    /// send, and shows a lone surrogate as U+FFFD.
    #[must_use]
    pub fn read(text: &'a str) -> Option<Self> {
        reader::read(text, false)
    }

    /// Reads as much as possible of an incomplete text. A number that may continue is left out, and so is a word, such as an id, whose end
    /// is missing.
    pub(crate) fn read_beginning(text: &'a str) -> Option<Self> {
        reader::read(text, true)
    }

    /// Returns a field of an object, or `Null`.
    #[must_use]
    pub fn get(&self, key: &str) -> &Self {
        self.field(key).unwrap_or(&NULL)
    }

    /// Returns a field of an object. A field that is `null` counts as missing.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Self> {
        let found = self.fields().iter().rev().find(|(name, _)| name == key);
        found.map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// Returns whether an object has the field, even if it is `null`.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.fields().iter().any(|(name, _)| name == key)
    }

    /// Returns the text under this key, or an empty one.
    #[must_use]
    pub fn str(&self, key: &str) -> &str {
        self.get(key).as_str().unwrap_or_default()
    }

    /// Returns the text of a text, number or boolean under this key. Any other value is empty.
    #[must_use]
    pub fn label(&self, key: &str) -> Cow<'_, str> {
        match self.get(key) {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(text) => Cow::Borrowed(text),
            Self::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            _ => Cow::Borrowed(""),
        }
    }

    /// Returns the count under this key.
    #[must_use]
    pub fn count(&self, key: &str) -> Option<u64> {
        self.get(key).as_count()
    }

    /// Returns the items of the list under this key.
    #[must_use]
    pub fn list(&self, key: &str) -> &[Self] {
        self.get(key).items()
    }

    /// Returns whether the value is `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns whether the value is an object.
    #[must_use]
    pub const fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Returns the text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Returns an integer that is not negative. Some servers write it with a fraction of zero.
    #[must_use]
    pub fn as_count(&self) -> Option<u64> {
        if let Self::Number(text) = self { number::count(text) } else { None }
    }

    /// Returns the items of a list, or none.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        if let Self::Array(items) = self { items } else { &[] }
    }

    /// Returns the fields of an object, or none.
    #[must_use]
    pub fn fields(&self) -> &[(Cow<'a, str>, Self)] {
        if let Self::Object(fields) = self { fields } else { &[] }
    }

    /// Converts to an owned value. A number that neither 64 bits nor a float represents exactly becomes the text of its digits.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(text) => number::value(text),
            Self::Text(text) => Value::String(text.clone().into_owned()),
            Self::Array(items) => items.iter().map(Self::to_value).collect(),
            Self::Object(_) => Value::Object(self.to_map()),
        }
    }

    /// Converts the fields of an object to owned values.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        self.fields().iter().map(|(name, value)| (name.clone().into_owned(), value.to_value())).collect()
    }

    /// Appends the value as JSON text, with the digits of its numbers.
    pub fn push_to(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => push_json_string(text, out),
            Self::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.push_to(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    push_json_string(name, out);
                    out.push(':');
                    value.push_to(out);
                }
                out.push('}');
            }
        }
    }

    /// Returns the JSON text of the value.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.push_to(&mut text);
        text
    }
}

#[cfg(test)]
mod tests;
