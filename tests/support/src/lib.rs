//! What the tests of llmobs share: a capture server and the masking of wire events.

mod mask;
mod server;

pub use mask::{by_start, masked, skeleton};
pub use server::{CaptureServer, Request};
