//! What is asked of JSON values that came out of a capture, whose depth is bounded.

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
