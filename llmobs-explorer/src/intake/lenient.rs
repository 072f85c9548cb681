//! Repairs bodies that are almost JSON: replaces bare `NaN`, bare `Infinity` and lone surrogates, which Python writes.

use std::borrow::Cow;
use std::ops::Range;

/// The replacement of a lone surrogate: the escape of U+FFFD, which has the same length.
const REPLACEMENT: &str = "\\ufffd";

/// Returns the body as text for a JSON parser.
pub(super) fn text(body: &[u8]) -> Result<Cow<'_, str>, String> {
    match std::str::from_utf8(body) {
        // Editors and shells on Windows write a byte order mark.
        Ok(text) => Ok(repair(text.strip_prefix('\u{feff}').unwrap_or(text))),
        Err(error) => {
            Err(format!("the body is not UTF-8: no character begins at byte {}", error.valid_up_to()))
        }
    }
}

/// Python's `json` writes `float("nan")` as a bare `NaN`, and the first half of an emoji as `\ud83d`. This replaces them with `null` and
/// U+FFFD. Otherwise the event would be rejected.
fn repair(text: &str) -> Cow<'_, str> {
    let mut mended = String::new();
    let mut copied = 0;
    for (fault, replacement) in (Faults { bytes: text.as_bytes(), at: 0, in_string: false }) {
        mended.push_str(text.get(copied..fault.start).unwrap_or_default());
        mended.push_str(replacement);
        copied = fault.end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    mended.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(mended)
}

/// The ranges to replace, with their replacements. All begin and end with ASCII.
struct Faults<'a> {
    bytes: &'a [u8],
    at: usize,
    in_string: bool,
}

impl Iterator for Faults<'_> {
    type Item = (Range<usize>, &'static str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let start = self.at;
            match (self.in_string, rest.first()?) {
                (true, b'\\') => {
                    let (length, lone) = escape(rest);
                    self.at += length;
                    if lone {
                        return Some((start..self.at, REPLACEMENT));
                    }
                }
                (false, b'N' | b'I' | b'-') => {
                    if let Some(length) = not_a_number(rest) {
                        self.at += length;
                        return Some((start..self.at, "null"));
                    }
                    self.at += 1;
                }
                (_, byte) => {
                    self.in_string ^= *byte == b'"';
                    self.at += 1;
                }
            }
        }
    }
}

/// Returns the length of the bare `NaN` or `Infinity` that begins here.
fn not_a_number(rest: &[u8]) -> Option<usize> {
    ["NaN", "Infinity", "-Infinity"]
        .iter()
        .find(|word| rest.starts_with(word.as_bytes()))
        .map(|word| word.len())
}

/// Returns the length of the escape that begins here, and whether it is a lone surrogate.
fn escape(rest: &[u8]) -> (usize, bool) {
    match unit(rest) {
        Some(0xD800..0xDC00) => match rest.get(6..).and_then(unit) {
            Some(0xDC00..0xE000) => (12, false),
            _ => (6, true),
        },
        Some(0xDC00..0xE000) => (6, true),
        Some(_) => (6, false),
        None => (2, false),
    }
}

/// Returns the code unit of the escape that begins here, `\u` and four digits.
fn unit(rest: &[u8]) -> Option<u16> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit: u16, digit| {
        let digit = char::from(*digit).to_digit(16).and_then(|digit| u16::try_from(digit).ok())?;
        Some((unit << 4) | digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_python_becomes_json() {
        for (python, json) in [
            ("[NaN, Infinity, -Infinity]", "[null, null, null]"),
            (r#"{"a": -1, "b": -Infinity}"#, r#"{"a": -1, "b": null}"#),
            (r#"["NaN", "a \" NaN", "\\", NaN]"#, r#"["NaN", "a \" NaN", "\\", null]"#),
            (r#"["\ud83d"]"#, r#"["\ufffd"]"#),
            (r#"["\uD83D x"]"#, r#"["\ufffd x"]"#),
            (r#"["\ude00\ud83d"]"#, r#"["\ufffd\ufffd"]"#),
            (r#"["\ud83d\ud83d\ude00"]"#, r#"["\ufffd\ud83d\ude00"]"#),
            (r#"["\ud83d\n", "é\ud83d"]"#, r#"["\ufffd\n", "é\ufffd"]"#),
        ] {
            assert_eq!(repair(python), json);
            serde_json::from_str::<serde_json::Value>(&repair(python)).expect(json);
        }
    }

    #[test]
    fn valid_json_is_unchanged() {
        for json in [
            "",
            "{}",
            r#"["\ud83d\ude00", "\\ud83d", "\u00e9", "NaN", "-Infinity", -1.5e3]"#,
            r#"["\"#,
            r#"["\u12"#,
            r#"["\é"]"#,
            "-",
            "Inf",
        ] {
            assert!(matches!(repair(json), Cow::Borrowed(text) if text == json), "{json}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_left_out() {
        assert_eq!(text(b"\xef\xbb\xbf{}").unwrap(), "{}");
    }

    #[test]
    fn the_error_of_invalid_utf_8_has_its_position() {
        assert_eq!(text(b"[\"\xff\"]").unwrap_err(), "the body is not UTF-8: no character begins at byte 2");
    }
}
