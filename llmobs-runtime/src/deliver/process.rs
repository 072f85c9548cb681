//! The program's function that inspects, edits or drops each finished span.

use std::fmt;
use std::sync::Arc;

use llmobs_capture::{guarded, warn_limited};

use crate::model::span_data::SpanData;

type Function = dyn Fn(SpanData) -> Option<SpanData> + Send + Sync;

/// The processor of the program, through which each finished span goes before a transport gets it.
#[derive(Clone)]
pub(crate) struct Processor(Arc<Function>);

/// Why a processor did not return a span.
pub(crate) enum Withheld {
    Dropped,
    /// The processor panicked. The content of the span must not be shown, because it may not be redacted.
    Panicked,
}

impl Processor {
    pub(crate) fn new(function: impl Fn(SpanData) -> Option<SpanData> + Send + Sync + 'static) -> Self {
        Self(Arc::new(function))
    }

    /// Passes a span to the processor.
    pub(crate) fn process(&self, span: SpanData) -> Result<SpanData, Withheld> {
        match guarded(|| (self.0)(span)) {
            Some(Some(mut span)) => {
                span.settle();
                Ok(span)
            }
            Some(None) => Err(Withheld::Dropped),
            None => {
                warn_limited!(
                    "the processor panicked: the span is sent without input, output, metadata and error message"
                );
                Err(Withheld::Panicked)
            }
        }
    }
}

impl fmt::Debug for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Processor")
    }
}
