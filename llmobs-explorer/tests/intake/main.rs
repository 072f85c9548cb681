//! Requests of programs to the real binary over HTTP.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod bodies;
mod export;
mod grpc;
mod listeners;
mod otlp;
mod recorded;
mod routes;
mod sdk;
#[path = "../served/mod.rs"]
mod served;
mod setup;
mod update;
