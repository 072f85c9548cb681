//! A finished span in typed, editable form: what a processor sees, and what becomes a wire event.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Number, Value};

use crate::content::Content;
use crate::failure::Failure;
use crate::identity::{About, Identity};
use crate::kind::Kind;
use crate::manifest::AgentManifest;
use crate::prompt::Prompt;
use crate::record::Record;
use crate::reference::SpanRef;
use crate::sampling::Decision;
use crate::tool::ToolDefinition;
use crate::values::for_each_string;

/// A finished span, on its way out of the process.
///
/// A [processor](crate::Config::processor) gets each one and can change what it says. What a span is, its kind, ids and
/// times, can be read and not changed.
#[derive(Clone)]
#[non_exhaustive]
pub struct SpanData {
    /// The name that Datadog shows.
    pub name: String,
    /// All tags, those that llmobs adds by itself too. `error` and `error_type` are added last, from [`failure`](Self::failure).
    pub tags: BTreeMap<String, String>,
    /// Facts about how the step ran, by name.
    pub metadata: Map<String, Value>,
    /// Numbers about the step, by name.
    pub metrics: BTreeMap<String, Number>,
    /// What went into the step.
    pub input: Option<Content>,
    /// What came out of it.
    pub output: Option<Content>,
    /// The prompt that the input of an `llm` span was made from.
    pub prompt: Option<Prompt>,
    /// The tools that a model was told about.
    pub tool_definitions: Vec<ToolDefinition>,
    /// What an `agent` is made of. Its version is one of the [`tags`](Self::tags) by now.
    pub agent: Option<AgentManifest>,
    /// Why a model called a tool.
    pub intent: Option<String>,
    /// Why the step failed; `None` for a step that did not.
    pub failure: Option<Failure>,
    pub(crate) ids: Ids,
    pub(crate) own: Own,
}

/// What llmobs alone writes.
#[derive(Clone, Default)]
pub(crate) struct Own {
    pub(crate) model_name: Option<String>,
    pub(crate) model_provider: Option<String>,
    pub(crate) cost_tags: Vec<String>,
    pub(crate) links: Vec<SpanRef>,
    pub(crate) tool_version: Option<String>,
    /// The application of the configuration, which prompts belong to.
    pub(crate) default_ml_app: Arc<str>,
}

/// What a span is.
#[derive(Clone)]
pub(crate) struct Ids {
    pub(crate) kind: Kind,
    pub(crate) trace_id: String,
    pub(crate) apm_trace_id: String,
    pub(crate) span_id: String,
    pub(crate) parent_id: Option<String>,
    pub(crate) start_nanos: u64,
    pub(crate) duration_nanos: u64,
    pub(crate) ml_app: Arc<str>,
    pub(crate) session_id: Option<Arc<str>>,
    /// Name and span id of the nearest agent above.
    pub(crate) agent: Option<(Option<String>, String)>,
    pub(crate) decision: Option<Decision>,
}

impl SpanData {
    pub(crate) fn new(record: Record, identity: &Identity, ml_app: &Arc<str>) -> Self {
        let about = About {
            kind: record.kind,
            ml_app: &record.ml_app,
            session_id: record.session_id.as_deref(),
            attribute: record.attribute,
        };
        let tags = identity.tags(&about, &record.facts);
        let kind = record.kind;
        let facts = record.facts;
        let more = facts.more.map(|more| *more).unwrap_or_default();
        let metadata = facts.metadata.into_iter().map(|(key, value)| (key, value.parse()));
        let said = |content: &Content| !content.is_empty();
        Self {
            name: record.name.into_owned(),
            tags,
            metadata: metadata.collect(),
            metrics: facts.metrics,
            input: facts.input.map(|input| Content::of_input(kind, input)).filter(said),
            output: facts.output.map(|output| Content::of_output(kind, output)).filter(said),
            prompt: more.prompt.map(Arc::unwrap_or_clone),
            tool_definitions: more.tool_definitions.map(|tools| tools.to_vec()).unwrap_or_default(),
            agent: more.agent,
            intent: more.intent,
            failure: facts.failure,
            ids: Ids {
                kind,
                trace_id: record.trace_id.to_string(),
                apm_trace_id: record.apm_trace_id.to_string(),
                span_id: record.span_id.to_string(),
                parent_id: record.parent_id.map(|id| id.to_string()),
                start_nanos: record.start_nanos,
                duration_nanos: record.duration_nanos,
                ml_app: record.ml_app,
                session_id: record.session_id,
                agent: record.agent.map(|agent| (agent.name.clone(), agent.span_id.to_string())),
                decision: record.decision,
            },
            own: Own {
                model_name: facts.model_name,
                model_provider: facts.model_provider,
                cost_tags: more.cost_tags,
                links: more.links,
                tool_version: record.tool_version,
                default_ml_app: Arc::clone(ml_app),
            },
        }
    }

    /// What the span stands for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.ids.kind
    }

    /// The id of the span, in decimal.
    #[must_use]
    pub fn span_id(&self) -> &str {
        &self.ids.span_id
    }

    /// The id of its trace, 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        &self.ids.trace_id
    }

    /// The id of the span above, or `None` at the top of a trace.
    #[must_use]
    pub fn parent_id(&self) -> Option<&str> {
        self.ids.parent_id.as_deref()
    }

    /// A reference to the span, to [evaluate](crate::Evaluation) it for one.
    #[must_use]
    pub fn reference(&self) -> SpanRef {
        SpanRef::new(self.trace_id(), self.span_id())
    }

    /// The name of the model, where one was given.
    #[must_use]
    pub fn model_name(&self) -> Option<&str> {
        self.own.model_name.as_deref()
    }

    /// Who runs the model, where that was given.
    #[must_use]
    pub fn model_provider(&self) -> Option<&str> {
        self.own.model_provider.as_deref()
    }

    /// The spans whose output went into this one.
    #[must_use]
    pub fn links(&self) -> &[SpanRef] {
        &self.own.links
    }

    /// When the span began.
    #[must_use]
    pub fn start_time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.ids.start_nanos)
    }

    /// How long the span ran.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.ids.duration_nanos)
    }

    /// The application that the span belongs to.
    #[must_use]
    pub fn ml_app(&self) -> &str {
        &self.ids.ml_app
    }

    /// The session that the span belongs to.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.ids.session_id.as_deref()
    }

    /// Shows `edit` every text that may hold what a person or a model wrote, for it to be changed: input, output, the template,
    /// the variables and the tags of the prompt, the descriptions and schemas of tools, the instructions and settings of an agent,
    /// the texts in metadata, the intent, and the message and stack of an error. Names, the tags of the span and ids are not
    /// among them.
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

    /// What is left where nothing may be shown that a processor has not seen to: what the span is, and its numbers.
    pub(crate) fn skeleton(&self) -> Self {
        let failure = self.failure.as_ref();
        Self {
            name: self.name.clone(),
            tags: self.tags.clone(),
            metadata: Map::new(),
            metrics: self.metrics.clone(),
            input: None,
            output: None,
            failure: failure.map(|failure| Failure { kind: failure.kind.clone(), ..Failure::default() }),
            ids: self.ids.clone(),
            prompt: None,
            tool_definitions: Vec::new(),
            agent: None,
            intent: None,
            own: self.own.clone(),
        }
    }
}

/// Without what it says, which may be secret.
impl fmt::Debug for SpanData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanData({} {:?} {})", self.ids.kind, self.name, self.ids.span_id)
    }
}
