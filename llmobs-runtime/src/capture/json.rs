//! A serializer of our own: JSON that stops at a budget of bytes or depth and is still valid JSON then.
//!
//! `serde_json` writes NaN as null, refuses keys that are not strings and has no limit of depth, where a deep
//! value overflows the stack. What Datadog shows should be what the value held.

mod compound;

use std::fmt::{self, Debug, Display, Write as _};

use serde::ser::{self, Serialize};

use super::MAX_PROBLEM_BYTES;
use super::text::{Stack, Text, plain, push_string};
use compound::Compound;

/// As deep as `serde_json` will read, less the object of the arguments, and far from the end of any stack.
const MAX_DEPTH: u32 = 126;
/// A key that is not a string is written as JSON text of at most this many bytes.
const MAX_KEY_BYTES: usize = 4096;

/// Why serialization stopped before the end of the value.
#[derive(Debug)]
pub(super) enum Stop {
    Full,
    TooDeep,
    Failed(String),
}

impl Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the budget of bytes is used up"),
            Self::TooDeep => f.write_str("nested too deep"),
            Self::Failed(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Stop {}

impl ser::Error for Stop {
    fn custom<T: Display>(message: T) -> Self {
        Self::Failed(plain(format_args!("{message}"), MAX_PROBLEM_BYTES))
    }
}

type Written = Result<(), Stop>;

/// Writes one value. Space is checked where an element or field begins, and strings are cut, so that the text
/// is whole at every point where it can stop.
pub(super) struct Writer<'a> {
    out: &'a mut String,
    end: usize,
    /// The open brackets, innermost in the lowest bit: one for an object, zero for an array.
    open: u128,
    depth: u32,
    max_depth: u32,
    stack: Stack,
    /// Why it stopped. A value that hears so and goes on all the same is not listened to.
    stop: Option<Stop>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut String, limit: usize) -> Self {
        Self {
            end: out.len().saturating_add(limit),
            out,
            open: 0,
            depth: 0,
            max_depth: MAX_DEPTH,
            stack: Stack::here(),
            stop: None,
        }
    }

    /// Writes the whole value, or as much as fits.
    pub(super) fn write<T: Serialize + ?Sized>(mut self, value: &T) -> Result<(), String> {
        let limit = self.end - self.out.len();
        let written = value.serialize(&mut self);
        let note = match self.stop.take().map_or(written, Err) {
            Ok(()) => return Ok(()),
            Err(Stop::Failed(message)) => return Err(message),
            Err(Stop::Full) => format!("… [first {limit} bytes]"),
            Err(Stop::TooDeep) => format!("… [deeper than {MAX_DEPTH} levels]"),
        };
        let begun = self.out.ends_with([':', ',', '[', '{']);
        if self.depth > 0 && !begun {
            self.out.push(',');
        }
        if self.in_object() && !self.out.ends_with(':') {
            self.out.push_str("\"…\":");
        }
        push_string(&note, usize::MAX, self.out);
        while self.depth > 0 {
            self.close();
        }
        Ok(())
    }

    fn in_object(&self) -> bool {
        self.depth > 0 && self.open & 1 == 1
    }

    /// Some ways down leave no bracket behind.
    fn descend(&self) -> Written {
        if self.stack.is_far() { Err(Stop::TooDeep) } else { Ok(()) }
    }

    fn open(&mut self, object: bool) -> Written {
        self.descend()?;
        if self.depth >= self.max_depth {
            return Err(Stop::TooDeep);
        }
        self.depth += 1;
        self.open = self.open << 1 | u128::from(object);
        self.out.push(if object { '{' } else { '[' });
        Ok(())
    }

    fn close(&mut self) {
        self.out.push(if self.in_object() { '}' } else { ']' });
        self.depth = self.depth.saturating_sub(1);
        self.open >>= 1;
    }

    /// Writes a part of the innermost bracket, unless the text has stopped already.
    fn part(&mut self, write: impl FnOnce(&mut Self) -> Written) -> Written {
        if self.stop.is_some() {
            return Err(Stop::Full);
        }
        write(self).map_err(|stop| {
            self.stop.get_or_insert(stop);
            Stop::Full
        })
    }

    /// Begins the next element or field of the innermost bracket.
    fn next(&mut self) -> Written {
        if self.out.len() >= self.end {
            return Err(Stop::Full);
        }
        if !self.out.ends_with(['[', '{']) {
            self.out.push(',');
        }
        Ok(())
    }

    /// How many bytes of the budget are left.
    fn room(&self) -> usize {
        self.end.saturating_sub(self.out.len())
    }

    /// A text inside something larger leaves a quarter of the room to what comes after it: the question after an image,
    /// the last message of a long conversation.
    fn string(&mut self, text: &str) {
        let room = self.room();
        push_string(text, if self.depth == 0 { room } else { room - room / 4 }, self.out);
    }

    fn key(&mut self, key: &str) -> Written {
        self.next()?;
        self.string(key);
        self.out.push(':');
        Ok(())
    }

    /// Opens `{"Variant":`, the form of an enum variant that holds something.
    fn variant(&mut self, variant: &str) -> Written {
        self.open(true)?;
        self.key(variant)
    }

    fn raw(&mut self, value: impl Display) -> Written {
        write!(self.out, "{value}").map_err(ser::Error::custom)
    }

    fn float(&mut self, value: f64, text: impl Debug) -> Written {
        if value.is_finite() {
            // `{:?}` keeps the point of 2.0 and the shortest digits of each width.
            return write!(self.out, "{text:?}").map_err(ser::Error::custom);
        }
        self.string(if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
        Ok(())
    }

    /// A key of any type: as a string, or else as its JSON text.
    fn any_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        self.next()?;
        let mut json = String::new();
        let mut inner = Writer::new(&mut json, self.room().min(MAX_KEY_BYTES));
        inner.max_depth = self.max_depth - self.depth;
        inner.write(key).map_err(Stop::Failed)?;
        if json.starts_with('"') {
            self.out.push_str(&json);
        } else {
            self.string(&json);
        }
        self.out.push(':');
        Ok(())
    }

    fn compound(&mut self, brackets: u8) -> Compound<'_, 'a> {
        Compound { writer: self, brackets }
    }
}

impl<'w, 'a> ser::Serializer for &'w mut Writer<'a> {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Compound<'w, 'a>;
    type SerializeTuple = Compound<'w, 'a>;
    type SerializeTupleStruct = Compound<'w, 'a>;
    type SerializeTupleVariant = Compound<'w, 'a>;
    type SerializeMap = Compound<'w, 'a>;
    type SerializeStruct = Compound<'w, 'a>;
    type SerializeStructVariant = Compound<'w, 'a>;

    fn serialize_bool(self, value: bool) -> Written {
        self.raw(value)
    }
    fn serialize_i8(self, value: i8) -> Written {
        self.raw(value)
    }
    fn serialize_i16(self, value: i16) -> Written {
        self.raw(value)
    }
    fn serialize_i32(self, value: i32) -> Written {
        self.raw(value)
    }
    fn serialize_i64(self, value: i64) -> Written {
        self.raw(value)
    }
    fn serialize_i128(self, value: i128) -> Written {
        match i64::try_from(value) {
            Ok(value) => self.raw(value),
            Err(_) => self.collect_str(&value),
        }
    }
    fn serialize_u8(self, value: u8) -> Written {
        self.raw(value)
    }
    fn serialize_u16(self, value: u16) -> Written {
        self.raw(value)
    }
    fn serialize_u32(self, value: u32) -> Written {
        self.raw(value)
    }
    fn serialize_u64(self, value: u64) -> Written {
        self.raw(value)
    }
    fn serialize_u128(self, value: u128) -> Written {
        match u64::try_from(value) {
            Ok(value) => self.raw(value),
            Err(_) => self.collect_str(&value),
        }
    }
    fn serialize_f32(self, value: f32) -> Written {
        self.float(f64::from(value), value)
    }
    fn serialize_f64(self, value: f64) -> Written {
        self.float(value, value)
    }
    fn serialize_char(self, value: char) -> Written {
        self.string(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }
    fn serialize_str(self, value: &str) -> Written {
        self.string(value);
        Ok(())
    }
    fn serialize_bytes(self, value: &[u8]) -> Written {
        self.collect_seq(value)
    }
    fn serialize_none(self) -> Written {
        self.raw("null")
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        self.descend()?;
        value.serialize(self)
    }
    fn serialize_unit(self) -> Written {
        self.raw("null")
    }
    fn serialize_unit_struct(self, _: &'static str) -> Written {
        self.raw("null")
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Written {
        self.descend()?;
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Written {
        self.variant(variant)?;
        value.serialize(&mut *self)?;
        self.close();
        Ok(())
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'w, 'a>, Stop> {
        self.open(false)?;
        Ok(self.compound(1))
    }
    fn serialize_tuple(self, _: usize) -> Result<Compound<'w, 'a>, Stop> {
        self.serialize_seq(None)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'w, 'a>, Stop> {
        self.serialize_seq(None)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'w, 'a>, Stop> {
        self.variant(variant)?;
        self.open(false)?;
        Ok(self.compound(2))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'w, 'a>, Stop> {
        self.open(true)?;
        Ok(self.compound(1))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'w, 'a>, Stop> {
        self.serialize_map(None)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'w, 'a>, Stop> {
        self.variant(variant)?;
        self.open(true)?;
        Ok(self.compound(2))
    }
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Written {
        let limit = self.room();
        let mut text = Text::begin(self.out, limit);
        let written = write!(text, "{value}");
        if text.end() { Ok(()) } else { written.map_err(ser::Error::custom) }
    }
}
