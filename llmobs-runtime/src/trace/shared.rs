//! Data that all spans of a trace in this process share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::base::clock;
use crate::base::id::{SpanId, TraceId};
use crate::model::sampling::{Decision, Sampler};

/// The data that is passed on from program to program unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// Whether Datadog's tracers keep the trace: above zero for yes.
    pub(crate) priority: i8,
    /// The origin of the request, in the terms of Datadog's tracers, such as `synthetics`.
    pub(crate) origin: Option<String>,
    /// The other tags that Datadog's tracers propagate: keys and values.
    pub(crate) tags: Vec<(String, String)>,
    /// The parts of other vendors in the header `tracestate`.
    pub(crate) others: Option<String>,
}

impl Default for Upstream {
    /// The data of a trace that begins here. It is kept by default: the decision maker is `-0`.
    fn default() -> Self {
        Self { tags: vec![("dm".to_owned(), "-0".to_owned())], ..Self::with_priority(1) }
    }
}

impl Upstream {
    /// Creates the data of a trace with only a known priority.
    pub(crate) fn with_priority(priority: i8) -> Self {
        Self { priority, origin: None, tags: Vec::new(), others: None }
    }
}

/// Data that the spans of a trace share.
pub(crate) struct Trace {
    pub(crate) id: TraceId,
    /// Datadog's APM id of the same trace, which differs from the LLM Observability id.
    pub(crate) apm_id: TraceId,
    /// The data that other programs propagated. `None` for a trace that began here.
    pub(crate) upstream: Option<Arc<Upstream>>,
    /// The first session that a span of the trace was started with: later spans without one belong to it.
    pub(crate) session_id: OnceLock<Arc<str>>,
    /// Whether the trace is kept, decided once. `None` if another program began it and did not propagate a decision.
    decision: OnceLock<Option<Decision>>,
    /// The first span of the trace here and its current tags, if there are sampling rules to read them.
    first: Mutex<Option<(SpanId, BTreeMap<String, String>)>>,
}

impl Trace {
    /// Creates a trace that begins here at this time, in nanoseconds since the Unix epoch.
    pub(crate) fn begin(unix_nanos: u64) -> Self {
        Self::new(TraceId::random(unix_nanos), TraceId::random(unix_nanos), None)
    }

    /// Makes this a new trace that begins here at this time.
    #[inline]
    pub(crate) fn renew(&mut self, unix_nanos: u64) {
        self.id = TraceId::random(unix_nanos);
        self.apm_id = TraceId::random(unix_nanos);
        self.upstream = None;
        if self.session_id.get().is_some() {
            self.session_id = OnceLock::new();
        }
        if self.decision.get().is_some() {
            self.decision = OnceLock::new();
        }
        *self.first.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Creates a trace with these ids, and with the data that other programs propagated.
    pub(crate) fn new(id: TraceId, apm_id: TraceId, upstream: Option<Arc<Upstream>>) -> Self {
        Self {
            id,
            apm_id,
            upstream,
            session_id: OnceLock::new(),
            decision: OnceLock::new(),
            first: Mutex::default(),
        }
    }

    /// Returns the same trace, for spans that share nothing else with those of this one.
    pub(crate) fn again(&self) -> Self {
        Self::new(self.id, self.apm_id, self.upstream.clone())
    }

    /// Sets the decision of the program that began the trace.
    pub(crate) fn decided(self, decision: Option<Decision>) -> Self {
        let _ = self.decision.set(decision);
        self
    }

    /// Updates the tags of a span. Only those of the first span are kept.
    pub(crate) fn set_tags(&self, span_id: SpanId, tags: impl FnOnce() -> BTreeMap<String, String>) {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|(first, _)| *first == span_id) {
            *first = Some((span_id, tags()));
        }
    }

    /// Returns whether the trace is kept.
    #[inline]
    pub(crate) fn decision(&self, sampler: &Sampler) -> Option<Decision> {
        match self.decision.get() {
            Some(decision) => *decision,
            // Without rules, the decision depends only on the id, and is the same for all spans of the trace.
            None if !sampler.has_rules() => Some(sampler.decide_by_rate(self.apm_id.low64())),
            None => self.decide(sampler),
        }
    }

    /// Decides by the current tags of the first span.
    #[cold]
    fn decide(&self, sampler: &Sampler) -> Option<Decision> {
        *self.decision.get_or_init(|| {
            let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
            let tags = first.map(|(_, tags)| tags).unwrap_or_default();
            Some(sampler.decide(self.apm_id.low64(), &tags))
        })
    }
}

/// A span of another program that spans of this one continue.
pub(crate) struct Remote {
    /// The LLM trace to continue. `None` if the other program traces requests but no LLM application.
    pub(crate) trace: Option<Arc<Trace>>,
    /// The trace of the request.
    pub(crate) origin: Arc<Trace>,
    pub(crate) parent_id: Option<SpanId>,
}

impl Remote {
    /// Returns the trace of a child of this span.
    pub(crate) fn trace(&self) -> Arc<Trace> {
        let begun_here = || {
            let id = TraceId::random(clock::unix_nanos());
            Trace::new(id, self.origin.apm_id, self.origin.upstream.clone())
        };
        self.trace.clone().unwrap_or_else(|| Arc::new(begun_here()))
    }
}
