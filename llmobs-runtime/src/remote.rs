//! A span of another program that spans of this one continue.

use std::sync::Arc;

use crate::id::{SpanId, TraceId};
use crate::record::AgentAttribution;
use crate::trace::Trace;

/// Where a trace goes on that another program began.
pub(crate) struct Remote {
    /// The LLM trace to go on with. `None` where the other program traces requests but no LLM application.
    pub(crate) trace: Option<Arc<Trace>>,
    /// The trace of the request.
    pub(crate) origin: Arc<Trace>,
    pub(crate) parent_id: Option<SpanId>,
    pub(crate) ml_app: Option<Arc<str>>,
    pub(crate) agent: Option<Arc<AgentAttribution>>,
}

impl Remote {
    /// The trace of a span that starts right under this.
    pub(crate) fn trace(&self) -> Arc<Trace> {
        let begun_here = || Trace::new(TraceId::random(), self.origin.apm_id, self.origin.upstream.clone());
        self.trace.clone().unwrap_or_else(|| Arc::new(begun_here()))
    }
}
