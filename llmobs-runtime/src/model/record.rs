//! A finished span as its thread leaves it to the worker: numbers and text, which the worker reads.

use std::borrow::Cow;

use super::annotation::Annotation;
use super::attributes::ReadAttributes;
use super::captured::{Source, is_null};
use super::content::Content;
use super::failure::{Failure, FailureParts, FailureView};
use super::inherited::{AgentAttribution, Inherited};
use super::limits::LeftOut;
use super::observed::Hidden;
use super::reading::Reading;
use super::sampling::Decision;
use super::tags::About;
use crate::base::clock::{Times, WallClock};
use crate::base::id::{SpanId, TraceId};
use crate::base::kind::Kind;

/// A finished span. Its texts, its trace, and its inherited values are in the same chunk of the queue.
pub(crate) struct Record {
    pub(crate) name: Cow<'static, str>,
    pub(crate) span_id: SpanId,
    pub(crate) parent_id: Option<SpanId>,
    pub(crate) times: Times,
    /// The annotations.
    pub(crate) annotation: Option<Box<Annotation>>,
    /// The lengths of input and output as JSON, in bytes. The texts follow each other, and those of a failure come last.
    pub(crate) input: u32,
    pub(crate) output: u32,
    pub(crate) extras: Extras,
    /// How the input is read.
    pub(crate) source: Source,
    pub(crate) kind: Kind,
    /// Whether an attribute created the span, not the program directly.
    pub(crate) attribute: bool,
}

/// The parts of a span that a chunk holds in addition to its record, in lists that are read along with the records.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extras(u8);

impl Extras {
    /// The next trace. Without it, the span is in the trace of the record before.
    pub(crate) const TRACE: Self = Self(1);
    /// Inherited values: those of the last record that inherited something, unless there are next ones.
    pub(crate) const INHERITS: Self = Self(1 << 1);
    pub(crate) const INHERITED: Self = Self(1 << 2);
    /// The lengths of the texts of a failure.
    pub(crate) const FAILURE: Self = Self(1 << 3);
    /// The texts of the span, as a separate string.
    pub(crate) const TEXT: Self = Self(1 << 4);
    /// Content of the span was left out for lack of room.
    pub(crate) const STRIPPED: Self = Self(1 << 5);
    /// Parts that few spans have.
    pub(crate) const RARE: Self = Self(Self::INHERITED.0 | Self::FAILURE.0 | Self::TEXT.0);

    #[inline]
    pub(crate) fn add(&mut self, more: Self) {
        self.0 |= more.0;
    }

    /// Returns whether any of these is set.
    #[inline]
    pub(crate) fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }
}

/// Data that the spans of a trace in one program share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TraceRecord {
    pub(crate) id: TraceId,
    pub(crate) apm_id: TraceId,
    /// The outermost span of this program around the spans, which is one of them.
    pub(crate) root: SpanId,
    /// Whether the trace is kept. `None` if the program that began it did not propagate a decision.
    pub(crate) decision: Option<Decision>,
}

impl Record {
    /// The memory of a record without its text and annotations, in bytes.
    pub(crate) const BYTES: usize = size_of::<Self>();

    /// Returns the length of all texts of the span.
    pub(crate) fn text_bytes(&self, failure: Option<&FailureParts>) -> usize {
        self.input as usize + self.output as usize + failure.map_or(0, FailureParts::bytes)
    }
}

/// A finished span with all its data, to be encoded or converted to a [`SpanData`](super::span_data::SpanData).
pub(crate) struct Finished<'a> {
    pub(crate) record: &'a Record,
    pub(crate) trace: &'a TraceRecord,
    pub(crate) inherited: &'a Inherited,
    /// Nanoseconds since the Unix epoch.
    pub(crate) start_nanos: u64,
    pub(crate) duration_nanos: u64,
    /// The annotations, over those of annotation contexts.
    annotation: Option<Box<Annotation>>,
    input: &'a str,
    output: &'a str,
    failure: Option<FailureView<'a>>,
    /// Input and output in the form that the kind shows, unless that is a text.
    pub(crate) input_content: Option<Content>,
    pub(crate) output_content: Option<Content>,
}

impl<'a> Finished<'a> {
    /// Reads a record. `text` begins with its texts, and `annotation` was taken out of it.
    pub(crate) fn new(
        record: &'a Record,
        trace: &'a TraceRecord,
        annotation: Option<Box<Annotation>>,
        text: &'a str,
        failure: Option<&FailureParts>,
        inherited: Option<&'a Inherited>,
        clock: &WallClock,
    ) -> Self {
        let (start_nanos, duration_nanos) = record.times.nanos(clock);
        let inherited = inherited.unwrap_or(Inherited::NONE);
        let (input, rest) = text.split_at_checked(record.input as usize).unwrap_or_default();
        let (output, rest) = rest.split_at_checked(record.output as usize).unwrap_or_default();
        let failure = failure.map(|parts| parts.of(rest));
        let annotation = settled(annotation, inherited, record.kind);
        if let Some(annotation) = &annotation {
            annotation.left_out().warn();
        }
        Self {
            record,
            trace,
            inherited,
            start_nanos,
            duration_nanos,
            annotation,
            input,
            output,
            failure,
            input_content: None,
            output_content: None,
        }
    }

    /// Reads messages and documents, and adds the other data of a request or response under the annotations. `shows_errors` is whether the
    /// texts of errors are wanted.
    #[inline]
    pub(crate) fn read(&mut self, shows_errors: bool) {
        // Texts are shown as they were captured.
        if !Content::is_text(self.kind()) || self.annotation().is_observed() || self.attributes().is_some() {
            self.read_content(shows_errors);
        }
    }

    #[inline(never)]
    fn read_content(&mut self, shows_errors: bool) {
        let mut reading = Reading::new(self.kind(), self.input(), self.output());
        let own = self.annotation();
        let own = (own.input.is_some(), own.output.is_some());
        if let Some(attributes) = ReadAttributes::of(self.attributes().as_slice()) {
            reading.add_attributes(attributes, self.kind(), own, Hidden::default());
        }
        let kind = self.kind();
        if let Some(observed) = self.annotation.as_mut().and_then(|own| own.take_observed()) {
            reading.add(observed, kind, own);
        }
        let Reading { input, output, facts } = reading;
        (self.input_content, self.output_content) = (input, output);
        if let Some(mut facts) = facts {
            // An error that the program returned is more detailed.
            facts.failure.take_if(|_| self.failure.is_some());
            if !shows_errors || self.annotation().skips_error() {
                facts.failure = facts.failure.map(Failure::without_text);
            }
            match &mut self.annotation {
                Some(annotation) => annotation.add_under(facts),
                annotation => *annotation = Some(Box::new(facts)),
            }
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.annotation().late_name().unwrap_or(&self.record.name)
    }

    pub(crate) fn apm_trace_id(&self) -> TraceId {
        self.annotation().apm_trace_id().unwrap_or(self.trace.apm_id)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.annotation().late_kind().unwrap_or(self.record.kind)
    }

    /// Returns what was left out of the span.
    pub(crate) fn left_out(&self) -> LeftOut {
        LeftOut { content: self.record.extras.has(Extras::STRIPPED), ..self.annotation().left_out() }
    }

    pub(crate) fn annotation(&self) -> &Annotation {
        self.annotation.as_deref().unwrap_or(Annotation::EMPTY)
    }

    /// Returns the input as JSON, and its source. An annotated input takes precedence.
    pub(crate) fn input(&self) -> Option<(&str, Source)> {
        let captured = Some((self.input, self.record.source))
            .filter(|(json, source)| *source != Source::Attributes && !is_null(json));
        self.annotation().input.as_ref().map(|input| (input.json(), input.source)).or(captured)
    }

    /// Returns the attributes that another library gave its span.
    fn attributes(&self) -> Option<&'a str> {
        (self.record.source == Source::Attributes && !self.input.is_empty()).then_some(self.input)
    }

    /// Returns the output as JSON, and its source. An annotated output takes precedence.
    pub(crate) fn output(&self) -> Option<(&str, Source)> {
        let captured = Some((self.output, Source::Value)).filter(|(json, _)| !is_null(json));
        self.annotation().output.as_ref().map(|output| (output.json(), output.source)).or(captured)
    }

    pub(crate) fn failure(&self) -> Option<FailureView<'_>> {
        self.annotation().failure.as_ref().map(Failure::view).or(self.failure)
    }

    pub(crate) fn session_id(&self) -> Option<&str> {
        let tag = self.annotation().tags.get("session_id").map(String::as_str);
        tag.or(self.inherited.session_id.as_deref())
    }

    /// Returns what tags are made of besides annotations. `ml_app` is the application of the client.
    pub(crate) fn about(&'a self, ml_app: &'a str) -> About<'a> {
        About {
            kind: self.kind(),
            ml_app,
            session_id: self.session_id(),
            inherited: self.inherited,
            attribute: self.record.attribute,
        }
    }

    pub(crate) fn agent(&self) -> Option<&AgentAttribution> {
        self.inherited.agent.as_deref()
    }
}

/// Puts the annotations of contexts under those of the span, and keeps the parts that spans of this kind show.
pub(crate) fn settled(
    annotation: Option<Box<Annotation>>,
    inherited: &Inherited,
    kind: Kind,
) -> Option<Box<Annotation>> {
    let contexts = inherited.contexts.as_ref().map(|contexts| contexts.merged().clone());
    let mut settled = match (annotation, contexts) {
        (Some(mut own), Some(contexts)) => {
            own.add_under(contexts);
            own
        }
        (Some(own), None) => own,
        (None, contexts) => Box::new(contexts?),
    };
    settled.retain_for(settled.late_kind().unwrap_or(kind));
    Some(settled)
}

#[cfg(test)]
mod tests;
