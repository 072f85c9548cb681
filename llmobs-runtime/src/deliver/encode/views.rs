//! Encodes the two forms of a finished span.

use serde_json::Value;

use super::{Encoder, Event, Io, Metadata, Tags};
use crate::base::kind::Kind;
use crate::model::content::Content;
use crate::model::failure::Failure;
use crate::model::record::Finished;
use crate::model::span_data::SpanData;

impl Encoder {
    /// Appends the event of a span in compact form.
    pub(crate) fn encode_finished(&mut self, finished: &Finished<'_>, body: &mut String) {
        let kind = finished.kind();
        // A text is sent as it was captured.
        let input = match &finished.input_content {
            Some(content) => Some(Io::Content(content)),
            None => finished.input().filter(|_| Content::is_text_input(kind)).map(|(json, _)| Io::Json(json)),
        };
        let output = match &finished.output_content {
            Some(content) => Some(Io::Content(content)),
            None => {
                finished.output().filter(|_| Content::is_text_output(kind)).map(|(json, _)| Io::Json(json))
            }
        };
        let annotation = finished.annotation();
        let more = annotation.more.as_deref();
        let record = finished.record;
        let inherited = finished.inherited;
        let event = Event {
            kind,
            name: finished.name(),
            trace_id: finished.trace.id,
            apm_trace_id: finished.apm_trace_id(),
            span_id: record.span_id,
            parent_id: record.parent_id,
            start_nanos: finished.start_nanos,
            duration_nanos: finished.duration_nanos,
            session_id: finished.session_id(),
            agent: finished.agent().map(|agent| (agent.name.as_deref(), agent.span_id)),
            decision: finished.trace.decision,
            tags: Tags::Client {
                ml_app: inherited.ml_app.as_deref(),
                attribute: record.attribute,
                agent_version: annotation.agent_version().filter(|_| kind == Kind::Agent),
                own: &annotation.tags,
            },
            metadata: Metadata::Captured(&annotation.metadata),
            metrics: &annotation.metrics,
            input,
            output,
            prompt: more.and_then(|more| more.prompt.as_deref()),
            tool_definitions: annotation.tools(),
            agent_manifest: more.and_then(|more| more.agent.as_ref()),
            intent: more.and_then(|more| more.intent.as_deref()),
            tool_version: more.and_then(|more| more.tool_version.as_deref()),
            failure: finished.failure(),
            links: more.map(|more| more.links.as_slice()).unwrap_or_default(),
            cost_tags: more.map(|more| more.cost_tags.as_slice()).unwrap_or_default(),
            model_name: annotation.model_name.as_deref(),
            model_provider: annotation.model_provider.as_deref(),
            left_out: finished.left_out(),
        };
        self.encode(&event, body);
    }

    /// Appends the event of a span in typed form.
    pub(crate) fn encode_data(&mut self, span: &SpanData, body: &mut String) {
        let fixed = &span.fixed;
        let event = Event {
            kind: fixed.kind,
            name: &span.name,
            trace_id: fixed.trace_id,
            apm_trace_id: fixed.apm_trace_id,
            span_id: fixed.span_id,
            parent_id: fixed.parent_id,
            start_nanos: fixed.start_nanos,
            duration_nanos: fixed.duration_nanos,
            session_id: span.session_id(),
            agent: fixed.agent.as_ref().map(|(name, span_id)| (name.as_deref(), *span_id)),
            decision: fixed.decision,
            tags: Tags::All(&span.tags),
            metadata: Metadata::Values(&span.metadata),
            metrics: &span.metrics,
            input: span.input.as_ref().map(Io::Content),
            output: span.output.as_ref().map(Io::Content),
            prompt: span.prompt.as_ref(),
            tool_definitions: &span.tool_definitions,
            agent_manifest: span.agent.as_ref(),
            intent: span.intent.as_deref(),
            tool_version: fixed.tool_version.as_deref(),
            failure: span.failure.as_ref().map(Failure::view),
            links: &span.links,
            cost_tags: &span.cost_tags,
            model_name: span.model_name.as_deref(),
            model_provider: span.model_provider.as_deref(),
            left_out: fixed.left_out,
        };
        self.encode(&event, body);
    }

    /// The event of a span in typed form, as a tree.
    pub(crate) fn event(&mut self, span: &SpanData) -> Value {
        let mut body = String::new();
        self.encode_data(span, &mut body);
        let mut wrapped: Value = serde_json::from_str(&body).unwrap_or_default();
        wrapped.pointer_mut("/spans/0").map(Value::take).unwrap_or_default()
    }
}
