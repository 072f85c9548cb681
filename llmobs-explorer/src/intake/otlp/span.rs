//! A span of OpenTelemetry, from either encoding.

use serde_json::Value;

use crate::intake::field::{self, Object};

/// The most attributes and events of a span. SDKs send 128.
pub(super) const MAX_ITEMS: usize = 10_000;

/// A span.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct OtlpSpan {
    /// 32 hexadecimal digits in lower case.
    pub(super) trace_id: String,
    pub(super) span_id: u64,
    /// `None` for a root.
    pub(super) parent_id: Option<u64>,
    pub(super) name: String,
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    pub(super) attributes: Object,
    pub(super) events: Vec<Event>,
    pub(super) links: Vec<Link>,
    /// Whether its status is an error. The code for that is 2; 1 means success.
    pub(super) failed: bool,
    pub(super) status_message: String,
    /// Whether the program or the reader left out attributes or events.
    pub(super) left_out: bool,
}

/// An event during a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) attributes: Object,
}

/// A reference to another span.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Link {
    pub(super) trace_id: String,
    pub(super) span_id: u64,
    pub(super) attributes: Object,
}

/// The source of spans.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Source {
    /// The attributes of the process.
    pub(super) resource: Object,
    /// The library that created the spans.
    pub(super) scope: String,
}

/// Adds an attribute, up to the limit. A later attribute replaces an earlier one with the same name.
pub(super) fn insert(attributes: &mut Object, key: String, value: Value) {
    if !value.is_null() && attributes.len() < MAX_ITEMS {
        attributes.insert(key, value);
    }
}

/// Converts the bytes of a trace id.
pub(super) fn trace_id(bytes: &[u8]) -> Result<String, String> {
    match <[u8; 16]>::try_from(bytes).map(u128::from_be_bytes) {
        Ok(id) if id != 0 => Ok(format!("{id:032x}")),
        Ok(_) => Err("`trace_id` is zero: expected another id".to_owned()),
        Err(_) => Err(format!("`trace_id` has {} bytes: expected 16", bytes.len())),
    }
}

/// Converts the bytes of a span id.
pub(super) fn span_id(bytes: &[u8]) -> Result<u64, String> {
    match <[u8; 8]>::try_from(bytes).map(u64::from_be_bytes) {
        Ok(0) => Err("`span_id` is zero: expected another id".to_owned()),
        Ok(id) => Ok(id),
        Err(_) => Err(format!("`span_id` has {} bytes: expected 8", bytes.len())),
    }
}

/// Converts the bytes of a parent id. Some programs write zeros for a root.
pub(super) fn parent_id(bytes: &[u8]) -> Option<u64> {
    <[u8; 8]>::try_from(bytes).map(u64::from_be_bytes).ok().filter(|id| *id != 0)
}

impl OtlpSpan {
    /// Whether attributes or events may be missing.
    pub(super) fn is_incomplete(&self) -> bool {
        let of_events = self.events.iter().map(|event| event.attributes.len());
        let of_links = self.links.iter().map(|link| link.attributes.len());
        let own = [self.attributes.len(), self.events.len()].into_iter();
        self.left_out || own.chain(of_events).chain(of_links).any(|items| items >= MAX_ITEMS)
    }

    /// Returns a text attribute that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        field::text(&self.attributes, name)
    }

    /// Whether the span or one of its events has an attribute with this prefix.
    pub(super) fn has(&self, beginning: &str) -> bool {
        let any = |attributes: &Object| attributes.keys().any(|name| name.starts_with(beginning));
        any(&self.attributes) || self.events.iter().any(|event| any(&event.attributes))
    }
}
