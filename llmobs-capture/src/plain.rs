//! Types of the standard library whose capture runs no user code.

use std::any::type_name;
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::json::{Writer, not_finite};
use crate::text::{failed, push_json_string};

/// A type whose capture runs no user code, and so needs no guard: texts, numbers and the like, and options, boxes and lists of them. The
/// trait is sealed.
pub trait Plain: Serialize + Put {
    /// Appends the same text as [`serialize`](crate::serialize), at less cost. In paths and texts of the operating system that are not
    /// UTF-8, which serde refuses or writes as numbers, U+FFFD replaces what cannot be shown.
    #[inline]
    fn capture(&self, limit: usize, out: &mut String) {
        let start = out.len();
        if !self.put(start.saturating_add(limit), out) {
            shorten(self, start, limit, out);
        }
    }
}

impl<T: Serialize + Put + ?Sized> Plain for T {}

/// Writes a value that did not fit again.
#[cold]
#[inline(never)]
fn shorten<T: Serialize + ?Sized>(value: &T, start: usize, limit: usize, out: &mut String) {
    out.truncate(start);
    // Of these types only paths can fail.
    if let Err(error) = Writer::new(out, limit).write(value) {
        out.truncate(start);
        push_json_string(&failed(type_name::<T>(), &error), out);
    }
}

mod sealed {
    /// Public by name and private by path, so that the trait cannot be implemented elsewhere.
    pub trait Put {
        /// Appends the whole value. Returns false as soon as the text is longer than `end`.
        fn put(&self, end: usize, out: &mut String) -> bool;
    }
}
use sealed::Put;

impl Put for str {
    #[inline]
    fn put(&self, end: usize, out: &mut String) -> bool {
        if self.len() > end.saturating_sub(out.len()) {
            return false;
        }
        push_json_string(self, out);
        out.len() <= end
    }
}

impl Put for String {
    #[inline]
    fn put(&self, end: usize, out: &mut String) -> bool {
        self.as_str().put(end, out)
    }
}

impl Put for Cow<'_, str> {
    #[inline]
    fn put(&self, end: usize, out: &mut String) -> bool {
        (**self).put(end, out)
    }
}

impl Put for OsStr {
    fn put(&self, end: usize, out: &mut String) -> bool {
        self.to_string_lossy().put(end, out)
    }
}

impl Put for OsString {
    fn put(&self, end: usize, out: &mut String) -> bool {
        self.as_os_str().put(end, out)
    }
}

impl Put for Path {
    fn put(&self, end: usize, out: &mut String) -> bool {
        self.as_os_str().put(end, out)
    }
}

impl Put for PathBuf {
    fn put(&self, end: usize, out: &mut String) -> bool {
        self.as_os_str().put(end, out)
    }
}

impl Put for char {
    #[inline]
    fn put(&self, end: usize, out: &mut String) -> bool {
        self.encode_utf8(&mut [0; 4]).put(end, out)
    }
}

impl Put for bool {
    #[inline]
    fn put(&self, end: usize, out: &mut String) -> bool {
        out.push_str(if *self { "true" } else { "false" });
        out.len() <= end
    }
}

impl Put for () {
    #[inline]
    fn put(&self, end: usize, out: &mut String) -> bool {
        out.push_str("null");
        out.len() <= end
    }
}

macro_rules! integers {
    ($($number:ty)*) => {$(
        impl Put for $number {
            #[inline]
            fn put(&self, end: usize, out: &mut String) -> bool {
                out.push_str(itoa::Buffer::new().format(*self));
                out.len() <= end
            }
        }
    )*};
}
integers! { i8 i16 i32 i64 isize u8 u16 u32 u64 usize }

macro_rules! wide_integers {
    ($($number:ty => $narrow:ty;)*) => {$(
        impl Put for $number {
            fn put(&self, end: usize, out: &mut String) -> bool {
                match <$narrow>::try_from(*self) {
                    Ok(narrow) => narrow.put(end, out),
                    Err(_) => itoa::Buffer::new().format(*self).put(end, out),
                }
            }
        }
    )*};
}
wide_integers! { i128 => i64; u128 => u64; }

macro_rules! floats {
    ($($number:ty)*) => {$(
        impl Put for $number {
            #[inline]
            fn put(&self, end: usize, out: &mut String) -> bool {
                if !self.is_finite() {
                    return not_finite(f64::from(*self)).put(end, out);
                }
                out.push_str(zmij::Buffer::new().format_finite(*self));
                out.len() <= end
            }
        }
    )*};
}
floats! { f32 f64 }

impl<T: Put + ?Sized> Put for &T {
    #[inline]
    fn put(&self, end: usize, out: &mut String) -> bool {
        (**self).put(end, out)
    }
}

impl<T: Put + ?Sized> Put for Box<T> {
    #[inline]
    fn put(&self, end: usize, out: &mut String) -> bool {
        (**self).put(end, out)
    }
}

impl<T: Put> Put for Option<T> {
    #[inline]
    fn put(&self, end: usize, out: &mut String) -> bool {
        match self {
            Some(value) => value.put(end, out),
            None => ().put(end, out),
        }
    }
}

impl<T: Put> Put for [T] {
    fn put(&self, end: usize, out: &mut String) -> bool {
        out.push('[');
        let Some((first, rest)) = self.split_first() else {
            out.push(']');
            return out.len() <= end;
        };
        let fits = first.put(end, out)
            && rest.iter().all(|value| {
                out.push(',');
                value.put(end, out)
            });
        out.push(']');
        fits && out.len() <= end
    }
}

impl<T: Put> Put for Vec<T> {
    #[inline]
    fn put(&self, end: usize, out: &mut String) -> bool {
        self.as_slice().put(end, out)
    }
}

impl<T: Put, const N: usize> Put for [T; N] {
    #[inline]
    fn put(&self, end: usize, out: &mut String) -> bool {
        self.as_slice().put(end, out)
    }
}

#[cfg(test)]
mod tests;
