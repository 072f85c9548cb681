//! A running span as its children and its annotations see it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Number;

use crate::ambient::Ambient;
use crate::annotation::Annotation;
use crate::capture::Captured;
use crate::clock::Started;
use crate::context::Slot;
use crate::facts::Facts;
use crate::failure::Failure;
use crate::id::SpanId;
use crate::identity::About;
use crate::kind::Kind;
use crate::manifest::AgentManifest;
use crate::metrics;
use crate::ml_app;
use crate::notice::warn_limited;
use crate::prompt::Prompt;
use crate::queue::Item;
use crate::record::{AgentAttribution, Record};
use crate::reference::SpanRef;
use crate::sampling::Decision;
use crate::sender::Sender;
use crate::trace::Trace;

/// What a span is started with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) kind: Kind,
    pub(crate) name: Cow<'static, str>,
    pub(crate) session_id: Option<Arc<str>>,
    pub(crate) ml_app: Option<Arc<str>>,
    /// When the span began, where that was not now: nanoseconds since the Unix epoch.
    pub(crate) start_nanos: Option<u64>,
    pub(crate) facts: Facts,
    /// Made by an attribute rather than by hand.
    pub(crate) attribute: bool,
}

impl Settings {
    pub(crate) fn new(kind: Kind, name: Cow<'static, str>) -> Self {
        Self {
            kind,
            name,
            session_id: None,
            ml_app: None,
            start_nanos: None,
            facts: Facts::default(),
            attribute: false,
        }
    }

    /// Tells which version of an agent runs.
    pub(crate) fn set_version(&mut self, version: Option<String>) {
        if let Some(version) = version {
            self.facts.more().agent = Some(AgentManifest::new().version(version));
        }
    }
}

/// One span from its start to its end: identity, what children inherit, and the cell that annotations go to.
pub(crate) struct Frame {
    sender: Arc<Sender>,
    trace: Arc<Trace>,
    span_id: SpanId,
    parent_id: Option<SpanId>,
    /// The outermost span of this program around this one: itself, where there is none.
    root: SpanId,
    kind: Kind,
    name: Cow<'static, str>,
    ml_app: Arc<str>,
    agent: Option<Arc<AgentAttribution>>,
    heirloom: Heirloom,
    attribute: bool,
    /// What annotation contexts say about this span and those inside.
    ambient: Option<Arc<Ambient>>,
    started: Started,
    cell: Mutex<Cell>,
}

/// What a span takes over from the one right above, where it says nothing itself.
#[derive(Default)]
struct Heirloom {
    prompt: Option<Arc<Prompt>>,
    tool_version: Option<String>,
}

/// What changes while a span runs, but for what annotation contexts say.
#[derive(Default)]
struct Cell {
    finished: bool,
    session_id: Option<Arc<str>>,
    facts: Facts,
}

impl Cell {
    /// A tag can say it too, and is the later word.
    pub(crate) fn session_id(&self) -> Option<Arc<str>> {
        let tag = self.facts.tags.get("session_id").map(|session| session.as_str().into());
        tag.or_else(|| self.session_id.clone())
    }
}

impl Frame {
    /// Starts a span under what is current in `slot`.
    pub(crate) fn start(settings: Settings, sender: Arc<Sender>, slot: &Slot) -> Arc<Self> {
        let Settings { kind, name, session_id, ml_app, start_nanos, facts, attribute } = settings;
        let parent = slot.frame().map(|frame| &**frame);
        let remote = slot.remote();
        let trace = match (parent, remote) {
            (Some(parent), _) => Arc::clone(&parent.trace),
            (None, Some(remote)) => remote.trace(),
            (None, None) => Arc::new(Trace::begin()),
        };
        if let Some(session) = &session_id {
            let _ = trace.session_id.set(Arc::clone(session));
        }
        let ambient = slot.ambient().cloned();
        let session_id = session_id
            .or_else(|| ambient.as_ref()?.session_id(parent.and_then(Self::ambient).map(|above| &**above)))
            .or_else(|| parent.and_then(Self::session_id))
            .or_else(|| trace.session_id.get().cloned());
        let given_by = "the option `ml_app` of a span";
        if let Some(warning) = ml_app.as_deref().and_then(|name| ml_app::warning(name, given_by)) {
            warn_limited!("{warning}");
        }
        let ml_app = ml_app
            .or_else(|| parent.map(|parent| Arc::clone(&parent.ml_app)))
            .or_else(|| remote.and_then(|remote| remote.ml_app.clone()))
            .unwrap_or_else(|| Arc::clone(&sender.defaults.ml_app));
        let name = match ambient.as_ref().and_then(|ambient| ambient.name()) {
            Some(renamed) => renamed.to_owned().into(),
            None if name.is_empty() => kind.as_str().into(),
            None => name,
        };
        let span_id = SpanId::random();
        let frame = Arc::new(Self {
            span_id,
            root: parent.map_or(span_id, |parent| parent.root),
            parent_id: parent.map(|parent| parent.span_id).or_else(|| remote?.parent_id),
            agent: match parent {
                Some(parent) => parent.agent_of_children(),
                None => remote.and_then(|remote| remote.agent.clone()),
            },
            heirloom: parent.map(|parent| parent.heirloom(kind, &name)).unwrap_or_default(),
            kind,
            name,
            ml_app,
            attribute,
            ambient,
            cell: Mutex::new(Cell { finished: false, session_id, facts }),
            sender,
            trace,
            started: Started::at(start_nanos),
        });
        frame.trace.set_root(&frame);
        frame
    }

    pub(crate) fn sender(&self) -> &Arc<Sender> {
        &self.sender
    }

    /// The nearest agent at or above this span.
    pub(crate) fn agent_of_children(&self) -> Option<Arc<AgentAttribution>> {
        if self.kind == Kind::Agent {
            let name = Some(self.name.to_string());
            return Some(Arc::new(AgentAttribution { name, span_id: self.span_id }));
        }
        self.agent.clone()
    }

    /// Never held while code of the user runs.
    fn cell(&self) -> MutexGuard<'_, Cell> {
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for an annotation, with no lock held, and merges it.
    pub(crate) fn annotate_with(&self, describe: impl FnOnce(Annotation) -> Annotation) {
        let annotation = describe(Annotation::new(self.sender.defaults.capture_limit));
        annotation.facts.warn_of_misplaced(self.kind);
        if !self.annotate(annotation) {
            warn_limited!(
                "an annotation is lost: its span had finished; annotate before the function returns or `finish` is called"
            );
        }
    }

    /// Merges an annotation. A span that has finished takes no more, and says so.
    pub(crate) fn annotate(&self, annotation: Annotation) -> bool {
        let mut cell = self.cell();
        let open = !cell.finished;
        if open {
            cell.facts.add(annotation.facts);
        }
        open
    }

    /// Adds what an attribute says, where nothing was annotated.
    pub(crate) fn annotate_under(&self, notes: Annotation) {
        let mut cell = self.cell();
        if !cell.finished {
            cell.facts.add_under(notes.facts);
        }
    }

    /// Records how long the first token of an `llm` span took, in seconds.
    pub(crate) fn note_first_token(&self) {
        if self.kind == Kind::Llm {
            let seconds = Duration::from_nanos(self.elapsed_nanos()).as_secs_f64();
            if let Some(seconds) = Number::from_f64(seconds) {
                self.cell().facts.metrics.entry(metrics::TIME_TO_FIRST_TOKEN.to_owned()).or_insert(seconds);
            }
        }
    }

    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    pub(crate) fn span_id(&self) -> SpanId {
        self.span_id
    }

    pub(crate) fn ml_app(&self) -> &str {
        &self.ml_app
    }

    /// The kind of the span.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Marks the span as failed.
    pub(crate) fn fail(&self, failure: Failure) {
        self.cell().facts.failure = Some(failure);
    }

    /// Notes that the work was given up half-way, unless it failed.
    pub(crate) fn cancel(&self) {
        let mut cell = self.cell();
        if cell.facts.failure.is_none() {
            cell.facts.tags.insert("cancelled".to_owned(), "true".to_owned());
        }
    }

    /// How long the span has been running, in nanoseconds.
    pub(crate) fn elapsed_nanos(&self) -> u64 {
        self.started.elapsed_nanos()
    }

    /// Ends the span of an instrumented call with what it returned, and how long it ran until then. What was annotated
    /// wins.
    pub(crate) fn end(&self, output: Option<Captured>, failure: Option<Failure>, duration_nanos: u64) {
        {
            let mut cell = self.cell();
            let facts = &mut cell.facts;
            facts.output = facts.output.take().or(output.filter(|output| !output.is_null()));
            facts.failure = facts.failure.take().or(failure);
        }
        self.finish_after(duration_nanos);
    }

    /// Whether an output was annotated already, so that the return value need not be captured.
    pub(crate) fn has_output(&self) -> bool {
        self.cell().facts.output.is_some()
    }

    /// Ends the span and hands it to its client. Only the first call does anything.
    pub(crate) fn finish(&self) {
        self.finish_after(self.elapsed_nanos());
    }

    /// Ends the span at a time that the program names, in nanoseconds since the Unix epoch.
    pub(crate) fn finish_at(&self, unix_nanos: u64) {
        let start = self.started.unix_nanos;
        if unix_nanos < start {
            warn_limited!("a span was finished at a time before its start: its duration is zero");
        }
        self.finish_after(unix_nanos.saturating_sub(start));
    }

    fn finish_after(&self, duration_nanos: u64) {
        let decision = self.decision();
        let (session_id, mut facts) = {
            let mut cell = self.cell();
            if cell.finished {
                return;
            }
            // Children may still start under this span, and take over its session, prompt and tools.
            let session_id = cell.session_id();
            let left = cell.facts.heritable();
            cell.finished = true;
            cell.session_id.clone_from(&session_id);
            (session_id, std::mem::replace(&mut cell.facts, left))
        };
        self.settle(&mut facts);
        self.sender.queue.push(Item::Span(Box::new(Record {
            trace_id: self.trace.id,
            apm_trace_id: self.trace.apm_id,
            span_id: self.span_id,
            parent_id: self.parent_id,
            root: self.root,
            kind: self.kind,
            name: self.name.clone(),
            start_nanos: self.started.unix_nanos,
            duration_nanos,
            ml_app: Arc::clone(&self.ml_app),
            agent: self.agent.clone(),
            attribute: self.attribute,
            decision,
            session_id,
            tool_version: self.heirloom.tool_version.clone(),
            facts,
        })));
    }

    pub(crate) fn session_id(&self) -> Option<Arc<str>> {
        self.cell().session_id()
    }

    /// What a child of this kind and name takes over: an `llm` span the prompt, a `tool` span the version that the tool has in
    /// the definitions of this `llm` span.
    fn heirloom(&self, kind: Kind, name: &str) -> Heirloom {
        match kind {
            Kind::Llm => Heirloom { prompt: self.cell().facts.prompt().cloned(), tool_version: None },
            Kind::Tool if self.kind == Kind::Llm => {
                let cell = self.cell();
                let tool = cell.facts.tool_definitions().iter().find(|tool| tool.name == name);
                Heirloom { prompt: None, tool_version: tool.and_then(|tool| tool.version.clone()) }
            }
            _ => Heirloom::default(),
        }
    }

    /// A reference to this span, to be used elsewhere.
    pub(crate) fn reference(&self) -> SpanRef {
        SpanRef::new(self.trace.id.to_string(), self.span_id.to_string())
    }

    /// Whether the trace is kept: decided once, by the tags that its first span has at that moment.
    pub(crate) fn decision(&self) -> Option<Decision> {
        self.trace.decision(|root| {
            let defaults = &self.sender.defaults;
            defaults.sampler.decide(self.trace.apm_id.low64(), || root.unwrap_or(self).all_tags())
        })
    }

    fn all_tags(&self) -> BTreeMap<String, String> {
        let cell = self.cell();
        let session_id = cell.session_id();
        let about = About {
            kind: self.kind,
            ml_app: &self.ml_app,
            session_id: session_id.as_deref(),
            attribute: self.attribute,
        };
        let mut facts = cell.facts.labels();
        self.settle(&mut facts);
        self.sender.defaults.identity.tags(&about, &facts)
    }

    /// Puts what annotation contexts say under what was said about the span, and leaves what its kind shows.
    fn settle(&self, facts: &mut Facts) {
        if let Some(ambient) = &self.ambient {
            facts.add_under(ambient.facts());
        }
        facts.settle(self.kind, self.heirloom.prompt.as_ref());
    }

    pub(crate) fn ambient(&self) -> Option<&Arc<Ambient>> {
        self.ambient.as_ref()
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.kind, self.name, self.span_id)
    }
}
