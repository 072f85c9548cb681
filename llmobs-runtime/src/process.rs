//! The one door out of the process: the program's own function that sees, edits or drops each finished span.

use std::fmt;
use std::sync::Arc;

use crate::capture::guarded;
use crate::notice::warn_limited;
use crate::outbox;
use crate::span_data::SpanData;

type Function = dyn Fn(SpanData) -> Option<SpanData> + Send + Sync;

/// What the program does with each finished span before anything else does.
#[derive(Clone, Default)]
pub(crate) struct Processor(Option<Arc<Function>>);

/// What became of a span at the door.
pub(crate) enum Processed {
    Passed(SpanData),
    Dropped,
    /// The processor panicked: what it has not seen to the end is not shown.
    Stripped(SpanData),
}

impl Processor {
    pub(crate) fn new(function: impl Fn(SpanData) -> Option<SpanData> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(function)))
    }

    /// Shows the program a span, and adds to `metrics` the evaluations and feedback that it submits meanwhile.
    pub(crate) fn process(&self, span: SpanData, metrics: &mut Vec<String>) -> Processed {
        let Some(function) = &self.0 else { return Processed::Passed(span) };
        let skeleton = span.skeleton();
        let ml_app = Arc::clone(&span.own.default_ml_app);
        match outbox::collect(ml_app, metrics, || guarded(|| function(span))) {
            Some(Some(span)) => Processed::Passed(span),
            Some(None) => Processed::Dropped,
            None => {
                warn_limited!(
                    "the processor panicked: the span goes out without input, output, metadata and error message"
                );
                Processed::Stripped(skeleton)
            }
        }
    }
}

impl fmt::Debug for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Processor(given)" } else { "Processor(none)" })
    }
}
