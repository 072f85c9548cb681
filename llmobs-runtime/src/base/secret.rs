//! A text that `Debug` and logs must not show.

use std::fmt;
use std::sync::Arc;

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Arc<str>);

impl Secret {
    /// Creates a secret, without the white space around it, such as the line end of a key file.
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().trim().into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}
