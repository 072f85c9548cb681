//! The parser.

use std::borrow::Cow;

use llmobs_capture::text::plain_prefix;

use super::Json;

/// The depth that `serde_json` reads.
const MAX_DEPTH: u32 = 128;

/// The text that replaces values nested deeper.
pub(crate) const TOO_DEEP: &str = "… [nested too deep]";
/// The suffixes of the names of fields that hold a word, part of which may be another word.
const WORDS: [&str; 9] = ["id", "model", "type", "role", "reason", "status", "name", "object", "version"];

/// Reads a text that is one JSON value. `is_beginning` is whether the text may end anywhere in the value.
pub(super) fn read(text: &str, is_beginning: bool) -> Option<Json<'_>> {
    let mut reader = Reader { text, at: 0, is_beginning, is_broken: false };
    let value = reader.value(MAX_DEPTH)?;
    reader.blanks();
    (reader.at == text.len()).then_some(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    is_beginning: bool,
    /// Whether the text ended inside a string.
    is_broken: bool,
}

impl<'a> Reader<'a> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// Skips white space and returns the next byte.
    #[inline]
    fn next(&mut self) -> Option<u8> {
        match self.peek() {
            // Most JSON has no white space.
            Some(byte) if byte > b' ' => Some(byte),
            _ => {
                self.blanks();
                self.peek()
            }
        }
    }

    /// Closes a value that was open where the text ended.
    #[cold]
    fn close(&self, value: Json<'a>) -> Option<Json<'a>> {
        // An object without fields has no meaning.
        let is_empty = matches!(&value, Json::Object(fields) if fields.is_empty());
        (self.is_beginning && self.at == self.text.len() && !is_empty).then_some(value)
    }

    /// Returns a string that is incomplete, without half of a character.
    #[cold]
    fn broken<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        self.is_broken = true;
        self.at = self.text.len();
        self.is_beginning.then(|| text.trim_end_matches(char::REPLACEMENT_CHARACTER))
    }

    fn literal(&mut self, literal: &str, value: Json<'a>) -> Option<Json<'a>> {
        let rest = self.text.get(self.at..)?;
        let is_whole = rest.starts_with(literal);
        let is_read = is_whole || literal.starts_with(rest);
        self.at += if is_read { literal.len().min(rest.len()) } else { 0 };
        is_whole.then_some(value)
    }

    fn value(&mut self, depth: u32) -> Option<Json<'a>> {
        match self.next()? {
            b'"' => self.string().map(Json::Text),
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b't' => self.literal("true", Json::Bool(true)),
            b'f' => self.literal("false", Json::Bool(false)),
            b'n' => self.literal("null", Json::Null),
            b'N' => self.literal("NaN", Json::Number("NaN")),
            b'I' => self.literal("Infinity", Json::Number("Infinity")),
            b'-' | b'0'..=b'9' => self.number(),
            _ => None,
        }
    }

    fn object(&mut self, depth: u32) -> Option<Json<'a>> {
        let Some(depth) = depth.checked_sub(1) else { return self.too_deep() };
        self.at += 1;
        if self.next() == Some(b'}') {
            self.at += 1;
            return Some(Json::Object(Vec::new()));
        }
        let mut fields = Vec::with_capacity(12);
        match self.fields(depth, &mut fields) {
            Some(()) => Some(Json::Object(fields)),
            None => self.close(Json::Object(fields)),
        }
    }

    /// Reads fields up to the end of their object. Returns `None` if the end is missing.
    #[inline]
    fn fields(&mut self, depth: u32, fields: &mut Vec<(Cow<'a, str>, Json<'a>)>) -> Option<()> {
        loop {
            if self.next()? != b'"' {
                return None;
            }
            let name = self.string()?;
            if self.next()? != b':' {
                return None;
            }
            self.at += 1;
            let value = self.value(depth)?;
            if self.is_broken && matches!(value, Json::Text(_)) && is_word(&name) {
                return None;
            }
            fields.push((name, value));
            match self.next()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    fn array(&mut self, depth: u32) -> Option<Json<'a>> {
        let Some(depth) = depth.checked_sub(1) else { return self.too_deep() };
        self.at += 1;
        let mut items = Vec::new();
        if self.next() == Some(b']') {
            self.at += 1;
            return Some(Json::Array(items));
        }
        match self.items(depth, &mut items) {
            Some(()) => Some(Json::Array(items)),
            None => self.close(Json::Array(items)),
        }
    }

    /// Reads items up to the end of their list. Returns `None` if the end is missing.
    #[inline]
    fn items(&mut self, depth: u32, items: &mut Vec<Json<'a>>) -> Option<()> {
        loop {
            items.push(self.value(depth)?);
            match self.next()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// Skips a list or an object that is nested too deep.
    #[cold]
    fn too_deep(&mut self) -> Option<Json<'a>> {
        let note = Json::Text(Cow::Borrowed(TOO_DEEP));
        let mut open = 0_usize;
        loop {
            let Some(byte) = self.next() else { return self.close(note) };
            if byte == b'"' {
                self.string()?;
                continue;
            }
            self.at += 1;
            match byte {
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                _ => {}
            }
            if open == 0 {
                return Some(note);
            }
        }
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn number(&mut self) -> Option<Json<'a>> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek()? {
            b'0' => self.at += 1,
            b'I' => return self.literal("Infinity", Json::Number("-Infinity")),
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        // More digits may be missing.
        let is_cut = self.is_beginning && self.at == self.text.len();
        self.text.get(start..self.at).filter(|_| !is_cut).map(Json::Number)
    }

    #[inline]
    fn plain(&self) -> usize {
        plain_prefix(self.text.as_bytes().get(self.at..).unwrap_or_default())
    }

    #[inline]
    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        self.at += self.plain();
        let text = self.text.get(start..self.at)?;
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                Some(Cow::Borrowed(text))
            }
            Some(b'\\') => self.escaped(text).map(Cow::Owned),
            Some(_) => None,
            None => self.broken(text).map(Cow::Borrowed),
        }
    }

    /// Reads the rest of a string that has an escape.
    fn escaped(&mut self, before: &str) -> Option<String> {
        let mut text = String::with_capacity(2 * before.len() + 64);
        text.push_str(before);
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Some(text);
                }
                Some(b'\\') => {
                    let start = self.at;
                    match self.escape() {
                        Some(character) => text.push(character),
                        None if self.is_broken_escape(start) => return self.broken(&text).map(str::to_owned),
                        None => return None,
                    }
                }
                None => return self.broken(&text).map(str::to_owned),
                Some(_) => return None,
            }
            let start = self.at;
            self.at += self.plain();
            text.push_str(self.text.get(start..self.at)?);
        }
    }

    /// Returns whether the text ends inside the escape that begins here.
    #[cold]
    fn is_broken_escape(&self, start: usize) -> bool {
        match self.text.as_bytes().get(start + 1..) {
            Some([b'u', digits @ ..]) => digits.len() < 4 && digits.iter().all(u8::is_ascii_hexdigit),
            rest => rest.is_none_or(<[u8]>::is_empty),
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = *self.text.as_bytes().get(self.at + 1)?;
        self.at += 2;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex()?;
                self.character(unit)
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    /// Returns the character of an escape, or of two escapes that form one character.
    fn character(&mut self, unit: u32) -> char {
        if let 0xd800..=0xdbff = unit
            && self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u"))
        {
            let second = self.at;
            self.at += 2;
            if let Some(low @ 0xdc00..=0xdfff) = self.hex() {
                return char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
                    .unwrap_or(char::REPLACEMENT_CHARACTER);
            }
            self.at = second;
        }
        char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

/// Returns whether a field of this name holds a word, part of which may be another word.
fn is_word(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.ends_with(word))
}
