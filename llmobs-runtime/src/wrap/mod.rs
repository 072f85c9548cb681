//! A future that carries its context from poll to poll.

mod future;

pub use future::{FutureExt, InContext};
