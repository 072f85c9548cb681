//! Futures: the context is current while the future is polled and while it is dropped, never in between.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll, ready};

use crate::trace::call::Call;
use crate::trace::context::{Context, current};
use crate::trace::frame::Frame;
use crate::trace::local::Swapped;
use crate::trace::parent::Parent;
use crate::trace::slot::Slot;
use crate::trace::span::{Span, record_panic};

/// Attaches a context or a span to a future, on whichever threads it is polled.
///
/// Futures that are awaited, joined or selected inside an instrumented function do not need this. A future that is spawned as a separate
/// task does: without it, its spans start a new trace.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// use llmobs::FutureSpanExt as _;
///
/// async fn search() {
///     llmobs::retrieval("search").start().finish();
/// }
///
/// async fn answer() {
///     let span = llmobs::workflow("answer").start();
///     search().in_context(&span).await;
///     span.annotate(|note| {
///         note.output("It rains.");
///     });
/// }
/// # let collector = llmobs::testing::Collector::new();
/// # pollster::block_on(answer().in_context(collector.context()));
/// # assert_eq!(collector.tree(), "workflow answer  out It rains.\n└─ retrieval search\n");
/// ```
pub trait FutureSpanExt: Future + Sized {
    /// Runs the future with `context` current: a [`Context`], or a [`Span`], which does not end with the future. `None` changes nothing.
    fn in_context(self, context: impl Parent) -> InContext<Self> {
        InContext::new(self, context.context().map(Context::here), None)
    }

    /// Runs the future with the context that is current now. For spawning:
    /// `tokio::spawn(work().in_current_context())`.
    fn in_current_context(self) -> InContext<Self> {
        InContext::new(self, Some(current().0), None)
    }

    /// Makes `span` current whenever the future is polled, and ends it with the future: when the future completes, or, with the tag
    /// `cancelled:true`, when it is dropped before.
    ///
    /// If the future panics, the span is marked as failed, and the panic continues.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// use llmobs::FutureSpanExt as _;
    ///
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// # pollster::block_on(async {
    /// async { llmobs::tool("search").start().finish() }.in_span(llmobs::agent("assistant").start()).await;
    /// # });
    /// assert_eq!(collector.tree(), "agent assistant\n└─ tool search\n");
    /// ```
    fn in_span(self, span: Span) -> FutureInSpan<Self> {
        let slot = span.0.as_ref().map(|_| span.context().here());
        FutureInSpan { future: InContext::new(self, slot, span.0.clone()), span: Some(span) }
    }
}

impl<F: Future> FutureSpanExt for F {}

/// A future with a context. Created by [`FutureSpanExt`].
///
/// The inner future is boxed: that keeps the crate free of unsafe code, and keeps nested futures from growing.
#[must_use = "futures do nothing unless you .await or poll them"]
pub struct InContext<F> {
    /// The slot that is current inside. It is swapped with the current slot around each poll, which touches no reference count.
    slot: Slot,
    /// Whether there is such a slot. A separate field keeps the swap fast: after a look at the slot itself, the compiler stores it in
    /// halves, and the CPU stalls on loading the whole.
    is_placed: bool,
    /// The span that a panic inside marks as failed.
    owner: Option<Arc<Frame>>,
    future: Option<Pin<Box<F>>>,
}

impl<F> InContext<F> {
    fn new(future: F, slot: Option<Slot>, owner: Option<Arc<Frame>>) -> Self {
        Self {
            is_placed: slot.is_some(),
            slot: slot.unwrap_or_default(),
            owner,
            future: Some(Box::pin(future)),
        }
    }

    /// Returns the future inside a span, or unchanged.
    pub(crate) fn in_frame(future: F, frame: Option<&Arc<Frame>>) -> Self {
        Self::new(future, frame.map(|frame| Slot::Span(Arc::clone(frame))), frame.cloned())
    }

    /// Enters a span that has just begun.
    pub(super) fn enter(&mut self, frame: Option<&Arc<Frame>>) {
        self.is_placed = frame.is_some();
        self.slot = frame.map(|frame| Slot::Span(Arc::clone(frame))).unwrap_or_default();
        self.owner = frame.cloned();
    }
}

impl Call {
    /// Runs the body of an `async fn` inside the span.
    #[inline]
    pub fn run_async<F: Future>(&self, body: F) -> InContext<F> {
        InContext::in_frame(body, self.frame())
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let Self { slot, is_placed, owner, future } = self.get_mut();
        // Empty only inside `Drop`, where nothing polls.
        let Some(future) = future else {
            return Poll::Pending;
        };
        let _swapped = is_placed.then(|| Swapped::new(slot));
        match owner {
            Some(frame) => record_panic(frame, || future.as_mut().poll(cx)),
            None => future.as_mut().poll(cx),
        }
    }
}

impl<F> InContext<F> {
    /// Drops the inner future with the context current.
    fn clear(&mut self) {
        let _swapped = self.is_placed.then(|| Swapped::new(&mut self.slot));
        drop(self.future.take());
    }
}

impl<F> Drop for InContext<F> {
    fn drop(&mut self) {
        self.clear();
    }
}

impl<F> fmt::Debug for InContext<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InContext").field(&Context(self.slot.clone())).finish()
    }
}

/// A future with a span. Created by [`FutureSpanExt::in_span`].
#[must_use = "futures do nothing unless you .await or poll them"]
pub struct FutureInSpan<F> {
    future: InContext<F>,
    /// Until the future is done.
    span: Option<Span>,
}

impl<F: Future> Future for FutureInSpan<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        let output = ready!(Pin::new(&mut this.future).poll(cx));
        drop(this.span.take());
        Poll::Ready(output)
    }
}

impl<F> Drop for FutureInSpan<F> {
    fn drop(&mut self) {
        self.future.clear();
        if let Some(span) = self.span.take() {
            span.cancel();
        }
    }
}

impl<F> fmt::Debug for FutureInSpan<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FutureInSpan").field(&self.span).finish()
    }
}
