//! What is current: the span, or the client without one, that spans started here belong to; and carrying it.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock};

use crate::ambient::Ambient;
use crate::frame::Frame;
use crate::local;
use crate::remote::Remote;
use crate::sender::Sender;

/// The client that spans go to where no other is current. Replaced by each `init`, emptied by shutdown.
static DEFAULT: RwLock<Option<Arc<Sender>>> = RwLock::new(None);

/// Makes `sender` the default client, unless there is one. Returns whether it was done.
pub(crate) fn install_default(sender: Arc<Sender>) -> bool {
    let mut default = DEFAULT.write().unwrap_or_else(PoisonError::into_inner);
    let vacant = default.is_none();
    if vacant {
        *default = Some(sender);
    }
    vacant
}

/// Leaves no default client, if it is still `sender`.
pub(crate) fn clear_default(sender: &Arc<Sender>) {
    let mut default = DEFAULT.write().unwrap_or_else(PoisonError::into_inner);
    default.take_if(|default| Arc::ptr_eq(default, sender));
}

pub(crate) fn default_sender() -> Option<Arc<Sender>> {
    DEFAULT.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// What can be current on a thread or in a future.
#[derive(Clone, Default)]
pub(crate) enum Slot {
    /// Nothing: spans are roots and go to the default client.
    #[default]
    Unset,
    /// Spans are not recorded here: the crate's own thread, and user code that it calls while capturing.
    Muted,
    /// A client that was entered with no span.
    Client(Arc<Sender>),
    /// A span.
    Span(Arc<Frame>),
    /// One of these, with more to say about the spans that start here.
    Scope(Arc<Scope>),
}

/// What is current, and what holds for the spans that start under it.
pub(crate) struct Scope {
    /// Never a scope.
    base: Slot,
    ambient: Option<Arc<Ambient>>,
    /// The span of another program that spans without a parent here continue.
    remote: Option<Arc<Remote>>,
}

impl Slot {
    /// Where a span started here goes; nowhere when the client is closed.
    pub(crate) fn sender(&self) -> Option<Arc<Sender>> {
        self.any_sender().filter(|sender| sender.is_open())
    }

    /// The client that this belongs to, open or closed.
    pub(crate) fn any_sender(&self) -> Option<Arc<Sender>> {
        match self {
            Self::Unset => default_sender(),
            Self::Muted => None,
            Self::Client(sender) => Some(Arc::clone(sender)),
            Self::Span(frame) => Some(Arc::clone(frame.sender())),
            Self::Scope(scope) => scope.base.any_sender(),
        }
    }

    /// The span that is current.
    pub(crate) fn frame(&self) -> Option<&Arc<Frame>> {
        match self {
            Self::Span(frame) => Some(frame),
            Self::Scope(scope) => scope.base.frame(),
            _ => None,
        }
    }

    /// What annotation contexts say about spans that start here.
    pub(crate) fn ambient(&self) -> Option<&Arc<Ambient>> {
        match self {
            Self::Span(frame) => frame.ambient(),
            Self::Scope(scope) => scope.ambient.as_ref(),
            _ => None,
        }
    }

    /// What another program began and spans without a parent here continue.
    pub(crate) fn remote(&self) -> Option<&Remote> {
        if let Self::Scope(scope) = self { scope.remote.as_deref() } else { None }
    }

    /// This, with something else to say about the spans that start here.
    pub(crate) fn with_ambient(&self, ambient: Option<Arc<Ambient>>) -> Self {
        let (base, remote) = match self {
            Self::Scope(scope) => (scope.base.clone(), scope.remote.clone()),
            plain => (plain.clone(), None),
        };
        Self::Scope(Arc::new(Scope { base, ambient, remote }))
    }

    /// This as it is where it is entered or named as a parent: what annotation contexts say there holds too. `None` where they
    /// say nothing more.
    fn inside(&self, here: &Self) -> Option<Self> {
        let here = here.ambient()?;
        let own = self.ambient();
        if matches!(self, Self::Muted) || own.is_some_and(|own| own.holds(here)) {
            return None;
        }
        // The contexts of a span were entered before it began, and those of a scope are entered now.
        let both = match self {
            Self::Scope(_) => Ambient::both(Some(here), own),
            _ => Ambient::both(own, Some(here)),
        };
        Some(self.with_ambient(both))
    }

    /// This as it is here and now.
    pub(crate) fn here(self) -> Self {
        self.inside(&local::current()).unwrap_or(self)
    }

    /// The client of this, with spans that continue what another program began.
    pub(crate) fn with_remote(&self, remote: Remote) -> Self {
        let ambient = self.ambient().cloned();
        Self::Scope(Arc::new(Scope { base: self.without_span(), ambient, remote: Some(Arc::new(remote)) }))
    }

    fn without_span(&self) -> Self {
        match self {
            Self::Span(frame) => Self::Client(Arc::clone(frame.sender())),
            Self::Scope(scope) => scope.base.without_span(),
            other => other.clone(),
        }
    }
}

/// Runs `f` where spans are not recorded.
pub(crate) fn muted<R>(f: impl FnOnce() -> R) -> R {
    Context(Slot::Muted).enter(f)
}

/// A handle on what was current where it was taken, to be made current again elsewhere: on another thread, in
/// another task, in a callback.
///
/// Cheap to clone, and `Send`. It does not keep a span from ending; spans started under an ended span are still
/// its children.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// let span = llmobs::workflow("answer").start();
/// let context = span.enter(llmobs::current);
/// std::thread::spawn(move || {
///     context.enter(|| llmobs::task("search").start().finish());
/// })
/// .join()
/// .unwrap();
/// span.finish();
/// assert_eq!(collector.tree(), "workflow answer\n└─ task search\n");
/// ```
#[derive(Clone, Default)]
pub struct Context(pub(crate) Slot);

/// The context that is current on this thread.
///
/// Where nothing is current this is a context too: entering it starts new traces.
#[must_use]
pub fn current() -> Context {
    Context(local::current())
}

impl Context {
    /// Runs `f` with this context current, and then puts back what was.
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        let _attached = self.attach();
        f()
    }

    /// Makes this context current on this thread until the guard is dropped.
    ///
    /// The guard is not `Send`. In async code use [`FutureExt`](crate::FutureExt) instead: a guard held across an
    /// `.await` would stay current for whatever else runs on the thread.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// let span = llmobs::workflow("answer").start();
    /// let attached = span.context().attach();
    /// llmobs::task("inside").start().finish();
    /// drop(attached);
    /// llmobs::task("outside").start().finish();
    /// span.finish();
    /// assert_eq!(collector.tree(), "workflow answer\n└─ task inside\ntask outside\n");
    /// ```
    pub fn attach(&self) -> Attached {
        let previous = local::swap(self.0.clone());
        if let Some(inside) = self.0.inside(&previous) {
            local::swap(inside);
        }
        Attached { previous, not_send: PhantomData }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Slot::Unset => f.write_str("Context(none)"),
            Slot::Muted => f.write_str("Context(muted)"),
            Slot::Client(_) => f.write_str("Context(no span)"),
            Slot::Span(frame) => write!(f, "Context({frame:?})"),
            Slot::Scope(scope) => Self(scope.base.clone()).fmt(f),
        }
    }
}

/// Keeps a context current on this thread. Dropping it puts back what was current before.
///
/// Guards of one thread are dropped in the reverse order of their making, as local variables are. In another order, as
/// the fields of a struct are dropped, an earlier context may stay current. A panic while a span is attached is not noted
/// on it: [`Span::enter`](crate::Span::enter) does that.
#[must_use = "the context is current only while this guard lives"]
pub struct Attached {
    previous: Slot,
    not_send: PhantomData<*const ()>,
}

impl Drop for Attached {
    fn drop(&mut self) {
        // What was current is dropped after the swap, not inside it: it may be the last handle on a span.
        let _left = local::swap(std::mem::take(&mut self.previous));
    }
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attached")
    }
}
