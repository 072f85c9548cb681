//! What values look like as JSON text, and what happens to those that are too large, too deep or broken.

mod broken;
mod budget;
mod random;
mod structure;
mod values;

use serde::Serialize;

use super::serialize;

/// The text of a value with nothing to cut it but the limit of depth.
fn whole<T: Serialize + ?Sized>(value: &T) -> String {
    within(value, usize::MAX)
}

fn within<T: Serialize + ?Sized>(value: &T, limit: usize) -> String {
    let mut json = String::new();
    serialize(value, limit, &mut json);
    json
}

/// The text of a JSON string.
fn unquoted(json: &str) -> String {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in {json}"))
}
