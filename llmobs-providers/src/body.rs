//! The body of a request as text.

use std::fmt;

use crate::framing::Buffer;

/// The JSON text of the body of a request, which it takes in pieces of any size while they are sent.
///
/// It keeps about as many bytes as its budget allows: of a larger body, long texts lose their middle, and base64 becomes its type and
/// size.
///
/// ```
/// # mod llmobs { pub use llmobs_providers as providers; }
/// use llmobs::providers::RequestText;
///
/// let mut body = RequestText::new(1024);
/// body.push(br#"{"model":"gpt-4o","#);
/// body.push(br#""input":"Hi"}"#);
/// assert_eq!(body.finish().as_deref(), Some(r#"{"model":"gpt-4o","input":"Hi"}"#));
/// ```
#[derive(Default)]
pub struct RequestText {
    buffer: Buffer,
    limit: usize,
}

impl RequestText {
    /// Creates an empty text that keeps about `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { buffer: Buffer::default(), limit }
    }

    /// Adds the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.push(bytes, self.limit);
    }

    /// The text. `None` if there is none.
    #[must_use]
    pub fn finish(mut self) -> Option<String> {
        let mut text = String::new();
        self.buffer.take(true, |bytes| text = String::from_utf8_lossy(bytes).into_owned());
        Some(text).filter(|text| !text.is_empty())
    }
}

/// Omits the content, which may be secret.
impl fmt::Debug for RequestText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestText").finish_non_exhaustive()
    }
}
