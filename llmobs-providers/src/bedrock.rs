//! Amazon Bedrock.

pub(crate) mod agent;
pub(crate) mod converse;
pub(crate) mod invoke;

use crate::json::Json;

/// The note in place of an image, a document or a video of Converse. `name` is what kind of part it is.
pub(crate) fn media_note(name: &str, part: &Json<'_>) -> Option<String> {
    let _ = (name, part);
    None
}
