//! What is known about a call when its body has run.

use std::fmt;
use std::sync::Arc;

use crate::call::Sink;
use crate::call::notes::{Notes, evaluated};
use crate::capture::{Captured, buffer};
use crate::failure::Failure;
use crate::frame::Frame;
use crate::kind::Kind;

/// How an instrumented call ended. The span is sent when this is dropped.
pub struct Ending {
    frame: Arc<Frame>,
    /// Until the body returned: capturing what it returned is not part of the call.
    duration_nanos: u64,
    limit: usize,
    /// `None` where an output was annotated, which wins.
    output: Option<String>,
    failure: Option<Failure>,
    notes: Notes,
}

impl Ending {
    #[inline]
    pub(super) fn new(frame: Arc<Frame>) -> Self {
        let limit = frame.sender().defaults.capture_limit;
        Self {
            duration_nanos: frame.elapsed_nanos(),
            limit,
            output: (!frame.has_output()).then(buffer),
            failure: None,
            notes: Notes::new(limit),
            frame,
        }
    }

    /// Where the returned value goes.
    pub fn output(&mut self) -> Sink<'_> {
        Sink::new(self.output.as_mut(), self.limit)
    }

    /// Writes what an expression of the program makes of the returned value.
    pub fn output_with(&mut self, write: impl FnOnce(Sink<'_>)) {
        evaluated("output", || write(self.output()));
    }

    /// The body returned an error.
    pub fn error(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }

    /// Tags, metadata and metrics.
    pub fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }

    /// The kind of the span that ends.
    pub(super) fn kind(&self) -> Kind {
        self.frame.kind()
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(notes) = self.notes.take() {
            self.frame.annotate_under(notes);
        }
        let output = self.output.take().map(Captured::value);
        self.frame.end(output, self.failure.take(), self.duration_nanos);
    }
}

/// Without what it says, which may be secret.
impl fmt::Debug for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ending").finish_non_exhaustive()
    }
}
