//! The waist: a finished span as plain data. Before it all is about running, after it about sending.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Number;

use crate::capture::Captured;
use crate::failure::Failure;
use crate::id::{SpanId, TraceId};
use crate::kind::Kind;

/// What a record costs in memory beside its texts.
const OVERHEAD: usize = 512;

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) trace_id: TraceId,
    pub(crate) apm_trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) parent_id: Option<SpanId>,
    pub(crate) kind: Kind,
    pub(crate) name: Cow<'static, str>,
    pub(crate) start_nanos: u64,
    pub(crate) duration_nanos: u64,
    pub(crate) ml_app: Arc<str>,
    pub(crate) session_id: Option<Arc<str>>,
    pub(crate) agent: Option<Arc<AgentAttribution>>,
    pub(crate) attribute: bool,
    pub(crate) model_name: Option<String>,
    pub(crate) model_provider: Option<String>,
    pub(crate) input: Option<Captured>,
    pub(crate) output: Option<Captured>,
    pub(crate) metadata: BTreeMap<String, Captured>,
    pub(crate) metrics: BTreeMap<String, Number>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) failure: Option<Failure>,
}

/// The nearest agent above a span.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AgentAttribution {
    pub(crate) name: String,
    pub(crate) span_id: SpanId,
}

impl Record {
    /// About how many bytes the record holds.
    pub(crate) fn bytes(&self) -> usize {
        let captured = |value: &Option<Captured>| value.as_ref().map_or(0, Captured::bytes);
        let metadata = self.metadata.iter().map(|(key, value)| key.len() + value.bytes());
        let tags = self.tags.iter().map(|(key, value)| key.len() + value.len());
        let metrics = self.metrics.keys().map(|key| key.len() + size_of::<Number>());
        let texts = [self.model_name.as_deref(), self.model_provider.as_deref(), self.session_id.as_deref()];
        OVERHEAD
            + self.name.len()
            + texts.into_iter().flatten().map(str::len).sum::<usize>()
            + captured(&self.input)
            + captured(&self.output)
            + metadata.chain(tags).chain(metrics).sum::<usize>()
            + self.failure.as_ref().map_or(0, Failure::bytes)
    }
}

#[cfg(test)]
impl Record {
    /// A span with nothing that it could do without.
    pub(crate) fn bare(kind: Kind, name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            trace_id: TraceId::random(),
            apm_trace_id: TraceId::random(),
            span_id: SpanId::random(),
            parent_id: None,
            kind,
            name: name.into(),
            start_nanos: 1,
            duration_nanos: 2,
            ml_app: "app".into(),
            session_id: None,
            agent: None,
            attribute: false,
            model_name: None,
            model_provider: None,
            input: None,
            output: None,
            metadata: BTreeMap::new(),
            metrics: BTreeMap::new(),
            tags: BTreeMap::new(),
            failure: None,
        }
    }
}
