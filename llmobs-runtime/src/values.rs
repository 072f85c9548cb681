//! What typed values have in common: JSON that came out of a capture, whose depth is bounded, and optional texts.

use serde_json::{Map, Value};

use crate::capture::{Captured, MAX_LABEL_BYTES, cut};

/// Shows `edit` every text inside but the keys of objects.
pub(crate) fn for_each_string(value: &mut Value, edit: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => edit(text),
        Value::Array(items) => items.iter_mut().for_each(|item| for_each_string(item, edit)),
        Value::Object(fields) => fields.values_mut().for_each(|field| for_each_string(field, edit)),
        _ => {}
    }
}

/// About how many bytes of memory the values of an object take.
pub(crate) fn weight(fields: &Map<String, Value>) -> usize {
    fields.iter().map(|(key, value)| key.len() + weight_of(value)).sum()
}

fn weight_of(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(weight_of).sum(),
            Value::Object(fields) => weight(fields),
            _ => 0,
        }
}

/// How many bytes the texts take that there are.
pub(crate) fn lengths<const N: usize>(texts: [&Option<String>; N]) -> usize {
    texts.into_iter().flatten().map(String::len).sum()
}

/// A text, unless it is empty.
pub(crate) fn given(text: impl Into<String>) -> Option<String> {
    Some(text.into()).filter(|text| !text.is_empty())
}

/// A name, id or version, unless it is empty.
pub(crate) fn named(text: impl Into<String>) -> Option<String> {
    given(text).map(|text| cut(text, MAX_LABEL_BYTES))
}

/// Cuts a text that is longer than `limit` bytes.
pub(crate) fn shorten(text: &mut String, limit: usize) {
    if text.len() > limit {
        *text = cut(&**text, limit);
    }
}

/// Cuts a value that takes more than about `limit` bytes, as capturing it would have done.
pub(crate) fn reduce(value: &mut Value, limit: usize) {
    if weight_of(value) > limit {
        *value = Captured::annotated(value, limit).parse();
    }
}

/// The same for the values of an object by themselves.
pub(crate) fn reduce_each(fields: &mut Map<String, Value>, limit: usize) {
    fields.values_mut().for_each(|value| reduce(value, limit));
}

/// The same for an object, which stays one.
pub(crate) fn reduce_object(fields: &mut Map<String, Value>, limit: usize) {
    let mut value = Value::Object(std::mem::take(fields));
    reduce(&mut value, limit);
    if let Value::Object(reduced) = value {
        *fields = reduced;
    }
}

/// Puts what was said later in the place of what was said before.
pub(crate) fn replace<T>(old: &mut Option<T>, new: Option<T>) {
    if new.is_some() {
        *old = new;
    }
}

/// The fields that there is something to say in. Empty texts are nothing, as in the reference SDK.
pub(crate) fn fields<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let said = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    said.filter(|(_, value)| value != "").collect()
}
