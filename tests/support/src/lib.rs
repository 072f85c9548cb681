//! What the tests of llmobs share: a capture server, a proxy, the masking of wire events, and a search for secrets.

mod leak;
mod mask;
mod proxy;
mod server;
#[cfg(feature = "tls")]
mod tls;

pub use leak::leak;
pub use mask::{by_start, masked, skeleton};
pub use proxy::ConnectProxy;
pub use server::{CaptureServer, Request};
