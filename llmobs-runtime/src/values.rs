//! What typed values have in common: JSON that came out of a capture, whose depth is bounded, and optional texts.

use serde_json::{Map, Value};

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
