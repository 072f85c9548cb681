//! The traces of LLM applications on your own machine: an intake with Datadog's protocols, a store, and web pages.

mod access;
pub mod command;
mod connection;
mod explorer;
pub mod intake;
mod page;
pub mod query;
mod routes;
mod run;
mod sample;
mod server;
mod signals;
pub mod span;
pub mod store;
pub mod tree;

pub use access::Access;
pub use explorer::{Explorer, Options, StartError};
pub use run::RunError;
pub use server::ListenError;
