//! The local provider as a client uses it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on should stop, and JSON values are easier to pass by value"
)]

mod bedrock;
mod behaviours;
mod exchanges;
mod readings;
mod support;
