//! Calls of models by the AWS SDK, to a local provider.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod failures;
mod matrix;
mod nesting;
mod operations;
mod setup;
mod unchanged;
