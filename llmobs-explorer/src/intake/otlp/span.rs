//! A span of OpenTelemetry, from either encoding.

use serde_json::Value;

use crate::intake::field::{self, Object};

/// How many attributes and events a span can have. SDKs send 128.
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

/// Something that happened during a span.
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

/// Where spans come from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Source {
    /// The attributes of the process.
    pub(super) resource: Object,
    /// The library that made the spans.
    pub(super) scope: String,
}

/// Adds an attribute, up to the limit. The last of several with the same name counts.
pub(super) fn insert(attributes: &mut Object, key: String, value: Value) {
    if !value.is_null() && attributes.len() < MAX_ITEMS {
        attributes.insert(key, value);
    }
}

/// The id of a trace, from its bytes.
pub(super) fn trace_id(bytes: &[u8]) -> Result<String, String> {
    match <[u8; 16]>::try_from(bytes).map(u128::from_be_bytes) {
        Ok(id) if id != 0 => Ok(format!("{id:032x}")),
        Ok(_) => Err("`trace_id` is zero: another id is expected".to_owned()),
        Err(_) => Err(format!("`trace_id` has {} bytes: 16 are expected", bytes.len())),
    }
}

/// The id of a span, from its bytes.
pub(super) fn span_id(bytes: &[u8]) -> Result<u64, String> {
    match <[u8; 8]>::try_from(bytes).map(u64::from_be_bytes) {
        Ok(0) => Err("`span_id` is zero: another id is expected".to_owned()),
        Ok(id) => Ok(id),
        Err(_) => Err(format!("`span_id` has {} bytes: 8 are expected", bytes.len())),
    }
}

/// The id of a parent, from its bytes. Some programs write zeros for a root.
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

    /// A text among the attributes that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        field::text(&self.attributes, name)
    }

    /// Whether it has an attribute whose name begins with this, or an event that has.
    pub(super) fn has(&self, beginning: &str) -> bool {
        let any = |attributes: &Object| attributes.keys().any(|name| name.starts_with(beginning));
        any(&self.attributes) || self.events.iter().any(|event| any(&event.attributes))
    }
}
