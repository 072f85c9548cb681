//! Shared code of the tests of llmobs: a capture server, a server that fails, a proxy, a counting allocator, the masking of wire
//! events, and a search for secrets.

mod fault_server;
mod heap;
mod leak;
mod mask;
mod proxy;
mod server;
#[cfg(feature = "tls")]
mod tls;

pub use fault_server::{FaultRequest, FaultServer, Reply, Script};
pub use heap::CountingAllocator;
pub use leak::leak;
pub use mask::{by_start, masked, skeleton};
pub use proxy::ConnectProxy;
pub use server::{CaptureServer, Request};
#[cfg(feature = "tls")]
pub use tls::Identity;
