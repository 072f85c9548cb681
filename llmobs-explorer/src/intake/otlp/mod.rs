//! Reads the spans of OpenTelemetry from OTLP requests.
//!
//! ```text
//! body -> protobuf (by wire) -> span -> ancestry (its parent) -> event (by kind, llmobs-providers, warnings) -> Span
//!      -> json               ->
//! ```

mod event;
mod json;
mod kind;
mod messages;
mod protobuf;
mod span;
mod warnings;
pub(crate) mod wire;

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::ancestry::{Ancestry, Moved};
use super::envelope::MAX_EVENTS;
use super::{Intake, Rejected, lenient, spans_of};
use crate::span::Span;
use span::{OtlpSpan, Source};

/// The encoding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtlpEncoding {
    Json,
    Protobuf,
}

/// The spans of a request.
#[derive(Debug)]
pub(crate) struct OtlpIntake {
    /// The steps.
    pub(crate) intake: Intake<Span>,
    /// Steps of earlier requests that have another parent now.
    pub(crate) moved: Vec<Moved>,
    /// The number of spans that are not steps.
    pub(crate) passed_over: usize,
}

/// Reads the body for `/v1/traces`. `ml_app` is the application, or else the service is.
pub(crate) fn read_otlp(
    body: &[u8],
    encoding: OtlpEncoding,
    ml_app: Option<&str>,
    ancestry: &Mutex<Ancestry>,
) -> Result<OtlpIntake, String> {
    let mut sources: Vec<Source> = Vec::new();
    let mut spans: Vec<Numbered> = Vec::new();
    let mut rejected = Vec::new();
    let mut index = 0;
    let each = |source: &Source, span: Result<OtlpSpan, String>| {
        if index < MAX_EVENTS {
            if sources.last() != Some(source) {
                sources.push(source.clone());
            }
            match span {
                Ok(span) => spans.push((index, sources.len() - 1, span)),
                Err(reason) => rejected.push(Rejected { index, reason }),
            }
        }
        index += 1;
    };
    match encoding {
        OtlpEncoding::Protobuf => protobuf::read(body, each)?,
        OtlpEncoding::Json => json::read(&lenient::text(body)?, each)?,
    }
    if index > MAX_EVENTS {
        return Err(super::envelope::too_many());
    }
    let switched_off: HashSet<String> = spans
        .iter()
        .filter(|(_, source, span)| {
            let source = sources.get(*source).is_some_and(|source| is_off(source.resource.get(SWITCH)));
            source || is_off(span.attributes.get(SWITCH))
        })
        .map(|(_, _, span)| span.trace_id.clone())
        .collect();
    spans.retain(|(_, _, span)| !switched_off.contains(&span.trace_id));
    let all = spans.len();
    let (steps, moved) = {
        let mut ancestry = ancestry.lock().unwrap_or_else(PoisonError::into_inner);
        adopted(spans, &mut ancestry)
    };
    let passed_over = all - steps.len();
    let events = steps
        .into_iter()
        .filter_map(|(index, source, span)| Some((index, event::event(span, sources.get(source)?, ml_app))));
    Ok(OtlpIntake { intake: spans_of(events, rejected), moved, passed_over })
}

/// A span, its index in the request, and the index of its source.
type Numbered = (usize, usize, OtlpSpan);

/// Returns the steps, each with its nearest ancestor that is a step, and the steps of earlier requests that get another parent.
fn adopted(spans: Vec<Numbered>, ancestry: &mut Ancestry) -> (Vec<Numbered>, Vec<Moved>) {
    let mut moved = Vec::new();
    let (mut steps, others): (Vec<_>, Vec<_>) =
        spans.into_iter().partition(|(_, _, span)| kind::is_step(span));
    for (_, _, span) in others {
        moved.extend(ancestry.pass_over(&span.trace_id, span.span_id, span.parent_id));
    }
    for (_, _, span) in &mut steps {
        span.parent_id = ancestry.parent(&span.trace_id, span.span_id, span.parent_id);
    }
    // The steps of this request already have their final parents.
    let own: HashSet<_> = steps.iter().map(|(_, _, span)| (span.trace_id.as_str(), span.span_id)).collect();
    moved.retain(|moved| !own.contains(&(moved.trace.as_str(), moved.step)));
    (steps, moved)
}

/// The attribute that disables LLM Observability.
const SWITCH: &str = "dd_llmobs_enabled";

fn is_off(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Bool(false))) || value.and_then(Value::as_str) == Some("false")
}
