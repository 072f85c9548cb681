//! The local provider as a client uses it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "a test panics if it cannot continue, and passing JSON by value is simpler"
)]

mod bedrock;
mod behaviours;
mod exchanges;
mod readings;
mod support;
