//! The store: its data, its retention and its errors.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod arrival;
mod crash;
mod damage;
mod foreign;
mod migration;
mod retention;
mod room;
#[path = "../served/mod.rs"]
mod served;
