//! The error of a span.

use serde_json::Value;

use super::field::{self, Object};

/// The fields of an error in `meta`.
#[derive(Debug, Default)]
pub(super) struct ErrorFields<'a> {
    pub(super) error_type: Option<&'a str>,
    pub(super) message: Option<&'a str>,
}

impl<'a> ErrorFields<'a> {
    /// Reads a field of `error`, or a field with the name `error.message`, as the SDKs for Go and JavaScript write it.
    pub(super) fn read(meta: &'a Object) -> Self {
        let nested = meta.get("error").and_then(Value::as_object);
        let of = |name, flat| {
            nested.and_then(|error| field::text(error, name)).or_else(|| field::text(meta, flat))
        };
        let bare = || field::text(meta, "error");
        Self { error_type: of("type", "error.type"), message: of("message", "error.message").or_else(bare) }
    }
}
