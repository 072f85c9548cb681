//! The waist: a finished span as plain data. Before it all is about running, after it about sending.

use std::borrow::Cow;
use std::sync::Arc;

use crate::facts::Facts;
use crate::id::{SpanId, TraceId};
use crate::kind::Kind;
use crate::sampling::Decision;

/// What a record costs in memory beside its texts.
const OVERHEAD: usize = 512;

pub(crate) struct Record {
    pub(crate) trace_id: TraceId,
    pub(crate) apm_trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) parent_id: Option<SpanId>,
    /// The outermost span of this program around this one: itself, where there is none.
    pub(crate) root: SpanId,
    pub(crate) kind: Kind,
    pub(crate) name: Cow<'static, str>,
    pub(crate) start_nanos: u64,
    pub(crate) duration_nanos: u64,
    pub(crate) ml_app: Arc<str>,
    pub(crate) session_id: Option<Arc<str>>,
    pub(crate) agent: Option<Arc<AgentAttribution>>,
    pub(crate) attribute: bool,
    /// Whether the trace is kept. `None` where a program that began it elsewhere did not say.
    pub(crate) decision: Option<Decision>,
    /// Of a `tool` span: that of the tool in the definitions of the `llm` span right above.
    pub(crate) tool_version: Option<String>,
    pub(crate) facts: Facts,
}

/// The nearest agent above a span.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AgentAttribution {
    /// Unknown where the agent runs in another program whose headers had no room for its name.
    pub(crate) name: Option<String>,
    pub(crate) span_id: SpanId,
}

impl Record {
    /// About how many bytes the record holds.
    pub(crate) fn bytes(&self) -> usize {
        let session = self.session_id.as_ref().map_or(0, |session| session.len());
        OVERHEAD + self.name.len() + session + self.facts.bytes()
    }
}

#[cfg(test)]
impl Record {
    /// A span with nothing that it could do without.
    pub(crate) fn bare(kind: Kind, name: impl Into<Cow<'static, str>>) -> Self {
        let span_id = SpanId::random();
        Self {
            trace_id: TraceId::random(),
            apm_trace_id: TraceId::random(),
            span_id,
            parent_id: None,
            root: span_id,
            kind,
            name: name.into(),
            start_nanos: 1,
            duration_nanos: 2,
            ml_app: "app".into(),
            session_id: None,
            agent: None,
            attribute: false,
            decision: Some(Decision { rate: 1.0, kept: true }),
            tool_version: None,
            facts: Facts::default(),
        }
    }
}
