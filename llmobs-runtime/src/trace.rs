//! What all spans of one trace in this process share.

use std::sync::{Arc, OnceLock, Weak};

use crate::frame::Frame;
use crate::id::TraceId;
use crate::sampling::Decision;

/// What goes from program to program as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// Whether Datadog's tracers keep the trace: above zero for yes.
    pub(crate) priority: i8,
    /// Where the request came from in the words of Datadog's tracers, such as `synthetics`.
    pub(crate) origin: Option<String>,
    /// What Datadog's tracers tell each other, beside ids and LLM Observability: keys and values.
    pub(crate) tags: Vec<(String, String)>,
    /// What others have put into the header `tracestate`.
    pub(crate) others: Option<String>,
}

impl Default for Upstream {
    /// Of a trace that begins here, which is kept for want of a reason not to: the decision maker `-0`.
    fn default() -> Self {
        Self { tags: vec![("dm".to_owned(), "-0".to_owned())], ..Self::said(1) }
    }
}

impl Upstream {
    /// What is known where only the priority was told.
    pub(crate) fn said(priority: i8) -> Self {
        Self { priority, origin: None, tags: Vec::new(), others: None }
    }
}

pub(crate) struct Trace {
    pub(crate) id: TraceId,
    /// Datadog's APM id of the same trace, which differs from the LLM Observability id.
    pub(crate) apm_id: TraceId,
    /// What other programs said about the request. `None` for a trace that began here.
    pub(crate) upstream: Option<Arc<Upstream>>,
    /// The first session that was set by name anywhere in the trace: later spans without one belong to it.
    pub(crate) session_id: OnceLock<Arc<str>>,
    /// Whether the trace is kept, decided once. `None` where another program began it and did not say.
    decision: OnceLock<Option<Decision>>,
    /// The first span of the trace here.
    root: OnceLock<Weak<Frame>>,
}

impl Trace {
    /// A trace that begins here.
    pub(crate) fn begin() -> Self {
        Self::new(TraceId::random(), TraceId::random(), None)
    }

    /// A trace that goes through other programs, if they said something.
    pub(crate) fn new(id: TraceId, apm_id: TraceId, upstream: Option<Arc<Upstream>>) -> Self {
        Self {
            id,
            apm_id,
            upstream,
            session_id: OnceLock::new(),
            decision: OnceLock::new(),
            root: OnceLock::new(),
        }
    }

    /// Takes over what the program that began the trace decided.
    pub(crate) fn decided(self, decision: Option<Decision>) -> Self {
        let _ = self.decision.set(decision);
        self
    }

    pub(crate) fn set_root(&self, frame: &Arc<Frame>) {
        self.root.get_or_init(|| Arc::downgrade(frame));
    }

    /// Whether the trace is kept. `decide` is asked once, with the first span of the trace if that still runs.
    pub(crate) fn decision(&self, decide: impl FnOnce(Option<&Frame>) -> Decision) -> Option<Decision> {
        let decide = || {
            let root = self.root.get().and_then(Weak::upgrade);
            Some(decide(root.as_deref()))
        };
        *self.decision.get_or_init(decide)
    }
}
