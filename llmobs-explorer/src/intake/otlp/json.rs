//! Reads the same requests as JSON: ids are hexadecimal, and integers may be texts.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::span::{self, Event, Link, MAX_ITEMS, OtlpSpan, Source};
use crate::intake::envelope::{self, Fields};
use crate::intake::field::{self, Object};

const REQUEST: &str = r#"`{"resourceSpans": [{"resource": …, "scopeSpans": [{"spans": […]}]}]}`"#;

/// Calls `each` with each span of a request, or with the reason why it cannot be read.
pub(super) fn read(
    body: &str,
    mut each: impl FnMut(&Source, Result<OtlpSpan, String>),
) -> Result<(), String> {
    let request = envelope::fields(body, REQUEST)?;
    for resource_spans in list(&request, "resourceSpans")? {
        let resource_spans = envelope::fields(resource_spans.get(), REQUEST)?;
        let resource = part(&resource_spans, "resource")?;
        let mut source = Source { resource: attributes(&resource), scope: String::new() };
        for scope_spans in list(&resource_spans, "scopeSpans")? {
            let scope_spans = envelope::fields(scope_spans.get(), REQUEST)?;
            let scope = part(&scope_spans, "scope")?;
            source.scope = field::text(&scope, "name").map(str::to_owned).unwrap_or_default();
            for span in list(&scope_spans, "spans")? {
                each(&source, read_span(span.get()));
            }
        }
    }
    Ok(())
}

fn list<'a>(fields: &Fields<'a>, name: &str) -> Result<Vec<&'a RawValue>, String> {
    match fields.get(name) {
        None => Ok(Vec::new()),
        Some(raw) if raw.get() == "null" => Ok(Vec::new()),
        Some(_) => envelope::items(fields, name, REQUEST),
    }
}

fn part(fields: &Fields<'_>, name: &str) -> Result<Object, String> {
    let Some(raw) = fields.get(name) else { return Ok(Object::new()) };
    match serde_json::from_str(raw.get()) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Null) => Ok(Object::new()),
        Ok(_) => Err(format!("`{name}` is {}: expected an object", field::kind_of_text(raw.get()))),
        Err(error) => Err(format!("`{name}` cannot be read: {error}")),
    }
}

fn read_span(raw: &str) -> Result<OtlpSpan, String> {
    let span = match serde_json::from_str(raw) {
        Ok(Value::Object(span)) => span,
        Ok(_) => return Err(format!("it is {}: expected an object", field::kind_of_text(raw))),
        Err(error) => return Err(format!("it cannot be read: {error} of the span")),
    };
    let id = |name| field::text(&span, name).unwrap_or_default();
    let none = Object::new();
    let status = span.get("status").and_then(Value::as_object).unwrap_or(&none);
    Ok(OtlpSpan {
        trace_id: span::trace_id(&digits("traceId", id("traceId"))?)?,
        span_id: span::span_id(&digits("spanId", id("spanId"))?)?,
        parent_id: span::parent_id(&digits("parentSpanId", id("parentSpanId"))?),
        name: id("name").to_owned(),
        start_ns: nanoseconds(&span, "startTimeUnixNano")?,
        end_ns: nanoseconds(&span, "endTimeUnixNano")?,
        attributes: attributes(&span),
        events: objects(&span, "events").take(MAX_ITEMS).map(event).collect(),
        links: objects(&span, "links").filter_map(link).collect(),
        failed: matches!(status.get("code"), Some(code) if *code == 2 || *code == "STATUS_CODE_ERROR"),
        status_message: field::text(status, "message").unwrap_or_default().to_owned(),
        left_out: ["droppedAttributesCount", "droppedEventsCount"]
            .iter()
            .any(|name| span.get(*name).and_then(field::count).is_some_and(|count| count > 0)),
    })
}

fn event(event: &Object) -> Event {
    Event { name: field::text(event, "name").unwrap_or_default().to_owned(), attributes: attributes(event) }
}

/// Reads a link. `None` if it has no valid ids.
fn link(link: &Object) -> Option<Link> {
    let id = |name| digits(name, field::text(link, name).unwrap_or_default()).ok();
    Some(Link {
        trace_id: span::trace_id(&id("traceId")?).ok()?,
        span_id: span::span_id(&id("spanId")?).ok()?,
        attributes: attributes(link),
    })
}

fn objects<'a>(object: &'a Object, name: &str) -> impl Iterator<Item = &'a Object> {
    object.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

fn attributes(object: &Object) -> Object {
    let mut attributes = Object::new();
    for (key, value) in objects(object, "attributes").filter_map(pair) {
        span::insert(&mut attributes, key, value);
    }
    attributes
}

fn pair(pair: &Object) -> Option<(String, Value)> {
    Some((pair.get("key")?.as_str()?.to_owned(), any_value(pair.get("value")?)))
}

/// Returns the value in an object that names its type.
fn any_value(value: &Value) -> Value {
    let Some((kind, value)) = value.as_object().and_then(|fields| fields.iter().next()) else {
        return Value::Null;
    };
    let items = |name| value.get(name).and_then(Value::as_array).into_iter().flatten();
    match (kind.as_str(), value) {
        ("intValue", Value::String(text)) => text.parse::<i64>().map_or(Value::Null, Into::into),
        ("arrayValue", _) => items("values").map(any_value).collect(),
        ("kvlistValue", _) => Value::Object(
            items("values").filter_map(Value::as_object).filter_map(pair).collect::<Map<_, _>>(),
        ),
        // A text or a boolean, a number, or bytes in base64.
        (_, Value::String(_) | Value::Bool(_) | Value::Number(_)) => value.clone(),
        _ => Value::Null,
    }
}

fn nanoseconds(span: &Object, name: &str) -> Result<u64, String> {
    let value = span.get(name).unwrap_or(&Value::Null);
    let number = match value {
        Value::Null => Some(0),
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    };
    number.ok_or_else(|| field::wrong(name, value, "a whole number of nanoseconds since 1970"))
}

/// Parses the bytes of an id.
fn digits(name: &str, text: &str) -> Result<Vec<u8>, String> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    pairs
        .collect::<Option<_>>()
        .ok_or_else(|| format!("`{name}` is {}: expected hexadecimal digits", field::quoted(text)))
}
