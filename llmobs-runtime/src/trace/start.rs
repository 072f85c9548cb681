//! Describes and starts spans.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use llmobs_capture::{is_muted, warn_limited};

use super::frame::{Frame, Options, warn_of_cost_tag};
use super::local::{self, Pool};
use super::shared::Remote;
use super::slot::Slot;
use crate::base::clock::Started;
use crate::base::id::SpanId;
use crate::base::kind::Kind;
use crate::deliver::sender::Sender;
use crate::model::annotation::Annotation;
use crate::model::captured::Source;
use crate::model::inherited::{ContextCostTag, Contexts, Inherited};
use crate::model::ml_app;

/// A span that is being described and has not started. Its frame has no other handle.
pub(crate) struct Draft(Arc<Frame>);

impl Draft {
    /// Describes a span that starts here, or returns `None` if spans that start here are not recorded.
    #[inline]
    pub(crate) fn here(kind: Kind, name: Cow<'static, str>) -> Option<Self> {
        if is_muted() {
            return None;
        }
        if local::is_torn_down() {
            return Some(Self::later(kind, name));
        }
        let shared = local::with_current(|slot| {
            local::with_client(slot, |sender, pool| {
                let mut shared = pool.frame(sender);
                let frame = Arc::get_mut(&mut shared)?;
                frame.describe(kind, name);
                frame.place(slot, sender, pool);
                frame.is_placed = true;
                Some(shared)
            })
        });
        shared.flatten().map(Self)
    }

    /// Describes a span that starts later. It may start elsewhere, and be recorded there.
    pub(crate) fn later(kind: Kind, name: Cow<'static, str>) -> Self {
        let here = |sender: &Arc<Sender>, pool: &mut Pool| {
            let mut draft = Self(pool.frame(sender));
            if let Some(frame) = draft.frame() {
                frame.set_sender(sender);
            }
            draft
        };
        let here = || local::with_current(|slot| local::with_client(slot, here));
        let here = if is_muted() { None } else { here() };
        let mut draft = here.unwrap_or_else(|| Self(Arc::new(Frame::blank(Sender::detached()))));
        if let Some(frame) = draft.frame() {
            frame.describe(kind, name);
        }
        draft
    }

    /// The frame, to describe the span. It is always `Some`.
    #[inline]
    pub(crate) fn frame(&mut self) -> Option<&mut Frame> {
        Arc::get_mut(&mut self.0)
    }

    /// Sets the slot that the span starts in, instead of the current one.
    pub(crate) fn set_parent(&mut self, parent: &Slot) {
        let inside = local::with_current(|here| parent.inside(here));
        let slot = inside.as_ref().unwrap_or(parent);
        if let Some(frame) = self.frame() {
            // A span whose parent belongs to a client that was shut down is a root, not a child of another span.
            let root = || local::current().without_span();
            frame.is_placed = frame.place_in(slot).or_else(|| frame.place_in(&root())).is_some();
        }
    }

    /// Starts the span, or returns `None` if it is not recorded.
    pub(crate) fn start(self) -> Option<Arc<Frame>> {
        if is_muted() { None } else { self.start_with(|_| ()) }
    }

    /// Describes the span further and starts it.
    #[inline]
    pub(crate) fn start_with(self, describe: impl FnOnce(&mut Frame)) -> Option<Arc<Frame>> {
        let Self(mut shared) = self;
        let frame = Arc::get_mut(&mut shared)?;
        describe(frame);
        if !frame.is_placed {
            local::with_current(|slot| frame.place_in(slot))?;
        }
        (frame.begin() || frame.leave_unrecorded()).then_some(shared)
    }
}

impl Frame {
    /// The budget of each captured value, in bytes.
    #[inline]
    pub(super) fn capture_limit(&self) -> usize {
        self.start.sender.defaults.capture_limit
    }

    fn options(&mut self) -> &mut Options {
        self.options.get_or_insert_default()
    }

    pub(super) fn set_session_id(&mut self, session_id: String) {
        self.options().session_id = Some(session_id.into());
    }

    pub(super) fn set_ml_app(&mut self, ml_app: String) {
        let setting = "the option `ml_app` of a span";
        if let Some(warning) = ml_app::warning(&ml_app, setting) {
            warn_limited!("{warning}");
        }
        self.options().ml_app = Some(ml_app.into());
    }

    pub(super) fn set_start(&mut self, unix_nanos: u64) {
        self.options().start_nanos = Some(unix_nanos);
    }

    /// Returns the annotation, to be filled before the span starts.
    pub(super) fn annotation(&mut self) -> &mut Annotation {
        let limit = self.capture_limit();
        self.cell_mut().annotation.get_or_insert_with(|| Box::new(Annotation::new(limit)))
    }

    /// Warns of annotations that spans of this kind do not show.
    pub(super) fn warn_of_misplaced(&mut self) {
        let kind = self.start.kind;
        if let Some(annotation) = &self.cell_mut().annotation {
            annotation.warn_of_misplaced(kind);
        }
    }

    /// Places the span in a slot. Returns `None` if it is not recorded there.
    fn place_in(&mut self, slot: &Slot) -> Option<()> {
        // A parent that was named earlier may have set it.
        if let Some(options) = &mut self.options {
            options.above = None;
        }
        if local::is_torn_down() {
            let sender = slot.open_sender()?;
            self.place(slot, &sender, &mut Pool::new());
            return Some(());
        }
        local::with_client(slot, |sender, pool| self.place(slot, sender, pool))
    }

    /// Places the span in a slot whose spans go to this client.
    #[inline]
    fn place(&mut self, slot: &Slot, sender: &Arc<Sender>, pool: &mut Pool) {
        self.set_sender(sender);
        self.start.span_id = SpanId::random();
        match slot.frame() {
            Some(parent) => {
                self.start.parent_id = Some(parent.start.span_id);
                self.start.root = parent.start.root;
                let trace = std::mem::replace(&mut self.start.trace, Arc::clone(&parent.start.trace));
                pool.recycle_trace(trace);
                if parent.has_for_children() && matches!(self.start.kind, Kind::Llm | Kind::Tool) {
                    self.options().above = Some(Arc::clone(parent));
                }
            }
            None => self.place_at_top(slot, pool),
        }
        let changed;
        let here = match slot {
            Slot::Span(parent) if !parent.has_for_children() => &parent.start.inherited,
            other => {
                changed = other.inherited();
                &changed
            }
        };
        let is_same = match (&self.start.inherited, here) {
            (Some(own), Some(here)) => Arc::ptr_eq(own, here),
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            self.start.inherited.clone_from(here);
        }
    }

    /// Places the span in a slot without a span: at the top of a trace, or below a span of another program.
    fn place_at_top(&mut self, slot: &Slot, pool: &mut Pool) {
        let remote = slot.remote();
        self.start.parent_id = remote.and_then(|remote| remote.parent_id);
        self.start.root = self.start.span_id;
        let trace = remote.map_or_else(|| pool.begin_trace(), Remote::trace);
        pool.recycle_trace(std::mem::replace(&mut self.start.trace, trace));
    }

    /// Starts the span in the slot where it was placed. Returns false if there is no room for it.
    #[inline]
    fn begin(&mut self) -> bool {
        if self.start.source == Source::Arguments {
            self.cell_mut().text.push('}');
        }
        if !self.take_room() {
            return false;
        }
        let has_session = self.start.inherited.as_ref().is_some_and(|here| here.session_id.is_some());
        if self.options.is_some() || (!has_session && self.start.trace.session_id.get().is_some()) {
            self.inherit_less();
        } else {
            self.start.started = Started::now();
        }
        if let Some(inherited) = &self.start.inherited
            && let Some(contexts) = &inherited.contexts
        {
            self.begin_inside(&Arc::clone(contexts));
        }
        if self.start.name.is_empty() {
            self.start.name = Cow::Borrowed(self.start.kind.as_str());
        }
        if self.start.kind == Kind::Agent
            || self.cell_mut().annotation.is_some()
            || self.start.sender.defaults.act_at_start()
        {
            self.prepare_for_children();
        }
        true
    }

    /// Applies the annotations of contexts to the start of the span.
    #[inline(never)]
    fn begin_inside(&mut self, contexts: &Contexts) {
        if let Some(name) = contexts.name() {
            self.start.name = Cow::Owned(name.to_string());
        }
        let Some(cost_tags) = contexts.cost_tags() else { return };
        let own = self.own_tags();
        for ContextCostTag { key, is_set } in cost_tags {
            if *is_set || own.contains_key(key) {
                self.annotation().add_cost_tag(key.clone());
            } else {
                warn_of_cost_tag(key);
            }
        }
    }

    /// Applies the options of the span to what it inherited, and starts the clock.
    #[cold]
    fn inherit_less(&mut self) {
        let Options { session_id, ml_app, start_nanos, above } =
            self.options.take().map(|options| *options).unwrap_or_default();
        if let Some(above) = above {
            self.inherit_from(&above);
        }
        if let Some(session_id) = &session_id {
            let _ = self.start.trace.session_id.set(Arc::clone(session_id));
        }
        let here = self.inherited();
        let of_trace = self.start.trace.session_id.get().filter(|_| here.session_id.is_none());
        if let session_id @ Some(_) = session_id.or_else(|| of_trace.cloned()) {
            self.start.inherited = Some(Arc::new(Inherited { session_id, ..here.clone() }));
        }
        if ml_app.is_some() {
            self.start.inherited = Some(Arc::new(Inherited { ml_app, ..self.inherited().clone() }));
        }
        self.start.started = start_nanos.map_or_else(Started::now, Started::at);
    }

    /// Inherits the values that only direct children inherit: an `llm` span the prompt, a `tool` span the version of its tool.
    fn inherit_from(&mut self, parent: &Frame) {
        let (prompt, version) = match self.start.kind {
            Kind::Llm => (parent.prompt_for_child(), None),
            Kind::Tool if parent.kind() == Kind::Llm => (None, parent.tool_version(&self.start.name)),
            _ => return,
        };
        if prompt.is_some() || version.is_some() {
            let limit = self.start.sender.defaults.capture_limit;
            let annotation = &mut self.cell_mut().annotation;
            let more = annotation.get_or_insert_with(|| Box::new(Annotation::new(limit))).more();
            more.inherited_prompt = prompt;
            more.tool_version = version;
        }
    }
}

/// Omits the content, which may be secret.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").finish_non_exhaustive()
    }
}
