//! Texts as JSON strings, and texts that are shortened.

mod escape;
mod media;
mod stack;

use std::fmt::{self, Display, Write as _};

use crate::guard::guarded;
pub use escape::{plain_prefix, push_escaped, push_json_string};
pub(crate) use escape::{prefix, suffix};
pub(crate) use media::media_note;
pub use media::media_note_of;
pub(crate) use stack::Stack;

/// The first character of each note about omitted content, and the key of such a note in an object.
pub const CUT: &str = "…";

/// The longest name, id or value of a tag, in bytes. Datadog's own SDKs send 10,000 and more.
pub const MAX_LABEL_BYTES: usize = 16 * 1024;

/// Appends `text` as a JSON string of about `limit` bytes. A longer text loses its middle, and a note gives the number of omitted bytes.
///
/// No more of the text is read than is written.
pub fn push_string(text: &str, limit: usize, out: &mut String) {
    out.push('"');
    push_shortened(text, limit, out);
    out.push('"');
}

/// The range of the note in a text that was shortened in its middle, and how many bytes of the text it replaces.
pub(crate) struct Middle {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) left_out: usize,
}

/// Appends the escaped form of a text, without its middle if it is longer than `limit` bytes.
pub(crate) fn push_shortened(text: &str, limit: usize, out: &mut String) -> Option<Middle> {
    let start = out.len();
    if text.len() <= limit {
        if push_escaped(text, limit, out).is_empty() {
            return None;
        }
        out.truncate(start);
    }
    out.reserve(limit.min(text.len()) + 64);
    let rest = push_escaped(text, limit - limit / 2, out);
    let start = out.len();
    let (tail, plain) = escape::tail(rest, limit / 2);
    let left_out = rest.len() - tail.len();
    push_left_out(left_out, out);
    let end = out.len();
    if plain {
        out.push_str(tail);
    } else {
        push_escaped(tail, usize::MAX, out);
    }
    Some(Middle { start, end, left_out })
}

/// Returns the text that replaces a value that fails.
pub(crate) fn failed(name: &str, error: &str) -> String {
    note(name, &format!("cannot be captured: {error}"))
}

/// Returns the text that replaces a value, with the name of its type.
pub(crate) fn note(name: &str, problem: &str) -> String {
    format!("<{}: {problem}>", name.trim_start_matches('&'))
}

/// Appends the note in the middle of a text.
pub(crate) fn push_left_out(bytes: usize, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = write!(out, "… [{bytes} bytes left out] …");
}

/// Shortens a text of more than `limit` bytes in its middle.
#[must_use]
pub fn shortened(text: &str, limit: usize) -> String {
    let (head, rest) = split_at_boundary(text, limit - limit / 2);
    let mut start = rest.len().saturating_sub(limit / 2);
    while !rest.is_char_boundary(start) {
        start += 1;
    }
    if text.len() <= limit || start == 0 {
        return text.to_owned();
    }
    let mut short = head.to_owned();
    push_left_out(start, &mut short);
    short.push_str(rest.get(start..).unwrap_or_default());
    short
}

/// Appends how much of a text was kept, unless all of it was.
pub fn push_cut(kept: usize, total: usize, out: &mut String) {
    if kept < total {
        let _ = write!(out, "… [{kept} of {total} bytes]");
    }
}

/// Cuts a text after `limit` bytes, with a note of the original length. No memory is kept for the part that is cut off.
#[inline]
pub fn cut(text: impl AsRef<str> + Into<String>, limit: usize) -> String {
    if text.as_ref().len() <= limit { text.into() } else { cut_off(text.as_ref(), limit) }
}

fn cut_off(text: &str, limit: usize) -> String {
    let (kept, rest) = split_at_boundary(text, limit);
    let mut short = kept.to_owned();
    push_cut(kept.len(), kept.len() + rest.len(), &mut short);
    short
}

/// Returns the `Display` text of a value. At most `limit` bytes of it are ever built.
#[must_use]
pub fn plain(value: fmt::Arguments<'_>, limit: usize) -> String {
    // Most are short.
    let mut text = String::with_capacity(32);
    push_plain(value, limit, &mut text);
    text
}

/// Appends the `Display` text of a value. At most `limit` bytes of it are ever built.
pub fn push_plain(value: fmt::Arguments<'_>, limit: usize, out: &mut String) {
    let begin = out.len();
    let mut plain = Plain { end: begin.saturating_add(limit), out, start: Stack::here(), is_cut: false };
    // A stopped formatter returns an error. A failed one has written as much as it can.
    if plain.write_fmt(value).is_err() && plain.is_cut {
        let kept = plain.out.len() - begin;
        let _ = write!(plain.out, "… [first {kept} bytes]");
    }
}

struct Plain<'a> {
    out: &'a mut String,
    end: usize,
    start: Stack,
    is_cut: bool,
}

impl fmt::Write for Plain<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let (kept, rest) = split_at_boundary(piece, self.end.saturating_sub(self.out.len()));
        self.out.push_str(kept);
        self.is_cut |= !rest.is_empty();
        if rest.is_empty() && !self.start.is_far() { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Returns the text of a name or id, or `None` if it is empty or its `Display` panics.
pub fn label(value: &(impl Display + ?Sized)) -> Option<String> {
    shown(value).filter(|text| !text.is_empty())
}

/// Returns the text of a short value, such as a name or a tag, or `None` if its `Display` panics.
pub fn shown(value: &(impl Display + ?Sized)) -> Option<String> {
    guarded(|| plain(format_args!("{value}"), MAX_LABEL_BYTES))
}

/// Splits a text before the character that contains byte `at`.
pub(crate) fn split_at_boundary(text: &str, at: usize) -> (&str, &str) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    text.split_at(at)
}

/// A JSON string that a formatter writes. It accepts no more once the budget is used up.
pub(crate) struct Formatted<'a> {
    out: &'a mut String,
    start: usize,
    end: usize,
    full: bool,
    stack: Stack,
}

impl<'a> Formatted<'a> {
    pub(crate) fn begin(out: &'a mut String, limit: usize) -> Self {
        out.push('"');
        let start = out.len();
        Self { end: start.saturating_add(limit), start, out, full: false, stack: Stack::here() }
    }

    /// Closes the string. If it was cut, returns where its note starts.
    pub(crate) fn end(self) -> Option<usize> {
        let note = self.out.len();
        if self.full {
            let _ = write!(self.out, "… [first {} bytes]", note - self.start);
        }
        self.out.push('"');
        self.full.then_some(note)
    }
}

impl fmt::Write for Formatted<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if self.full {
            return Err(fmt::Error);
        }
        let rest = push_escaped(piece, self.end.saturating_sub(self.out.len()), self.out);
        self.full = !rest.is_empty() || self.stack.is_far();
        if self.full { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
