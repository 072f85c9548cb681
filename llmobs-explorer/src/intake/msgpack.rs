//! Reads MessagePack in place. SDKs encode traces in this format, and the SDK for Java encodes everything in it.

use std::borrow::Cow;

use rmp::Marker;
use serde_json::{Map, Value};

/// The deepest nesting of values.
const MAX_DEPTH: usize = 64;

/// A value, or the beginning of a list or a map. Its items follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Nil,
    Bool(bool),
    Unsigned(u64),
    /// Negative.
    Signed(i64),
    Float(f64),
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    List(u32),
    Map(u32),
    /// A value of an extension type.
    Extension,
}

/// Reads tokens one after another.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

/// Returns the error of a truncated body.
fn cut() -> String {
    "the body is not MessagePack: it ends too early".to_owned()
}

fn unexpected(expected: &str) -> String {
    format!("the body does not have the form of this route: expected {expected}")
}

impl<'a> Reader<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self(body)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn token(&mut self) -> Result<Token<'a>, String> {
        self.read().ok_or_else(cut)
    }

    fn read(&mut self) -> Option<Token<'a>> {
        let [marker] = self.array()?;
        let signed = |number: i64| match u64::try_from(number) {
            Ok(number) => Token::Unsigned(number),
            Err(_) => Token::Signed(number),
        };
        Some(match Marker::from_u8(marker) {
            Marker::FixPos(number) => Token::Unsigned(number.into()),
            Marker::FixNeg(number) => Token::Signed(number.into()),
            Marker::Null | Marker::Reserved => Token::Nil,
            Marker::False => Token::Bool(false),
            Marker::True => Token::Bool(true),
            Marker::U8 => Token::Unsigned(u8::from_be_bytes(self.array()?).into()),
            Marker::U16 => Token::Unsigned(u16::from_be_bytes(self.array()?).into()),
            Marker::U32 => Token::Unsigned(u32::from_be_bytes(self.array()?).into()),
            Marker::U64 => Token::Unsigned(u64::from_be_bytes(self.array()?)),
            Marker::I8 => signed(i8::from_be_bytes(self.array()?).into()),
            Marker::I16 => signed(i16::from_be_bytes(self.array()?).into()),
            Marker::I32 => signed(i32::from_be_bytes(self.array()?).into()),
            Marker::I64 => signed(i64::from_be_bytes(self.array()?)),
            Marker::F32 => Token::Float(f32::from_be_bytes(self.array()?).into()),
            Marker::F64 => Token::Float(f64::from_be_bytes(self.array()?)),
            Marker::FixStr(length) => Token::Text(self.bytes(length.into())?),
            Marker::Str8 => Token::Text(self.sized::<1>(0)?),
            Marker::Str16 => Token::Text(self.sized::<2>(0)?),
            Marker::Str32 => Token::Text(self.sized::<4>(0)?),
            Marker::Bin8 => Token::Bytes(self.sized::<1>(0)?),
            Marker::Bin16 => Token::Bytes(self.sized::<2>(0)?),
            Marker::Bin32 => Token::Bytes(self.sized::<4>(0)?),
            Marker::FixArray(length) => Token::List(length.into()),
            Marker::Array16 => Token::List(self.length::<2>()?),
            Marker::Array32 => Token::List(self.length::<4>()?),
            Marker::FixMap(length) => Token::Map(length.into()),
            Marker::Map16 => Token::Map(self.length::<2>()?),
            Marker::Map32 => Token::Map(self.length::<4>()?),
            // One more byte contains the type.
            Marker::FixExt1 => self.bytes(2).map(|_| Token::Extension)?,
            Marker::FixExt2 => self.bytes(3).map(|_| Token::Extension)?,
            Marker::FixExt4 => self.bytes(5).map(|_| Token::Extension)?,
            Marker::FixExt8 => self.bytes(9).map(|_| Token::Extension)?,
            Marker::FixExt16 => self.bytes(17).map(|_| Token::Extension)?,
            Marker::Ext8 => self.sized::<1>(1).map(|_| Token::Extension)?,
            Marker::Ext16 => self.sized::<2>(1).map(|_| Token::Extension)?,
            Marker::Ext32 => self.sized::<4>(1).map(|_| Token::Extension)?,
        })
    }

    /// Reads the number of items of a list.
    pub(super) fn list(&mut self, expected: &str) -> Result<u32, String> {
        match self.token()? {
            Token::List(length) => Ok(length),
            Token::Nil => Ok(0),
            _ => Err(unexpected(expected)),
        }
    }

    /// Reads the number of entries of a map.
    pub(super) fn map(&mut self, expected: &str) -> Result<u32, String> {
        match self.token()? {
            Token::Map(length) => Ok(length),
            Token::Nil => Ok(0),
            _ => Err(unexpected(expected)),
        }
    }

    /// Skips a value. Calls `text` with each text in it.
    pub(super) fn skip(&mut self, mut text: impl FnMut(&'a [u8])) -> Result<(), String> {
        let mut left = 1_u64;
        while left > 0 {
            left -= 1;
            match self.token()? {
                Token::List(length) => left += u64::from(length),
                Token::Map(length) => left += 2 * u64::from(length),
                Token::Text(bytes) => text(bytes),
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads a whole value. Bytes are read as text.
    pub(super) fn value(&mut self) -> Result<Value, String> {
        self.nested(0)
    }

    fn nested(&mut self, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err(format!("a value is nested deeper than {MAX_DEPTH} levels"));
        }
        Ok(match self.token()? {
            Token::Nil | Token::Extension => Value::Null,
            Token::Bool(flag) => flag.into(),
            Token::Unsigned(number) => number.into(),
            Token::Signed(number) => number.into(),
            Token::Float(number) => number.into(),
            Token::Text(bytes) | Token::Bytes(bytes) => text(bytes).into(),
            Token::List(length) => {
                Value::Array((0..length).map(|_| self.nested(depth + 1)).collect::<Result<_, _>>()?)
            }
            Token::Map(length) => {
                let mut fields = Map::new();
                for _ in 0..length {
                    let key = match self.nested(depth + 1)? {
                        Value::String(key) => key,
                        // The text of such a key would double in length at each level, because quotes are escaped.
                        Value::Array(_) | Value::Object(_) => {
                            return Err("a key of a map is a list or a map: expected a text".to_owned());
                        }
                        key => key.to_string(),
                    };
                    fields.insert(key, self.nested(depth + 1)?);
                }
                Value::Object(fields)
            }
        })
    }

    fn sized<const N: usize>(&mut self, more: usize) -> Option<&'a [u8]> {
        let length = usize::try_from(self.length::<N>()?).ok()?;
        self.bytes(length.checked_add(more)?)
    }

    fn length<const N: usize>(&mut self) -> Option<u32> {
        Some(self.array::<N>()?.iter().fold(0, |length, byte| length << 8 | u32::from(*byte)))
    }

    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }
}

/// Converts the bytes of a text, which may be invalid UTF-8.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Whether a body begins with a list or a map in MessagePack. JSON never begins with these bytes.
pub(super) fn is_msgpack(body: &[u8]) -> bool {
    matches!(body.first(), Some(0x80..=0x9f | 0xdc..=0xdf))
}

/// Returns the JSON text of a body with wrappers of events, which may follow one another.
pub(super) fn wrappers(body: &[u8]) -> Result<String, String> {
    let mut reader = Reader::new(body);
    let mut wrappers = Vec::new();
    while !reader.is_at_end() {
        match reader.value()? {
            Value::Array(items) => wrappers.extend(items),
            // The SDK for Java sends this if it has no spans.
            Value::Object(fields) if fields.is_empty() => {}
            wrapper => wrappers.push(wrapper),
        }
    }
    for wrapper in &mut wrappers {
        let spans = wrapper.get_mut("spans").and_then(Value::as_array_mut).into_iter().flatten();
        spans.filter_map(|span| span.get_mut("meta")?.as_object_mut()).for_each(nest);
    }
    Ok(Value::Array(wrappers).to_string())
}

/// Nests fields such as `input.messages`, which the SDK for Java writes as one name.
fn nest(meta: &mut Map<String, Value>) {
    for side in ["input", "output"] {
        for part in ["documents", "messages", "value"] {
            let Some(value) = meta.remove(&format!("{side}.{part}")) else { continue };
            if let Value::Object(content) = meta.entry(side).or_insert_with(|| Map::new().into()) {
                content.insert(part.to_owned(), value);
            }
        }
    }
}
