//! Splits the bytes of a response into the texts of its events.
//!
//! There are four framings: one JSON text; several JSON texts in sequence (Ollama, Gemini's array of responses); server-sent events; and
//! the binary event stream of AWS. The first byte identifies the framing.

mod aws;
mod json_texts;
mod slim;
mod sse;

use aws::Frames;
use json_texts::JsonTexts;
pub(crate) use slim::Buffer;
use sse::ServerSentEvents;

/// An event as text.
#[derive(Debug, Default)]
pub(crate) struct RawEvent<'a> {
    /// Its name, if the stream has it outside of the data.
    pub(crate) name: &'a str,
    /// Its data, most often JSON.
    pub(crate) data: &'a [u8],
    /// Whether the frame is marked as an exception.
    pub(crate) is_exception: bool,
    /// Whether the stream ended in the event, so that it may be incomplete.
    pub(crate) is_last: bool,
}

/// How the bytes of a response are split, once it is known.
#[derive(Debug)]
pub(crate) enum Framing {
    Unknown,
    Json(JsonTexts),
    Events(ServerSentEvents),
    Aws(Frames),
}

impl Framing {
    /// Adds the next bytes, and calls `each` with the events that are complete. `limit` is the most bytes that one event takes; the long
    /// texts of a larger event are shortened.
    pub(crate) fn push(&mut self, mut bytes: &[u8], limit: usize, each: &mut dyn FnMut(RawEvent<'_>)) {
        if let Self::Unknown = self {
            // White space and a byte order mark may precede the first event.
            let is_before = |byte: &u8| byte.is_ascii_whitespace() || b"\xef\xbb\xbf".contains(byte);
            let before = bytes.iter().take_while(|byte| is_before(byte)).count();
            bytes = bytes.get(before..).unwrap_or_default();
            let Some(first) = bytes.first() else { return };
            *self = match first {
                // The first byte of the length of a frame, which is less than 16 MiB.
                0 => Self::Aws(Frames::default()),
                b'{' | b'[' => Self::Json(JsonTexts::default()),
                _ => Self::Events(ServerSentEvents::default()),
            };
        }
        match self {
            Self::Unknown => {}
            Self::Json(texts) => texts.push(bytes, limit, each),
            Self::Events(events) => events.push(bytes, limit, each),
            Self::Aws(frames) => frames.push(bytes, limit, each),
        }
    }

    /// Passes on the last event of a stream that does not close it, or that ended in it, or the text of a response in no known framing.
    pub(crate) fn finish(&mut self, each: &mut dyn FnMut(RawEvent<'_>)) {
        match self {
            Self::Events(events) => events.finish(each),
            Self::Json(texts) => texts.finish(each),
            Self::Unknown | Self::Aws(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
