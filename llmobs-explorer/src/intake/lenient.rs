//! The text of a body, without what Python writes and JSON does not know: bare `NaN` and `Infinity`, halves of surrogate pairs.

use std::borrow::Cow;
use std::ops::Range;

/// What stands in the place of half a surrogate pair: the escape of U+FFFD, which is as long.
const REPLACEMENT: &str = "\\ufffd";

/// The body as text that a JSON parser takes, if it takes the rest.
pub(super) fn text(body: &[u8]) -> Result<Cow<'_, str>, String> {
    match std::str::from_utf8(body) {
        Ok(text) => Ok(mend(text)),
        Err(error) => {
            Err(format!("the body is not UTF-8: no character begins at byte {}", error.valid_up_to()))
        }
    }
}

/// Python's `json` writes `float("nan")` as a bare `NaN`, which becomes `null`, and the half of an emoji that a string was cut in
/// as `\ud83d`, which becomes U+FFFD. An event would be lost for either.
fn mend(text: &str) -> Cow<'_, str> {
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

/// Where something is to be replaced, and by what. All of it begins and ends with ASCII.
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

/// The length of the bare word that begins here and stands for no number.
fn not_a_number(rest: &[u8]) -> Option<usize> {
    ["NaN", "Infinity", "-Infinity"]
        .iter()
        .find(|word| rest.starts_with(word.as_bytes()))
        .map(|word| word.len())
}

/// The length of the escape that begins here, and whether it is half a surrogate pair without the other half.
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

/// The code unit that is escaped here as `\u` and four digits.
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
    fn what_python_writes_becomes_json() {
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
            assert_eq!(mend(python), json);
            serde_json::from_str::<serde_json::Value>(&mend(python)).expect(json);
        }
    }

    #[test]
    fn json_stays_as_it_is() {
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
            assert!(matches!(mend(json), Cow::Borrowed(text) if text == json), "{json}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_told_by_place() {
        assert_eq!(text(b"[\"\xff\"]").unwrap_err(), "the body is not UTF-8: no character begins at byte 2");
    }
}
