//! Hostile pages, programs and users: cases V1, V2 and V4 to V8 of the fault matrix.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod connections;
mod elsewhere;
mod files;
mod hosts;
mod malformed;
mod parameters;
#[path = "../served/mod.rs"]
mod served;
mod sizes;
