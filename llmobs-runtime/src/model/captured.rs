//! A captured value: JSON text, and where it came from.

use std::fmt;

use llmobs_capture::serialize;
use serde::Serialize;
use serde_json::Value;

/// The most memory that a captured text holds beyond its length.
const MAX_SPARE_BYTES: usize = 1024;

/// The JSON text of one value. It is valid JSON, also where the value was shortened to its budget.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Captured {
    json: String,
    pub(crate) source: Source,
}

/// Who captured a value, which decides how freely it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The program, by annotating.
    Annotated,
    /// An attribute: an object of the arguments by name.
    Arguments,
    /// An attribute: one value, such as what the function returned.
    Value,
    /// Another library: the attributes of its span, which are not an input.
    Attributes,
    /// The program, as a request to a model.
    Request,
    /// The program, as the response of a model.
    Response,
}

impl Captured {
    /// Captures a value that a program annotates, in at most about `limit` bytes.
    pub(crate) fn annotated<T: Serialize + ?Sized>(value: &T, limit: usize) -> Self {
        let mut json = String::new();
        serialize(value, limit, &mut json);
        Self::new(json, Source::Annotated)
    }

    /// Sets the source, which a program names.
    pub(crate) fn from(self, source: Source) -> Self {
        Self { source, ..self }
    }

    /// Takes the JSON text of one value, such as an option of an attribute.
    pub(crate) fn value(json: String) -> Self {
        Self::new(json, Source::Value)
    }

    fn new(mut json: String, source: Source) -> Self {
        // A text that grew may hold twice the memory that it needs while it waits for delivery.
        if json.capacity() - json.len() > MAX_SPARE_BYTES {
            json.shrink_to_fit();
        }
        Self { json, source }
    }

    /// The memory that the text takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.json.capacity()
    }

    pub(crate) fn json(&self) -> &str {
        &self.json
    }

    /// The value as a tree.
    pub(crate) fn parse(&self) -> Value {
        parse(&self.json)
    }

    /// Whether there is no value: `None`, `()`, or nothing at all.
    pub(crate) fn is_null(&self) -> bool {
        is_null(&self.json)
    }
}

/// The value of a captured text.
pub(crate) fn parse(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| Value::String(json.to_owned()))
}

/// Returns whether a captured text holds no value.
pub(crate) fn is_null(json: &str) -> bool {
    json.is_empty() || json == "null"
}

/// Omits the value, which may be secret.
impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Captured({} bytes, {:?})", self.json.len(), self.source)
    }
}
