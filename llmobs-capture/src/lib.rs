//! Values of any type as JSON text, within a budget of bytes and depth.
//!
//! This crate is for the other crates of [llmobs](https://docs.rs/llmobs), and nothing in it is stable. Use `llmobs`.

mod json;
mod label;
mod metric;
mod plain;

pub mod guard;
pub mod log;
pub mod text;
#[doc(hidden)]
pub mod value;

use std::any::type_name;
use std::fmt::{Debug, Write as _};

use serde::Serialize;
use serde_json::Value;

pub use guard::{guarded, is_muted, muted};
use json::Writer;
pub use label::Label;
pub use metric::{Metric, Reading};
pub use plain::Plain;
use text::{Formatted, push_json_string, push_string};

/// How many bytes of a value are kept by default.
pub const DEFAULT_LIMIT: usize = 1024 * 1024;
/// The most bytes of the reason why a value cannot be captured.
const MAX_PROBLEM_BYTES: usize = 4096;

/// Appends the JSON text of `value`, in about `limit` bytes. The text of a `Serialize` that fails or panics names its type.
///
/// So does that of a lock: serde waits for it, and the thread that holds it may wait for this one.
#[inline]
pub fn serialize<T: Serialize + ?Sized>(value: &T, limit: usize, out: &mut String) {
    if is_lock(type_name::<T>()) {
        return opaque::<T>(out);
    }
    let start = out.len();
    let problem = guarded(|| Writer::new(out, limit).write(value));
    if !matches!(problem, Some(Ok(()))) {
        cannot_capture(type_name::<T>(), problem, start, out);
    }
}

/// Appends the `Debug` text of `value` as a JSON string of about `limit` bytes.
pub fn debug<T: Debug + ?Sized>(value: &T, limit: usize, out: &mut String) {
    let start = out.len();
    let problem = guarded(|| {
        let mut text = Formatted::begin(out, limit);
        let written = write!(text, "{value:?}");
        // Stopping the formatter at the budget is an error to it, but not here.
        if text.end().is_some() { Ok(()) } else { written.map_err(|error| error.to_string()) }
    });
    if !matches!(problem, Some(Ok(()))) {
        cannot_capture(type_name::<T>(), problem, start, out);
    }
}

/// Appends the name of a type whose values cannot be shown, as `"<path::Type>"`.
pub fn opaque<T: ?Sized>(out: &mut String) {
    push_json_string(&format!("<{}>", type_name::<T>()), out);
}

/// A value as JSON, in about `limit` bytes.
#[must_use]
pub fn to_value<T: Serialize + ?Sized>(value: &T, limit: usize) -> Value {
    let mut json = String::with_capacity(128);
    serialize(value, limit, &mut json);
    serde_json::from_str(&json).unwrap_or(Value::String(json))
}

/// Replaces what was written from `start` by the name of the type and what went wrong.
#[cold]
#[inline(never)]
fn cannot_capture(name: &str, problem: Option<Result<(), String>>, start: usize, out: &mut String) {
    let problem = match problem {
        Some(Ok(())) => return,
        Some(Err(error)) => format!("cannot be captured: {error}"),
        None => "panicked while being captured".to_owned(),
    };
    out.truncate(start);
    push_string(&format!("<{name}: {problem}>"), MAX_PROBLEM_BYTES, out);
}

/// Whether a type of this name is a lock, or holds one as its type argument.
///
/// The compiler knows the name, and takes out all of this for most types that are not generic.
#[inline]
fn is_lock(name: &str) -> bool {
    if name.ends_with("Mutex") || name.ends_with("RwLock") {
        return true;
    }
    let last = name.as_bytes().last();
    !last.is_some_and(u8::is_ascii_alphanumeric) && has_lock(name.as_bytes())
}

#[inline(never)]
fn has_lock(name: &[u8]) -> bool {
    let is_lock = |(at, _): (usize, &u8)| {
        let before = name.get(..at).unwrap_or_default();
        before.ends_with(b"Mutex") || before.ends_with(b"RwLock")
    };
    name.iter().enumerate().filter(|(_, byte)| **byte == b'<').any(is_lock)
}

#[cfg(test)]
mod tests;
