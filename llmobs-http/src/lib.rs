//! Spans for model calls over HTTP, and traces through HTTP services.
//!
//! Use the `llmobs` crate with the features `tower`, `reqwest-middleware`, `async-openai` and `axum`, which re-exports this crate as
//! `llmobs::http`.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "tower")]
mod client;
#[cfg(feature = "exchange")]
pub mod exchange;
#[cfg(feature = "axum")]
mod server;

#[cfg(feature = "tower")]
pub use client::ClientLayer;
#[cfg(feature = "axum")]
pub use server::ServerLayer;

pub mod service {
    //! The services and bodies that the layers create.

    #[cfg(feature = "tower")]
    pub use crate::client::tower::{ClientFuture, ClientService, RequestBody};
    #[cfg(feature = "tower")]
    pub use crate::exchange::AnswerBody;
    #[cfg(feature = "axum")]
    pub use crate::server::{ServerFuture, ServerService, TracedBody};
}
