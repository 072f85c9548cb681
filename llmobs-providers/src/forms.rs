//! The types of Rust libraries, as they serialize.

pub(crate) mod adk;
pub(crate) mod agent_framework;
pub(crate) mod genai;
pub(crate) mod mcp;
pub(crate) mod rig;
pub(crate) mod swiftide;

use crate::json::Json;

/// Returns the name and the value of a variant of an externally tagged enum: an object with one field.
fn variant<'j>(value: &'j Json<'j>) -> Option<(&'j str, &'j Json<'j>)> {
    match value.fields() {
        [(name, inner)] => Some((name, inner)),
        _ => None,
    }
}

/// Returns a text, or that of a variant with a text.
fn text_of<'j>(value: &'j Json<'j>) -> &'j str {
    value.as_str().or_else(|| variant(value)?.1.as_str()).unwrap_or_default()
}
