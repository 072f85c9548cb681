//! Encodes finished spans as wire events, straight into the body of a request. It uses no clock and no globals.

mod content;
pub(crate) mod dropped;
mod json;
mod meta;
mod shorten;
mod tags;
mod trim;
mod views;

use std::collections::BTreeMap;

use serde_json::Number;

pub(crate) use content::Io;
pub(crate) use dropped::without_content;
pub(crate) use meta::Metadata;
pub(crate) use tags::Tags;

use llmobs_providers::ToolDefinition;

use crate::base::id::{SpanId, TraceId};
use crate::base::kind::Kind;
use crate::model::agent::AgentManifest;
use crate::model::failure::FailureView;
use crate::model::limits::LeftOut;
use crate::model::prompt::Prompt;
use crate::model::reference::SpanRef;
use crate::model::sampling::Decision;
use crate::model::tags::{Identity, VERSION};
use tags::ClientTags;
use trim::Trimmed;

/// Arrays and objects this deep in `meta`, itself at depth 0, are sent as their JSON text.
const MAX_META_DEPTH: usize = 12;

/// A finished span as the encoder reads it. It borrows everything, so that both forms of a finished span are encoded by the same code.
#[derive(Clone, Copy)]
pub(crate) struct Event<'a> {
    pub(crate) kind: Kind,
    pub(crate) name: &'a str,
    pub(crate) trace_id: TraceId,
    pub(crate) apm_trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) parent_id: Option<SpanId>,
    /// Unix time.
    pub(crate) start_nanos: u64,
    pub(crate) duration_nanos: u64,
    pub(crate) session_id: Option<&'a str>,
    /// Name and span id of the nearest agent above.
    pub(crate) agent: Option<(Option<&'a str>, SpanId)>,
    pub(crate) decision: Option<Decision>,
    pub(crate) tags: Tags<'a>,
    pub(crate) metadata: Metadata<'a>,
    pub(crate) metrics: &'a BTreeMap<String, Number>,
    pub(crate) input: Option<Io<'a>>,
    pub(crate) output: Option<Io<'a>>,
    /// Shown on `llm` spans.
    pub(crate) prompt: Option<&'a Prompt>,
    /// Shown on `llm` spans.
    pub(crate) tool_definitions: &'a [ToolDefinition],
    pub(crate) agent_manifest: Option<&'a AgentManifest>,
    /// Shown on `tool` spans.
    pub(crate) intent: Option<&'a str>,
    /// Shown on `tool` spans.
    pub(crate) tool_version: Option<&'a str>,
    pub(crate) failure: Option<FailureView<'a>>,
    /// The spans whose output went into this span.
    pub(crate) links: &'a [SpanRef],
    /// The keys of the tags by which costs are broken down.
    pub(crate) cost_tags: &'a [String],
    /// Shown on spans that have a model.
    pub(crate) model_name: Option<&'a str>,
    /// Shown on spans that have a model.
    pub(crate) model_provider: Option<&'a str>,
    /// The numbers of annotations that were left out.
    pub(crate) left_out: LeftOut,
}

impl Event<'_> {
    /// Returns the event without the fields that spans of its kind do not show.
    fn shown(mut self) -> Self {
        if self.kind != Kind::Llm {
            (self.prompt, self.tool_definitions) = (None, &[]);
        }
        if self.kind != Kind::Tool {
            (self.intent, self.tool_version) = (None, None);
        }
        if !self.kind.has_model() {
            (self.model_name, self.model_provider) = (None, None);
        }
        self
    }
}

/// Writes events. The parts that all events of a client share are rendered once.
pub(crate) struct Encoder {
    /// The text that every event begins with.
    head: String,
    /// How many bytes of the head belong to the wrapper object of the event.
    envelope: usize,
    client_tags: ClientTags,
    ml_app: String,
    event_limit: usize,
    trace: Trace,
    sampling: Sampling,
}

/// The ids of the last trace as text, because spans of one trace often follow each other.
struct Trace {
    ids: Option<(TraceId, TraceId)>,
    /// The first id.
    text: String,
    /// The second id, as fields of `_dd`.
    fields: String,
}

/// The last sampling decision as text, because most events have the same.
struct Sampling {
    decision: Decision,
    json: String,
}

impl Encoder {
    /// Creates the encoder of a client. Events of `event_limit` bytes or more are shortened.
    pub(crate) fn new(identity: &Identity, default_ml_app: &str, event_limit: usize) -> Self {
        let envelope =
            format!(r#"{{"_dd.stage":"raw","_dd.tracer_version":"{VERSION}","event_type":"span","spans":["#);
        Self {
            head: format!(r#"{envelope}{{"trace_id":""#),
            envelope: envelope.len(),
            client_tags: ClientTags::new(identity, default_ml_app),
            ml_app: default_ml_app.to_owned(),
            event_limit,
            trace: Trace { ids: None, text: String::new(), fields: String::new() },
            sampling: Sampling::new(Decision { rate: 1.0, kept: true }),
        }
    }

    /// Appends one event, with its wrapper object, to the body of a request.
    pub(crate) fn encode(&mut self, event: &Event<'_>, body: &mut String) {
        let before = body.len();
        let start = before + self.envelope;
        self.push_without_io(event, body);
        let least: usize = [&event.input, &event.output].into_iter().flatten().map(Io::min_bytes).sum();
        if body.len() - start + least < self.event_limit {
            self.push_io(event, body);
            if body.len() + "}}".len() - start < self.event_limit && event.left_out.is_nothing() {
                return body.push_str("}}]}");
            }
        }
        body.truncate(before);
        self.encode_trimmed(event, body);
    }

    /// Appends an event that is too large, or has entries in `collection_errors`.
    #[cold]
    #[inline(never)]
    fn encode_trimmed(&mut self, event: &Event<'_>, body: &mut String) {
        let before = body.len();
        // Removes what was written before the event turned out to be too large.
        body.shrink_to(before + self.event_limit);
        let event = &event.shown();
        let bare = Trimmed::bare(event, &self.client_tags);
        let size = self.push_trimmed(&bare, event, &[], body);
        body.truncate(before);
        let room = self.event_limit.saturating_sub(size);
        if room >= trim::LEAST_ROOM {
            let trimmed = Trimmed::within(room, event, bare, &self.ml_app);
            if self.push_trimmed(&trimmed, event, &trimmed.errors(event), body) < self.event_limit {
                return;
            }
            body.truncate(before);
        }
        let without_io = Trimmed::without_io();
        if self.push_trimmed(&without_io, event, &without_io.errors(event), body) < self.event_limit {
            return;
        }
        body.truncate(before);
        let skeleton = Trimmed::skeleton(event, &self.client_tags, self.event_limit);
        self.push_trimmed(&skeleton, event, &skeleton.errors(event), body);
    }

    /// Appends an event with shorter forms of its parts, and returns its size.
    fn push_trimmed(
        &mut self,
        trimmed: &Trimmed,
        event: &Event<'_>,
        errors: &[&str],
        body: &mut String,
    ) -> usize {
        let start = body.len() + self.envelope;
        let short = trimmed.over(event);
        self.push_without_io(&short, body);
        self.push_io(&short, body);
        body.push('}');
        if !errors.is_empty() {
            json::push_key("collection_errors", body);
            json::push_array(errors, body, |error, out| json::push_string(error, out));
        }
        body.push('}');
        let size = body.len() - start;
        body.push_str("]}");
        size
    }

    /// Appends the event without input and output. `meta` is left open.
    fn push_without_io(&mut self, event: &Event<'_>, body: &mut String) {
        body.push_str(&self.head);
        self.push_facts(event, body);
        meta::push(event, body);
    }

    /// Appends everything except `meta`, from the trace id on. The last object is left open.
    fn push_facts(&mut self, event: &Event<'_>, out: &mut String) {
        let mut span_id = itoa::Buffer::new();
        let span_id = span_id.format(event.span_id.to_u64());
        self.trace.set(event.trace_id, event.apm_trace_id);
        out.push_str(&self.trace.text);
        out.push_str("\",\"span_id\":\"");
        out.push_str(span_id);
        out.push_str("\",\"parent_id\":\"");
        match event.parent_id {
            Some(id) => json::push_u64(id.to_u64(), out),
            None => out.push_str("undefined"),
        }
        out.push_str("\",\"name\":");
        json::push_string(event.name, out);
        out.push_str(",\"start_ns\":");
        json::push_u64(event.start_nanos, out);
        out.push_str(",\"duration\":");
        json::push_u64(event.duration_nanos, out);
        if let Some(session_id) = event.session_id {
            json::push_field("session_id", session_id, out);
        }
        if !event.links.is_empty() {
            json::push_key("span_links", out);
            json::push_array(event.links, out, push_link);
        }
        let failed = event.failure.is_some();
        if failed {
            out.push_str(",\"status\":\"error\",\"metrics\":{");
        } else {
            out.push_str(",\"status\":\"ok\",\"metrics\":{");
        }
        for (name, number) in event.metrics {
            json::push_name(name, out);
            json::push_number(number, out);
        }
        out.push_str("},\"tags\":[");
        let error_type = event.failure.map(|failure| failure.kind);
        self.client_tags.push(event.tags, event.session_id, error_type, out);
        out.push_str("],\"_dd\":{\"span_id\":\"");
        out.push_str(span_id);
        out.push_str(&self.trace.fields);
        if let Some(decision) = event.decision {
            out.push_str(self.sampling.of(decision));
        }
    }

    fn push_io(&self, event: &Event<'_>, out: &mut String) {
        let prompt = event.prompt.filter(|_| event.kind == Kind::Llm);
        if event.input.is_some() || prompt.is_some() {
            out.push_str(",\"input\":{");
            if let Some(input) = event.input {
                input.push(out);
            }
            if let Some(prompt) = prompt {
                json::push_key("prompt", out);
                content::push_prompt(prompt, &self.ml_app, out);
            }
            out.push('}');
        }
        if let Some(output) = event.output {
            out.push_str(",\"output\":{");
            output.push(out);
            out.push('}');
        }
    }
}

impl Trace {
    fn set(&mut self, id: TraceId, apm_id: TraceId) {
        if self.ids == Some((id, apm_id)) {
            return;
        }
        self.ids = Some((id, apm_id));
        self.text.clear();
        push_trace_id(id, &mut self.text);
        self.fields.clear();
        self.fields.push_str("\",\"trace_id\":\"");
        push_trace_id(apm_id, &mut self.fields);
        self.fields.push_str("\",\"apm_trace_id\":\"");
        push_trace_id(apm_id, &mut self.fields);
        self.fields.push('"');
    }
}

fn push_trace_id(id: TraceId, out: &mut String) {
    if id.is_decimal() {
        json::push_u64(id.low64(), out);
    } else {
        json::push_hex(id.to_u128(), out);
    }
}

impl Sampling {
    fn new(decision: Decision) -> Self {
        let (rate, kept) = (decision.shown_rate(), decision.shown());
        Self { decision, json: format!(r#","sample_rate":"{rate}","sampling_decision":"{kept}""#) }
    }

    fn of(&mut self, decision: Decision) -> &str {
        if self.decision != decision {
            *self = Self::new(decision);
        }
        &self.json
    }
}

/// Appends a link: the output of `source` went into the input of this span.
fn push_link(source: &SpanRef, out: &mut String) {
    out.push_str("{\"trace_id\":");
    json::push_string(&source.trace_id, out);
    out.push_str(",\"span_id\":");
    json::push_string(&source.span_id, out);
    out.push_str(",\"attributes\":{\"from\":\"output\",\"to\":\"input\"}}");
}

#[cfg(test)]
mod tests;
