//! The attributes of a span of another library: one JSON text, which the caller writes and the worker reads.

use std::fmt;

use llmobs_capture::text::push_json_string;
use llmobs_providers::Attributes;
use llmobs_providers::json::Json;
use serde_json::{Map, Value};

/// The name of an attribute, prepared for [`SpanAttributes`].
#[derive(Clone, PartialEq, Eq)]
pub struct AttributeName {
    /// The name as the key of a JSON object, with a comma before it and a colon after it.
    key: Box<str>,
}

impl AttributeName {
    /// Prepares a name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut key = String::with_capacity(name.len() + 4);
        key.push(',');
        push_json_string(name, &mut key);
        key.push(':');
        Self { key: key.into() }
    }
}

impl fmt::Debug for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)
    }
}

/// The attributes that another library gives its span. They are read later, on another thread: see
/// [`Attributes`](crate::providers::Attributes).
///
/// The last of several attributes with one name counts. The default has no room for any attributes.
#[derive(Default)]
pub struct SpanAttributes {
    /// An array that begins with the attributes as an object, both open.
    text: String,
    /// The most bytes of the text.
    limit: usize,
}

/// The beginning of the text.
const BEGIN: &str = "[{";

/// The result of reading the text.
pub(crate) struct ReadAttributes {
    pub(crate) attributes: Option<Attributes>,
    /// The integration that made the span.
    pub(crate) integration: String,
    /// Whether the span contains calls of models, whose tokens it sums up.
    pub(crate) has_calls: bool,
}

impl SpanAttributes {
    /// Creates an empty set. It keeps about `limit` bytes of all values together; further ones are left out.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let mut text = String::with_capacity(512);
        text.push_str(BEGIN);
        Self { text, limit }
    }

    /// Sets a text. The caller limits its length.
    #[inline]
    pub fn text(&mut self, name: &AttributeName, value: &str) {
        if self.begin(name, value.len()) {
            push_json_string(value, &mut self.text);
        }
    }

    /// Sets a count.
    #[inline]
    pub fn count(&mut self, name: &AttributeName, value: u64) {
        if self.begin(name, 20) {
            self.text.push_str(itoa::Buffer::new().format(value));
        }
    }

    /// Sets a number or a boolean.
    #[inline]
    pub fn value(&mut self, name: &AttributeName, value: impl fmt::Display) {
        if self.begin(name, 32) {
            // Writing to a String cannot fail.
            let _ = fmt::Write::write_fmt(&mut self.text, format_args!("{value}"));
        }
    }

    /// Adds attributes that were set later.
    pub fn add(&mut self, later: &Self) {
        let values = later.text.get(BEGIN.len()..).unwrap_or_default();
        if !values.is_empty() && self.has_room(values.len()) {
            self.separate();
            self.text.push_str(values);
        }
    }

    /// The attributes by name.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        let object = format!("{}}}", self.text.get(1..).unwrap_or_default());
        serde_json::from_str(&object).unwrap_or_default()
    }

    /// Writes a key. Returns whether a value of this length has room.
    #[inline]
    fn begin(&mut self, name: &AttributeName, length: usize) -> bool {
        let has_room = self.has_room(length);
        if has_room {
            let key = if self.text.len() == BEGIN.len() { name.key.get(1..) } else { Some(&*name.key) };
            self.text.push_str(key.unwrap_or_default());
        }
        has_room
    }

    fn separate(&mut self) {
        if self.text.len() > BEGIN.len() {
            self.text.push(',');
        }
    }

    #[inline]
    fn has_room(&mut self, length: usize) -> bool {
        self.text.len() + length <= self.limit || self.make_room(length)
    }

    /// Removes values that were replaced by later ones. Returns whether there is enough room then.
    #[cold]
    fn make_room(&mut self, length: usize) -> bool {
        let mut text = serde_json::to_string(&self.to_map()).unwrap_or_default();
        text.pop();
        text.insert(0, '[');
        // A text that is nearly full would be read again for each value.
        self.limit = self.limit.min(if text.len() > self.limit / 2 { 0 } else { self.limit });
        self.text = text;
        self.text.len() + length <= self.limit
    }

    /// Returns the text, with the other data of the span.
    pub(crate) fn finish(self, integration: &str, shows_content: bool, has_calls: bool) -> String {
        let mut text = self.text;
        text.push_str("},");
        push_json_string(integration, &mut text);
        let flags = |flag| if flag { ",true" } else { ",false" };
        text.push_str(flags(shows_content));
        text.push_str(flags(has_calls));
        text.push(']');
        text
    }
}

/// Omits the values, which may be secret.
impl fmt::Debug for SpanAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanAttributes").finish_non_exhaustive()
    }
}

impl ReadAttributes {
    /// Reads the texts of spans for one step, with about as much memory as they take. Of two values with one name, the later counts.
    /// Content is shown if all of them allow it.
    pub(crate) fn of(texts: &[impl AsRef<str>]) -> Option<Self> {
        let mut fields = Vec::new();
        let mut read = Self { attributes: None, integration: String::new(), has_calls: false };
        let mut shows_content = true;
        for text in texts {
            let json = Json::read(text.as_ref())?;
            let Json::Array(mut items) = json else { return None };
            let (Some(Json::Bool(has_calls)), Some(Json::Bool(shows)), Some(Json::Text(integration))) =
                (items.pop(), items.pop(), items.pop())
            else {
                return None;
            };
            if let Some(Json::Object(object)) = items.pop() {
                fields.extend(object);
            }
            read.integration = integration.into_owned();
            read.has_calls |= has_calls;
            shows_content &= shows;
        }
        if texts.is_empty() {
            return None;
        }
        let length: usize = texts.iter().map(|text| text.as_ref().len()).sum();
        let limit = length.saturating_mul(2).saturating_add(64 * 1024);
        let attributes = Attributes::read(&Json::Object(fields), limit);
        read.attributes = attributes.map(|read| if shows_content { read } else { read.without_content() });
        Some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_last_value_of_a_name_counts_and_memory_is_limited() {
        let [first, second] = ["a \"name\"", "b"].map(AttributeName::new);
        let mut attributes = SpanAttributes::new(400);
        for number in 0..1000 {
            attributes.value(&first, number);
        }
        attributes.text(&second, "text");
        let expected = json!({ "a \"name\"": 999, "b": "text" });
        assert_eq!(Value::Object(attributes.to_map()), expected);
        assert!(attributes.text.len() < 500);
        // Values that do not fit are left out quickly.
        let long = "x".repeat(1000);
        for _ in 0..3 {
            attributes.text(&second, &long);
        }
        assert_eq!(Value::Object(attributes.to_map()), expected);
    }

    #[test]
    fn later_attributes_win() {
        let [first, second] = ["a", "b"].map(AttributeName::new);
        let mut attributes = SpanAttributes::new(400);
        attributes.add(&SpanAttributes::new(400));
        attributes.value(&first, 1);
        let mut later = SpanAttributes::new(400);
        later.value(&first, true);
        later.value(&second, 0.5);
        attributes.add(&later);
        assert_eq!(Value::Object(attributes.to_map()), json!({ "a": true, "b": 0.5 }));
    }
}
