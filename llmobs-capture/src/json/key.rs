//! Map keys that are short texts or integers, as most are.

use serde::ser::{Impossible, Serialize, Serializer};

use super::room::NOTE;
use super::{Stop, Writer};
use crate::lock::locks_to_serialize;
use crate::text::push_json_string;

/// Longer keys may have to be shortened.
const SHORT: usize = 256;

/// Writes a key, and returns whether it did. Any other key is left to the serializer of values.
pub(super) struct Key<'w, 'a>(pub(super) &'w mut Writer<'a>);

type Written = Result<bool, Stop>;

macro_rules! integers {
    ($($method:ident: $number:ty;)*) => {$(
        #[inline]
        fn $method(self, value: $number) -> Written {
            self.serialize_str(itoa::Buffer::new().format(value))
        }
    )*};
}

macro_rules! others {
    ($($method:ident($($argument:ty),*);)*) => {$(
        fn $method(self $(, _: $argument)*) -> Written {
            Ok(false)
        }
    )*};
}

macro_rules! compounds {
    ($($method:ident($($argument:ty),*) -> $compound:ident;)*) => {$(
        fn $method(self $(, _: $argument)*) -> Result<Self::$compound, Stop> {
            Err(Stop::full())
        }
    )*};
}

impl Serializer for Key<'_, '_> {
    type Ok = bool;
    type Error = Stop;
    type SerializeSeq = Impossible<bool, Stop>;
    type SerializeTuple = Impossible<bool, Stop>;
    type SerializeTupleStruct = Impossible<bool, Stop>;
    type SerializeTupleVariant = Impossible<bool, Stop>;
    type SerializeMap = Impossible<bool, Stop>;
    type SerializeStruct = Impossible<bool, Stop>;
    type SerializeStructVariant = Impossible<bool, Stop>;

    #[inline]
    fn serialize_str(self, value: &str) -> Written {
        let room = self.0.room().max(NOTE);
        let start = self.0.out.len();
        let fits = value.len() <= room.min(SHORT);
        if fits {
            push_json_string(value, self.0.out);
        }
        // Escapes also take room.
        Ok(fits && self.0.out.len() - start - 2 <= room)
    }
    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        self.serialize_str(variant)
    }
    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Written {
        self.0.descend()?;
        if locks_to_serialize::<T>() { Ok(false) } else { value.serialize(self) }
    }
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
    others! {
        serialize_bool(bool);
        serialize_i128(i128);
        serialize_u128(u128);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
    }
    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Written {
        Ok(false)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Written {
        Ok(false)
    }
    fn collect_str<T: std::fmt::Display + ?Sized>(self, _: &T) -> Written {
        Ok(false)
    }
    compounds! {
        serialize_seq(Option<usize>) -> SerializeSeq;
        serialize_tuple(usize) -> SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant;
        serialize_map(Option<usize>) -> SerializeMap;
        serialize_struct(&'static str, usize) -> SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant;
    }
}
