//! The parts of a JSON text: separators, strings, numbers, ids, and values of bounded depth.

use std::fmt::Write as _;

use serde_json::{Map, Number, Value};

/// Appends a comma, unless an array or object was just opened.
pub(super) fn push_comma(out: &mut String) {
    if !out.ends_with(['{', '[']) {
        out.push(',');
    }
}

/// Appends a key that needs no escape, with the comma before it and the colon after it.
pub(super) fn push_key(key: &str, out: &mut String) {
    push_comma(out);
    out.push('"');
    out.push_str(key);
    out.push_str("\":");
}

/// Appends any text as a key, with the comma before it and the colon after it.
pub(super) fn push_name(name: &str, out: &mut String) {
    push_comma(out);
    push_string(name, out);
    out.push(':');
}

/// Appends a field whose value is a text.
pub(super) fn push_field(key: &str, text: &str, out: &mut String) {
    push_key(key, out);
    push_string(text, out);
}

/// Appends a field whose value is a text, unless the text is empty or absent.
pub(super) fn push_given(key: &str, text: Option<&str>, out: &mut String) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        push_field(key, text, out);
    }
}

/// Appends an array of all `items`, each written by `push`.
pub(super) fn push_array<T>(items: &[T], out: &mut String, push: impl Fn(&T, &mut String)) {
    out.push('[');
    for item in items {
        push_comma(out);
        push(item, out);
    }
    out.push(']');
}

/// Appends an array of texts.
pub(super) fn push_strings(texts: &[String], out: &mut String) {
    push_array(texts, out, |text, out| push_string(text, out));
}

/// Appends `text` as a JSON string.
pub(super) fn push_string(text: &str, out: &mut String) {
    out.push('"');
    push_escaped(text, out);
    out.push('"');
}

/// Appends the inside of a JSON string.
pub(super) fn push_escaped(text: &str, out: &mut String) {
    if is_plain(text.as_bytes()) {
        out.push_str(text);
    } else {
        push_with_escapes(text, out);
    }
}

/// Returns the length of what [`push_escaped`] appends.
pub(super) fn escaped_len(text: &str) -> usize {
    let more = text.bytes().filter(|byte| is_special(*byte)).map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\t' | b'\r' | 0x08 | 0x0c => "\\n".len() - 1,
        _ => "\\u0000".len() - 1,
    });
    text.len() + more.sum::<usize>()
}

/// Whether no byte must be escaped.
fn is_plain(text: &[u8]) -> bool {
    let plain = |word: &[u8; 8]| specials(u64::from_le_bytes(*word)) == 0;
    let (words, rest) = text.as_chunks();
    words.iter().all(plain)
        && match text.last_chunk() {
            Some(last) => plain(last),
            None => rest.iter().all(|byte| !is_special(*byte)),
        }
}

fn push_with_escapes(text: &str, out: &mut String) {
    let mut run = Run { text, start: 0 };
    let (words, rest) = text.as_bytes().as_chunks();
    let mut at = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let mut specials = specials(word);
        while specials != 0 {
            let bit = specials.trailing_zeros();
            run.escape(at + bit as usize / 8, (word >> (bit - 7)).to_le_bytes()[0], out);
            specials &= specials - 1;
        }
        at += size_of::<u64>();
    }
    for byte in rest {
        if is_special(*byte) {
            run.escape(at, *byte, out);
        }
        at += 1;
    }
    run.push(text.len(), out);
}

/// The part of a text that was read and is not written yet.
struct Run<'a> {
    text: &'a str,
    start: usize,
}

impl Run<'_> {
    /// Writes the run up to a byte that must be escaped, and that byte.
    fn escape(&mut self, end: usize, special: u8, out: &mut String) {
        self.push(end, out);
        push_escape(special, out);
        self.start = end + 1;
    }

    /// Both ends are boundaries of characters: only ASCII is escaped.
    fn push(&self, end: usize, out: &mut String) {
        out.push_str(self.text.get(self.start..end).unwrap_or_default());
    }
}

const fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// Sets the high bit of each byte that must be escaped, and no other.
const fn specials(word: u64) -> u64 {
    const LOW_BITS: u64 = u64::from_le_bytes([0x7f; 8]);
    const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
    const BACKSLASHES: u64 = u64::from_le_bytes([b'\\'; 8]);
    const TO_HIGH_BIT: u64 = u64::from_le_bytes([0x80 - b' '; 8]);
    // Each sum has its high bit set unless its byte is special, and none overflows into the next byte.
    let low = word & LOW_BITS;
    let quotes = (low ^ QUOTES) + LOW_BITS;
    let backslashes = (low ^ BACKSLASHES) + LOW_BITS;
    let controls = low + TO_HIGH_BIT;
    !(quotes & backslashes & controls | word | LOW_BITS)
}

fn push_escape(special: u8, out: &mut String) {
    const CONTROLS: [&str; 32] = [
        "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007", "\\b", "\\t",
        "\\n", "\\u000b", "\\f", "\\r", "\\u000e", "\\u000f", "\\u0010", "\\u0011", "\\u0012", "\\u0013",
        "\\u0014", "\\u0015", "\\u0016", "\\u0017", "\\u0018", "\\u0019", "\\u001a", "\\u001b", "\\u001c",
        "\\u001d", "\\u001e", "\\u001f",
    ];
    // The most common ones come first: the compiler writes a text of known length without a call.
    match special {
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        b'\n' => out.push_str("\\n"),
        control => out.push_str(CONTROLS.get(usize::from(control)).copied().unwrap_or_default()),
    }
}

/// Appends a number in decimal.
pub(super) fn push_u64(number: u64, out: &mut String) {
    out.push_str(itoa::Buffer::new().format(number));
}

/// Appends a number as `serde_json` writes it.
pub(super) fn push_number(number: &Number, out: &mut String) {
    if let Some(number) = number.as_u64() {
        push_u64(number, out);
    } else if let Some(number) = number.as_i64() {
        out.push_str(itoa::Buffer::new().format(number));
    } else {
        // Writing to a String cannot fail.
        let _ = write!(out, "{number}");
    }
}

/// Appends a number as 32 lower-case hexadecimal digits.
pub(super) fn push_hex(number: u128, out: &mut String) {
    let mut text = [0; 32];
    let quads = number.to_be_bytes();
    for (quad, digits) in quads.as_chunks().0.iter().zip(text.as_chunks_mut().0) {
        *digits = eight_hex(u32::from_be_bytes(*quad)).to_be_bytes();
    }
    out.push_str(str::from_utf8(&text).unwrap_or_default());
}

/// Eight hexadecimal digits in the bytes of a word, the first in the highest.
const fn eight_hex(number: u32) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let mut digits = number as u64;
    digits = (digits | digits << 16) & 0x0000_ffff_0000_ffff;
    digits = (digits | digits << 8) & 0x00ff_00ff_00ff_00ff;
    digits = (digits | digits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    // A one in each byte that holds more than nine.
    let letters = ((digits + 6 * ONES) >> 4) & ONES;
    digits + b'0' as u64 * ONES + letters * (b'a' - b'0' - 10) as u64
}

/// Appends a value. Arrays and objects nested deeper than `levels` are written as strings that hold their JSON text.
pub(super) fn push_value(value: &Value, levels: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => push_number(number, out),
        Value::String(text) => push_string(text, out),
        Value::Array(_) | Value::Object(_) if levels == 0 => push_string(&value.to_string(), out),
        Value::Array(items) => push_array(items, out, |item, out| push_value(item, levels - 1, out)),
        Value::Object(fields) => push_object(fields, levels - 1, out),
    }
}

/// Appends an object. Arrays and objects nested deeper than `levels` in its values are written as strings that hold their JSON text.
pub(super) fn push_object(fields: &Map<String, Value>, levels: usize, out: &mut String) {
    out.push('{');
    for (name, value) in fields {
        push_name(name, out);
        push_value(value, levels, out);
    }
    out.push('}');
}

/// Appends a captured JSON text as a value. Arrays and objects nested deeper than `levels` are written as strings that hold their JSON
/// text.
pub(super) fn push_captured(json: &str, levels: usize, out: &mut String) {
    if json.is_empty() {
        out.push_str("\"\"");
    } else if has_at_most(levels, json) {
        out.push_str(json);
    } else {
        match serde_json::from_str(json) {
            Ok(value) => push_value(&value, levels, out),
            Err(_) => push_string(json, out),
        }
    }
}

/// Appends a captured JSON text as a string: a string as it is, any other value as a string that holds its JSON text.
pub(super) fn push_captured_text(json: &str, out: &mut String) {
    if json.len() >= 2 && json.starts_with('"') && json.ends_with('"') {
        out.push_str(json);
    } else {
        push_string(json, out);
    }
}

/// Whether a JSON text has at most `levels` levels of arrays and objects.
fn has_at_most(levels: usize, json: &str) -> bool {
    let opens = |byte: &u8| *byte == b'{' || *byte == b'[';
    // Counting all brackets is many times faster than parsing the text, and decides almost all cases.
    json.as_bytes().iter().filter(|byte| opens(byte)).count() <= levels || depth(json) <= levels
}

/// How many levels of arrays and objects a JSON text has.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                // Skips to the end of the string.
                while let Some(byte) = bytes.next().filter(|byte| *byte != b'"') {
                    if byte == b'\\' {
                        bytes.next();
                    }
                }
            }
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests;
