//! What the cases in the folders `pass`, `fail` and `corpus` share: streams that need no other crate.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

pub use futures_core::Stream;
pub use futures_core::stream::BoxStream;

/// A stream of items that are there already.
pub struct Items<I>(I);

/// A stream of these items.
pub fn items<I: IntoIterator>(items: I) -> Items<I::IntoIter> {
    Items(items.into_iter())
}

impl<I: Iterator + Unpin> Stream for Items<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

impl<I> fmt::Debug for Items<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Items")
    }
}

/// What a future returns that is never pending.
pub fn output_of<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the futures of these tests wait for nothing"),
    }
}

/// The items of a stream that is never pending.
pub fn collect<S: Stream>(stream: S) -> Vec<S::Item> {
    let (mut stream, mut cx) = (pin!(stream), Context::from_waker(Waker::noop()));
    let mut items = Vec::new();
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut cx) {
        items.push(item);
    }
    items
}
