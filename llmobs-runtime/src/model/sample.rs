//! Finished spans for tests, made of the parts that a thread leaves to the worker.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::annotation::Annotation;
use super::captured::Source;
use super::failure::FailureParts;
use super::inherited::{AgentAttribution, Inherited};
use super::record::{Extras, Finished, Record, TraceRecord};
use super::sampling::Decision;
use super::span_data::SpanData;
use super::tags::Identity;
use crate::base::clock::{Times, WallClock};
use crate::base::id::{SpanId, TraceId};
use crate::base::kind::Kind;

/// When spans start, in nanoseconds since the Unix epoch.
const START: u64 = 1_763_800_000_123_456_789;

/// A span that has finished.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) kind: Kind,
    pub(crate) name: Cow<'static, str>,
    pub(crate) trace_id: TraceId,
    pub(crate) apm_trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) parent_id: Option<SpanId>,
    pub(crate) root: SpanId,
    pub(crate) start_nanos: u64,
    pub(crate) duration_nanos: u64,
    pub(crate) decision: Option<Decision>,
    pub(crate) attribute: bool,
    pub(crate) annotation: Option<Annotation>,
    pub(crate) inherited: Inherited,
    /// What an attribute captured.
    pub(crate) input: (String, Source),
    pub(crate) output: String,
    pub(crate) failure: Option<(String, FailureParts)>,
}

impl Sample {
    /// Creates an outermost span without optional data.
    pub(crate) fn new(kind: Kind, name: impl Into<Cow<'static, str>>) -> Self {
        let span_id = SpanId::random();
        Self {
            kind,
            name: name.into(),
            trace_id: TraceId::random(START),
            apm_trace_id: TraceId::random(START),
            span_id,
            parent_id: None,
            root: span_id,
            start_nanos: START,
            duration_nanos: 42,
            decision: Some(Decision { rate: 1.0, kept: true }),
            attribute: false,
            annotation: None,
            inherited: Inherited::default(),
            input: (String::new(), Source::Value),
            output: String::new(),
            failure: None,
        }
    }

    pub(crate) fn annotate(mut self, annotate: impl FnOnce(&mut Annotation)) -> Self {
        annotate(self.annotation.get_or_insert_with(|| Annotation::new(usize::MAX)));
        self
    }

    /// Sets the arguments that an attribute captured, as a JSON object by name.
    pub(crate) fn arguments(self, json: impl Into<String>) -> Self {
        Self { input: (json.into(), Source::Arguments), ..self }
    }

    /// Sets the input that an attribute captured, as the JSON text of one value.
    pub(crate) fn input_value(self, json: impl Into<String>) -> Self {
        Self { input: (json.into(), Source::Value), ..self }
    }

    /// Sets the JSON text of the returned value that an attribute captured.
    pub(crate) fn returned(self, json: impl Into<String>) -> Self {
        Self { output: json.into(), ..self }
    }

    /// Sets the returned error that an attribute captured.
    pub(crate) fn failed<E: Error>(self, error: &E) -> Self {
        let mut text = String::new();
        let parts = FailureParts::of_error::<E, E>(error, &mut text);
        Self { failure: Some((text, parts)), ..self }
    }

    /// Sets an error that an attribute captured as text only.
    pub(crate) fn failed_with<E>(self, message: fmt::Arguments<'_>) -> Self {
        let mut text = String::new();
        let parts = FailureParts::of_text::<E>(message, &mut text);
        Self { failure: Some((text, parts)), ..self }
    }

    pub(crate) fn ml_app(mut self, ml_app: &str) -> Self {
        self.inherited.ml_app = Some(ml_app.into());
        self
    }

    pub(crate) fn session_id(mut self, session_id: &str) -> Self {
        self.inherited.session_id = Some(session_id.into());
        self
    }

    /// Puts the span below an agent.
    pub(crate) fn agent(mut self, name: Option<&str>, span_id: SpanId) -> Self {
        let agent = AgentAttribution { name: name.map(str::to_owned), span_id };
        self.inherited.agent = Some(Arc::new(agent));
        self
    }

    /// Returns the record of the span, and its texts.
    pub(crate) fn record(&self) -> (Record, String) {
        let (input, source) = &self.input;
        let failure = self.failure.as_ref().map_or("", |(text, _)| text);
        let length = |text: &str| u32::try_from(text.len()).unwrap();
        let record = Record {
            name: self.name.clone(),
            span_id: self.span_id,
            parent_id: self.parent_id,
            times: Times::Known { start_nanos: self.start_nanos, duration_nanos: self.duration_nanos },
            annotation: self.annotation.clone().map(Box::new),
            input: length(input),
            output: length(&self.output),
            extras: Extras::default(),
            source: *source,
            kind: self.kind,
            attribute: self.attribute,
        };
        (record, format!("{input}{}{failure}", self.output))
    }

    /// Returns the part that the span shares with the others of its trace.
    pub(crate) fn trace(&self) -> TraceRecord {
        TraceRecord { id: self.trace_id, apm_id: self.apm_trace_id, root: self.root, decision: self.decision }
    }

    /// Calls `read` with the span as the worker reads it.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&Finished<'_>) -> R) -> R {
        let (mut record, text) = self.record();
        let annotation = record.annotation.take();
        let failure = self.failure.as_ref().map(|(_, parts)| parts);
        let (trace, inherited, clock) = (self.trace(), Some(&self.inherited), WallClock::new());
        let mut finished = Finished::new(&record, &trace, annotation, &text, failure, inherited, &clock);
        finished.read(true);
        read(&finished)
    }

    /// Returns the typed form of the span.
    pub(crate) fn data(&self, identity: &Identity) -> SpanData {
        self.read(|finished| SpanData::new(finished, identity, &"app".into()))
    }
}
