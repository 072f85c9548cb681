//! A running span, as its children and annotations see it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use llmobs_capture::warn_limited;
use llmobs_providers::ToolDefinition;
use serde_json::Number;

use super::claim::{Calls, Claim, EndedCall, OuterCall, Shown};
use super::shared::Trace;
use crate::base::clock::{Started, Times};
use crate::base::id::{SpanId, TraceId};
use crate::base::kind::Kind;
use crate::deliver::chunk::Head;
use crate::deliver::queue::Queue;
use crate::deliver::sender::Sender;
use crate::model::annotation::{Annotation, add_under};
use crate::model::captured::Source;
use crate::model::failure::{Failure, FailureParts};
use crate::model::inherited::{AgentAttribution, Inherited};
use crate::model::metrics;
use crate::model::observed::{Hidden, Observed};
use crate::model::prompt::Prompt;
use crate::model::record::{Record, TraceRecord, settled};
use crate::model::reference::SpanRef;
use crate::model::sampling::Decision;
use crate::model::tags::About;

/// A larger text buffer is not kept for the next span, in bytes.
const MAX_SPARE_TEXT: usize = 4096;

/// The content of a span reserves no further room up to this many bytes.
const FREE_BYTES: usize = 256;
/// The most room that is reserved in advance for later content of a span, in bytes.
const MAX_AHEAD: usize = 4096;

/// One span from its start to its end.
///
/// Frames are reused: see [`local`](super::local). Before the span starts, fields may hold the values of an earlier span.
pub(crate) struct Frame {
    pub(super) start: Start,
    /// Whether the parent of the span was set before its start.
    pub(super) is_placed: bool,
    /// Whether the span found no room and is not recorded.
    is_unrecorded: bool,
    /// Rare options, until the span starts.
    pub(super) options: Option<Box<Options>>,
    /// Whether the cell has values for spans inside to inherit.
    has_for_children: AtomicBool,
    /// Whether calls of models were observed inside.
    has_calls: AtomicBool,
    cell: Mutex<Cell>,
}

impl Drop for Frame {
    fn drop(&mut self) {
        if self.is_unrecorded {
            self.start.sender.queue.end_unrecorded();
        }
    }
}

/// The data of a span that is known from its start.
pub(super) struct Start {
    pub(super) sender: Arc<Sender>,
    pub(super) trace: Arc<Trace>,
    /// The values that this span inherited from where it started.
    pub(super) inherited: Option<Arc<Inherited>>,
    pub(super) span_id: SpanId,
    pub(super) parent_id: Option<SpanId>,
    /// The outermost span of this program around this one, or this span itself.
    pub(super) root: SpanId,
    pub(super) name: Cow<'static, str>,
    pub(super) started: Started,
    pub(super) kind: Kind,
    /// Whether an attribute made the span.
    pub(super) attribute: bool,
    /// How the captured input is read.
    pub(super) source: Source,
    /// Whether an attribute sets the input, and the output, of the span, so that nothing else is shown there.
    pub(super) own_input: bool,
    pub(super) own_output: bool,
}

/// Rare options of the start of a span.
#[derive(Default)]
pub(super) struct Options {
    pub(super) session_id: Option<Arc<str>>,
    pub(super) ml_app: Option<Arc<str>>,
    /// The start of the span, if the program gives it, in nanoseconds since the Unix epoch.
    pub(super) start_nanos: Option<u64>,
    /// The parent, if it has values that only its direct children inherit.
    pub(super) above: Option<Arc<Frame>>,
}

/// The state that changes while a span runs.
#[derive(Default)]
pub(super) struct Cell {
    finished: bool,
    /// The input that an attribute captured.
    pub(super) text: String,
    pub(super) annotation: Option<Box<Annotation>>,
    for_children: Option<Box<ForChildren>>,
    calls: Calls,
    room: Room,
    /// Whether the span ends with the model call that it shows.
    ends_with_call: bool,
}

/// The room that is reserved in the queue for the content of an open span, in bytes.
#[derive(Default)]
struct Room {
    /// The reserved room.
    held: usize,
    /// An estimate of the used room, which is never too low.
    used: usize,
    /// Whether something was left out for lack of room.
    is_stripped: bool,
}

/// The values that spans inside inherit beyond what this span inherited.
#[derive(Default)]
struct ForChildren {
    /// Replaces what this span inherited.
    inherited: Option<Arc<Inherited>>,
    prompt: Option<Arc<Prompt>>,
    tool_definitions: Option<Arc<[ToolDefinition]>>,
}

/// The data of a span that is known at its end, besides its texts: the captured input, the output and the failure, in one buffer.
pub(super) struct End {
    /// The times until the body returned. Capturing the returned value is not part of the call.
    pub(super) times: Times,
    /// The length of the input. The text between it and the failure is the output.
    pub(super) input: usize,
    pub(super) failure: Option<FailureParts>,
}

impl Frame {
    /// The memory of an open span with little content, in bytes.
    pub(crate) const BYTES: usize = size_of::<Self>() + FREE_BYTES;

    /// Creates a frame for a span of a client. Its fields are set before the span starts.
    pub(super) fn blank(sender: &Arc<Sender>) -> Self {
        let span_id = SpanId::random();
        let start = Start {
            sender: Arc::clone(sender),
            trace: Arc::new(Trace::begin(0)),
            inherited: None,
            span_id,
            parent_id: None,
            root: span_id,
            name: Cow::Borrowed(""),
            started: Started::now(),
            kind: Kind::Task,
            attribute: false,
            source: Source::Value,
            own_input: false,
            own_output: false,
        };
        Self {
            start,
            is_placed: false,
            is_unrecorded: false,
            options: None,
            has_for_children: AtomicBool::new(false),
            has_calls: AtomicBool::new(false),
            cell: Mutex::default(),
        }
    }

    /// Sets the client that the span goes to.
    #[inline]
    pub(super) fn set_sender(&mut self, sender: &Arc<Sender>) {
        if !Arc::ptr_eq(&self.start.sender, sender) {
            self.start.sender = Arc::clone(sender);
        }
    }

    /// Describes the next span of a frame that is new or has ended.
    #[inline]
    pub(super) fn describe(&mut self, kind: Kind, name: Cow<'static, str>) {
        self.start.kind = kind;
        self.start.name = name;
        self.start.attribute = false;
        self.start.source = Source::Value;
        (self.start.own_input, self.start.own_output) = (false, false);
        self.is_placed = false;
        *self.has_for_children.get_mut() = false;
        if std::mem::take(self.has_calls.get_mut()) {
            let cell = self.cell_mut();
            (cell.calls, cell.ends_with_call) = (Calls::None, false);
        }
    }

    /// Reserves room in the queue for the span, which starts now. Returns false if there is none.
    #[inline]
    pub(super) fn take_room(&mut self) -> bool {
        let has_room = self.start.sender.queue.begin(self.start.parent_id.is_none());
        let cell = self.cell.get_mut().unwrap_or_else(PoisonError::into_inner);
        if has_room && (cell.text.len() > FREE_BYTES || cell.annotation.is_some()) {
            cell.take_room_at_start(&self.start.sender.queue);
        }
        has_room
    }

    /// Makes this a span that is not recorded. Annotations inside are lost, and do not go to the parent; spans inside are children of the
    /// parent. Returns false if there is no parent, or there are too many such spans.
    #[cold]
    pub(super) fn leave_unrecorded(&mut self) -> bool {
        let Some(parent_id) = self.start.parent_id else { return false };
        self.is_unrecorded = self.start.sender.queue.begin_unrecorded();
        self.start.span_id = parent_id;
        *self.cell_mut() = Cell { finished: true, ..Cell::default() };
        self.is_unrecorded
    }

    /// Returns whether the frame can be used for another span.
    #[inline]
    pub(super) fn is_reusable(&self) -> bool {
        !self.is_unrecorded
    }

    /// Returns the cell of a frame that has no other handle.
    pub(super) fn cell_mut(&mut self) -> &mut Cell {
        self.cell.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the cell. The lock is never held while user code runs.
    fn cell(&self) -> MutexGuard<'_, Cell> {
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prepares the values that spans inside inherit, and the tags that sampling rules read, when the span starts.
    #[cold]
    #[inline(never)]
    pub(super) fn prepare_for_children(&mut self) {
        if let Some(apm) = self.start.sender.defaults.apm_span() {
            self.set_apm_trace(apm.trace_id);
        }
        let cell = self.cell.get_mut().unwrap_or_else(PoisonError::into_inner);
        if self.start.kind == Kind::Agent {
            cell.attribute_children_to(&self.start, &self.start.name);
            *self.has_for_children.get_mut() = true;
        }
        if cell.annotation.is_some() {
            cell.keep_for_children(&self.start, &self.has_for_children);
        }
        if self.start.sender.defaults.sampler.has_rules() {
            self.start.update_tags(cell.annotation.as_deref());
        }
    }

    /// Moves the span into an APM trace, and also its LLM trace if that begins here.
    fn set_apm_trace(&mut self, apm_id: TraceId) {
        if self.start.trace.apm_id == apm_id {
            return;
        }
        let begins_here = self.start.parent_id.is_none();
        match Arc::get_mut(&mut self.start.trace).filter(|_| begins_here) {
            Some(trace) => {
                trace.apm_id = apm_id;
                // The data that other tracers propagated belongs to another trace.
                trace.upstream = None;
            }
            None => self.annotation().more().apm_trace_id = Some(apm_id),
        }
    }

    /// Returns the span's own tags, without those of annotation contexts.
    pub(super) fn own_tags(&mut self) -> BTreeMap<String, String> {
        let cell = self.cell.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.start.tags_with(cell.annotation.as_deref().unwrap_or(Annotation::EMPTY))
    }

    /// Returns the values that this span inherited.
    pub(crate) fn inherited(&self) -> &Inherited {
        self.start.inherited()
    }

    /// Returns the values that spans inside inherit.
    pub(super) fn inherited_by_children(&self) -> Option<Arc<Inherited>> {
        let changed = if self.has_for_children() {
            self.cell().for_children.as_ref().and_then(|for_children| for_children.inherited.clone())
        } else {
            None
        };
        changed.or_else(|| self.start.inherited.clone())
    }

    /// Returns whether spans inside inherit other values than this span did.
    #[inline]
    pub(super) fn has_for_children(&self) -> bool {
        self.has_for_children.load(Ordering::Acquire)
    }

    /// The prompt that a child of kind `llm` inherits.
    pub(super) fn prompt_for_child(&self) -> Option<Arc<Prompt>> {
        self.cell().for_children.as_ref()?.prompt.clone()
    }

    /// The version of a tool in the definitions of this `llm` span, for a child of kind `tool`.
    pub(super) fn tool_version(&self, name: &str) -> Option<String> {
        let cell = self.cell();
        let tools = cell.for_children.as_ref()?.tool_definitions.as_ref()?;
        tools.iter().find(|tool| tool.name == name)?.version.clone()
    }

    /// Calls `describe` with no lock held, and merges the annotation.
    pub(crate) fn annotate_with(&self, describe: impl FnOnce(&mut Annotation)) {
        let mut annotation = Annotation::new(self.start.sender.defaults.capture_limit);
        describe(&mut annotation);
        annotation.warn_of_misplaced(annotation.late_kind().unwrap_or_else(|| self.kind()));
        let is_merged = if annotation.has_cost_tags() {
            self.annotate_with_cost_tags(annotation)
        } else {
            self.annotate(&mut self.cell(), annotation)
        };
        if !is_merged {
            self.start.sender.queue.lose_annotation();
            warn_limited!(
                "an annotation was lost: its span had finished; annotate before the function returns or `finish` is called"
            );
        }
    }

    /// Merges an annotation. Returns false if the span has finished.
    #[inline]
    fn annotate(&self, cell: &mut Cell, mut annotation: Annotation) -> bool {
        if cell.finished {
            return false;
        }
        if !cell.has_room_for(annotation.bytes(), &self.start.sender.queue) {
            annotation.strip();
        }
        match &mut cell.annotation {
            Some(own) => own.add(annotation),
            own => *own = Some(Box::new(annotation)),
        }
        cell.keep_for_children(&self.start, &self.has_for_children);
        if self.start.sender.defaults.sampler.has_rules() {
            self.start.update_tags(cell.annotation.as_deref());
        }
        true
    }

    /// Merges an annotation. Its cost tags are kept if the span then has their tags.
    #[cold]
    #[inline(never)]
    fn annotate_with_cost_tags(&self, mut annotation: Annotation) -> bool {
        let mut cost_tags = annotation.take_cost_tags();
        let is_merged = {
            let mut cell = self.cell();
            let is_merged = self.annotate(&mut cell, annotation);
            if is_merged && let Some(own) = &mut cell.annotation {
                let tags = self.start.all_tags(Some(own));
                for key in cost_tags.extract_if(.., |key| tags.contains_key(key)) {
                    own.add_cost_tag(key);
                }
            }
            is_merged
        };
        if is_merged {
            for key in &cost_tags {
                warn_of_cost_tag(key);
            }
        }
        is_merged
    }

    /// Marks that the text will hold the attributes of another library's span, before the frame is shared.
    pub(super) fn takes_attributes(&mut self) {
        self.start.source = Source::Attributes;
    }

    /// Sets the attributes of another library's span.
    pub(super) fn set_attributes(&self, text: String) {
        let mut cell = self.cell();
        if !cell.finished && cell.has_room_for(text.len(), &self.start.sender.queue) {
            cell.text = text;
        }
    }

    /// Merges an annotation that all others override.
    pub(super) fn annotate_under(&self, mut weaker: Option<Box<Annotation>>) {
        if let Some(annotation) = &mut weaker {
            let mut cell = self.cell();
            if cell.finished {
                return;
            }
            if !cell.has_room_for(annotation.bytes(), &self.start.sender.queue) {
                annotation.strip();
            }
            cell.annotate_under(weaker);
        }
    }

    /// Begins a model call of this kind inside, which may be nested in another one. The first nested call takes the place of the outer one.
    pub(super) fn claim_call(&self, kind: Kind, outer: Option<&OuterCall>) -> Claim {
        let mut cell = self.cell();
        // A retrieval covers more than its reranking.
        let is_model = matches!(kind, Kind::Llm | Kind::Embedding);
        let is_of_kind = is_model && self.start.late_kind(&cell) == kind;
        let takes_over = is_of_kind && outer.is_some_and(|outer| !outer.swap(true, Ordering::AcqRel));
        if cell.finished || !is_of_kind {
            return Claim { is_granted: false, earlier: None, hidden: Hidden::default() };
        }
        self.has_calls.store(true, Ordering::Release);
        let Start { own_input: input, own_output: output, .. } = self.start;
        let error = cell.annotation.as_ref().is_some_and(|annotation| annotation.skips_error());
        cell.calls.claim(takes_over, Hidden { input, output, error })
    }

    /// Ends a call that the span was to show. Returns it if it has become a separate span.
    pub(super) fn end_call(&self, call: EndedCall) -> Option<EndedCall> {
        let mut state = self.cell();
        if state.finished {
            return Some(call);
        }
        let end_nanos = call.end_nanos;
        let call = state.calls.end(call);
        self.end_with_call(state, Some(end_nanos));
        call
    }

    /// Ends an outer call, in whose place the span was to show a nested one.
    pub(super) fn end_outer_call(&self, call: EndedCall) {
        self.cell().calls.end_outer(call);
    }

    /// Discards a call that the span was to show.
    pub(super) fn discard_call(&self) {
        let mut state = self.cell();
        state.calls.discard();
        self.end_with_call(state, None);
    }

    /// Lets the span end with the running call inside, if there is one. Returns whether there is.
    pub(super) fn ends_with_call(&self) -> bool {
        let mut state = self.cell();
        state.ends_with_call = state.calls.is_running() && !state.finished;
        state.ends_with_call
    }

    /// Ends the span if only a call inside kept it open.
    fn end_with_call(&self, mut state: MutexGuard<'_, Cell>, end_nanos: Option<u64>) {
        if state.ends_with_call {
            self.start.finish_without_output(&mut state, end_nanos);
            drop(state);
        }
    }

    /// Ends the span without delivering it.
    pub(super) fn discard(&self) {
        let mut cell = self.cell();
        if !std::mem::replace(&mut cell.finished, true) {
            let Room { held, .. } = std::mem::take(&mut cell.room);
            self.start.sender.queue.discard(held);
        }
        cell.annotation = None;
    }

    /// Returns whether model calls were observed inside.
    #[inline]
    pub(super) fn has_calls(&self) -> bool {
        self.has_calls.load(Ordering::Acquire)
    }

    /// Takes the calls that the span shows, when the span ends.
    pub(super) fn take_calls(&self) -> Shown {
        self.cell().calls.take()
    }

    /// Returns whether there were several model calls inside, each a separate span.
    pub(super) fn has_several_calls(&self) -> bool {
        self.has_calls() && matches!(self.cell().calls, Calls::Several)
    }

    /// Records the time to the first token of an `llm` span, in seconds.
    pub(crate) fn record_first_token(&self) {
        if self.kind() == Kind::Llm {
            let seconds = self.start.started.elapsed().as_secs_f64();
            if let Some(seconds) = Number::from_f64(seconds) {
                let metrics = |annotation: &mut Annotation| {
                    annotation.metrics.entry(metrics::TIME_TO_FIRST_TOKEN.to_owned()).or_insert(seconds);
                };
                self.amend(metrics);
            }
        }
    }

    /// Marks the span as failed, for a reason that the program did not annotate.
    pub(crate) fn fail(&self, failure: Failure) {
        let failure = if self.shows_errors() { failure } else { failure.without_text() };
        self.amend(|annotation| annotation.failure = Some(failure));
    }

    /// Returns whether the texts of errors that the span ends with are captured.
    pub(crate) fn shows_errors(&self) -> bool {
        let is_skipped =
            |cell: &Cell| cell.annotation.as_ref().is_some_and(|annotation| annotation.skips_error());
        self.start.sender.defaults.capture_errors && !is_skipped(&self.cell())
    }

    /// Marks the span as cancelled, unless it failed.
    pub(crate) fn cancel(&self) {
        self.amend(|annotation| {
            if annotation.failure.is_none() {
                annotation.tags.insert("cancelled".to_owned(), "true".to_owned());
            }
        });
    }

    fn amend(&self, amend: impl FnOnce(&mut Annotation)) {
        let limit = self.start.sender.defaults.capture_limit;
        let mut cell = self.cell();
        amend(cell.annotation.get_or_insert_with(|| Box::new(Annotation::new(limit))));
    }

    /// When the span began.
    #[inline]
    pub(super) fn started(&self) -> Started {
        self.start.started
    }

    /// Takes the captured text, so that an output can be appended, and returns whether one is wanted: an annotated output takes precedence.
    #[inline]
    pub(crate) fn take_text(shared: &mut Arc<Self>) -> (String, bool) {
        Self::with_cell(shared, |_, cell, _| {
            let wanted = cell.annotation.as_ref().is_none_or(|annotation| annotation.output.is_none());
            (std::mem::take(&mut cell.text), wanted)
        })
    }

    /// Calls `f` with the cell, and with whether this is the last handle on the frame. If it is, no lock is needed.
    #[inline]
    fn with_cell<R>(shared: &mut Arc<Self>, f: impl FnOnce(&Start, &mut Cell, bool) -> R) -> R {
        let mut guard;
        let (start, cell, is_last) = if let Some(Self { start, cell, .. }) = Arc::get_mut(shared) {
            (&*start, cell.get_mut().unwrap_or_else(PoisonError::into_inner), true)
        } else {
            guard = shared.cell();
            (&shared.start, &mut *guard, false)
        };
        f(start, cell, is_last)
    }

    /// Ends the span of an instrumented call, unless it has ended. Annotations override `weaker`. Returns whether this is the last handle
    /// to the frame, which can then be used for another span.
    #[inline]
    pub(super) fn end(
        shared: &mut Arc<Self>,
        end: &End,
        text: &mut String,
        weaker: Option<Box<Annotation>>,
    ) -> bool {
        Self::with_cell(shared, |start, cell, is_last| {
            if weaker.is_some() {
                cell.annotate_under(weaker);
            }
            start.finish(&mut cell.finished, &mut cell.annotation, text, &mut cell.room, end);
            if is_last {
                // The buffer is kept for the next span.
                std::mem::swap(&mut cell.text, text);
                cell.renew();
            }
            is_last
        })
    }

    /// Ends the span now, without an output. Returns the same as [`end`](Self::end).
    pub(super) fn end_now(shared: &mut Arc<Self>) -> bool {
        Self::with_cell(shared, |start, cell, is_last| {
            // Most manually started spans have ended before their handle is dropped.
            if !cell.finished {
                start.finish_without_output(cell, None);
            }
            if is_last {
                cell.renew();
            }
            is_last
        })
    }

    /// Ends the span and hands it to its client. Only the first call does anything.
    pub(crate) fn finish(&self) {
        self.start.finish_without_output(&mut self.cell(), None);
    }

    /// Ends the span at a time that the program gives, in nanoseconds since the Unix epoch.
    pub(crate) fn finish_at(&self, unix_nanos: u64) {
        let started = self.started();
        if unix_nanos < started.unix_nanos() {
            warn_limited!("a span was finished at a time before its start: its duration is zero");
        }
        self.start.finish_without_output(&mut self.cell(), Some(unix_nanos));
    }

    pub(crate) fn sender(&self) -> &Arc<Sender> {
        &self.start.sender
    }

    pub(crate) fn trace(&self) -> &Trace {
        &self.start.trace
    }

    pub(crate) fn span_id(&self) -> SpanId {
        self.start.span_id
    }

    /// Returns the kind of the span, which an annotation can change.
    pub(crate) fn kind(&self) -> Kind {
        self.start.late_kind(&self.cell())
    }

    /// The kind of the span, unless it has finished.
    pub(crate) fn running_kind(&self) -> Option<Kind> {
        let cell = self.cell();
        (!cell.finished).then(|| self.start.late_kind(&cell))
    }

    /// The application of the span, or else that of the client.
    pub(crate) fn ml_app(&self) -> &str {
        self.inherited().ml_app.as_deref().unwrap_or(&self.start.sender.defaults.ml_app)
    }

    /// Returns the session that spans inside inherit. A tag of this span overrides the session that the span inherited.
    pub(crate) fn session_id(&self) -> Option<Arc<str>> {
        self.inherited_by_children()?.session_id.clone()
    }

    /// Returns this span if it is an agent, or else the nearest agent above.
    pub(crate) fn agent(&self) -> Option<Arc<AgentAttribution>> {
        self.inherited_by_children()?.agent.clone()
    }

    /// Whether the trace is kept: see [`Start::decision`].
    pub(crate) fn decision(&self) -> Option<Decision> {
        self.start.decision()
    }

    /// Returns a reference to this span, for use elsewhere.
    pub(crate) fn reference(&self) -> SpanRef {
        SpanRef { trace_id: self.start.trace.id.to_string(), span_id: self.start.span_id.to_string() }
    }
}

impl Start {
    /// Returns the values that the span inherited.
    fn inherited(&self) -> &Inherited {
        self.inherited.as_deref().unwrap_or(Inherited::NONE)
    }

    fn late_kind(&self, cell: &Cell) -> Kind {
        cell.annotation.as_ref().and_then(|annotation| annotation.late_kind()).unwrap_or(self.kind)
    }

    /// Delivers the span without an output, unless it has ended. The end is now, or a time that the program gives. One function handles
    /// both, so that the compiler still inlines its callees.
    #[inline(never)]
    fn finish_without_output(&self, cell: &mut Cell, end_nanos: Option<u64>) {
        if !matches!(cell.calls, Calls::None) {
            cell.show_calls(self.sender.defaults.capture_limit);
        }
        let Cell { finished, text, annotation, room, .. } = cell;
        if !*finished {
            let times = match end_nanos {
                None => self.started.until_now(),
                Some(end_nanos) => self.started.until(end_nanos),
            };
            let end = End { times, input: text.len(), failure: None };
            self.finish(finished, annotation, text, room, &end);
        }
    }

    /// Delivers the span, unless it has ended.
    #[inline]
    fn finish(
        &self,
        finished: &mut bool,
        annotation: &mut Option<Box<Annotation>>,
        text: &mut String,
        room: &mut Room,
        end: &End,
    ) {
        if !std::mem::replace(finished, true) {
            if self.sender.defaults.sampler.has_rules() {
                self.update_tags(annotation.as_deref());
            }
            self.push(annotation, text, room, end);
        }
        // A handle can keep the frame for a long time.
        text.clear();
        if text.capacity() > MAX_SPARE_TEXT {
            free(text);
        }
    }

    #[inline]
    fn push(&self, annotation: &mut Option<Box<Annotation>>, text: &mut String, room: &mut Room, end: &End) {
        let failure = end.failure;
        let output = text.len() - end.input - failure.as_ref().map_or(0, FailureParts::bytes);
        let Room { held, is_stripped, .. } = std::mem::take(room);
        let head = Head {
            root: self.root,
            text,
            lengths: [end.input, output],
            failure,
            inherited: self.inherited.as_ref(),
            annotation,
            name_bytes: if let Cow::Owned(name) = &self.name { name.len() } else { 0 },
            held,
            is_stripped,
        };
        let trace = || TraceRecord {
            id: self.trace.id,
            apm_id: self.trace.apm_id,
            root: self.root,
            decision: self.decision(),
        };
        self.sender.queue.push(head, trace, |head, extras| {
            let [input, output] = head.lengths.map(length);
            Record {
                name: self.clone_name(),
                span_id: self.span_id,
                parent_id: self.parent_id,
                times: end.times,
                annotation: head.annotation.take(),
                input,
                output,
                extras,
                source: self.source,
                kind: self.kind,
                attribute: self.attribute,
            }
        });
    }

    /// Returns whether the trace is kept. Rules decide it once, by the tags that the first span of the trace has at that moment.
    #[inline]
    fn decision(&self) -> Option<Decision> {
        self.trace.decision(&self.sender.defaults.sampler)
    }

    #[inline]
    fn clone_name(&self) -> Cow<'static, str> {
        match &self.name {
            Cow::Borrowed(name) => Cow::Borrowed(name),
            Cow::Owned(name) => owned(name),
        }
    }

    /// Updates the tags that sampling rules read.
    #[cold]
    #[inline(never)]
    fn update_tags(&self, annotation: Option<&Annotation>) {
        self.trace.set_tags(self.span_id, || self.all_tags(annotation));
    }

    /// Returns all tags of the span with this annotation.
    fn all_tags(&self, annotation: Option<&Annotation>) -> BTreeMap<String, String> {
        let annotation = annotation.map(|annotation| Box::new(annotation.for_tags()));
        let settled = settled(annotation, self.inherited(), self.kind);
        self.tags_with(settled.as_deref().unwrap_or(Annotation::EMPTY))
    }

    /// Returns the tags of the span with this annotation, without those of annotation contexts.
    fn tags_with(&self, annotation: &Annotation) -> BTreeMap<String, String> {
        let inherited = self.inherited();
        let session_id = annotation.tags.get("session_id").map(String::as_str);
        let about = About {
            kind: annotation.late_kind().unwrap_or(self.kind),
            ml_app: &self.sender.defaults.ml_app,
            session_id: session_id.or(inherited.session_id.as_deref()),
            inherited,
            attribute: self.attribute,
        };
        self.sender.defaults.identity.tags(&about, annotation)
    }
}

#[cold]
pub(super) fn warn_of_cost_tag(key: &str) {
    warn_limited!(
        "the cost tag {key:?} was left out: the span has no such tag yet; annotate the tag before, or in the same annotation"
    );
}

/// The length of a text, which budgets keep far below 4 GiB.
#[inline]
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl Cell {
    /// Prepares the cell for the next span.
    #[inline]
    fn renew(&mut self) {
        self.finished = false;
        if self.annotation.is_some() {
            self.annotation = None;
        }
        if self.for_children.is_some() {
            self.for_children = None;
        }
    }

    /// Returns whether there is room for more content.
    #[inline]
    fn has_room_for(&mut self, bytes: usize, queue: &Queue) -> bool {
        self.room.used += bytes;
        self.room.used <= self.room.held + FREE_BYTES || self.find_room(bytes, queue)
    }

    /// Reserves room for the content that the span has at its start.
    #[cold]
    fn take_room_at_start(&mut self, queue: &Queue) {
        let bytes = self.text.len() + self.annotation.as_ref().map_or(0, |annotation| annotation.bytes());
        let (text, annotation) = (std::mem::take(&mut self.text), self.annotation.take());
        let has_room = self.has_room_for(bytes, queue);
        (self.text, self.annotation) = (text, annotation);
        if !has_room {
            self.text.clear();
            if let Some(annotation) = &mut self.annotation {
                annotation.strip();
            }
        }
    }

    /// Reserves room for more content, and for some in advance. Values that were replaced no longer count then.
    #[cold]
    fn find_room(&mut self, bytes: usize, queue: &Queue) -> bool {
        let known = self.annotation.as_ref().map_or(0, |annotation| annotation.bytes());
        let used = self.text.len() + known + bytes;
        let needed = used.saturating_sub(self.room.held);
        let taken =
            [needed + (used / 4).min(MAX_AHEAD), needed].into_iter().find(|bytes| queue.reserve(*bytes));
        self.room.held += taken.unwrap_or_default();
        self.room.is_stripped |= taken.is_none();
        self.room.used = if taken.is_some() { used } else { used - bytes };
        taken.is_some()
    }

    /// Adds the model call that the span shows, when the span ends.
    #[cold]
    fn show_calls(&mut self, limit: usize) {
        match self.calls.take() {
            Shown::Nothing => {}
            Shown::One(call) => self.annotate_under(call.notes),
            Shown::Several => {
                let mut several = Annotation::new(limit);
                several.more().observed = Some(Arc::new(Observed::several()));
                self.annotate_under(Some(Box::new(several)));
            }
        }
    }

    #[inline(never)]
    fn annotate_under(&mut self, weaker: Option<Box<Annotation>>) {
        add_under(&mut self.annotation, weaker);
    }

    /// Keeps the part of an annotation that spans inside inherit. They may start after this span has finished.
    fn keep_for_children(&mut self, start: &Start, has_for_children: &AtomicBool) {
        let Some(annotation) = &self.annotation else { return };
        if let Some(session_id) = annotation.tags.get("session_id") {
            let for_children = self.for_children.get_or_insert_default();
            let now = for_children.inherited.as_deref().unwrap_or(start.inherited());
            if now.session_id.as_deref() != Some(session_id) {
                let session_id = Some(session_id.as_str().into());
                for_children.inherited = Some(Arc::new(Inherited { session_id, ..now.clone() }));
            }
            has_for_children.store(true, Ordering::Release);
        }
        if let Some(more) = &annotation.more
            && (more.prompt.is_some() || more.tool_definitions.is_some())
        {
            let for_children = self.for_children.get_or_insert_default();
            for_children.prompt.clone_from(&more.prompt);
            for_children.tool_definitions.clone_from(&more.tool_definitions);
            has_for_children.store(true, Ordering::Release);
        }
        let (kind, name) = (annotation.late_kind(), annotation.late_name());
        match kind.unwrap_or(start.kind) {
            Kind::Agent if kind.is_some() || name.is_some() => {
                let name = name.unwrap_or(&start.name).to_owned();
                self.attribute_children_to(start, &name);
                has_for_children.store(true, Ordering::Release);
            }
            Kind::Agent => {}
            _ if start.kind == Kind::Agent => self.set_agent(start, start.inherited().agent.clone()),
            _ => {}
        }
    }

    /// Makes the span the nearest agent of spans inside.
    fn attribute_children_to(&mut self, start: &Start, name: &str) {
        let agent = AgentAttribution { name: Some(name.to_owned()), span_id: start.span_id };
        self.set_agent(start, Some(Arc::new(agent)));
    }

    /// Sets the nearest agent of spans inside.
    fn set_agent(&mut self, start: &Start, agent: Option<Arc<AgentAttribution>>) {
        let for_children = self.for_children.get_or_insert_default();
        let now = for_children.inherited.as_deref().unwrap_or(start.inherited());
        for_children.inherited = Some(Arc::new(Inherited { agent, ..now.clone() }));
    }
}

#[inline(never)]
fn owned(name: &str) -> Cow<'static, str> {
    Cow::Owned(name.to_owned())
}

#[inline(never)]
fn free(text: &mut String) {
    *text = String::new();
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.start.kind, self.start.name, self.start.span_id)
    }
}
