//! Changes of spans that arrived earlier.

use serde_json::Value;

use super::envelope::{self, Event};
use super::field::{self, Object};
use super::{Intake, event, spans_of, text};
use crate::id::canonical;
use crate::span::Span;

/// Fields to change in the event of a span.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpanUpdate {
    /// The trace, if it is known.
    pub(crate) trace_id: Option<String>,
    /// The span.
    pub(crate) span_id: String,
    /// The fields. Objects are merged, and other values are replaced.
    pub(crate) fields: Object,
}

impl SpanUpdate {
    /// Returns the event with the changes. An event that is not an object is unchanged.
    pub(crate) fn merged(&self, event: &str) -> String {
        match serde_json::from_str(event) {
            Ok(Value::Object(mut object)) => {
                merge(&mut object, &self.fields);
                Value::Object(object).to_string()
            }
            _ => event.to_owned(),
        }
    }
}

fn merge(object: &mut Object, changes: &Object) {
    for (name, change) in changes {
        match (object.get_mut(name), change) {
            (Some(Value::Object(inner)), Value::Object(changes)) => merge(inner, changes),
            _ => drop(object.insert(name.clone(), change.clone())),
        }
    }
}

/// Reads the body for `/api/v2/llmobs/update`: events in the form of the SDKs. Only their ids are required.
pub(crate) fn read_updates(body: &[u8]) -> Result<Vec<SpanUpdate>, String> {
    let text = text(body)?;
    let read = |event: Event<'_>| {
        let raw = event.raw?;
        let fields = event::object(raw)?;
        Ok(SpanUpdate {
            trace_id: field::id(&fields, raw, "trace_id")?.map(|id| canonical(&id)),
            span_id: canonical(&field::required_id(&fields, raw, "span_id")?),
            fields,
        })
    };
    let events = envelope::wrapped(&text)?.into_iter().enumerate();
    events
        .map(|(index, event)| read(event).map_err(|reason: String| format!("event {index}: {reason}")))
        .collect()
}

/// Reads changed events.
pub(crate) fn read_merged(events: Vec<String>) -> Intake<Span> {
    spans_of(events.into_iter().enumerate(), Vec::new())
}
