//! A serializer whose JSON ends at a budget of bytes and depth, and is valid even then.
//!
//! `serde_json` writes NaN as null, refuses keys that are not strings and has no depth limit, so that a deep value overflows the stack.
//!
//! A value that fits its budget has the same text as with `serde_json`. For a value that does not fit:
//!
//! 1. Long strings that are data URIs or base64 are replaced by a note of their type and size.
//! 2. Other long strings lose their middle. Their maximum length is halved until there is room, down to a minimum.
//! 3. A list of known length is cut back and continues with its last element, after a note of how many elements are left out.
//! 4. Any other value stops with a note.

mod compound;
mod key;
mod room;

use std::any::type_name;
use std::fmt::{self, Display, Write as _};

use serde::ser::{self, Serialize};

use crate::MAX_PROBLEM_BYTES;
use crate::lock::{NOT_READ, locks_to_serialize};
use crate::text::{CUT, Formatted, Stack, failed, note, plain, push_json_string, push_string};
use compound::{List, Object};
use key::Key;
use room::{LONG, NOTE, Region, Skip};

/// The depth that `serde_json` reads, less the object of the arguments, and far from the end of any stack.
const MAX_DEPTH: u32 = 126;
/// The most bytes of a key that is not a field of a struct.
const MAX_KEY_BYTES: usize = 4096;

/// The reason why serialization stopped before the end of the value. It is boxed, so that a result fits a register.
#[derive(Debug)]
pub(crate) struct Stop(Box<Reason>);

#[derive(Debug)]
enum Reason {
    Full,
    TooDeep,
    Failed(String),
}

impl Stop {
    #[cold]
    #[inline(never)]
    fn full() -> Self {
        Self(Box::new(Reason::Full))
    }

    #[cold]
    #[inline(never)]
    fn too_deep() -> Self {
        Self(Box::new(Reason::TooDeep))
    }

    #[cold]
    #[inline(never)]
    fn failed(message: String) -> Self {
        Self(Box::new(Reason::Failed(message)))
    }
}

impl Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Full => f.write_str("the budget of bytes is used up"),
            Reason::TooDeep => f.write_str("nested too deep"),
            Reason::Failed(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Stop {}

impl ser::Error for Stop {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        Self::failed(plain(format_args!("{message}"), MAX_PROBLEM_BYTES))
    }
}

type Written = Result<(), Stop>;

/// Writes one value. The room is checked where an element or field begins, and strings are shortened, so that the text is whole at every
/// point where it can stop.
pub(crate) struct Writer<'a> {
    out: &'a mut String,
    /// Where the value begins.
    begin: usize,
    /// The approximate end of the text.
    end: usize,
    /// The open brackets, the innermost in the lowest bit: one for an object, zero for an array.
    open: u128,
    /// One for each open bracket that has more elements to come than the current one.
    pending: u128,
    depth: u32,
    max_depth: u32,
    /// Nothing more is written: the text has stopped, or a list skips elements.
    halted: bool,
    stack: Stack,
    /// Why writing stopped. A value that ignores the error and continues is ignored.
    stop: Option<Stop>,
    skip: Option<Skip>,
    region: Region,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(out: &'a mut String, limit: usize) -> Self {
        Self::with_stack(out, limit, Stack::here())
    }

    fn with_stack(out: &'a mut String, limit: usize, stack: Stack) -> Self {
        let begin = out.len();
        Self {
            out,
            begin,
            end: begin.saturating_add(limit),
            open: 0,
            pending: 0,
            depth: 0,
            max_depth: MAX_DEPTH,
            halted: false,
            stack,
            stop: None,
            skip: None,
            region: Region::new(begin),
        }
    }

    /// Writes the whole value, or as much of it as fits.
    #[inline]
    pub(crate) fn write<T: Serialize + ?Sized>(mut self, value: &T) -> Result<(), String> {
        let written = value.serialize(&mut self);
        if written.is_ok() && !self.halted { Ok(()) } else { self.stopped(written) }
    }

    #[cold]
    #[inline(never)]
    fn stopped(mut self, written: Written) -> Result<(), String> {
        let limit = self.end - self.begin;
        match self.stop.take().map_or(written, Err).map_err(|stop| *stop.0) {
            Ok(()) => {}
            Err(Reason::Failed(message)) => return Err(message),
            Err(Reason::Full) => self.close_to(0, &format!("… [first {limit} bytes]")),
            Err(Reason::TooDeep) => self.close_to(0, "… [nested too deep]"),
        }
        Ok(())
    }

    /// Writes a value inside the current one. A lock, and a value that fails, is replaced by a note.
    #[inline]
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        if locks_to_serialize::<T>() {
            self.note(&note(type_name::<T>(), NOT_READ));
            return Ok(());
        }
        let (start, depth) = (self.out.len(), self.depth);
        match value.serialize(&mut *self) {
            Ok(()) => Ok(()),
            Err(stop) => self.instead(stop, type_name::<T>(), start, depth),
        }
    }

    /// Writes a note in place of a value that failed, which began at `start` and `depth`. Fails if the text has already stopped for another
    /// reason, or if text before the value was shortened, so that the value has moved.
    #[cold]
    #[inline(never)]
    fn instead(&mut self, stop: Stop, name: &str, start: usize, depth: u32) -> Written {
        match *stop.0 {
            Reason::Failed(error)
                if !self.halted && self.region.is_whole(self.begin) && self.depth >= depth =>
            {
                self.out.truncate(start);
                self.region.forget(start);
                self.open = self.open.checked_shr(self.depth - depth).unwrap_or_default();
                self.pending = self.pending.checked_shr(self.depth - depth).unwrap_or_default();
                self.depth = depth;
                self.note(&failed(name, &error));
                Ok(())
            }
            reason => Err(Stop(Box::new(reason))),
        }
    }

    #[cold]
    #[inline(never)]
    fn note(&mut self, text: &str) {
        push_string(text, self.room().clamp(NOTE, MAX_PROBLEM_BYTES), self.out);
    }

    /// Writes a note where the text stopped, and closes all brackets down to `depth`.
    fn close_to(&mut self, depth: u32, note: &str) {
        let begun = self.out.ends_with([':', ',', '[', '{']);
        if self.depth > 0 && !begun {
            self.out.push(',');
        }
        if self.in_object() && !self.out.ends_with(':') {
            push_json_string(CUT, self.out);
            self.out.push(':');
        }
        push_json_string(note, self.out);
        while self.depth > depth {
            self.close();
        }
    }

    fn in_object(&self) -> bool {
        self.depth > 0 && self.open & 1 == 1
    }

    /// Some nested values leave no bracket behind.
    #[inline]
    fn descend(&self) -> Written {
        if self.stack.is_far() { Err(Stop::too_deep()) } else { Ok(()) }
    }

    /// Opens a bracket. `many` is whether it will have more than one element.
    #[inline]
    fn open(&mut self, object: bool, many: bool) -> Written {
        if self.depth >= self.max_depth || self.stack.is_far() {
            return Err(Stop::too_deep());
        }
        self.depth += 1;
        self.open = self.open << 1 | u128::from(object);
        self.pending = self.pending << 1 | u128::from(many);
        self.out.push(if object { '{' } else { '[' });
        Ok(())
    }

    #[inline]
    fn close(&mut self) {
        self.out.push(if self.in_object() { '}' } else { ']' });
        self.depth = self.depth.saturating_sub(1);
        self.open >>= 1;
        self.pending >>= 1;
    }

    /// Begins an element or field of the innermost bracket. `begun` is whether there is one before it.
    #[inline]
    fn next(&mut self, begun: bool) -> Written {
        if self.out.len() >= self.end {
            self.make_room()?;
        }
        if begun {
            self.out.push(',');
        }
        Ok(())
    }

    /// Writes a comma, except after an opening bracket.
    fn separate(&mut self) {
        if !self.out.ends_with(['[', '{']) {
            self.out.push(',');
        }
    }

    /// Returns how many bytes of the budget are left.
    fn room(&self) -> usize {
        self.end.saturating_sub(self.out.len())
    }

    #[inline]
    fn string(&mut self, text: &str) {
        if text.len() <= LONG {
            let start = self.out.len();
            push_json_string(text, self.out);
            // The quotes do not count.
            if self.out.len() - 2 <= self.end {
                return;
            }
            self.out.truncate(start);
        }
        self.long_string(text);
    }

    /// A field of a struct or a variant of an enum.
    #[inline]
    fn key(&mut self, key: &str, begun: bool) -> Written {
        self.next(begun)?;
        // A note in place of a short key would be longer than the key.
        let room = self.room().max(NOTE);
        if key.len() <= room {
            push_json_string(key, self.out);
        } else {
            push_string(key, room, self.out);
        }
        self.out.push(':');
        Ok(())
    }

    /// Opens `{"Variant":`, the form of an enum variant with data.
    fn variant(&mut self, variant: &str) -> Written {
        self.open(true, false)?;
        self.key(variant, false)
    }

    /// Writes a key of any type: as a string, or else as its JSON text.
    fn any_key<T: Serialize + ?Sized>(&mut self, key: &T, begun: bool) -> Written {
        self.next(begun)?;
        let start = self.out.len();
        if locks_to_serialize::<T>() {
            self.note(&note(type_name::<T>(), NOT_READ));
        } else if !matches!(key.serialize(Key(self)), Ok(true)) {
            // Any other key is serialized as a value.
            self.out.truncate(start);
            let limit = self.room().clamp(NOTE, MAX_KEY_BYTES);
            let mut inner = Writer::with_stack(self.out, limit, self.stack);
            inner.max_depth = self.max_depth - self.depth;
            if let Err(error) = inner.write(key) {
                self.out.truncate(start);
                self.note(&failed(type_name::<T>(), &error));
            }
        }
        if self.out.as_bytes().get(start) != Some(&b'"') {
            let json = self.out.split_off(start);
            push_string(&json, self.room().max(NOTE), self.out);
        }
        self.out.push(':');
        Ok(())
    }

    /// Writes the `Display` text of a value. The second result is where its note starts, if it was cut.
    fn format<T: Display + ?Sized>(&mut self, value: &T) -> (fmt::Result, Option<usize>) {
        let limit = if self.depth == 0 { self.room() } else { self.room().min(self.region.cap()) };
        let start = self.out.len() + 1;
        let mut text = Formatted::begin(self.out, limit);
        let written = write!(text, "{value}");
        let cut = text.end();
        self.region.wrote_formatted(start, self.out.len() - 1, cut);
        (written, cut)
    }

    #[inline]
    fn integer(&mut self, value: impl itoa::Integer) {
        self.out.push_str(itoa::Buffer::new().format(value));
    }
}

/// Returns the text of a number that JSON cannot represent.
#[cold]
pub(crate) fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

macro_rules! integers {
    ($($method:ident: $number:ty;)*) => {$(
        #[inline]
        fn $method(self, value: $number) -> Written {
            self.integer(value);
            Ok(())
        }
    )*};
}

macro_rules! floats {
    ($($method:ident: $number:ty;)*) => {$(
        #[inline]
        fn $method(self, value: $number) -> Written {
            if value.is_finite() {
                self.out.push_str(zmij::Buffer::new().format_finite(value));
            } else {
                self.string(not_finite(f64::from(value)));
            }
            Ok(())
        }
    )*};
}

impl<'w, 'a> ser::Serializer for &'w mut Writer<'a> {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = List<'w, 'a>;
    type SerializeTuple = List<'w, 'a>;
    type SerializeTupleStruct = List<'w, 'a>;
    type SerializeTupleVariant = List<'w, 'a>;
    type SerializeMap = Object<'w, 'a>;
    type SerializeStruct = Object<'w, 'a>;
    type SerializeStructVariant = Object<'w, 'a>;

    integers! {
        serialize_i8: i8;
        serialize_i16: i16;
        serialize_i32: i32;
        serialize_i64: i64;
        serialize_u8: u8;
        serialize_u16: u16;
        serialize_u32: u32;
        serialize_u64: u64;
    }
    floats! {
        serialize_f32: f32;
        serialize_f64: f64;
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Written {
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }
    fn serialize_i128(self, value: i128) -> Written {
        match i64::try_from(value) {
            Ok(value) => self.integer(value),
            Err(_) => self.string(itoa::Buffer::new().format(value)),
        }
        Ok(())
    }
    fn serialize_u128(self, value: u128) -> Written {
        match u64::try_from(value) {
            Ok(value) => self.integer(value),
            Err(_) => self.string(itoa::Buffer::new().format(value)),
        }
        Ok(())
    }
    fn serialize_char(self, value: char) -> Written {
        self.string(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }
    #[inline]
    fn serialize_str(self, value: &str) -> Written {
        self.string(value);
        Ok(())
    }
    fn serialize_bytes(self, value: &[u8]) -> Written {
        self.collect_seq(value)
    }
    #[inline]
    fn serialize_none(self) -> Written {
        self.serialize_unit()
    }
    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        self.descend()?;
        self.value(value)
    }
    #[inline]
    fn serialize_unit(self) -> Written {
        self.out.push_str("null");
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Written {
        self.serialize_unit()
    }
    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        self.serialize_str(variant)
    }
    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Written {
        self.descend()?;
        self.value(value)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Written {
        self.variant(variant)?;
        self.value(value)?;
        self.close();
        Ok(())
    }
    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<List<'w, 'a>, Stop> {
        self.open(false, len.is_some_and(|len| len > 1))?;
        Ok(List::new(self, 1, len))
    }
    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<List<'w, 'a>, Stop> {
        self.serialize_seq(Some(len))
    }
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<List<'w, 'a>, Stop> {
        self.serialize_seq(Some(len))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<List<'w, 'a>, Stop> {
        self.variant(variant)?;
        self.open(false, len > 1)?;
        Ok(List::new(self, 2, Some(len)))
    }
    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Object<'w, 'a>, Stop> {
        self.open(true, len.is_some_and(|len| len > 1))?;
        Ok(Object::new(self, 1, len))
    }
    #[inline]
    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Object<'w, 'a>, Stop> {
        self.serialize_map(Some(len))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Object<'w, 'a>, Stop> {
        self.variant(variant)?;
        self.open(true, len > 1)?;
        Ok(Object::new(self, 2, Some(len)))
    }
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Written {
        let start = self.out.len();
        let (mut written, mut cut) = self.format(value);
        if cut.is_some() && self.depth > 0 {
            // Formatted once more, because there may be more room now.
            self.out.truncate(start);
            self.region.forget(start);
            self.tighten_to(LONG);
            (written, cut) = self.format(value);
        }
        // The formatter reports being stopped as an error, but it is not one here.
        if cut.is_some() { Ok(()) } else { written.map_err(ser::Error::custom) }
    }
}
