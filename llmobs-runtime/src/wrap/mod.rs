//! What carries a context or a span from one piece of work to the next: futures, iterators, streams.

mod call_future;
mod future;
mod items;
mod iterator;
#[cfg(feature = "stream")]
mod stream;

pub use future::{FutureExt, InContext};
pub use items::{Recipe, fold};
#[cfg(feature = "stream")]
pub use stream::{InSpan, StreamExt};
