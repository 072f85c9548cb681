//! Google's Gemini, also by Vertex AI.

pub(crate) mod embed;
pub(crate) mod generate;
pub(crate) mod interactions;
mod parts;

use crate::json::Json;

/// A field by its name in camel case. Requests may have it in snake case, too.
fn field<'j, 'a>(json: &'j Json<'a>, name: &str) -> &'j Json<'a> {
    let found = json.fields().iter().rev().find(|(key, _)| is_name(key, name));
    found.map_or_else(|| json.get(name), |(_, value)| value)
}

/// Whether a key is a name in camel case, or the same in snake case.
fn is_name(key: &str, name: &str) -> bool {
    let small = |byte: u8| byte.to_ascii_lowercase();
    key == name || key.bytes().filter(|byte| *byte != b'_').map(small).eq(name.bytes().map(small))
}

/// The items of a list, or one alone.
fn items<'j, 'a>(value: &'j Json<'a>) -> &'j [Json<'a>] {
    match value {
        Json::Null => &[],
        Json::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

/// The name of a model without what it is a member of.
fn model(name: &str) -> &str {
    name.strip_prefix("models/").unwrap_or(name)
}
