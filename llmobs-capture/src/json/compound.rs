//! Arrays and objects that are being written.

use serde::ser::{self, Serialize};

use super::{Reason, Stop, Writer, Written};

/// An array under construction, with the one or two brackets that end it.
pub(crate) struct List<'w, 'a> {
    writer: &'w mut Writer<'a>,
    /// The number of elements so far.
    at: usize,
    /// The number of announced elements, or more than can arrive.
    len: usize,
    depth: u32,
    brackets: u8,
    /// Elements are skipped until the last one.
    skipping: bool,
}

impl<'w, 'a> List<'w, 'a> {
    #[inline]
    pub(super) fn new(writer: &'w mut Writer<'a>, brackets: u8, len: Option<usize>) -> Self {
        Self { at: 0, len: len.unwrap_or(usize::MAX), depth: writer.depth, brackets, skipping: false, writer }
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.at += 1;
        if self.at == self.len {
            self.writer.pending &= !1;
        }
        if self.writer.halted {
            return self.halted(value);
        }
        let written = match self.writer.next(self.at > 1) {
            Ok(()) => self.writer.value(value),
            Err(stop) => Err(stop),
        };
        if written.is_ok() && !self.writer.halted { Ok(()) } else { self.failed(value, written.err()) }
    }

    #[cold]
    #[inline(never)]
    fn halted<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        if !self.skipping {
            Err(Stop::full())
        } else if self.at < self.len {
            Ok(())
        } else {
            self.last(value)
        }
    }

    #[cold]
    #[inline(never)]
    fn failed<T: Serialize + ?Sized>(&mut self, value: &T, stop: Option<Stop>) -> Written {
        self.overflowed(stop)?;
        if self.at < self.len { Ok(()) } else { self.last(value) }
    }

    /// Makes the list skip the elements before its last one, if a lack of room is the only error.
    fn overflowed(&mut self, stop: Option<Stop>) -> Written {
        let stop = self.writer.stop.take().or(stop).unwrap_or_else(Stop::full);
        let full = matches!(*stop.0, Reason::Full);
        if full && self.at <= self.len && self.writer.rewind(self.depth, self.at, self.len) {
            self.skipping = true;
            return Ok(());
        }
        self.writer.halt(stop)
    }

    /// Writes the last element of a list that skips.
    fn last<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.skipping = false;
        let before = self.writer.begin_tail(self.at - 1, self.len);
        let written = self.writer.value(value);
        self.writer.end_tail(before, self.depth, written)
    }

    #[inline]
    fn finish(self) -> Written {
        if self.writer.halted {
            if !self.skipping {
                return Err(Stop::full());
            }
            // Fewer elements arrived than were announced.
            self.writer.end_skip(self.at, self.at);
        }
        (0..self.brackets).for_each(|_| self.writer.close());
        Ok(())
    }
}

/// An object under construction, with the one or two brackets that end it.
pub(crate) struct Object<'w, 'a> {
    writer: &'w mut Writer<'a>,
    /// The number of remaining fields. It starts at the maximum if it is unknown.
    left: usize,
    brackets: u8,
    /// Whether a field has arrived.
    begun: bool,
}

impl<'w, 'a> Object<'w, 'a> {
    #[inline]
    pub(super) fn new(writer: &'w mut Writer<'a>, brackets: u8, len: Option<usize>) -> Self {
        Self { writer, left: len.unwrap_or(usize::MAX), brackets, begun: false }
    }

    /// Counts one more field, and returns whether it is not the first.
    #[inline]
    fn count(&mut self) -> bool {
        self.left = self.left.wrapping_sub(1);
        if self.left == 0 {
            self.writer.pending &= !1;
        }
        std::mem::replace(&mut self.begun, true)
    }

    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Written {
        if self.writer.halted {
            return Err(Stop::full());
        }
        let begun = self.count();
        let written = match self.writer.key(key, begun) {
            Ok(()) => self.writer.value(value),
            Err(stop) => Err(stop),
        };
        self.written(written)
    }

    #[inline]
    fn written(&mut self, written: Written) -> Written {
        match written {
            Ok(()) if !self.writer.halted => Ok(()),
            Ok(()) => Err(Stop::full()),
            Err(stop) => self.writer.halt(stop),
        }
    }

    #[inline]
    fn finish(self) -> Written {
        if self.writer.halted {
            return Err(Stop::full());
        }
        (0..self.brackets).for_each(|_| self.writer.close());
        Ok(())
    }
}

/// The array-like and the struct-like traits of serde differ only in their names.
macro_rules! forward {
    ($($trait:ident for $type:ident: $method:ident($($key:ident)?) => $inner:ident;)*) => {$(
        impl ser::$trait for $type<'_, '_> {
            type Ok = ();
            type Error = Stop;
            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, $($key: &'static str,)? value: &T) -> Written {
                self.$inner($($key,)? value)
            }
            #[inline]
            fn end(self) -> Written {
                self.finish()
            }
        }
    )*};
}
forward! {
    SerializeSeq for List: serialize_element() => element;
    SerializeTuple for List: serialize_element() => element;
    SerializeTupleStruct for List: serialize_field() => element;
    SerializeTupleVariant for List: serialize_field() => element;
    SerializeStruct for Object: serialize_field(key) => field;
    SerializeStructVariant for Object: serialize_field(key) => field;
}

impl ser::SerializeMap for Object<'_, '_> {
    type Ok = ();
    type Error = Stop;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        if self.writer.halted {
            return Err(Stop::full());
        }
        let begun = self.count();
        let written = self.writer.any_key(key, begun);
        self.written(written)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        if self.writer.halted {
            return Err(Stop::full());
        }
        let written = self.writer.value(value);
        self.written(written)
    }

    #[inline]
    fn end(self) -> Written {
        self.finish()
    }
}
