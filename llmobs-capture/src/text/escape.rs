//! The inside of JSON strings.

use super::split_at_boundary;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Eight bytes with a flag in the highest bit of each one that is escaped. Flags above the lowest one can be false.
///
/// See "Determine if a word has a byte less than n" in Sean Anderson's "Bit Twiddling Hacks".
#[inline]
const fn flags(word: u64) -> u64 {
    let quotes = word ^ (ONES * b'"' as u64);
    let backslashes = word ^ (ONES * b'\\' as u64);
    ((word.wrapping_sub(ONES * 0x20) & !word)
        | (quotes.wrapping_sub(ONES) & !quotes)
        | (backslashes.wrapping_sub(ONES) & !backslashes))
        & HIGHS
}

#[inline]
const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Returns zero for a byte that is escaped.
#[inline]
const fn mark(byte: u8) -> u8 {
    const fn min(a: u8, b: u8) -> u8 {
        if a < b { a } else { b }
    }
    min(min(byte ^ b'"', byte ^ b'\\'), byte.saturating_sub(0x1f))
}

/// Returns whether nothing in a block is escaped. It has no early exit, so that the compiler uses vector instructions.
#[inline]
fn is_plain_block<const N: usize>(block: &[u8; N]) -> bool {
    !block.iter().fold(false, |found, byte| found | (mark(*byte) == 0))
}

/// Returns whether nothing in a short text is escaped.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    // The last block may overlap the one before it.
    if let Some(last) = bytes.last_chunk::<16>() {
        is_plain_block(last) && bytes.as_chunks::<16>().0.iter().all(is_plain_block)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (flags(u64::from_le_bytes(*first)) | flags(u64::from_le_bytes(*last))) == 0
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        flags(u64::from(first) << 32 | u64::from(last)) == 0
    } else {
        !bytes.iter().any(|byte| needs_escape(*byte))
    }
}

/// Returns how many bytes precede the first one that is escaped in a JSON string: a quote, a backslash or a control character.
#[inline]
#[must_use]
pub fn plain_prefix(bytes: &[u8]) -> usize {
    let (near, far) = bytes.split_at_checked(32).unwrap_or((bytes, &[]));
    let found = first_special(near);
    if found < near.len() || far.is_empty() { found } else { near.len() + far_prefix(far) }
}

#[inline(never)]
fn far_prefix(bytes: &[u8]) -> usize {
    let plain = bytes.as_chunks::<64>().0.iter().take_while(|block| is_plain_block(block)).count() * 64;
    plain + first_special(bytes.get(plain..).unwrap_or_default())
}

/// Returns the position of the first byte that is escaped.
#[inline]
fn first_special(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let flags = flags(u64::from_le_bytes(*word));
        if flags != 0 {
            return index * 8 + flags.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8 + rest.iter().position(|byte| needs_escape(*byte)).unwrap_or(rest.len())
}

/// Appends all of `text` as a JSON string.
#[inline]
pub fn push_json_string(text: &str, out: &mut String) {
    if text.len() <= 256 && is_plain(text.as_bytes()) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        push_long(text, out);
    }
}

#[inline(never)]
fn push_long(text: &str, out: &mut String) {
    // Reserves space for later text, so that a long text is not moved for a few bytes.
    out.reserve(text.len() + 64);
    out.push('"');
    push_escaped(text, usize::MAX, out);
    out.push('"');
}

/// Appends the escaped form of `text`, up to `limit` bytes of it, and returns the text that does not fit.
pub fn push_escaped<'a>(text: &'a str, limit: usize, out: &mut String) -> &'a str {
    let end = out.len().saturating_add(limit);
    let mut rest = text;
    loop {
        let room = end.saturating_sub(out.len());
        // Nothing is read beyond the limit.
        let (near, far) = split_at_boundary(rest, room);
        let plain = plain_prefix(near.as_bytes());
        let (run, after) = near.split_at_checked(plain).unwrap_or((near, ""));
        out.push_str(run);
        let Some(special) = after.bytes().next() else {
            return far;
        };
        let start = out.len();
        push_escape(special, out);
        if out.len() > end {
            out.truncate(start);
            return rest.get(plain..).unwrap_or_default();
        }
        rest = rest.get(plain + 1..).unwrap_or_default();
    }
}

fn push_escape(byte: u8, out: &mut String) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    match byte {
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        b'\n' => out.push_str("\\n"),
        b'\r' => out.push_str("\\r"),
        b'\t' => out.push_str("\\t"),
        other => {
            out.push_str("\\u00");
            let digits = [other >> 4, other & 15];
            out.extend(digits.iter().filter_map(|digit| DIGITS.get(usize::from(*digit))));
        }
    }
}

/// Returns how many extra bytes a byte takes. It has no branch, so that the compiler uses vector instructions.
#[expect(clippy::needless_bitwise_bool, reason = "a lazy operator is a branch")]
#[inline]
fn extra(byte: u8) -> u16 {
    let short = (byte == b'\n') | (byte == b'\r') | (byte == b'\t');
    u16::from((byte == b'"') | (byte == b'\\')) + 5 * u16::from(byte < 0x20) - 4 * u16::from(short)
}

/// Returns the longest end of `text` whose escaped form has at most `limit` bytes, and whether nothing in it is escaped.
pub(super) fn tail(text: &str, limit: usize) -> (&str, bool) {
    let bytes = text.as_bytes();
    let end = bytes.get(bytes.len().saturating_sub(limit)..).unwrap_or_default();
    let (mut start, mut used, mut plain) = (bytes.len(), 0, true);
    for block in end.as_rchunks::<64>().1.iter().rev() {
        let more: u16 = block.iter().map(|byte| extra(*byte)).sum();
        if used + 64 + usize::from(more) > limit {
            break;
        }
        plain &= more == 0;
        used += 64 + usize::from(more);
        start -= 64;
    }
    for byte in bytes.get(..start).unwrap_or_default().iter().rev() {
        let more = extra(*byte);
        used += 1 + usize::from(more);
        if used > limit {
            break;
        }
        plain &= more == 0;
        start -= 1;
    }
    while !text.is_char_boundary(start) {
        start += 1;
    }
    (text.get(start..).unwrap_or_default(), plain)
}

/// Returns the escapes in the inside of a JSON string: where each one starts and ends.
fn escapes(json: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = json.get(at..)?;
        let start = at + rest.find('\\')?;
        at = start + if json.as_bytes().get(start + 1) == Some(&b'u') { 6 } else { 2 };
        Some((start, at))
    })
}

/// Returns the longest beginning of the inside of a JSON string that has at most `limit` bytes and ends between two characters, and how
/// many bytes of text it represents.
pub(crate) fn prefix(json: &str, limit: usize) -> (&str, usize) {
    let (mut kept, _) = split_at_boundary(json, limit);
    let mut more = 0;
    for (start, end) in escapes(json).take_while(|(start, _)| *start < limit) {
        if end > limit {
            (kept, _) = split_at_boundary(json, start);
        } else {
            more += end - start - 1;
        }
    }
    (kept, kept.len() - more)
}

/// Returns the longest end of the inside of a JSON string that has at most `limit` bytes and starts between two characters, and how many
/// bytes of text it represents.
pub(crate) fn suffix(json: &str, limit: usize) -> (&str, usize) {
    let mut from = json.len().saturating_sub(limit);
    while !json.is_char_boundary(from) {
        from += 1;
    }
    let mut more = 0;
    for (start, end) in escapes(json).filter(|(_, end)| *end > json.len().saturating_sub(limit)) {
        if start < from {
            from = from.max(end);
        } else {
            more += end - start - 1;
        }
    }
    let kept = json.get(from..).unwrap_or_default();
    (kept, kept.len() - more)
}

#[cfg(test)]
mod tests;
