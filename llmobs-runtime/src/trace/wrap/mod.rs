//! Futures, iterators and streams that carry a context or a span.

mod call_future;
mod future;
mod items;
mod iterator;
#[cfg(feature = "stream")]
mod stream;

pub use future::{FutureInSpan, FutureSpanExt, InContext};
pub use items::{Recipe, fold};
#[cfg(feature = "stream")]
pub use stream::{StreamInSpan, StreamSpanExt};
