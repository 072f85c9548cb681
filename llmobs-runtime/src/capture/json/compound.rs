//! Arrays and objects in the middle of being written.

use serde::ser::{self, Serialize};

use super::{Stop, Writer, Written};

/// An array or object under construction, with the one or two brackets that end it.
pub(in crate::capture) struct Compound<'w, 'a> {
    pub(super) writer: &'w mut Writer<'a>,
    pub(super) brackets: u8,
}

impl Compound<'_, '_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.writer.part(|writer| {
            writer.next()?;
            value.serialize(writer)
        })
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Written {
        self.writer.part(|writer| {
            writer.key(key)?;
            value.serialize(writer)
        })
    }

    fn finish(self) -> Written {
        self.writer.part(|writer| {
            (0..self.brackets).for_each(|_| writer.close());
            Ok(())
        })
    }
}

/// The four array-like and two struct-like traits of serde differ in their names alone.
macro_rules! forward {
    ($($trait:ident: $method:ident($($key:ident: $type:ty)?) => $inner:ident;)*) => {$(
        impl ser::$trait for Compound<'_, '_> {
            type Ok = ();
            type Error = Stop;
            fn $method<T: Serialize + ?Sized>(&mut self, $($key: $type,)? value: &T) -> Written {
                self.$inner($($key,)? value)
            }
            fn end(self) -> Written {
                self.finish()
            }
        }
    )*};
}
forward! {
    SerializeSeq: serialize_element() => element;
    SerializeTuple: serialize_element() => element;
    SerializeTupleStruct: serialize_field() => element;
    SerializeTupleVariant: serialize_field() => element;
    SerializeStruct: serialize_field(key: &'static str) => field;
    SerializeStructVariant: serialize_field(key: &'static str) => field;
}

impl ser::SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        self.writer.part(|writer| writer.any_key(key))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.writer.part(|writer| value.serialize(writer))
    }

    fn end(self) -> Written {
        self.finish()
    }
}
