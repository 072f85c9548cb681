//! The traces of LLM applications on your own machine: an intake that speaks Datadog's protocols, a store, and a page.

pub mod command;
mod connection;
mod explorer;
mod guard;
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

pub use explorer::{Explorer, Options, StartError};
pub use guard::Access;
pub use run::RunError;
pub use server::ListenError;
