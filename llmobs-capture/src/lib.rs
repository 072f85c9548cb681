//! Values of any type as JSON text, within a budget of bytes and depth.
//!
//! This crate is for the other crates of [llmobs](https://docs.rs/llmobs), and nothing in it is stable. Use `llmobs`.

mod json;
mod label;
mod lock;
mod metric;
mod newtype;
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
use lock::{NOT_READ, locks_to_debug, locks_to_serialize};
pub use metric::{Metric, Reading};
pub use newtype::newtype;
pub use plain::Plain;
use text::{Formatted, failed, note, push_json_string, push_string};

/// The default budget of a value, in bytes.
pub const DEFAULT_LIMIT: usize = 1024 * 1024;
/// The longest reason why a value cannot be captured, in bytes.
const MAX_PROBLEM_BYTES: usize = 4096;

/// Appends the JSON text of `value`, in about `limit` bytes.
///
/// A note with the name of the type replaces a `Serialize` that panics, each nested value that fails, and each lock: serde would wait for
/// the lock, and the thread that holds it may wait for this one, or be this one.
#[inline]
pub fn serialize<T: Serialize + ?Sized>(value: &T, limit: usize, out: &mut String) {
    if locks_to_serialize::<T>() {
        return push_json_string(&note(type_name::<T>(), NOT_READ), out);
    }
    let start = out.len();
    let problem = guarded(|| Writer::new(out, limit).write(value));
    if !matches!(problem, Some(Ok(()))) {
        cannot_capture(type_name::<T>(), problem, start, out);
    }
}

/// Appends the `Debug` text of `value` as a JSON string of about `limit` bytes.
pub fn debug<T: Debug + ?Sized>(value: &T, limit: usize, out: &mut String) {
    if locks_to_debug::<T>() {
        return push_json_string(&note(type_name::<T>(), NOT_READ), out);
    }
    let start = out.len();
    let problem = guarded(|| {
        let mut text = Formatted::begin(out, limit);
        let written = write!(text, "{value:?}");
        // The formatter reports being stopped at the budget as an error, but it is not one here.
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

/// Converts a value to JSON, in about `limit` bytes.
#[must_use]
pub fn to_value<T: Serialize + ?Sized>(value: &T, limit: usize) -> Value {
    let mut json = String::with_capacity(128);
    serialize(value, limit, &mut json);
    serde_json::from_str(&json).unwrap_or(Value::String(json))
}

/// Replaces everything that was written from `start` by the name of the type and the error.
#[cold]
#[inline(never)]
fn cannot_capture(name: &str, problem: Option<Result<(), String>>, start: usize, out: &mut String) {
    let problem = match problem {
        Some(Ok(())) => return,
        Some(Err(error)) => failed(name, &error),
        None => note(name, "panicked while being captured"),
    };
    out.truncate(start);
    push_string(&problem, MAX_PROBLEM_BYTES, out);
}

#[cfg(test)]
mod tests;
