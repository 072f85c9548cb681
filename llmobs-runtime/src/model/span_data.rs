//! A finished span in typed, editable form, for processors and for encoding.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Number, Value};

use llmobs_capture::value::{for_each_string, weight};
use llmobs_capture::warn_limited;
use llmobs_providers::ToolDefinition;

use super::agent::AgentManifest;
use super::content::Content;
use super::failure::{Failure, FailureView};
use super::limits::LeftOut;
use super::prompt::Prompt;
use super::record::Finished;
use super::reference::SpanRef;
use super::sampling::Decision;
use super::tags::Identity;
use crate::base::id::{SpanId, TraceId};
use crate::base::kind::Kind;

/// A finished span, before it leaves the process.
///
/// A [processor](crate::Config::processor) receives each span and can change its data. The kind, ids and times of a span can be read but
/// not changed.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct SpanData {
    /// The name that Datadog shows.
    pub name: String,
    /// All tags, including those that llmobs adds. `error` and `error_type` are added last, from [`failure`](Self::failure).
    pub tags: BTreeMap<String, String>,
    /// Facts about how the step ran, by name.
    pub metadata: Map<String, Value>,
    /// Numbers about the step, by name.
    pub metrics: BTreeMap<String, Number>,
    /// The input of the step.
    pub input: Option<Content>,
    /// The output of the step.
    pub output: Option<Content>,
    /// The prompt that the input of an `llm` span was made from.
    pub prompt: Option<Prompt>,
    /// The tools that a model could call.
    pub tool_definitions: Vec<ToolDefinition>,
    /// The manifest of an `agent` span. Its version is already one of the [`tags`](Self::tags).
    pub agent: Option<AgentManifest>,
    /// Why a model called a tool.
    pub intent: Option<String>,
    /// Why the step failed, or `None` if it succeeded.
    pub failure: Option<Failure>,
    /// The name of the model, if one was given. Shown on `llm` and `embedding` spans; without one, `unknown` is shown.
    pub model_name: Option<String>,
    /// The provider of the model, if one was given. Shown on `llm` and `embedding` spans; without one, `unknown` is shown.
    pub model_provider: Option<String>,
    /// The keys of the [`tags`](Self::tags) by which Datadog breaks down costs. A key without such a tag is left out, with a warning.
    pub cost_tags: Vec<String>,
    /// The spans whose output went into this span.
    pub links: Vec<SpanRef>,
    pub(crate) fixed: Box<Fixed>,
}

/// The data that a program cannot change, and that only the encoder reads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fixed {
    pub(crate) kind: Kind,
    pub(crate) trace_id: TraceId,
    pub(crate) apm_trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) parent_id: Option<SpanId>,
    pub(crate) root: SpanId,
    /// The ids as text.
    texts: [String; 2],
    parent_text: Option<String>,
    pub(crate) start_nanos: u64,
    pub(crate) duration_nanos: u64,
    pub(crate) ml_app: Arc<str>,
    pub(crate) session_id: Option<String>,
    /// Name and span id of the nearest agent above.
    pub(crate) agent: Option<(Option<String>, SpanId)>,
    pub(crate) decision: Option<Decision>,
    pub(crate) tool_version: Option<String>,
    /// The numbers of annotations that were left out.
    pub(crate) left_out: LeftOut,
}

impl SpanData {
    /// Creates the typed form of a finished span. `ml_app` is the application of the client.
    pub(crate) fn new(finished: &Finished<'_>, identity: &Identity, ml_app: &Arc<str>) -> Self {
        let mut span = Self::skeleton(finished, identity, ml_app);
        let annotation = finished.annotation();
        let text = |value: Option<(&str, _)>| value.map(|(json, _)| Content::of_json(json));
        let input = finished.input().filter(|_| Content::is_text_input(span.kind()));
        let output = finished.output().filter(|_| Content::is_text_output(span.kind()));
        span.input = finished.input_content.clone().or_else(|| text(input));
        span.output = finished.output_content.clone().or_else(|| text(output));
        let metadata = annotation.metadata.iter();
        span.metadata = metadata.map(|(key, value)| (key.clone(), value.parse())).collect();
        span.tool_definitions = annotation.tools().to_vec();
        span.failure = finished.failure().map(FailureView::to_failure);
        if let Some(more) = annotation.more.as_deref() {
            span.prompt = more.prompt.as_deref().cloned();
            span.agent.clone_from(&more.agent);
            span.intent.clone_from(&more.intent);
        }
        span
    }

    /// Returns what is left if a processor did not check that nothing secret is shown: the identity of the span, and its numbers.
    pub(crate) fn skeleton(finished: &Finished<'_>, identity: &Identity, ml_app: &Arc<str>) -> Self {
        let (record, trace) = (finished.record, finished.trace);
        let annotation = finished.annotation();
        let more = annotation.more.as_deref();
        let failure = finished.failure();
        Self {
            name: finished.name().to_owned(),
            tags: identity.tags(&finished.about(ml_app), annotation),
            metadata: Map::new(),
            metrics: annotation.metrics.clone(),
            input: None,
            output: None,
            prompt: None,
            tool_definitions: Vec::new(),
            agent: None,
            intent: None,
            failure: failure.map(|failure| Failure { kind: failure.kind.to_owned(), ..Failure::default() }),
            model_name: annotation.model_name.clone(),
            model_provider: annotation.model_provider.clone(),
            cost_tags: more.map(|more| more.cost_tags.clone()).unwrap_or_default(),
            links: more.map(|more| more.links.clone()).unwrap_or_default(),
            fixed: Box::new(Fixed {
                kind: finished.kind(),
                trace_id: trace.id,
                apm_trace_id: finished.apm_trace_id(),
                span_id: record.span_id,
                parent_id: record.parent_id,
                root: trace.root,
                texts: [trace.id.to_string(), record.span_id.to_string()],
                parent_text: record.parent_id.map(|id| id.to_string()),
                start_nanos: finished.start_nanos,
                duration_nanos: finished.duration_nanos,
                ml_app: Arc::clone(finished.inherited.ml_app.as_ref().unwrap_or(ml_app)),
                session_id: finished.session_id().map(str::to_owned),
                agent: finished.agent().map(|agent| (agent.name.clone(), agent.span_id)),
                decision: trace.decision,
                tool_version: more.and_then(|more| more.tool_version.clone()),
                left_out: finished.left_out(),
            }),
        }
    }

    /// Returns the kind of the span.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.fixed.kind
    }

    /// Returns the id of the span, in decimal.
    #[must_use]
    pub fn span_id(&self) -> &str {
        let [_, span_id] = &self.fixed.texts;
        span_id
    }

    /// Returns the id of the trace: 32 hexadecimal digits, or a decimal number if another program began the trace with an id of 64
    /// bits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        let [trace_id, _] = &self.fixed.texts;
        trace_id
    }

    /// Returns the id of the parent, or `None` at the top of a trace.
    #[must_use]
    pub fn parent_id(&self) -> Option<&str> {
        self.fixed.parent_text.as_deref()
    }

    /// Returns a reference to the span, for example to [evaluate](crate::eval::Evaluation) it.
    #[must_use]
    pub fn reference(&self) -> SpanRef {
        SpanRef { trace_id: self.trace_id().to_owned(), span_id: self.span_id().to_owned() }
    }

    /// Returns the value of one of the [`tags`](Self::tags).
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags.get(key).map(String::as_str)
    }

    /// Returns one of the [`metrics`](Self::metrics).
    #[must_use]
    pub fn metric(&self, key: &str) -> Option<f64> {
        self.metrics.get(key)?.as_f64()
    }

    /// Returns when the span began.
    #[must_use]
    pub fn start_time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.fixed.start_nanos)
    }

    /// Returns how long the span ran.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.fixed.duration_nanos)
    }

    /// Returns the application that the span belongs to.
    #[must_use]
    pub fn ml_app(&self) -> &str {
        &self.fixed.ml_app
    }

    /// Returns the session that the span belongs to.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.fixed.session_id.as_deref()
    }

    /// Converts what a processor left into the form of spans of this kind. Cost tags without their tag are removed.
    pub(crate) fn settle(&mut self) {
        let kind = self.kind();
        self.input = self.input.take().and_then(|content| content.into_input(kind));
        self.output = self.output.take().and_then(|content| content.into_output(kind));
        self.agent.take_if(|_| kind != Kind::Agent);
        let tags = &self.tags;
        self.cost_tags.retain(|key| {
            let is_known = tags.contains_key(key);
            if !is_known {
                warn_limited!(
                    "the cost tag {key:?} was left out: after the processor, the span has no such tag"
                );
            }
            is_known
        });
    }

    /// About how many bytes of memory the input, the output and the metadata take.
    pub(crate) fn bytes(&self) -> usize {
        let content = self.input.iter().chain(&self.output).map(Content::bytes).sum::<usize>();
        size_of::<Self>() + self.name.len() + content + weight(&self.metadata)
    }

    /// Calls `edit` with every text that may hold what a person or a model wrote, so that it can be changed: input, output, the template,
    /// the variables and the tags of the prompt, the descriptions and schemas of tools, the instructions and settings of an agent, the
    /// texts in metadata, the intent, and the message and stack of an error. Names, the tags of the span and ids are not included.
    pub fn for_each_text(&mut self, mut edit: impl FnMut(&mut String)) {
        for content in self.input.iter_mut().chain(&mut self.output) {
            content.for_each_text(&mut edit);
        }
        if let Some(prompt) = &mut self.prompt {
            prompt.for_each_text(&mut edit);
        }
        self.tool_definitions.iter_mut().for_each(|tool| tool.for_each_text(&mut edit));
        if let Some(agent) = &mut self.agent {
            agent.for_each_text(&mut edit);
        }
        self.intent.iter_mut().for_each(&mut edit);
        for value in self.metadata.values_mut() {
            for_each_string(value, &mut edit);
        }
        if let Some(failure) = &mut self.failure {
            edit(&mut failure.message);
            edit(&mut failure.stack);
        }
    }
}

/// Omits the content, which may be secret.
impl fmt::Debug for SpanData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanData({} {:?} {})", self.fixed.kind, self.name, self.span_id())
    }
}
