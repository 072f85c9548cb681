//! Splits the bytes of an answer into the texts of its events.
//!
//! There are four ways: one JSON text, or several behind each other (Ollama, Gemini's array of answers); server-sent events; and the
//! binary event stream of AWS. The first byte says which one it is.

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
    /// Its name, if the stream gives it beside the data.
    pub(crate) name: &'a str,
    /// Its data, most often JSON.
    pub(crate) data: &'a [u8],
    /// Whether the frame says that it is an exception.
    pub(crate) is_exception: bool,
    /// Whether the stream ended in it, so that it may have broken off.
    pub(crate) is_last: bool,
}

/// The way that the bytes of an answer are split, once it is known.
#[derive(Debug)]
pub(crate) enum Framing {
    Unknown,
    Json(JsonTexts),
    Events(ServerSentEvents),
    Aws(Frames),
}

impl Framing {
    /// Takes the next bytes, and calls `each` with the events that are whole by now. `limit` is the most bytes that one event takes;
    /// the long texts of a larger one are shortened.
    pub(crate) fn push(&mut self, mut bytes: &[u8], limit: usize, each: &mut dyn FnMut(RawEvent<'_>)) {
        if let Self::Unknown = self {
            // Before the first event there may be blanks, and a mark of the order of bytes.
            let is_before = |byte: &u8| byte.is_ascii_whitespace() || b"\xef\xbb\xbf".contains(byte);
            let before = bytes.iter().take_while(|byte| is_before(byte)).count();
            bytes = bytes.get(before..).unwrap_or_default();
            let Some(first) = bytes.first() else { return };
            *self = match first {
                // The length of the first frame, which is less than 16 MiB.
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

    /// The last event of a stream that does not close it, or that broke off in it. Also the text of an answer that is none of the forms.
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
