//! Contexts: carry the current span to other threads, tasks and callbacks.

use std::fmt;
use std::marker::PhantomData;

use llmobs_capture::{is_muted, warn_limited};

use super::local::{self, Entered};
use super::slot::Slot;
use crate::base::kind::Kind;
use crate::model::annotation::Annotation;
use crate::model::reference::SpanRef;

/// A handle to what is current on a thread, to be made current again elsewhere: on another thread, in another task, in a callback.
///
/// It is cheap to clone, and `Send`. It does not keep a span from ending; spans started under a span that has ended are still its children.
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

/// Returns the context that is current on this thread.
///
/// If nothing is current, this is still a context: entering it starts new traces.
#[must_use]
pub fn current() -> Context {
    Context(local::current().without_entry())
}

impl Context {
    /// Runs `f` with this context current, and then restores the previous one.
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        let _attached = self.attach();
        f()
    }

    /// Makes this context current on this thread until the guard is dropped.
    ///
    /// The guard is not `Send`. In async code use [`FutureSpanExt`](crate::FutureSpanExt) instead: a guard held across an
    /// `.await` would stay current for other code that runs on the thread.
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
        Attached { _entered: Entered::back_to(self.clone().make_current()), not_send: PhantomData }
    }

    /// Adds input, output, metadata, metrics or tags to the span of this context, from any thread. If there is no span, or it has finished,
    /// the annotation is lost, with a warning, and is counted in [`Report::lost_annotations`](crate::Report::lost_annotations).
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// let span = llmobs::llm("complete").start();
    /// let context = span.context();
    /// std::thread::spawn(move || {
    ///     context.annotate(|note| {
    ///         note.output("from there");
    ///     });
    /// })
    /// .join()
    /// .unwrap();
    /// span.finish();
    /// assert_eq!(collector.tree(), "llm complete  out from there\n");
    /// ```
    pub fn annotate(&self, describe: impl FnOnce(&mut Annotation)) {
        if is_muted() {
            return;
        }
        if let Some(frame) = self.0.frame() {
            frame.annotate_with(describe);
        } else if let Some(sender) = self.0.open_sender() {
            sender.queue.lose_annotation();
            warn_limited!(
                "an annotation was lost: no span is current where it was made; annotate inside a span, carry the context to this \
                 thread or task, or use `Span::annotate`"
            );
        }
    }

    /// Returns the kind of the span of this context while it runs, or `None` if there is no span or it has finished.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// let span = llmobs::llm("complete").start();
    /// let context = span.context();
    /// assert_eq!(context.kind(), Some(llmobs::Kind::Llm));
    /// span.finish();
    /// assert_eq!(context.kind(), None);
    /// ```
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.0.frame().and_then(|frame| frame.running_kind())
    }

    /// Returns a reference to the span of this context, or `None` if there is no span.
    #[must_use]
    pub fn export(&self) -> Option<SpanRef> {
        self.0.frame().map(|frame| frame.reference())
    }

    /// Makes this context current, with the annotation contexts that are current here, and returns the previous slot. See
    /// [`local::replace`].
    #[inline]
    pub(super) fn make_current(self) -> Slot {
        let outer = local::replace(self.0);
        if outer.is_in_contexts() {
            add_contexts_of(&outer);
        }
        outer
    }

    /// Returns the slot of this context, with the annotation contexts that are current here.
    #[inline]
    pub(crate) fn here(self) -> Slot {
        local::with_current(|here| self.0.inside(here)).unwrap_or(self.0)
    }
}

/// Adds the annotation contexts of the previous slot to the current one.
#[cold]
fn add_contexts_of(outer: &Slot) {
    if let Some(inside) = local::current().inside(outer) {
        drop(local::replace(inside));
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Slot::Unset => f.write_str("Context(none)"),
            Slot::Client(_) => f.write_str("Context(no span)"),
            Slot::Span(frame) => write!(f, "Context({frame:?})"),
            Slot::Scope(scope) => Self(scope.base().clone()).fmt(f),
        }
    }
}

/// Keeps a context current on this thread. Dropping it restores the previous one.
///
/// The guards of a thread are dropped in the reverse order of their creation, as local variables are. In another order, as for the fields
/// of a struct, an earlier context may stay current. A panic while a span is attached is not recorded on the span:
/// [`Span::enter`](crate::Span::enter) does that.
#[must_use = "the context is current only while this guard lives"]
pub struct Attached {
    _entered: Entered,
    not_send: PhantomData<*const ()>,
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attached")
    }
}
