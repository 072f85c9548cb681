//! The JSON text of one event, whose long strings and lists of numbers are shortened while they arrive if it is too large.

use llmobs_capture::text::{CUT, media_note_of};

/// The most bytes of a string of an event that is too large: of its beginning, and of its end.
const HEAD: usize = 4096;
const TAIL: usize = 1024;
/// The most numbers of a list.
const NUMBERS: usize = 16;

/// A JSON text in place of an event that was too large.
pub(super) const LEFT_OUT: &str = "\"… [what was too large is left out]\"";

/// Collects the bytes of an event.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// What the event passes through, once it is too large.
    slim: Option<Box<Slim>>,
    /// Whether it was too large all the same.
    is_dropped: bool,
}

impl Buffer {
    pub(crate) fn push(&mut self, bytes: &[u8], limit: usize) {
        if self.is_dropped {
            return;
        }
        if self.slim.is_none() {
            if self.bytes.len().saturating_add(bytes.len()) <= limit {
                self.bytes.extend_from_slice(bytes);
                return;
            }
            let mut slim = Box::<Slim>::default();
            let before = std::mem::take(&mut self.bytes);
            slim.push(&before, limit);
            self.slim = Some(slim);
        }
        if let Some(slim) = &mut self.slim {
            slim.push(bytes, limit);
            if slim.out.len() > limit {
                self.is_dropped = true;
                self.slim = None;
            }
        }
    }

    /// Calls `f` with the event, or with a note if it was dropped, and begins the next one.
    pub(crate) fn take(&mut self, f: impl FnOnce(&[u8])) {
        if let Some(slim) = self.slim.take() {
            f(&slim.out);
        } else if self.is_dropped {
            f(LEFT_OUT.as_bytes());
        } else {
            f(&self.bytes);
        }
        self.is_dropped = false;
        self.bytes.clear();
    }
}

/// A JSON text without the middle of its long strings, and with the first numbers of its lists.
#[derive(Debug, Default)]
struct Slim {
    out: Vec<u8>,
    in_string: bool,
    escaped: bool,
    /// How many digits of an escape are still to come.
    digits: u8,
    /// Where the inside of the string begins, in `out`.
    start: usize,
    /// What follows the head of the string: its end, and how many bytes there are.
    tail: Vec<u8>,
    behind: usize,
    /// How many numbers in a row there were.
    numbers: usize,
    /// Whether a number or another word has begun, and is kept.
    word: Option<bool>,
    /// Whether a comma came, which belongs before what follows.
    has_comma: bool,
}

impl Slim {
    fn push(&mut self, bytes: &[u8], limit: usize) {
        for byte in bytes {
            if self.in_string {
                self.string_byte(*byte);
            } else {
                self.structure_byte(*byte);
            }
            if self.out.len() > limit {
                return;
            }
        }
    }

    fn string_byte(&mut self, byte: u8) {
        let escaped = std::mem::take(&mut self.escaped);
        self.escaped = byte == b'\\' && !escaped;
        let in_digits = self.digits > 0;
        self.digits = if escaped && byte == b'u' { 4 } else { self.digits.saturating_sub(1) };
        if byte == b'"' && !escaped {
            self.end_string();
            self.out.push(byte);
            self.in_string = false;
        } else if self.behind == 0
            && (self.out.len() - self.start < HEAD || escaped || in_digits || is_inside(byte))
        {
            self.out.push(byte);
        } else {
            self.behind += 1;
            self.tail.push(byte);
            if self.tail.len() > 2 * TAIL {
                self.tail.drain(..TAIL);
            }
        }
    }

    fn end_string(&mut self) {
        let behind = std::mem::take(&mut self.behind);
        if behind > 0 {
            let head = self
                .out
                .get(self.start..)
                .and_then(|head| std::str::from_utf8(head).ok())
                .unwrap_or_default();
            // Padding encodes no bytes.
            let filling = self.tail.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
            let length = head.len() + behind - filling;
            let tail = std::str::from_utf8(&self.tail).unwrap_or(" ");
            if let Some(note) = media_note_of(head, tail, length) {
                self.out.truncate(self.start);
                self.out.extend_from_slice(note.as_bytes());
            } else {
                let tail = match self.tail.len().checked_sub(TAIL) {
                    Some(from) => clean(self.tail.get(from..).unwrap_or_default()),
                    None => &self.tail,
                };
                let left_out = behind - tail.len();
                if left_out > 0 {
                    self.out.extend_from_slice(format!("{CUT} [{left_out} bytes left out] {CUT}").as_bytes());
                }
                self.out.extend_from_slice(tail);
            }
        }
        self.tail.clear();
    }

    fn structure_byte(&mut self, byte: u8) {
        match byte {
            b',' => self.has_comma = true,
            b'"' => {
                self.end_numbers();
                self.in_string = true;
                self.out.push(byte);
                self.start = self.out.len();
            }
            b'[' | b'{' | b']' | b'}' | b':' => {
                self.end_numbers();
                self.out.push(byte);
            }
            _ if byte.is_ascii_whitespace() => {}
            _ => {
                let is_kept = self.word.unwrap_or_else(|| self.begin_word(byte));
                self.word = Some(is_kept);
                if is_kept {
                    self.out.push(byte);
                }
                return;
            }
        }
        self.word = None;
    }

    /// Begins a number, `true`, `false` or `null`. Returns whether it is kept.
    fn begin_word(&mut self, first: u8) -> bool {
        // Servers in Python also send `NaN` and `Infinity`.
        if !matches!(first, b'-' | b'0'..=b'9' | b'N' | b'I') {
            self.end_numbers();
            return true;
        }
        self.numbers += 1;
        if self.numbers > NUMBERS {
            self.has_comma = false;
            return false;
        }
        self.push_comma();
        true
    }

    /// Ends a row of numbers, with a note of those that were left out.
    fn end_numbers(&mut self) {
        let left_out = self.numbers.saturating_sub(NUMBERS);
        if left_out > 0 {
            let note = format!(",\"{CUT} [{left_out} of {} items left out]\"", self.numbers);
            self.out.extend_from_slice(note.as_bytes());
        }
        self.numbers = 0;
        self.push_comma();
    }

    fn push_comma(&mut self) {
        if std::mem::take(&mut self.has_comma) {
            self.out.push(b',');
        }
    }
}

/// Whether a byte goes on with a character.
const fn is_inside(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// The end of the inside of a JSON string from its first place that is for sure no part of an escape or a character. What is left of an
/// escape without its backslash is plain, apart from a quote.
fn clean(tail: &[u8]) -> &[u8] {
    let backslashes = tail.iter().take_while(|byte| **byte == b'\\').count();
    let is_escaped = backslashes > 0 || tail.first() == Some(&b'"');
    let mut kept = tail.get(backslashes + usize::from(is_escaped)..).unwrap_or_default();
    while kept.first().is_some_and(|byte| is_inside(*byte)) {
        kept = kept.get(1..).unwrap_or_default();
    }
    kept
}

#[cfg(test)]
mod tests;
