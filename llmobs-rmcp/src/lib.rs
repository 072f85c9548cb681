//! Spans for clients and servers of the [Model Context Protocol](https://modelcontextprotocol.io) that use
//! [rmcp](https://docs.rs/rmcp), the official SDK.
//!
//! Use the `llmobs` crate with the feature `rmcp`, which has this as `llmobs::rmcp`.

mod client;
mod handler;
mod intent;
mod meta;
mod observed;
mod peer;
mod pending;
mod server;
mod session;
mod settings;
mod tool;

pub use client::{Client, RunningClient};
pub use handler::ClientService;
pub use peer::ClientPeer;
pub use server::Server;
