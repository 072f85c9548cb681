//! JSON texts behind each other, or in one array.

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
        for (index, byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'[' if self.depth == 0 && !self.in_array => {
                    self.in_array = true;
                    start = index + 1;
                }
                b'{' | b'[' => {
                    if self.depth == 0 {
                        start = index;
                    }
                    self.depth += 1;
                }
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.buffer.push(bytes.get(start..=index).unwrap_or_default(), limit);
                        self.buffer.take(|data| each(RawEvent { data, ..RawEvent::default() }));
                        start = index + 1;
                    }
                }
                _ => {}
            }
        }
        if self.depth > 0 {
            self.buffer.push(bytes.get(start..).unwrap_or_default(), limit);
        }
    }
}
