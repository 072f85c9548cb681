//! Streams: the span of a stream lasts from its first poll to its last item.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{self, Poll, ready};

use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;

use super::items::{Items, Recipe};
use crate::trace::call::Call;
use crate::trace::span::Span;

/// Attaches a span to a stream that no attribute can reach, such as one of a type that has to keep its name.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// use futures_core::Stream;
/// use llmobs::StreamSpanExt as _;
///
/// fn answer(words: Vec<&'static str>) -> llmobs::wrap::StreamInSpan<impl Stream<Item = &'static str>> {
///     let span = llmobs::llm("answer").model_name("gpt-4o").start();
///     span.annotate(|note| { note.input("Say something."); });
///     futures_util::stream::iter(words).in_span(span)
/// }
/// # use futures_util::StreamExt as _;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// # assert_eq!(pollster::block_on(answer(vec!["a", "b"]).count()), 2);
/// # assert_eq!(collector.tree(), "llm answer  in Say something.\n");
/// ```
pub trait StreamSpanExt: Stream + Sized {
    /// Makes `span` current whenever the stream is polled, and ends it with the stream: after the last item, or, with the tag
    /// `cancelled:true`, when the stream is dropped before.
    ///
    /// On an `llm` span, the metric `time_to_first_token` is recorded. The items are not captured or inspected: to capture them, put an
    /// attribute on a small function that returns the stream.
    fn in_span(self, span: Span) -> StreamInSpan<Self> {
        let recipe = Recipe { new: |_, _| (), each: |_, _| Ok(true), end: |(), _| {} };
        StreamInSpan { stream: Call::of_span(span).stream(self, recipe) }
    }
}

impl<S: Stream> StreamSpanExt for S {}

pin_project! {
    /// A stream that runs as a call of an instrumented function.
    ///
    /// It is `Send`, `Sync` and `Unpin` if the stream is, although the stream is boxed.
    #[must_use = "streams do nothing unless polled"]
    pub struct CallStream<I, S, T> {
        // Dropped inside the span.
        inner: Option<Pin<Box<I>>>,
        items: Items<S, T>,
        #[pin]
        plain: PhantomData<I>,
    }

    impl<I, S, T> PinnedDrop for CallStream<I, S, T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let inner = this.inner.take();
            this.items.still_inside(|| drop(inner));
            this.items.cancel();
        }
    }
}

impl Call {
    /// Runs a stream as this call.
    pub fn stream<T, S, I: Stream<Item = T>>(self, inner: I, recipe: Recipe<S, T>) -> CallStream<I, S, T> {
        CallStream { inner: Some(Box::pin(inner)), items: Items::new(self, recipe), plain: PhantomData }
    }
}

impl<I: Stream<Item = T>, S, T> Stream for CallStream<I, S, T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<T>> {
        let this = self.project();
        // Empty only inside `Drop`, where nothing polls.
        let Some(inner) = this.inner else { return Poll::Ready(None) };
        let item = ready!(this.items.inside(|| inner.as_mut().poll_next(cx)));
        this.items.took(item.as_ref());
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}

impl<I: FusedStream<Item = T>, S, T> FusedStream for CallStream<I, S, T> {
    fn is_terminated(&self) -> bool {
        self.inner.as_ref().is_none_or(FusedStream::is_terminated)
    }
}

impl<I, S, T> fmt::Debug for CallStream<I, S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CallStream").field(&self.items).finish()
    }
}

pin_project! {
    /// A stream with a span. Created by [`StreamSpanExt::in_span`].
    #[must_use = "streams do nothing unless polled"]
    pub struct StreamInSpan<S: Stream> {
        #[pin]
        stream: CallStream<S, (), S::Item>,
    }
}

impl<S: Stream> Stream for StreamInSpan<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<S::Item>> {
        self.project().stream.poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

impl<S: FusedStream> FusedStream for StreamInSpan<S> {
    fn is_terminated(&self) -> bool {
        self.stream.is_terminated()
    }
}

impl<S: Stream> fmt::Debug for StreamInSpan<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StreamInSpan").field(&self.stream.items).finish()
    }
}
