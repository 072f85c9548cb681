//! The span of an APM tracer that is current where a span starts.

use llmobs_capture::{guarded, warn_limited};

use crate::base::id::{SpanId, TraceId};

/// The ids of a span of an APM tracer, such as OpenTelemetry.
///
/// [`Config::apm_context`](crate::Config::apm_context) takes a function that returns the current one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApmContext {
    /// The id of the trace.
    pub trace_id: u128,
    /// The id of the span.
    pub span_id: u64,
    /// Whether the tracer keeps the trace.
    pub sampled: bool,
}

impl ApmContext {
    /// Creates a context with these ids. Zero is not a valid id.
    #[must_use]
    pub fn new(trace_id: u128, span_id: u64, sampled: bool) -> Self {
        Self { trace_id, span_id, sampled }
    }
}

/// The function of the program that returns the current APM span.
pub(crate) type CurrentApm = fn() -> Option<ApmContext>;

/// The ids of the current APM span, if there is one.
pub(crate) struct ApmSpan {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) sampled: bool,
}

impl ApmSpan {
    #[cold]
    pub(crate) fn current(current: CurrentApm) -> Option<Self> {
        let context = guarded(current);
        if context.is_none() {
            warn_limited!("a span has no APM trace: the function of `Config::apm_context` panicked");
        }
        let ApmContext { trace_id, span_id, sampled } = context.flatten()?;
        Some(Self { trace_id: TraceId::from_u128(trace_id)?, span_id: SpanId::from_u64(span_id)?, sampled })
    }
}
