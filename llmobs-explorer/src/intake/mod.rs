//! Reads the requests of programs into [spans](Span) and [evaluations](Evaluation). Pure: bytes in, values out.
//!
//! ```text
//! body -> lenient (text that is JSON) -> envelope (its events, still as text) -> event  -> Span
//!                                                                             -> metric -> Evaluation
//!      -> otlp, apm (write events)                                            -> event  -> Span
//! ```
//!
//! An invalid event does not affect the others: valid events are accepted, and each of the rest is rejected with a reason. Any form
//! with only one possible meaning is accepted.
//!
//! The text of an event is stored as it arrived. It is always JSON that `serde_json` can read.

mod ancestry;
mod apm;
mod attributes;
mod content;
mod envelope;
mod error;
mod event;
mod field;
mod lenient;
mod metric;
mod msgpack;
mod otlp;
mod preview;
mod search_text;
mod update;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use crate::span::{Evaluation, Span};
use envelope::Shared;

pub(crate) use ancestry::Ancestry;
pub(crate) use apm::{ApmVersion, read_apm};
pub(crate) use attributes::left_out;
pub(crate) use otlp::{OtlpEncoding, read_otlp, wire};
pub(crate) use update::{SpanUpdate, read_merged, read_updates};

/// The events of one request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Intake<T> {
    /// The valid events, in the order of the request.
    pub(crate) accepted: Vec<T>,
    /// The invalid events.
    pub(crate) rejected: Vec<Rejected>,
}

/// An event that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    /// The index of the event in the request, from 0. A wrapper that cannot be read counts as one event.
    pub(crate) index: usize,
    /// The fault, and the expected form.
    pub(crate) reason: String,
}

impl<T> Default for Intake<T> {
    fn default() -> Self {
        Self { accepted: Vec::new(), rejected: Vec::new() }
    }
}

impl<T> Intake<T> {
    /// Returns the answer if some events were rejected: the first of them with its reason, and their number.
    pub(crate) fn refusal(&self) -> Option<String> {
        let first = self.rejected.first()?;
        let rejected = self.rejected.len();
        let all = rejected + self.accepted.len();
        Some(format!("{first} ({rejected} of {all} events rejected)"))
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}: {}", self.index, self.reason)
    }
}

/// Reads the body for `/api/v2/llmobs`, which SDKs send directly or through an Agent: an array of wrappers of events, or a single one.
pub(crate) fn read_spans(body: &[u8]) -> Result<Intake<Span>, String> {
    let text = if msgpack::is_msgpack(body) { msgpack::wrappers(body)?.into() } else { lenient::text(body)? };
    Ok(spans(&envelope::wrapped(&text)?))
}

/// Returns the text of a body with wrappers, which may be MessagePack.
fn text(body: &[u8]) -> Result<Cow<'_, str>, String> {
    if msgpack::is_msgpack(body) { msgpack::wrappers(body).map(Cow::Owned) } else { lenient::text(body) }
}

/// Reads the body for `/api/intake/llm-obs/v1/trace/spans` of the public HTTP API: spans, and their common fields.
pub(crate) fn read_api(body: &[u8]) -> Result<Intake<Span>, String> {
    let text = lenient::text(body)?;
    Ok(spans(&envelope::batch(&text)?))
}

/// Reads the body for `/api/intake/llm-obs/v1/eval-metric` and `v2`: evaluations and feedback. The default time is `now_ms`.
pub(crate) fn read_metrics(body: &[u8], now_ms: i64) -> Result<Intake<Evaluation>, String> {
    let text = lenient::text(body)?;
    let metrics = envelope::metrics(&text)?;
    let mut intake = Intake { accepted: Vec::with_capacity(metrics.len()), rejected: Vec::new() };
    for (index, metric) in metrics.into_iter().enumerate() {
        match metric::read(metric, now_ms) {
            Ok(evaluation) => intake.accepted.push(evaluation),
            Err(reason) => intake.rejected.push(Rejected { index, reason }),
        }
    }
    Ok(intake)
}

/// The most attributes of all spans of a request together. The tags of a wrapper are copied to each of its spans, so a short body could
/// fill the memory without this limit.
const MAX_ATTRIBUTES: usize = 500_000;

fn spans(events: &[envelope::Event<'_>]) -> Intake<Span> {
    let events = events.iter().map(|event| (event.raw.clone(), Rc::clone(&event.shared)));
    read_each(events.enumerate(), Vec::new())
}

/// Reads the spans of events that the intake created. Each event has its index in the request. `rejected` has the events that were rejected
/// before.
fn spans_of(events: impl Iterator<Item = (usize, String)>, rejected: Vec<Rejected>) -> Intake<Span> {
    let shared = Rc::default();
    read_each(events.map(|(index, event)| (index, (Ok(event), Rc::clone(&shared)))), rejected)
}

fn read_each<T: AsRef<str>>(
    events: impl Iterator<Item = (usize, (Result<T, String>, Rc<Shared>))>,
    mut rejected: Vec<Rejected>,
) -> Intake<Span> {
    let mut read = Vec::new();
    let mut attributes = 0;
    for (index, (raw, shared)) in events {
        let too_many = attributes >= MAX_ATTRIBUTES;
        match raw.and_then(|raw| if too_many { Err(full()) } else { event::read(raw.as_ref(), &shared) }) {
            Ok(span) => {
                attributes += span.attributes.len();
                read.push((index, span));
            }
            Err(reason) => rejected.push(Rejected { index, reason }),
        }
    }
    let mut intake = Intake { accepted: unique(read, &mut rejected), rejected };
    intake.rejected.sort_by_key(|rejected| rejected.index);
    intake
}

fn full() -> String {
    format!("there are more than {MAX_ATTRIBUTES} tags and attributes before it: send several requests")
}

/// Removes duplicates. If two different spans have the same id, keeps the first and rejects the second.
fn unique(read: Vec<(usize, Span)>, rejected: &mut Vec<Rejected>) -> Vec<Span> {
    let mut first: HashMap<(&str, &str), (usize, &Span)> = HashMap::with_capacity(read.len());
    let mut doubled = Vec::new();
    for (index, span) in &read {
        let (earlier, same) = *first.entry((&span.trace_id, &span.span_id)).or_insert((*index, span));
        if earlier == *index {
            continue;
        }
        doubled.push(*index);
        if same.event != span.event {
            let reason = format!(
                "`span_id` is {} as in event {earlier}: expected a unique id in the trace",
                field::quoted(&span.span_id)
            );
            rejected.push(Rejected { index: *index, reason });
        }
    }
    read.into_iter()
        .filter(|(index, _)| doubled.binary_search(index).is_err())
        .map(|(_, span)| span)
        .collect()
}
