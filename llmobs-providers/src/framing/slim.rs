//! The JSON text of one event. If it is too large, it is shortened while it arrives: its long strings, its lists of numbers, and the parts
//! that take the most space.

mod shares;
mod string;

use llmobs_capture::text::CUT;

use crate::json::TOO_DEEP;
use shares::{Share, Shares};
use string::LongString;

/// The most numbers of a list that are kept.
const NUMBERS: usize = 16;
/// The most fields of an object that are kept together. Larger objects do not have fields of a protocol, but keys of a program.
const FIELDS: usize = 64;
/// The longest number, in bytes.
const MAX_WORD: usize = 1024;
/// The depth to which lists and objects are kept, which is also the depth to which they are read.
const MAX_DEPTH: usize = 128;

/// The JSON text that replaces an event that was too large.
pub(super) const LEFT_OUT: &str = "\"… [what was too large is left out]\"";

/// Collects the bytes of an event.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// The filter that the event passes through, once it is too large.
    slim: Option<Box<Slim>>,
}

impl Buffer {
    pub(crate) fn push(&mut self, bytes: &[u8], limit: usize) {
        if self.slim.is_none() {
            if self.bytes.len().saturating_add(bytes.len()) <= limit {
                self.bytes.extend_from_slice(bytes);
                return;
            }
            let mut slim = Box::<Slim>::default();
            slim.push(&std::mem::take(&mut self.bytes), limit);
            self.slim = Some(slim);
        }
        if let Some(slim) = &mut self.slim {
            slim.push(bytes, limit);
        }
    }

    /// Calls `f` with the event, and begins the next one. An event that was too large and is not JSON is replaced by a note. `is_last` is
    /// whether the event may be incomplete.
    pub(crate) fn take(&mut self, is_last: bool, f: impl FnOnce(&[u8])) {
        match self.slim.take() {
            Some(mut slim) => f(if slim.ends(is_last) { &slim.out } else { LEFT_OUT.as_bytes() }),
            None => f(&self.bytes),
        }
        self.bytes.clear();
    }
}

/// A JSON text in which each kind of position has its share: all fields that are nested in the same names, in any items of lists. So the
/// positions that take the most space are shortened first, such as the probabilities of each token, and small ones stay, wherever they are.
#[derive(Debug, Default)]
struct Slim {
    out: Vec<u8>,
    open: Vec<Open>,
    shares: Shares,
    next: Next,
    value: Option<Begun>,
}

/// The token that may come next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Next {
    #[default]
    Value,
    Name,
    Colon,
    /// A comma, or the end of the list or object.
    Comma,
    /// Only white space.
    Nothing,
    /// The text is not JSON.
    Broken,
}

/// A value or a name that has not ended, and whether it is kept.
#[derive(Debug)]
enum Begun {
    Name(LongString),
    Text(LongString, bool),
    /// A number, `true`, `false` or `null`, and its position in `out`.
    Word(usize, bool),
    /// A list or an object that is skipped: how many are open, the string inside, and whether a note replaces it because it is nested too
    /// deep.
    Passed(usize, Option<LongString>, bool),
}

/// An open list or object.
#[derive(Debug)]
struct Open {
    is_list: bool,
    share: Share,
    /// Its position in `out`, with its name, and that of its inside.
    start: usize,
    inside: usize,
    /// The position of its last item or field in `out`.
    entry: usize,
    entries: usize,
    kept: usize,
    numbers: usize,
}

impl Slim {
    fn push(&mut self, bytes: &[u8], limit: usize) {
        let mut rest = bytes;
        while let Some((byte, after)) = rest.split_first() {
            let (string, is_kept) = match &mut self.value {
                Some(Begun::Name(string)) => (Some(string), true),
                Some(Begun::Text(string, is_kept)) => (Some(string), *is_kept),
                Some(Begun::Passed(_, string, _)) => (string.as_mut(), false),
                _ => (None, false),
            };
            if let Some(string) = string {
                let (read, has_ended) = string.push(rest, is_kept.then_some(&mut self.out));
                rest = rest.get(read..).unwrap_or_default();
                if has_ended {
                    self.end_string();
                }
            } else {
                rest = after;
                self.structure(*byte, limit);
            }
        }
    }

    /// Returns whether the event is whole, or is incomplete and allowed to be.
    fn ends(&mut self, is_last: bool) -> bool {
        if is_last && let Some(Begun::Text(string, true)) = &mut self.value {
            string.note_media(&mut self.out);
            string.shorten(&mut self.out);
        }
        self.next == Next::Nothing && self.value.is_none() || is_last && self.next != Next::Broken
    }

    fn structure(&mut self, byte: u8, limit: usize) {
        match &mut self.value {
            Some(Begun::Passed(open, string, is_noted)) => {
                match byte {
                    b'"' => *string = Some(LongString::default()),
                    b'{' | b'[' => *open += 1,
                    b'}' | b']' => *open -= 1,
                    _ => {}
                }
                if *open == 0 {
                    let is_noted = *is_noted;
                    if is_noted {
                        self.out.extend_from_slice(format!("\"{TOO_DEEP}\"").as_bytes());
                    }
                    self.end_scalar(is_noted);
                }
                return;
            }
            Some(Begun::Word(start, is_kept)) => {
                let (start, is_kept) = (*start, *is_kept);
                if !matches!(byte, b',' | b']' | b'}') && !byte.is_ascii_whitespace() {
                    if is_kept {
                        self.out.push(byte);
                    }
                    if self.out.len() - start > MAX_WORD {
                        self.next = Next::Broken;
                        self.value = None;
                    }
                    return;
                }
                self.end_scalar(is_kept);
            }
            _ => {}
        }
        match (byte, self.next) {
            (_, Next::Broken) => {}
            (blank, _) if blank.is_ascii_whitespace() => {}
            (b'"', Next::Name) => {
                self.begin_entry();
                self.out.push(b'"');
                let string = LongString::new(self.left(limit), self.out.len());
                self.value = Some(Begun::Name(string));
                self.next = Next::Colon;
            }
            (b':', Next::Colon) => {
                self.out.push(b':');
                self.next = Next::Value;
            }
            (b',', Next::Comma) => {
                let in_list = self.open.last().is_some_and(|open| open.is_list);
                self.next = if in_list { Next::Value } else { Next::Name };
            }
            (b'}' | b']', Next::Value | Next::Name | Next::Comma) => self.end(limit),
            (_, Next::Value) => self.begin(byte, limit),
            _ => self.next = Next::Broken,
        }
    }

    /// Begins a value.
    fn begin(&mut self, byte: u8, limit: usize) {
        if self.open.last().is_some_and(|open| open.is_list) {
            self.begin_entry();
        }
        self.next = if self.open.is_empty() { Next::Nothing } else { Next::Comma };
        let left = self.left(limit);
        let is_kept = self.open.last().map_or(left > 0, |open| open.is_together() || left > 0);
        match byte {
            b'{' | b'[' if self.open.len() < MAX_DEPTH => self.open(byte, limit),
            b'{' | b'[' => self.value = Some(Begun::Passed(1, None, is_kept)),
            b'"' => {
                if is_kept {
                    self.out.push(byte);
                }
                self.value = Some(Begun::Text(LongString::new(left, self.out.len()), is_kept));
            }
            // Servers in Python also send `NaN` and `Infinity`.
            b'-' | b'0'..=b'9' | b'N' | b'I' | b't' | b'f' | b'n' => {
                let is_number = !byte.is_ascii_lowercase();
                let is_kept = is_kept && self.open.last_mut().is_none_or(|open| open.takes_word(is_number));
                self.value = Some(Begun::Word(self.out.len(), is_kept));
                if is_kept {
                    self.out.push(byte);
                }
            }
            _ => self.next = Next::Broken,
        }
    }

    /// Begins an item or a field.
    fn begin_entry(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.entries += 1;
            open.entry = self.out.len();
            if open.kept > 0 {
                self.out.push(b',');
            }
        }
    }

    /// Returns how many bytes are left of the share of the innermost open list or object.
    fn left(&self, limit: usize) -> usize {
        let room = limit.saturating_sub(self.out.len());
        self.open.last().map_or(room, |open| self.shares.left(open.share, room))
    }

    fn end_string(&mut self) {
        match self.value.take() {
            Some(Begun::Name(mut string)) => {
                string.shorten(&mut self.out);
                self.out.push(b'"');
            }
            Some(Begun::Text(mut string, is_kept)) => {
                if is_kept {
                    string.note_media(&mut self.out);
                    string.shorten(&mut self.out);
                    self.out.push(b'"');
                }
                self.end_scalar(is_kept);
            }
            Some(Begun::Passed(open, _, is_noted)) => {
                self.value = Some(Begun::Passed(open, None, is_noted));
            }
            other => self.value = other,
        }
    }

    /// Ends a value that is neither a list nor an object.
    fn end_scalar(&mut self, is_kept: bool) {
        self.value = None;
        let Some(open) = self.open.last_mut() else { return };
        if is_kept {
            open.kept += 1;
            self.shares.take(open.share, self.out.len() - open.entry);
        } else {
            self.out.truncate(open.entry);
        }
    }

    /// Opens a list or an object.
    fn open(&mut self, bracket: u8, limit: usize) {
        let (start, share) = self.open.last().map_or_else(Default::default, |around| {
            let name = self.out.get(around.entry..).filter(|_| !around.is_list);
            (
                around.entry,
                self.shares.inside(around.share, name.map(|name| name.strip_prefix(b",").unwrap_or(name))),
            )
        });
        let is_list = bracket == b'[';
        if !is_list && self.shares.left(share, limit.saturating_sub(self.out.len())) == 0 {
            self.value = Some(Begun::Passed(1, None, false));
            return;
        }
        self.out.push(bracket);
        let inside = self.out.len();
        self.open.push(Open {
            is_list,
            share,
            start,
            inside,
            entry: inside,
            entries: 0,
            kept: 0,
            numbers: 0,
        });
        self.next = if is_list { Next::Value } else { Next::Name };
    }

    /// Ends a list or an object, with a note of what was left out.
    fn end(&mut self, limit: usize) {
        let own = self.left(limit);
        let Some(open) = self.open.pop() else {
            self.next = Next::Broken;
            return;
        };
        self.next = if self.open.is_empty() { Next::Nothing } else { Next::Comma };
        let left_out = open.entries - open.kept;
        // The number of items is useful even if none is left. The note then becomes a value of the surrounding list or object.
        let is_note = open.kept == 0 && left_out > 0;
        let is_kept = open.kept > 0 || if is_note { open.is_list && self.left(limit) > 0 } else { own > 0 };
        if !is_kept {
            self.out.truncate(open.start);
            return;
        }
        let end = self.out.len();
        if left_out > 0 {
            let comma = if is_note { "" } else { "," };
            let (name, what) = if open.is_list { ("", "items") } else { ("\"…\":", "fields") };
            let note = format!("{comma}{name}\"{CUT} [{left_out} of {} {what} left out]\"", open.entries);
            self.out.extend_from_slice(note.as_bytes());
        }
        self.out.push(if open.is_list { b']' } else { b'}' });
        let around = self.open.last_mut();
        let share = around.as_ref().filter(|_| is_note).map_or(open.share, |around| around.share);
        self.shares.take(share, open.inside - open.start + self.out.len() - end);
        if let Some(around) = around {
            around.kept += 1;
        }
    }
}

impl Open {
    /// Returns whether this is an object that is kept as a whole.
    const fn is_together(&self) -> bool {
        !self.is_list && self.entries <= FIELDS
    }

    /// Returns whether there is room for one more number, or another word.
    fn takes_word(&mut self, is_number: bool) -> bool {
        if !self.is_list || !is_number {
            return true;
        }
        self.numbers += 1;
        self.numbers <= NUMBERS
    }
}

#[cfg(test)]
mod tests;
