//! The event stream of AWS: <https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html>.

use super::RawEvent;
use super::slim::LEFT_OUT;

/// The two lengths and their checksum, before the headers.
const PRELUDE: usize = 12;
/// The largest frame, in bytes, according to the specification.
const MAX_FRAME: usize = 16 * 1024 * 1024 + 1024;

/// Collects the bytes of frames.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    /// How many bytes of an oversized frame are still to be skipped.
    skip: usize,
    /// Whether the bytes are not frames.
    broken: bool,
}

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8], limit: usize, each: &mut dyn FnMut(RawEvent<'_>)) {
        let mut rest = bytes;
        while !rest.is_empty() && !self.broken {
            let skipped = self.skip.min(rest.len());
            self.skip -= skipped;
            rest = rest.get(skipped..).unwrap_or_default();
            let wanted = self.length().unwrap_or(PRELUDE).saturating_sub(self.bytes.len());
            let (near, after) = rest.split_at(wanted.min(rest.len()));
            self.bytes.extend_from_slice(near);
            rest = after;
            let Some(length) = self.length() else { continue };
            if !(PRELUDE + 4..=MAX_FRAME).contains(&length) {
                self.broken = true;
            } else if length > limit.max(PRELUDE) {
                self.skip = length - self.bytes.len();
                self.bytes.clear();
                each(RawEvent { data: LEFT_OUT.as_bytes(), ..RawEvent::default() });
            } else if self.bytes.len() >= length {
                frame(&self.bytes, each);
                self.bytes.clear();
            }
        }
    }

    /// Returns the length of the frame, once its prelude has arrived.
    fn length(&self) -> Option<usize> {
        let length = self.bytes.first_chunk::<4>().filter(|_| self.bytes.len() >= PRELUDE)?;
        usize::try_from(u32::from_be_bytes(*length)).ok()
    }
}

/// Reads a whole frame: its prelude, headers, payload and checksum.
fn frame(bytes: &[u8], each: &mut dyn FnMut(RawEvent<'_>)) -> Option<()> {
    let headers_length =
        usize::try_from(u32::from_be_bytes(bytes.get(4..)?.first_chunk::<4>().copied()?)).ok()?;
    let body = bytes.get(PRELUDE..bytes.len().checked_sub(4)?)?;
    let (mut headers, payload) = body.split_at_checked(headers_length)?;
    let (mut event, mut exception, mut message, mut is_error) = ("", "", "", false);
    while let Some((name, value, rest)) = header(headers) {
        headers = rest;
        match name {
            ":event-type" => event = value,
            ":exception-type" | ":error-code" => exception = value,
            ":error-message" => message = value,
            ":message-type" => is_error = value != "event",
            _ => {}
        }
    }
    let name = if exception.is_empty() { event } else { exception };
    // A frame of type `error` has all its data in its headers.
    let data = if message.is_empty() { payload } else { message.as_bytes() };
    each(RawEvent { name, data, is_exception: is_error, is_last: false });
    Some(())
}

/// Returns the name and the text of the first header, and the bytes after it.
fn header(bytes: &[u8]) -> Option<(&str, &str, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    let (kind, rest) = rest.split_first()?;
    // Booleans, integers, bytes, texts, times and ids.
    let length = match kind {
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 => 4,
        5 | 8 => 8,
        9 => 16,
        6 | 7 => 2 + usize::from(u16::from_be_bytes(*rest.first_chunk::<2>()?)),
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    let text = if *kind == 7 { std::str::from_utf8(value.get(2..)?).unwrap_or_default() } else { "" };
    Some((std::str::from_utf8(name).unwrap_or_default(), text, rest))
}
