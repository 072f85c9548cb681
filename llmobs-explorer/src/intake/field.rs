//! Reads fields of an event. Errors contain the unexpected value and the expectation.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The most characters of an unexpected text that an error quotes.
const SHOWN_CHARS: usize = 40;

pub(super) type Object = Map<String, Value>;

/// Reads an id as text. Programs write a text or an integer, or an empty text if there is no id.
pub(super) fn id(object: &Object, raw: &str, name: &str) -> Result<Option<String>, String> {
    let text = match object.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => Some(text.clone()),
        // Trace ids have 128 bits, and integers of more than 64 bits are read as floats.
        Some(Value::Number(number)) if number.is_f64() => digits(raw, name),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(_) => None,
    };
    match text {
        Some(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        None => Err(wrong(name, object.get(name).unwrap_or(&Value::Null), "a text or an integer")),
    }
}

/// Reads a required id.
pub(super) fn required_id(object: &Object, raw: &str, name: &str) -> Result<String, String> {
    id(object, raw, name)?.ok_or_else(|| format!("`{name}` is missing: expected a text or an integer"))
}

/// Returns the JSON text of a field from the JSON text of its object.
pub(super) fn part<'a>(raw: &'a str, name: &str) -> Option<&'a str> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(raw).ok()?;
    fields.get(name).map(|part| part.get())
}

/// Converts a number that is not negative to an integer, rounded.
pub(super) fn count(value: &Value) -> Option<i64> {
    match value.as_i64() {
        Some(integer) => Some(integer),
        None => format!("{:.0}", value.as_f64()?).parse().ok(),
    }
    .filter(|count| *count >= 0)
}

/// Converts a whole number that is not negative, even if it is written as a float.
pub(super) fn whole(value: &Value) -> Option<i64> {
    count(value).filter(|_| value.as_f64().is_some_and(|number| number.fract() == 0.0))
}

/// Returns a text that is not empty.
pub(super) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// Returns an object, or the empty object if it is missing.
pub(super) fn object<'a>(object: &'a Object, name: &str, none: &'a Object) -> Result<&'a Object, String> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(none),
        Some(Value::Object(inner)) => Ok(inner),
        Some(other) => Err(wrong(name, other, "an object")),
    }
}

/// Returns the text of a scalar that is not null.
pub(super) fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns the value of a key among `key:value` texts.
pub(super) fn tagged<'a>(tags: impl IntoIterator<Item = &'a str>, key: &str) -> Option<&'a str> {
    tags.into_iter()
        .filter_map(|tag| tag.split_once(':'))
        .find(|(name, value)| *name == key && !value.is_empty())
        .map(|(_, value)| value)
}

/// Returns the error of a field with an unexpected value.
pub(super) fn wrong(name: &str, found: &Value, expected: &str) -> String {
    let found = match found {
        Value::Bool(_) | Value::Number(_) => scalar(found).unwrap_or_default().into_owned(),
        Value::String(text) => quoted(text),
        Value::Null => "null".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    format!("`{name}` is {found}: expected {expected}")
}

/// Returns the beginning of a text, in quotes and on one line.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// Returns the type of a JSON text by its first byte.
pub(super) fn kind_of_text(raw: &str) -> &'static str {
    match raw.trim_start().bytes().next() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Cuts a text to a number of bytes, at a character boundary.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

fn digits(raw: &str, name: &str) -> Option<String> {
    let digits = part(raw, name)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.to_owned())
}
