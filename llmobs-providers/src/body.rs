//! The body of a request as text.

use std::fmt;

use llmobs_capture::text::CUT;

use crate::framing::Buffer;
use crate::json::Json;

/// The JSON text of the body of a request, which is passed in pieces of any size while they are sent.
///
/// It keeps about as many bytes as its budget allows: in a larger body, long texts lose their middle, and base64 is replaced by its type
/// and size.
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

    /// Returns the text, or `None` if there is none.
    #[must_use]
    pub fn finish(mut self) -> Option<String> {
        let mut text = String::new();
        self.buffer.take(true, |bytes| text = String::from_utf8_lossy(bytes).into_owned());
        Some(text).filter(|text| !text.is_empty())
    }
}

/// Shortens the text of a JSON array or object to about `limit` bytes. The result is JSON with notes of what is missing. A list, such as
/// one of messages, keeps its last items. Returns `None` for any other text.
#[must_use]
pub fn shortened_json(text: &str, limit: usize) -> Option<String> {
    let json = Json::read(text)?;
    if json.is_object() {
        return slim(text, limit);
    }
    let (mut kept, mut room) = (Vec::new(), limit);
    for item in json.items().iter().rev() {
        let item = item.to_text();
        let item = if item.len() > limit / 2 { slim(&item, limit / 2)? } else { item };
        if item.len() > room {
            break;
        }
        room -= item.len();
        kept.push(item);
    }
    let left_out = json.items().len() - kept.len();
    if left_out > 0 {
        kept.push(format!(r#""{CUT} [{left_out} older items left out]""#));
    }
    kept.reverse();
    (!kept.is_empty()).then(|| format!("[{}]", kept.join(",")))
}

fn slim(text: &str, limit: usize) -> Option<String> {
    let mut slim = RequestText::new(limit);
    slim.push(text.as_bytes());
    slim.finish()
}

/// Omits the content, which may be secret.
impl fmt::Debug for RequestText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestText").finish_non_exhaustive()
    }
}
