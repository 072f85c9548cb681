//! The traces of LLM applications on your own machine: an intake with Datadog's protocols, a store, and web pages.

mod access;
pub mod command;
mod connection;
mod explorer;
mod intake;
mod page;
mod query;
mod routes;
mod run;
mod sample;
mod server;
mod signals;
mod span;
mod store;
mod tree;

pub use explorer::{Options, StartError};
pub use run::RunError;
pub use server::ListenError;
pub use store::{Location, OpenError, Retention};
