//! Events without their input and output.

use serde_json::{Value, json};

/// What takes the place of an input or output that is dropped. The text is that of the reference SDK.
pub(super) const DROPPED_IO: &str =
    "[This value has been dropped because this span's size exceeds the 5MB size limit.]";
/// The word in `collection_errors` for that.
pub(super) const DROPPED_IO_ERROR: &str = "dropped_io";

/// The JSON text of an encoded event, with the object around it, without input and output. `None` if it has neither.
///
/// For an event that a receiver refuses as too large.
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
