//! Events without their input and output.

use serde_json::{Value, json};

/// The text that replaces a dropped input or output. It is that of the reference SDK.
pub(super) const DROPPED_IO: &str =
    "[This value has been dropped because this span's size exceeds the 5MB size limit.]";
/// The entry in `collection_errors` for a dropped input or output.
pub(super) const DROPPED_IO_ERROR: &str = "dropped_io";

/// Returns the JSON text of an encoded event, with its wrapper object, without input and output, or `None` if it has neither.
///
/// This is for an event that a receiver refuses as too large.
pub(crate) fn without_content(event: &str) -> Option<String> {
    let mut event: Value = serde_json::from_str(event).ok()?;
    let span = event.pointer_mut("/spans/0")?.as_object_mut()?;
    let meta = span.get_mut("meta")?.as_object_mut()?;
    let dropped = json!({ "value": DROPPED_IO });
    let mut has_content = false;
    for key in ["input", "output"] {
        let content = meta.insert(key.to_owned(), dropped.clone());
        has_content |= content.is_some_and(|content| content != dropped);
    }
    if !has_content {
        return None;
    }
    // The other entries stay.
    let mut errors = match span.remove("collection_errors") {
        Some(Value::Array(errors)) => errors,
        _ => Vec::new(),
    };
    errors.retain(|error| error != "trimmed_io" && error != "trimmed_prompt" && error != DROPPED_IO_ERROR);
    errors.insert(0, DROPPED_IO_ERROR.into());
    span.insert("collection_errors".to_owned(), errors.into());
    Some(event.to_string())
}
