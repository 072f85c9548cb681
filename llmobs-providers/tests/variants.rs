//! Rare variants of formats, in addition to those of the fixtures, and bodies that look like those of another protocol.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

#[path = "variants/answers.rs"]
mod answers;
#[path = "variants/incomplete.rs"]
mod incomplete;
#[path = "variants/limits.rs"]
mod limits;
#[path = "variants/protocols.rs"]
mod protocols;
#[path = "variants/requests.rs"]
mod requests;
#[path = "variants/results.rs"]
mod results;
mod support;
#[path = "variants/values.rs"]
mod values;
