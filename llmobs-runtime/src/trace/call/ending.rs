//! Captures what is known about a call after its body has run.

use std::fmt;
use std::sync::Arc;

use llmobs_providers::Response;

use super::notes::{Notes, evaluated};
use super::sink::Sink;
use crate::base::kind::Kind;
use crate::model::annotation::{Annotation, add_under};
use crate::model::failure::{Failure, FailureParts};
use crate::model::observed::Observed;
use crate::model::reading::facts_of_response;
use crate::trace::claim::{EndedCall, Shown};
use crate::trace::frame::{End, Frame};
use crate::trace::local;
use crate::trace::model_call::submit;

/// How an instrumented call ended. The span is finished when this is dropped.
pub struct Ending {
    frame: Option<Arc<Frame>>,
    limit: usize,
    /// Whether an output is wanted. An annotated output takes precedence.
    wanted: bool,
    /// The input, to which the output and the error are appended.
    text: String,
    end: End,
    annotation: Option<Box<Annotation>>,
}

/// The destination of the text of an error.
#[derive(Debug)]
pub struct ErrorSink<'a> {
    text: &'a mut String,
    parts: &'a mut Option<FailureParts>,
    /// Whether more than the type of the error is wanted.
    shows_text: bool,
}

impl ErrorSink<'_> {
    /// Calls `write` with the text, or appends only the type `E` of the error.
    pub(crate) fn put<E: ?Sized>(self, write: impl FnOnce(&mut String) -> FailureParts) {
        let parts = if self.shows_text { write(self.text) } else { FailureParts::of_type::<E>(self.text) };
        *self.parts = Some(parts);
    }
}

/// The text of an error that was an item of a stream.
#[derive(Debug, Default)]
pub struct ErrorText {
    text: String,
    parts: Option<FailureParts>,
}

impl ErrorText {
    /// Returns the text that `write` appends.
    pub fn of(write: impl FnOnce(ErrorSink<'_>)) -> Self {
        let mut error = Self::default();
        write(ErrorSink { text: &mut error.text, parts: &mut error.parts, shows_text: true });
        error
    }
}

impl Ending {
    #[inline]
    pub(super) fn new(mut frame: Arc<Frame>) -> Self {
        // Capturing what the body returned is not part of the call.
        let times = frame.started().until_now();
        let (text, wanted) = Frame::take_text(&mut frame);
        Self {
            limit: frame.sender().defaults.capture_limit,
            wanted,
            end: End { times, input: text.len(), failure: None },
            text,
            annotation: None,
            frame: Some(frame),
        }
    }

    /// The destination of the returned value.
    #[inline]
    pub fn output(&mut self) -> Sink<'_> {
        Sink::new(self.wanted.then_some(&mut self.text), self.limit)
    }

    /// Writes the value of the option `output`.
    pub fn output_with(&mut self, write: impl FnOnce(Sink<'_>)) {
        evaluated("output", || write(self.output()));
    }

    /// Writes the error that the body returned. Nothing is written after that.
    pub fn error(&mut self, write: impl FnOnce(ErrorSink<'_>)) {
        let shows_text = self.shows_errors();
        write(ErrorSink { text: &mut self.text, parts: &mut self.end.failure, shows_text });
    }

    /// Sets the error of a stream. Its output is written after that.
    pub(crate) fn set_error(&mut self, error: &ErrorText) {
        if let Some(parts) = error.parts {
            let failure = parts.of(&error.text).to_failure();
            self.fail(if self.shows_errors() { failure } else { failure.without_text() });
        }
    }

    fn shows_errors(&self) -> bool {
        self.frame.as_ref().is_some_and(|frame| frame.shows_errors())
    }

    fn fail(&mut self, failure: Failure) {
        let annotation = self.annotation.get_or_insert_with(|| Box::new(Annotation::new(self.limit)));
        annotation.failure = Some(failure);
    }

    /// Adds the data of a model's response other than the output. The options of the attribute take precedence.
    pub(crate) fn add_response(&mut self, mut response: Response) {
        let error = response.error.take();
        let mut facts = facts_of_response(response, self.limit);
        if self.frame.as_ref().is_some_and(|frame| frame.has_several_calls()) {
            facts.metrics.clear();
        }
        add_under(&mut self.annotation, Some(Box::new(facts)));
        if let Some(error) = error.filter(|_| !self.has_failed()) {
            let failure = Failure::of_provider(&error);
            self.fail(if self.shows_errors() { failure } else { failure.without_text() });
        }
    }

    /// Adds the calls of models that integrations observed.
    #[cold]
    fn add_calls(&mut self, frame: &Arc<Frame>) {
        match frame.take_calls() {
            Shown::Nothing => {}
            Shown::One(call) => self.add_call(call, frame),
            Shown::Several => self.add_several(),
        }
    }

    /// Adds the only call. If it failed and the function did not, it becomes a separate span.
    fn add_call(&mut self, mut call: EndedCall, frame: &Arc<Frame>) {
        let failed = self.has_failed() || self.end.failure.is_some();
        if call.failed && !failed {
            return submit(call, frame);
        }
        // An error that the function returned is more detailed.
        if let Some(notes) = &mut call.notes {
            notes.failure.take_if(|_| failed);
        }
        add_under(&mut self.annotation, call.notes);
    }

    /// Records that there were several calls, each with a separate span that has its tokens.
    fn add_several(&mut self) {
        let annotation = self.annotation.get_or_insert_with(|| Box::new(Annotation::new(self.limit)));
        annotation.more().observed = Some(Arc::new(Observed::several()));
    }

    /// Returns whether there is an error.
    pub(super) fn has_failed(&self) -> bool {
        self.annotation.as_ref().is_some_and(|annotation| annotation.failure.is_some())
    }

    /// Tags, metadata and metrics.
    pub fn notes(&mut self) -> Notes<'_> {
        Notes::new(&mut self.annotation, self.limit)
    }

    /// The kind of the span that ends.
    pub(super) fn kind(&self) -> Option<Kind> {
        self.frame.as_ref().map(|frame| frame.kind())
    }
}

impl Drop for Ending {
    #[inline]
    fn drop(&mut self) {
        let Some(mut frame) = self.frame.take() else { return };
        if frame.has_calls() {
            self.add_calls(&frame);
        }
        if Frame::end(&mut frame, &self.end, &mut self.text, self.annotation.take()) {
            local::recycle(frame);
        }
    }
}

/// Omits the content, which may be secret.
impl fmt::Debug for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ending").finish_non_exhaustive()
    }
}
