//! A value of any type becomes JSON text, within a budget of bytes and depth.

mod json;
mod text;

use std::any::type_name;
use std::fmt::{self, Debug, Display, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde_json::Value;

use crate::context::muted;
use json::Writer;
pub(crate) use text::{CUT, cut, plain, push_cut, push_escaped, push_string};

/// Names, ids and tags are cut at this many bytes. Datadog's own SDKs send 10,000 and more.
pub(crate) const MAX_LABEL_BYTES: usize = 16 * 1024;
/// As much memory as a captured text may hold without need.
const MAX_SPARE_BYTES: usize = 1024;
/// What a value says about why it cannot be captured is cut at this many bytes.
const MAX_PROBLEM_BYTES: usize = 4096;

/// The JSON text of one value. Always valid JSON, also when the value was cut at its budget.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Captured {
    json: String,
    pub(crate) source: Source,
}

/// Without the value, which may be secret.
impl Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Captured({} bytes, {:?})", self.json.len(), self.source)
    }
}

/// Who said so: it decides how freely the value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The program, by annotating.
    Annotated,
    /// An attribute: an object of the arguments by name.
    Arguments,
    /// An attribute: one value, such as what the function returned.
    Value,
}

impl Captured {
    /// Captures a value that a program annotates, in at most about `limit` bytes.
    pub(crate) fn annotated<T: Serialize + ?Sized>(value: &T, limit: usize) -> Self {
        let mut json = buffer();
        serialize(value, limit, &mut json);
        Self::new(json, Source::Annotated)
    }

    /// Takes the JSON text of one value, such as what a function returned.
    pub(crate) fn value(json: String) -> Self {
        Self::new(json, Source::Value)
    }

    /// Takes the arguments of a function as the JSON text of an object.
    pub(crate) fn arguments(json: String) -> Self {
        Self::new(json, Source::Arguments)
    }

    fn new(mut json: String, source: Source) -> Self {
        // A text that grew may hold twice the memory that it needs, while it waits for delivery.
        if json.capacity() - json.len() > MAX_SPARE_BYTES {
            json.shrink_to_fit();
        }
        Self { json, source }
    }

    /// How much memory the text takes.
    pub(crate) fn bytes(&self) -> usize {
        self.json.capacity()
    }

    pub(crate) fn into_json(self) -> String {
        self.json
    }

    /// The value.
    pub(crate) fn parse(self) -> Value {
        serde_json::from_str(&self.json).unwrap_or(Value::String(self.json))
    }

    /// Whether there is no value: `None`, `()` and the like, or nothing that was written.
    pub(crate) fn is_null(&self) -> bool {
        self.json.is_empty() || self.json == "null"
    }
}

/// Room for a value of the usual size, so that the text seldom has to move while it grows.
pub(crate) fn buffer() -> String {
    String::with_capacity(128)
}

/// Appends the JSON text of `value`. A `Serialize` that fails or panics leaves a text that names its type.
///
/// So does a lock: serde waits for it, and whoever holds it may wait for us.
pub(crate) fn serialize<T: Serialize + ?Sized>(value: &T, limit: usize, out: &mut String) {
    if type_name::<T>().split('<').any(|name| name.ends_with("Mutex") || name.ends_with("RwLock")) {
        return opaque::<T>(out);
    }
    attempt::<T>(out, |out| Writer::new(out, limit).write(value));
}

/// Appends the `Debug` text of `value` as a JSON string.
pub(crate) fn debug<T: Debug + ?Sized>(value: &T, limit: usize, out: &mut String) {
    attempt::<T>(out, |out| {
        let mut text = text::Text::begin(out, limit);
        let written = write!(text, "{value:?}");
        // Stopping the formatter at the budget is an error to it, but not to us.
        if text.end() { Ok(()) } else { written.map_err(|error| error.to_string()) }
    });
}

/// Appends the name of a type whose values cannot be shown, as `"<path::Type>"`.
pub(crate) fn opaque<T: ?Sized>(out: &mut String) {
    push_string(&format!("<{}>", type_name::<T>()), usize::MAX, out);
}

/// Runs formatting code of the user where it makes no spans, and survives its panics, which give `None`.
pub(crate) fn guarded<R>(f: impl FnOnce() -> R) -> Option<R> {
    // What was panicked with may panic again when it is dropped. It is leaked, as rare as it is.
    muted(|| catch_unwind(AssertUnwindSafe(f))).map_err(std::mem::forget).ok()
}

/// The text of a name or id, or `None` where it is empty or its `Display` panics.
pub(crate) fn label(value: &(impl Display + ?Sized)) -> Option<String> {
    shown(value).filter(|text| !text.is_empty())
}

/// The text of something short, such as a name or the value of a tag, or `None` where its `Display` panics.
pub(crate) fn shown(value: &(impl Display + ?Sized)) -> Option<String> {
    guarded(|| plain(format_args!("{value}"), MAX_LABEL_BYTES))
}

/// Appends what `write` writes, or the name of the type and what went wrong.
fn attempt<T: ?Sized>(out: &mut String, write: impl FnOnce(&mut String) -> Result<(), String>) {
    let start = out.len();
    let problem = match guarded(|| write(out)) {
        Some(Ok(())) => return,
        Some(Err(error)) => format!("cannot be captured: {error}"),
        None => "panicked while being captured".to_owned(),
    };
    out.truncate(start);
    push_string(&format!("<{}: {problem}>", type_name::<T>()), MAX_PROBLEM_BYTES, out);
}

#[cfg(test)]
mod tests;
