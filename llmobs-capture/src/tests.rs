//! Values as JSON text, also values that are too large, too deep or fail.

mod broken;
mod budget;
mod random;
mod structure;
mod values;

use serde::Serialize;

use super::serialize;

/// Returns the text of a value, limited only in depth.
fn whole<T: Serialize + ?Sized>(value: &T) -> String {
    within(value, usize::MAX)
}

fn within<T: Serialize + ?Sized>(value: &T, limit: usize) -> String {
    let mut json = String::new();
    serialize(value, limit, &mut json);
    json
}

/// Returns the text of a JSON string.
fn unquoted(json: &str) -> String {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in {json}"))
}
