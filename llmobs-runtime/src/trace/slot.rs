//! Slots: what can be current on a thread or in a future, and what spans that start there inherit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::claim::OuterCall;
use super::frame::Frame;
use super::shared::Remote;
use crate::deliver::sender::{Sender, default_sender};
use crate::model::inherited::{Contexts, Inherited};

/// The most nested entries that are left by ids. They are dropped one inside the other.
const MAX_ENTRIES: usize = 1024;

/// What can be current on a thread or in a future.
#[derive(Clone, Default)]
pub(crate) enum Slot {
    /// Nothing: spans are roots and go to the default client.
    #[default]
    Unset,
    /// A client that was entered without a span.
    Client(Arc<Sender>),
    /// A span.
    Span(Arc<Frame>),
    /// One of these, with other values for spans to inherit.
    Scope(Arc<Scope>),
}

/// A slot, and the values that spans that start there inherit instead.
pub(crate) struct Scope {
    /// Never a scope.
    base: Slot,
    inherited: Option<Arc<Inherited>>,
    /// The span of another program that spans without a parent here continue.
    remote: Option<Arc<Remote>>,
    /// The surrounding model call, if the span of the base shows it.
    call: Option<OuterCall>,
    /// The entry of this slot, if it is left by an id.
    entry: Option<Entry>,
}

/// The entry of a slot that is left by an id. Once it is left, the slot counts as the previous one, wherever it is kept: on this thread, in
/// a guard, or in a future that moved to another thread.
struct Entry {
    id: u64,
    left: Arc<AtomicBool>,
    /// The previous slot.
    outer: Slot,
    /// The number of entries, including this one.
    depth: usize,
}

impl Entry {
    fn is_left(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }
}

/// Iterative, because recursion could use up the stack.
impl Drop for Entry {
    fn drop(&mut self) {
        let mut outer = std::mem::take(&mut self.outer);
        while let Slot::Scope(scope) = outer {
            let entry = Arc::into_inner(scope).and_then(|mut scope| scope.entry.take());
            outer = entry.map(|mut entry| std::mem::take(&mut entry.outer)).unwrap_or_default();
        }
    }
}

impl Slot {
    /// Returns the client that spans go to, or `None` for the default one.
    #[inline]
    pub(crate) fn own_sender(&self) -> Option<&Arc<Sender>> {
        match self {
            Self::Unset => None,
            Self::Client(sender) => Some(sender),
            Self::Span(frame) => Some(frame.sender()),
            Self::Scope(_) => self.live_base().own_sender(),
        }
    }

    /// Returns the client that spans go to, open or closed.
    pub(crate) fn sender(&self) -> Option<Arc<Sender>> {
        self.own_sender().cloned().or_else(default_sender)
    }

    /// Returns the client that spans go to, or `None` if it is closed.
    pub(crate) fn open_sender(&self) -> Option<Arc<Sender>> {
        self.sender().filter(|sender| sender.is_open())
    }

    /// Returns the current span.
    #[inline]
    pub(crate) fn frame(&self) -> Option<&Arc<Frame>> {
        match self {
            Self::Span(frame) => Some(frame),
            Self::Scope(_) => self.live_base().frame(),
            _ => None,
        }
    }

    /// Returns the values that spans that start here inherit.
    pub(crate) fn inherited(&self) -> Option<Arc<Inherited>> {
        match self {
            Self::Span(frame) => frame.inherited_by_children(),
            Self::Scope(_) => match self.live() {
                Self::Scope(scope) => scope.inherited(),
                outer => outer.inherited(),
            },
            _ => None,
        }
    }

    /// Returns the span of another program that spans without a parent here continue.
    #[inline]
    pub(crate) fn remote(&self) -> Option<&Remote> {
        if let Self::Scope(_) = self { self.live_scope()?.remote.as_deref() } else { None }
    }

    /// Returns the [live](Self::live) slot, without what a scope adds.
    #[cold]
    #[inline(never)]
    fn live_base(&self) -> &Self {
        match self.live() {
            Self::Scope(scope) => &scope.base,
            slot => slot,
        }
    }

    /// Returns the scope of the [live](Self::live) slot.
    #[cold]
    #[inline(never)]
    fn live_scope(&self) -> Option<&Scope> {
        if let Self::Scope(scope) = self.live() { Some(scope) } else { None }
    }

    /// Returns the annotation contexts of spans that start here.
    #[inline]
    fn contexts(&self) -> Option<&Arc<Contexts>> {
        match self {
            Self::Span(frame) => frame.inherited().contexts.as_ref(),
            Self::Scope(_) => match self.live() {
                Self::Scope(scope) => scope.inherited.as_ref()?.contexts.as_ref(),
                outer => outer.contexts(),
            },
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn is_in_contexts(&self) -> bool {
        self.contexts().is_some()
    }

    /// Returns this slot with one more annotation context.
    pub(crate) fn with_context(&self, context: impl FnOnce(Option<Arc<Contexts>>) -> Arc<Contexts>) -> Self {
        self.with_contexts(context(self.contexts().cloned()))
    }

    /// Returns this slot with other annotation contexts.
    fn with_contexts(&self, contexts: Arc<Contexts>) -> Self {
        let (base, remote, call) = match self.live() {
            Self::Scope(scope) => (scope.base.clone(), scope.remote.clone(), scope.call.clone()),
            plain => (plain.clone(), None, None),
        };
        let inherited = self.inherited();
        let inherited = within(&base, inherited.as_deref().unwrap_or(Inherited::NONE), contexts);
        Self::Scope(Arc::new(Scope { base, inherited: Some(Arc::new(inherited)), remote, call, entry: None }))
    }

    /// Returns this slot with the annotation contexts of the slot in which it is entered or named as a parent, or `None` if they add
    /// nothing.
    #[inline]
    pub(crate) fn inside(&self, here: &Self) -> Option<Self> {
        self.inside_contexts(here.contexts()?)
    }

    #[cold]
    fn inside_contexts(&self, here: &Arc<Contexts>) -> Option<Self> {
        let own = self.contexts();
        if own.is_some_and(|own| own.holds(here)) {
            return None;
        }
        // The contexts of a span were entered before it began, and those of a scope are entered now.
        let both = match self.live() {
            Self::Scope(_) => Contexts::union(Some(here), own),
            _ => Contexts::union(own, Some(here)),
        };
        Some(self.with_contexts(both?))
    }

    /// Returns a slot for the same client, in which spans continue a trace of another program.
    pub(crate) fn with_remote(&self, remote: Remote, inherited: Inherited) -> Self {
        let base = self.without_span();
        let inherited = match self.contexts() {
            Some(contexts) => within(&base, &inherited, Arc::clone(contexts)),
            None => inherited,
        };
        Self::Scope(Arc::new(Scope {
            base,
            inherited: Some(Arc::new(inherited)),
            remote: Some(Arc::new(remote)),
            call: None,
            entry: None,
        }))
    }

    /// Creates a slot inside a model call that this span shows.
    pub(super) fn in_call(frame: Arc<Frame>, call: OuterCall) -> Self {
        let base = Self::Span(frame);
        let inherited = base.inherited();
        Self::Scope(Arc::new(Scope { base, inherited, remote: None, call: Some(call), entry: None }))
    }

    /// Returns the surrounding model call, if the current span shows it.
    pub(super) fn call(&self) -> Option<&OuterCall> {
        if let Self::Scope(_) = self { self.live_scope()?.call.as_ref() } else { None }
    }

    /// Returns this slot, entered from another one until the id is left, and the flag by which it is left. Returns `None` if too many were
    /// entered and not left.
    pub(crate) fn entered(&self, id: u64, outer: Self) -> Option<(Self, Arc<AtomicBool>)> {
        let mut outer = outer.live_if_left().unwrap_or(outer);
        if outer.depth() >= MAX_ENTRIES && outer.entries().any(Entry::is_left) {
            outer = outer.compact();
        }
        let depth = 1 + outer.depth();
        let left = Arc::new(AtomicBool::new(false));
        let entry = Entry { id, left: Arc::clone(&left), outer, depth };
        (depth <= MAX_ENTRIES).then(|| (self.live().with_entry(Some(entry)), left))
    }

    /// Leaves the innermost entry of an id that this slot was entered by. Returns whether there is one.
    pub(crate) fn leave(&self, id: u64) -> bool {
        let entry = self.entries().find(|entry| entry.id == id && !entry.is_left());
        if let Some(entry) = entry {
            entry.left.store(true, Ordering::Release);
        }
        entry.is_some()
    }

    /// Returns this slot, or the one that it was entered from if it was left.
    #[inline]
    pub(crate) fn live(&self) -> &Self {
        match self {
            Self::Scope(scope) if scope.entry.is_some() => self.not_left(),
            slot => slot,
        }
    }

    /// Returns the slot that this one was entered from, if it was left.
    pub(crate) fn live_if_left(&self) -> Option<Self> {
        let live = self.live();
        (!std::ptr::eq(live, self)).then(|| live.clone())
    }

    #[cold]
    fn not_left(&self) -> &Self {
        let mut slot = self;
        while let Some(entry) = slot.entry().filter(|entry| entry.is_left()) {
            slot = &entry.outer;
        }
        slot
    }

    /// Returns this slot without the entries below that were left.
    fn compact(&self) -> Self {
        let mut kept = Vec::new();
        let mut slot = self;
        while let Some(entry) = slot.entry() {
            if !entry.is_left() {
                kept.push((slot, entry));
            }
            slot = &entry.outer;
        }
        kept.into_iter().rev().fold(slot.clone(), |outer, (slot, entry)| {
            let depth = 1 + outer.depth();
            slot.with_entry(Some(Entry { id: entry.id, left: Arc::clone(&entry.left), outer, depth }))
        })
    }

    /// Returns the entries from the innermost to the outermost.
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        std::iter::successors(self.entry(), |entry| entry.outer.entry())
    }

    fn depth(&self) -> usize {
        self.entry().map_or(0, |entry| entry.depth)
    }

    /// Returns this slot without entries, for use elsewhere.
    pub(crate) fn without_entry(self) -> Self {
        if self.entry().is_some() { self.live().clone().stripped() } else { self }
    }

    fn stripped(self) -> Self {
        if self.entry().is_some() { self.with_entry(None) } else { self }
    }

    fn with_entry(&self, entry: Option<Entry>) -> Self {
        let (base, inherited, remote, call) = match self {
            Self::Scope(scope) => {
                (scope.base.clone(), scope.inherited.clone(), scope.remote.clone(), scope.call.clone())
            }
            plain => (plain.clone(), plain.inherited(), None, None),
        };
        Self::Scope(Arc::new(Scope { base, inherited, remote, call, entry }))
    }

    #[inline]
    fn entry(&self) -> Option<&Entry> {
        if let Self::Scope(scope) = self { scope.entry.as_ref() } else { None }
    }

    pub(crate) fn without_span(&self) -> Self {
        match self.live_base() {
            Self::Span(frame) => Self::Client(Arc::clone(frame.sender())),
            other => other.clone(),
        }
    }
}

impl Scope {
    fn inherited(&self) -> Option<Arc<Inherited>> {
        // The session of a span can change after a context was entered in it.
        if let Some(frame) = self.base.frame()
            && frame.has_for_children()
        {
            let above = frame.inherited_by_children();
            let contexts = self.inherited.as_ref().and_then(|inherited| inherited.contexts.clone());
            let Some(contexts) = contexts else { return above };
            let inherited = within(&self.base, above.as_deref().unwrap_or(Inherited::NONE), contexts);
            return Some(Arc::new(inherited));
        }
        self.inherited.clone()
    }

    pub(crate) fn base(&self) -> &Slot {
        &self.base
    }
}

/// Returns the values that spans in `base` inherit inside annotation contexts. Without these they would inherit `above`.
fn within(base: &Slot, above: &Inherited, contexts: Arc<Contexts>) -> Inherited {
    let span = base.frame().and_then(|frame| frame.inherited().contexts.as_deref());
    let session_id = contexts.session_id(span);
    // Without a span above, a session comes only from contexts.
    let above_session = base.frame().and(above.session_id.clone());
    Inherited { session_id: session_id.or(above_session), contexts: Some(contexts), ..above.clone() }
}
