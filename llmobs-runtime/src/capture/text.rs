//! Text as a JSON string, escaped and cut at a budget.

use std::fmt::{self, Write as _};

/// What a note begins with that stands in place of what was cut, and the name of the field that holds it.
pub(crate) const CUT: &str = "…";

/// Appends `text` as a JSON string, cut after about `limit` bytes with a note of the original length.
pub(crate) fn push_string(text: &str, limit: usize, out: &mut String) {
    out.push('"');
    let rest = push_escaped(text, limit, out);
    push_cut(text.len() - rest.len(), text.len(), out);
    out.push('"');
}

/// Appends how much of a text was kept, unless all of it was.
pub(crate) fn push_cut(kept: usize, total: usize, out: &mut String) {
    if kept < total {
        // Writing to a String cannot fail.
        let _ = write!(out, "… [{kept} of {total} bytes]");
    }
}

/// Plain text that is cut if it is longer than `limit` bytes, with a note of the original length. Of what is cut off, no
/// memory is kept.
pub(crate) fn cut(text: impl AsRef<str> + Into<String>, limit: usize) -> String {
    let (kept, rest) = split_at_boundary(text.as_ref(), limit);
    if rest.is_empty() {
        return text.into();
    }
    let mut short = kept.to_owned();
    push_cut(kept.len(), kept.len() + rest.len(), &mut short);
    short
}

/// The `Display` text of a value, of which no more than `limit` bytes are ever built.
pub(crate) fn plain(value: fmt::Arguments<'_>, limit: usize) -> String {
    let mut plain = Plain { text: String::new(), limit, start: Stack::here() };
    // Stopping a formatter is an error to it. One that fails by itself has said what it had to say.
    if plain.write_fmt(value).is_err() && plain.text.len() >= limit {
        let _ = write!(plain.text, "… [first {} bytes]", plain.text.len());
    }
    plain.text
}

struct Plain {
    text: String,
    limit: usize,
    start: Stack,
}

impl fmt::Write for Plain {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let (kept, rest) = split_at_boundary(piece, self.limit.saturating_sub(self.text.len()));
        self.text.push_str(kept);
        if rest.is_empty() && !self.start.is_far() { Ok(()) } else { Err(fmt::Error) }
    }
}

/// A place on the stack. Formatting that recurses without an end, or with one that is too far, is stopped before the stack
/// of a thread is used up, which would end the process.
#[derive(Clone, Copy)]
pub(super) struct Stack(usize);

impl Stack {
    /// Threads have two megabytes unless they are told otherwise, and part of it is in use.
    const MAX_BYTES: usize = 256 * 1024;

    #[inline(never)]
    pub(super) fn here() -> Self {
        let local = 0_u8;
        Self(std::ptr::from_ref(&local).addr())
    }

    pub(super) fn is_far(self) -> bool {
        Self::here().0.abs_diff(self.0) > Self::MAX_BYTES
    }
}

/// Appends the escaped form of `text` until `limit` bytes are written, and returns what did not fit.
pub(crate) fn push_escaped<'a>(text: &'a str, limit: usize, out: &mut String) -> &'a str {
    let end = out.len().saturating_add(limit);
    let mut rest = text;
    loop {
        let plain = rest.bytes().position(needs_escape).unwrap_or(rest.len());
        let (run, after) = split_at_boundary(rest, plain.min(end.saturating_sub(out.len())));
        out.push_str(run);
        rest = after;
        if run.len() < plain || out.len() >= end {
            return rest;
        }
        let Some(special) = rest.chars().next() else {
            return rest;
        };
        push_escape(special, out);
        rest = rest.get(special.len_utf8()..).unwrap_or_default();
    }
}

const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn push_escape(special: char, out: &mut String) {
    match special {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        other => {
            let _ = write!(out, "\\u{:04x}", u32::from(other));
        }
    }
}

/// Splits before the character that holds byte `at`.
fn split_at_boundary(text: &str, at: usize) -> (&str, &str) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    text.split_at(at)
}

/// A JSON string under construction, for formatters. It refuses more once the budget is used up.
pub(super) struct Text<'a> {
    out: &'a mut String,
    start: usize,
    end: usize,
    full: bool,
    stack: Stack,
}

impl<'a> Text<'a> {
    pub(super) fn begin(out: &'a mut String, limit: usize) -> Self {
        out.push('"');
        let start = out.len();
        Self { end: start.saturating_add(limit), start, out, full: false, stack: Stack::here() }
    }

    /// Closes the string and tells whether it was cut.
    pub(super) fn end(self) -> bool {
        if self.full {
            let _ = write!(self.out, "… [first {} bytes]", self.out.len() - self.start);
        }
        self.out.push('"');
        self.full
    }
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if self.full {
            return Err(fmt::Error);
        }
        let rest = push_escaped(piece, self.end.saturating_sub(self.out.len()), self.out);
        self.full = !rest.is_empty() || self.stack.is_far();
        if self.full { Err(fmt::Error) } else { Ok(()) }
    }
}
