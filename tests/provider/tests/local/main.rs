//! The local provider as a client uses it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on should stop, and values of JSON are easier to give away"
)]

mod bedrock;
mod behaviours;
mod exchanges;
mod readings;
mod support;
