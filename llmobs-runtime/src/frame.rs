//! A running span as its children and its annotations see it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::Number;

use crate::annotation::Annotation;
use crate::capture::Captured;
use crate::clock::Started;
use crate::failure::Failure;
use crate::id::{SpanId, TraceId};
use crate::kind::Kind;
use crate::record::{AgentAttribution, Record};
use crate::sender::Sender;

/// What all spans of one trace in this process share.
#[derive(Debug)]
pub(crate) struct Trace {
    id: TraceId,
    /// Datadog's APM id of the same trace, which differs from the LLM Observability id.
    apm_id: TraceId,
    /// The first session that was set by name anywhere in the trace: later spans without one belong to it.
    session_id: OnceLock<Arc<str>>,
}

/// What a span is started with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) kind: Kind,
    pub(crate) name: Cow<'static, str>,
    pub(crate) session_id: Option<Arc<str>>,
    pub(crate) ml_app: Option<Arc<str>>,
    pub(crate) model_name: Option<String>,
    pub(crate) model_provider: Option<String>,
    pub(crate) input: Option<Captured>,
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
            model_name: None,
            model_provider: None,
            input: None,
            attribute: false,
        }
    }
}

/// One span from its start to its end: identity, what children inherit, and the cell that annotations go to.
pub(crate) struct Frame {
    sender: Arc<Sender>,
    trace: Arc<Trace>,
    span_id: SpanId,
    parent_id: Option<SpanId>,
    kind: Kind,
    name: Cow<'static, str>,
    ml_app: Arc<str>,
    agent: Option<Arc<AgentAttribution>>,
    attribute: bool,
    started: Started,
    cell: Mutex<Cell>,
}

/// What changes while a span runs.
#[derive(Default)]
struct Cell {
    finished: bool,
    session_id: Option<Arc<str>>,
    model_name: Option<String>,
    model_provider: Option<String>,
    input: Option<Captured>,
    output: Option<Captured>,
    metadata: BTreeMap<String, Captured>,
    metrics: BTreeMap<String, Number>,
    tags: BTreeMap<String, String>,
    failure: Option<Failure>,
}

impl Frame {
    pub(crate) fn start(settings: Settings, sender: Arc<Sender>, parent: Option<&Self>) -> Arc<Self> {
        let trace = parent.map_or_else(Trace::start, |parent| Arc::clone(&parent.trace));
        if let Some(session) = &settings.session_id {
            let _ = trace.session_id.set(Arc::clone(session));
        }
        let session_id = settings
            .session_id
            .or_else(|| parent.and_then(|parent| parent.cell().session_id.clone()))
            .or_else(|| trace.session_id.get().cloned());
        let ml_app = settings
            .ml_app
            .unwrap_or_else(|| Arc::clone(parent.map_or(&sender.defaults.ml_app, |parent| &parent.ml_app)));
        let name = if settings.name.is_empty() { settings.kind.as_str().into() } else { settings.name };
        Arc::new(Self {
            span_id: SpanId::random(),
            parent_id: parent.map(|parent| parent.span_id),
            agent: parent.and_then(Self::agent_of_children),
            kind: settings.kind,
            name,
            ml_app,
            attribute: settings.attribute,
            cell: Mutex::new(Cell {
                session_id,
                model_name: settings.model_name,
                model_provider: settings.model_provider,
                input: settings.input,
                ..Cell::default()
            }),
            sender,
            trace,
            started: Started::now(),
        })
    }

    pub(crate) fn sender(&self) -> &Arc<Sender> {
        &self.sender
    }

    /// The nearest agent at or above this span.
    fn agent_of_children(&self) -> Option<Arc<AgentAttribution>> {
        if self.kind == Kind::Agent {
            return Some(Arc::new(AgentAttribution { name: self.name.to_string(), span_id: self.span_id }));
        }
        self.agent.clone()
    }

    /// Never held while code of the user runs.
    fn cell(&self) -> MutexGuard<'_, Cell> {
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for an annotation, with no lock held, and merges it.
    pub(crate) fn annotate_with(&self, describe: impl FnOnce(Annotation) -> Annotation) {
        self.annotate(describe(Annotation::new(self.sender.defaults.capture_limit)));
    }

    /// Merges an annotation. A span that has finished takes no more.
    pub(crate) fn annotate(&self, annotation: Annotation) {
        let mut cell = self.cell();
        if cell.finished {
            return;
        }
        if let Some(session) = annotation.tags.get("session_id") {
            cell.session_id = Some(session.as_str().into());
        }
        cell.input = annotation.input.or_else(|| cell.input.take());
        cell.output = annotation.output.or_else(|| cell.output.take());
        cell.metadata.extend(annotation.metadata);
        cell.metrics.extend(annotation.metrics);
        cell.tags.extend(annotation.tags);
        cell.failure = annotation.failure.or_else(|| cell.failure.take());
    }

    /// Adds what an attribute says, where nothing was annotated.
    pub(crate) fn annotate_under(&self, mut notes: Annotation) {
        let mut cell = self.cell();
        notes.metadata.append(&mut cell.metadata);
        notes.metrics.append(&mut cell.metrics);
        notes.tags.append(&mut cell.tags);
        drop(cell);
        self.annotate(notes);
    }

    /// Records how long the first token of an `llm` span took, in seconds.
    pub(crate) fn note_first_token(&self) {
        if self.kind == Kind::Llm {
            let seconds = Duration::from_nanos(self.elapsed_nanos()).as_secs_f64();
            if let Some(seconds) = Number::from_f64(seconds) {
                self.cell().metrics.entry("time_to_first_token".to_owned()).or_insert(seconds);
            }
        }
    }

    /// The kind of the span.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Marks the span as failed.
    pub(crate) fn fail(&self, failure: Failure) {
        self.cell().failure = Some(failure);
    }

    /// Notes that the work was given up half-way, unless it failed.
    pub(crate) fn cancel(&self) {
        let mut cell = self.cell();
        if cell.failure.is_none() {
            cell.tags.insert("cancelled".to_owned(), "true".to_owned());
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
            cell.output = cell.output.take().or(output.filter(|output| !output.is_null()));
            cell.failure = cell.failure.take().or(failure);
        }
        self.finish_after(duration_nanos);
    }

    /// Whether an output was annotated already, so that the return value need not be captured.
    pub(crate) fn has_output(&self) -> bool {
        self.cell().output.is_some()
    }

    /// Ends the span and hands it to its client. Only the first call does anything.
    pub(crate) fn finish(&self) {
        self.finish_after(self.elapsed_nanos());
    }

    fn finish_after(&self, duration_nanos: u64) {
        let cell = {
            let mut cell = self.cell();
            if cell.finished {
                return;
            }
            // Children may still start under this span and take its session.
            let left = Cell { finished: true, session_id: cell.session_id.clone(), ..Cell::default() };
            std::mem::replace(&mut *cell, left)
        };
        self.sender.queue.push(Record {
            trace_id: self.trace.id,
            apm_trace_id: self.trace.apm_id,
            span_id: self.span_id,
            parent_id: self.parent_id,
            kind: self.kind,
            name: self.name.clone(),
            start_nanos: self.started.unix_nanos,
            duration_nanos,
            ml_app: Arc::clone(&self.ml_app),
            agent: self.agent.clone(),
            attribute: self.attribute,
            session_id: cell.session_id,
            model_name: cell.model_name,
            model_provider: cell.model_provider,
            input: cell.input,
            output: cell.output,
            metadata: cell.metadata,
            metrics: cell.metrics,
            tags: cell.tags,
            failure: cell.failure,
        });
    }
}

impl Trace {
    fn start() -> Arc<Self> {
        Arc::new(Self { id: TraceId::random(), apm_id: TraceId::random(), session_id: OnceLock::new() })
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.kind, self.name, self.span_id)
    }
}
