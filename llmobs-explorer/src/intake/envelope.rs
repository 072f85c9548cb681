//! Reads the envelope of the events in a request. The events remain text, so that an invalid event does not affect the others.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use serde::Deserializer as _;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::field;

const WRAPPERS: &str = r#"an array of `{"event_type": "span", "spans": […]}`"#;
const BATCH: &str = r#"`{"data": {"type": "span", "attributes": {"ml_app": …, "spans": […]}}}`"#;
const METRICS: &str = r#"`{"data": {"type": "evaluation_metric", "attributes": {"metrics": […]}}}`"#;

/// The most events of a request. SDKs send thousands. The reasons for ten million invalid events would fill the memory.
pub(super) const MAX_EVENTS: usize = 100_000;

/// An event of a request.
pub(super) struct Event<'a> {
    /// The text of the event, or the reason why it has none.
    pub(super) raw: Result<&'a str, String>,
    /// The fields of the envelope around it.
    pub(super) shared: Rc<Shared>,
}

/// The fields of a wrapper or a batch, which apply to all of its events. The fields of an event take precedence.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) fields: BTreeMap<String, String>,
    pub(super) tags: Vec<String>,
}

pub(super) type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// Reads the events of wrappers: an array of wrappers, or a single one.
pub(super) fn wrapped(body: &str) -> Result<Vec<Event<'_>>, String> {
    let mut events = Vec::new();
    match body.trim_start().bytes().next() {
        Some(b'[') => {
            for wrapper in list(body).map_err(|error| not_json(&error, WRAPPERS))? {
                unwrap(wrapper.get(), &mut events);
                if events.len() > MAX_EVENTS {
                    return Err(too_many());
                }
            }
        }
        _ => unwrap_one(body.trim(), &fields(body, WRAPPERS)?, &mut events),
    }
    Ok(events)
}

/// Reads the events of a batch of the HTTP API.
pub(super) fn batch(body: &str) -> Result<Vec<Event<'_>>, String> {
    let attributes = attributes(body, BATCH)?;
    let spans = items(&attributes, "spans", BATCH)?;
    let shared = Rc::new(Shared::read(&attributes));
    Ok(spans.into_iter().map(|raw| Event { raw: Ok(raw.get()), shared: Rc::clone(&shared) }).collect())
}

/// Reads the metrics of a request, each as text.
pub(super) fn metrics(body: &str) -> Result<Vec<&str>, String> {
    let attributes = attributes(body, METRICS)?;
    Ok(items(&attributes, "metrics", METRICS)?.into_iter().map(RawValue::get).collect())
}

fn unwrap<'a>(raw: &'a str, events: &mut Vec<Event<'a>>) {
    let reason = match raw.starts_with('{').then(|| serde_json::from_str(raw)) {
        Some(Ok(fields)) => return unwrap_one(raw, &fields, events),
        Some(Err(error)) => format!("it cannot be read: {error} of the event"),
        None => format!("it is {}: expected an object with `spans`", field::kind_of_text(raw)),
    };
    events.push(Event { raw: Err(reason), shared: Rc::default() });
}

fn unwrap_one<'a>(raw: &'a str, fields: &Fields<'a>, events: &mut Vec<Event<'a>>) {
    let shared = Rc::new(Shared::read(fields));
    let mut push = |raw| events.push(Event { raw, shared: Rc::clone(&shared) });
    match fields.get("spans") {
        Some(spans) if spans.get().starts_with('[') => match list(spans.get()) {
            Ok(spans) => spans.into_iter().for_each(|span| push(Ok(span.get()))),
            Err(error) => push(Err(format!("`spans` cannot be read: {error}"))),
        },
        Some(spans) => {
            push(Err(format!("`spans` is {}: expected a list of events", field::kind_of_text(spans.get()))));
        }
        // An event without a wrapper is accepted, because it has only one possible meaning.
        None if fields.contains_key("span_id") => push(Ok(raw)),
        None => push(Err("`spans` is missing: expected a list of events".to_owned())),
    }
}

fn attributes<'a>(body: &'a str, expected: &str) -> Result<Fields<'a>, String> {
    let mut here = fields(body, expected)?;
    for name in ["data", "attributes"] {
        let inner = here.get(name).ok_or_else(|| missing(name, expected))?;
        if !inner.get().starts_with('{') {
            let found = field::kind_of_text(inner.get());
            return Err(format!("`{name}` is {found}: expected {expected}"));
        }
        here = fields(inner.get(), expected)?;
    }
    Ok(here)
}

pub(super) fn items<'a>(
    attributes: &Fields<'a>,
    name: &str,
    expected: &str,
) -> Result<Vec<&'a RawValue>, String> {
    let raw = attributes.get(name).ok_or_else(|| missing(name, expected))?.get();
    if !raw.starts_with('[') {
        return Err(format!("`{name}` is {}: expected {expected}", field::kind_of_text(raw)));
    }
    list(raw).map_err(|error| not_json(&error, expected))
}

/// Reads the fields of an object. The first byte is checked first, because an error of serde would quote the whole value, which may be
/// long.
pub(super) fn fields<'a>(text: &'a str, expected: &str) -> Result<Fields<'a>, String> {
    match text.trim_start().bytes().next() {
        None => Err(format!("the body is empty: expected {expected}")),
        Some(b'{') => serde_json::from_str(text).map_err(|error| not_json(&error, expected)),
        Some(_) => match serde_json::from_str::<&RawValue>(text) {
            Ok(raw) => Err(format!("the body is {}: expected {expected}", field::kind_of_text(raw.get()))),
            Err(error) => Err(not_json(&error, expected)),
        },
    }
}

fn list(text: &str) -> serde_json::Result<Vec<&RawValue>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let items = deserializer.deserialize_seq(Items)?;
    deserializer.end()?;
    Ok(items)
}

/// Reads the items of a list, up to the limit.
struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() == MAX_EVENTS {
                return Err(A::Error::custom(too_many()));
            }
            items.push(item);
        }
        Ok(items)
    }
}

pub(super) fn too_many() -> String {
    format!("there are more than {MAX_EVENTS} events: send several requests")
}

fn not_json(error: &serde_json::Error, expected: &str) -> String {
    if error.is_data() {
        return error.to_string();
    }
    format!("the body is not JSON: {error}; expected {expected}")
}

fn missing(name: &str, expected: &str) -> String {
    format!("`{name}` is missing: expected {expected}")
}

impl Shared {
    fn read(fields: &Fields<'_>) -> Self {
        let value = |name: &str| serde_json::from_str::<Value>(fields.get(name)?.get()).ok();
        let mut shared = Self::default();
        for name in ["ml_app", "service", "env", "session_id", "feedback_join_key"] {
            if let Some(text) = value(name).as_ref().and_then(field::scalar).filter(|text| !text.is_empty()) {
                shared.fields.insert(name.to_owned(), text.into_owned());
            }
        }
        if let Some(Value::Array(tags)) = value("tags") {
            shared.tags.extend(tags.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        shared
    }
}
