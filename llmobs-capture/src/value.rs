//! JSON values, and texts that are optional or limited.

use serde::de::{self, Deserialize};
use serde_json::{Map, Value};

use crate::text::{label, shortened};
use crate::{Label, guarded, to_value};

/// Calls `edit` with every text inside a value except for the keys of objects.
pub fn for_each_string(value: &mut Value, edit: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => edit(text),
        Value::Array(items) => items.iter_mut().for_each(|item| for_each_string(item, edit)),
        Value::Object(fields) => fields.values_mut().for_each(|field| for_each_string(field, edit)),
        _ => {}
    }
}

/// Returns about how many bytes of memory the fields of an object take.
#[must_use]
pub fn weight(fields: &Map<String, Value>) -> usize {
    fields.iter().map(|(key, value)| key.len() + weight_of(value)).sum()
}

/// Returns about how many bytes of memory a value takes.
#[must_use]
pub fn weight_of(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(weight_of).sum(),
            Value::Object(fields) => weight(fields),
            _ => 0,
        }
}

/// Returns how many bytes the texts have together.
#[must_use]
pub fn lengths<const N: usize>(texts: [&Option<String>; N]) -> usize {
    texts.into_iter().flatten().map(String::len).sum()
}

/// Returns a text, or `None` if it is absent or its `Display` panics.
pub fn text_of<Form>(text: impl Label<Form>) -> Option<String> {
    text.read(|text| guarded(|| text.to_string())).flatten()
}

/// Returns a text, or `None` if it is absent or empty.
pub fn given<Form>(text: impl Label<Form>) -> Option<String> {
    text_of(text).filter(|text| !text.is_empty())
}

/// Returns a name, id or version, or `None` if it is absent or empty.
pub fn named<Form>(text: impl Label<Form>) -> Option<String> {
    text.read(|text| label(text)).flatten()
}

/// Shortens a text of more than `limit` bytes in its middle.
pub fn shorten(text: &mut String, limit: usize) {
    if text.len() > limit {
        *text = shortened(text, limit);
    }
}

/// Shortens a value that takes more than about `limit` bytes, in the same way as capturing it does.
pub fn reduce(value: &mut Value, limit: usize) {
    if weight_of(value) > limit {
        *value = to_value(value, limit);
    }
}

/// Shortens each field of an object that takes more than about `limit` bytes.
pub fn reduce_each(fields: &mut Map<String, Value>, limit: usize) {
    fields.values_mut().for_each(|value| reduce(value, limit));
}

/// Shortens an object that takes more than about `limit` bytes.
pub fn reduce_object(fields: &mut Map<String, Value>, limit: usize) {
    let mut value = Value::Object(std::mem::take(fields));
    reduce(&mut value, limit);
    if let Value::Object(reduced) = value {
        *fields = reduced;
    }
}

/// Reads a field of an object that is deserialized. A field that is `null` counts as absent. An error names the field.
///
/// # Errors
///
/// Returns an error if the field has a value of another type.
pub fn field<'v, T: Deserialize<'v>, E: de::Error>(
    fields: &'v Map<String, Value>,
    key: &str,
) -> Result<Option<T>, E> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            T::deserialize(value).map(Some).map_err(|error| E::custom(format_args!("{key}: {error}")))
        }
    }
}

/// Replaces an old value by a newer one, if there is one.
pub fn replace<T>(old: &mut Option<T>, new: Option<T>) {
    if new.is_some() {
        *old = new;
    }
}

/// Returns the fields that have a value. Empty texts are left out, as in the reference SDK.
#[must_use]
pub fn fields<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let given = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    given.filter(|(_, value)| value != "").collect()
}

#[cfg(test)]
mod tests;
