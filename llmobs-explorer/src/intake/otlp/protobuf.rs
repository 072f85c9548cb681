//! Reads `ExportTraceServiceRequest` of `opentelemetry/proto/collector/trace/v1/trace_service.proto`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::span::{self, Event, Link, MAX_ITEMS, OtlpSpan, Source};
use super::wire::{Fields, Wire};
use crate::intake::field::Object;

/// The deepest nesting of values.
const MAX_DEPTH: usize = 64;
/// The most values of all attributes of a span. An empty value takes two bytes of a body, and far more memory.
const MAX_VALUES: usize = 100_000;

/// Calls `each` with each span of a request, or with the reason why it cannot be read.
pub(super) fn read(
    body: &[u8],
    mut each: impl FnMut(&Source, Result<OtlpSpan, String>),
) -> Result<(), String> {
    for resource_spans in messages(body, 1) {
        let resource_spans = resource_spans?;
        let mut source = Source::default();
        // The resource may follow the spans.
        for resource in messages(resource_spans, 1) {
            attributes(resource?, 1, &mut source.resource, &mut { MAX_VALUES })?;
        }
        for scope_spans in messages(resource_spans, 2) {
            let scope_spans = scope_spans?;
            source.scope = String::new();
            for scope in messages(scope_spans, 1) {
                source.scope = messages(scope?, 1).last().transpose()?.map(text).unwrap_or_default();
            }
            for span in messages(scope_spans, 2) {
                each(&source, read_span(span?));
            }
        }
    }
    Ok(())
}

/// Returns the texts, bytes and messages of one field.
fn messages(message: &[u8], number: u64) -> impl Iterator<Item = Result<&[u8], String>> {
    Fields::new(message).filter_map(move |field| match field {
        Ok((found, Wire::Bytes(bytes))) if found == number => Some(Ok(bytes)),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}

fn read_span(message: &[u8]) -> Result<OtlpSpan, String> {
    let mut read = OtlpSpan::default();
    let (mut trace_id, mut span_id): (&[u8], &[u8]) = (&[], &[]);
    let mut left = MAX_VALUES;
    for field in Fields::new(message) {
        match field? {
            (1, Wire::Bytes(bytes)) => trace_id = bytes,
            (2, Wire::Bytes(bytes)) => span_id = bytes,
            (4, Wire::Bytes(bytes)) => read.parent_id = span::parent_id(bytes),
            (5, Wire::Bytes(bytes)) => read.name = text(bytes),
            (7, Wire::Eight(time)) => read.start_ns = time,
            (8, Wire::Eight(time)) => read.end_ns = time,
            (9, Wire::Bytes(bytes)) => attribute(bytes, &mut read.attributes, &mut left)?,
            (11, Wire::Bytes(bytes)) if read.events.len() < MAX_ITEMS => {
                read.events.push(event(bytes, &mut left)?);
            }
            // The numbers of attributes and events that the program dropped.
            (10 | 12, Wire::Varint(count)) => read.left_out |= count > 0,
            (13, Wire::Bytes(bytes)) => read.links.extend(link(bytes, &mut left)?),
            (15, Wire::Bytes(bytes)) => {
                for field in Fields::new(bytes) {
                    match field? {
                        (2, Wire::Bytes(bytes)) => read.status_message = text(bytes),
                        (3, Wire::Varint(code)) => read.failed = code == 2,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    read.trace_id = span::trace_id(trace_id)?;
    read.span_id = span::span_id(span_id)?;
    read.left_out |= left == 0;
    Ok(read)
}

fn event(message: &[u8], left: &mut usize) -> Result<Event, String> {
    let mut event = Event::default();
    for name in messages(message, 2) {
        event.name = text(name?);
    }
    attributes(message, 3, &mut event.attributes, left)?;
    Ok(event)
}

/// Reads a link. `None` if it has no valid ids.
fn link(message: &[u8], left: &mut usize) -> Result<Option<Link>, String> {
    let bytes = |number| messages(message, number).last().transpose().map(Option::unwrap_or_default);
    let (Ok(trace_id), Ok(span_id)) = (span::trace_id(bytes(1)?), span::span_id(bytes(2)?)) else {
        return Ok(None);
    };
    let mut link = Link { trace_id, span_id, attributes: Object::new() };
    attributes(message, 4, &mut link.attributes, left)?;
    Ok(Some(link))
}

fn attributes(message: &[u8], number: u64, into: &mut Object, left: &mut usize) -> Result<(), String> {
    messages(message, number).try_for_each(|pair| attribute(pair?, into, left))
}

fn attribute(message: &[u8], into: &mut Object, left: &mut usize) -> Result<(), String> {
    let (key, value) = pair(message, 0, left)?;
    span::insert(into, key, value);
    Ok(())
}

fn pair(message: &[u8], depth: usize, left: &mut usize) -> Result<(String, Value), String> {
    let (mut key, mut value) = (String::new(), Value::Null);
    for field in Fields::new(message) {
        match field? {
            (1, Wire::Bytes(bytes)) => key = text(bytes),
            (2, Wire::Bytes(bytes)) => value = any_value(bytes, depth, left)?,
            _ => {}
        }
    }
    Ok((key, value))
}

/// Reads a value. Lists and maps lose the values beyond the limit.
fn any_value(message: &[u8], depth: usize, left: &mut usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!("an attribute is nested deeper than {MAX_DEPTH} levels"));
    }
    let mut value = Value::Null;
    for field in Fields::new(message) {
        value = match field? {
            (1, Wire::Bytes(bytes)) => text(bytes).into(),
            (2, Wire::Varint(flag)) => (flag != 0).into(),
            (3, Wire::Varint(integer)) => integer.cast_signed().into(),
            (4, Wire::Eight(bits)) => f64::from_bits(bits).into(),
            (5, Wire::Bytes(list)) => {
                let mut items = Vec::new();
                for item in messages(list, 1) {
                    if !take_one(left) {
                        break;
                    }
                    items.push(any_value(item?, depth + 1, left)?);
                }
                Value::Array(items)
            }
            (6, Wire::Bytes(list)) => {
                let mut fields = Object::new();
                for item in messages(list, 1) {
                    if !take_one(left) {
                        break;
                    }
                    fields.extend([pair(item?, depth + 1, left)?]);
                }
                Value::Object(fields)
            }
            (7, Wire::Bytes(bytes)) => STANDARD.encode(bytes).into(),
            _ => continue,
        };
    }
    Ok(value)
}

/// Decrements the number of allowed values. Returns `false` if there are none left.
fn take_one(left: &mut usize) -> bool {
    let rest = left.checked_sub(1);
    *left = rest.unwrap_or_default();
    rest.is_some()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
