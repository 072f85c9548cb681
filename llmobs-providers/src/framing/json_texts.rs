//! JSON texts in sequence, or in one array.

use llmobs_capture::text::plain_prefix;

use super::RawEvent;
use super::slim::Buffer;

/// Finds where each text ends.
#[derive(Debug, Default)]
pub(crate) struct JsonTexts {
    buffer: Buffer,
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// Whether the texts are the items of an array.
    in_array: bool,
}

impl JsonTexts {
    pub(super) fn push(&mut self, bytes: &[u8], limit: usize, each: &mut dyn FnMut(RawEvent<'_>)) {
        let mut start = 0;
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.in_string {
                at += self.string(bytes.get(at..).unwrap_or_default());
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'[' if self.depth == 0 && !self.in_array => {
                    self.in_array = true;
                    start = at + 1;
                }
                b'{' | b'[' => {
                    if self.depth == 0 {
                        start = at;
                    }
                    self.depth += 1;
                }
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.buffer.push(bytes.get(start..=at).unwrap_or_default(), limit);
                        self.buffer.take(false, |data| each(RawEvent { data, ..RawEvent::default() }));
                        start = at + 1;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        if self.depth > 0 {
            self.buffer.push(bytes.get(start..).unwrap_or_default(), limit);
        }
    }

    /// Passes on a text that is incomplete.
    pub(super) fn finish(&mut self, each: &mut dyn FnMut(RawEvent<'_>)) {
        if std::mem::take(&mut self.depth) > 0 {
            self.buffer.take(true, |data| each(RawEvent { data, is_last: true, ..RawEvent::default() }));
        }
    }

    /// Continues a string. Returns how many bytes of it there are, up to and including its quote or its next escape.
    fn string(&mut self, bytes: &[u8]) -> usize {
        if std::mem::take(&mut self.escaped) {
            return 1;
        }
        let plain = plain_prefix(bytes);
        match bytes.get(plain) {
            Some(b'"') => self.in_string = false,
            Some(b'\\') => self.escaped = true,
            Some(_) => {}
            None => return plain,
        }
        plain + 1
    }
}
