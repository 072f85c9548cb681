//! A string that loses its middle.

use llmobs_capture::text::{CUT, media_note_of, plain_prefix};

/// The longest beginning that is kept, in bytes. The end has a quarter of that.
const MAX_HEAD: usize = 4096;
const MIN_HEAD: usize = 256;
/// The least number of strings that a share has room for.
const STRINGS: usize = 16;

/// A string that has begun.
#[derive(Debug, Default)]
pub(super) struct LongString {
    /// The position of its inside in `out`.
    start: usize,
    /// The longest beginning, in bytes.
    head: usize,
    escaped: bool,
    /// The number of remaining digits of an escape.
    digits: u8,
    /// The end after the head, and the number of bytes.
    tail: Vec<u8>,
    behind: usize,
}

impl LongString {
    /// Begins a string in a share with this many bytes left.
    pub(super) fn new(left: usize, start: usize) -> Self {
        Self { start, head: (left / STRINGS).clamp(MIN_HEAD, MAX_HEAD), ..Self::default() }
    }

    const fn tail_limit(&self) -> usize {
        self.head / 4
    }

    /// Adds bytes up to the quote, to `out` if the string is kept. Returns the number of these bytes, and whether the string has ended.
    pub(super) fn push(&mut self, bytes: &[u8], mut out: Option<&mut Vec<u8>>) -> (usize, bool) {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let escaped = std::mem::take(&mut self.escaped);
            let in_escape = escaped || self.digits > 0;
            self.digits = if escaped && *byte == b'u' { 4 } else { self.digits.saturating_sub(1) };
            if *byte == b'"' && !escaped {
                return (at + 1, true);
            }
            self.escaped = *byte == b'\\' && !escaped;
            let plain = if in_escape { 0 } else { plain_prefix(bytes.get(at..).unwrap_or_default()) };
            let end = at + plain.max(1);
            if let Some(out) = &mut out {
                self.keep(bytes.get(at..end).unwrap_or_default(), in_escape, out);
            }
            at = end;
        }
        (at, false)
    }

    fn keep(&mut self, run: &[u8], in_escape: bool, out: &mut Vec<u8>) {
        let mut rest = run;
        if self.behind == 0 {
            let room = self.head.saturating_sub(out.len() - self.start);
            let mut at = if in_escape { run.len() } else { room.min(run.len()) };
            while run.get(at).is_some_and(|byte| is_inside(*byte)) {
                at += 1;
            }
            let (near, far) = run.split_at(at);
            out.extend_from_slice(near);
            rest = far;
        }
        self.behind += rest.len();
        let limit = 2 * self.tail_limit();
        self.tail.extend_from_slice(rest.get(rest.len().saturating_sub(limit)..).unwrap_or_default());
        if self.tail.len() > limit {
            self.tail.drain(..self.tail.len() - self.tail_limit());
        }
    }

    /// Replaces a string that is base64 by a note.
    pub(super) fn note_media(&mut self, out: &mut Vec<u8>) {
        let inside = out.get(self.start..).unwrap_or_default();
        let end = if self.behind == 0 { inside } else { &self.tail };
        // Padding encodes no bytes.
        let filling = end.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
        let length = inside.len() + self.behind - filling;
        let head = inside.get(..length).unwrap_or(inside);
        let end = end.get(..end.len() - filling).unwrap_or_default();
        let tail = end.get(end.len().saturating_sub(self.tail_limit())..).unwrap_or_default();
        let tail = if self.behind == 0 { head } else { tail };
        let (Ok(head), Ok(tail)) = (std::str::from_utf8(head), std::str::from_utf8(tail)) else { return };
        if let Some(note) = media_note_of(head, tail, length) {
            out.truncate(self.start);
            out.extend_from_slice(note.as_bytes());
            self.behind = 0;
        }
    }

    /// Adds the end of the string, after a note of what was left out.
    pub(super) fn shorten(&mut self, out: &mut Vec<u8>) {
        let behind = std::mem::take(&mut self.behind);
        if behind == 0 {
            return;
        }
        let tail = match self.tail.len().checked_sub(self.tail_limit()) {
            Some(from) => clean(self.tail.get(from..).unwrap_or_default()),
            None => &self.tail,
        };
        let left_out = behind - tail.len();
        if left_out > 0 {
            out.extend_from_slice(format!("{CUT} [{left_out} bytes left out] {CUT}").as_bytes());
        }
        out.extend_from_slice(tail);
    }
}

/// Returns whether a byte continues a character.
const fn is_inside(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// Returns the end of the inside of a JSON string from its first position that is certainly not inside an escape or a character. The rest
/// of an escape without its backslash is plain, except for a quote.
fn clean(tail: &[u8]) -> &[u8] {
    let backslashes = tail.iter().take_while(|byte| **byte == b'\\').count();
    let is_escaped = backslashes > 0 || tail.first() == Some(&b'"');
    let mut kept = tail.get(backslashes + usize::from(is_escaped)..).unwrap_or_default();
    while kept.first().is_some_and(|byte| is_inside(*byte)) {
        kept = kept.get(1..).unwrap_or_default();
    }
    kept
}
