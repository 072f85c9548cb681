//! The pages of the real binary in a real browser.
//!
//! Each test has its own explorer and page, and fails if the browser reported an error. The tests are skipped if there is no browser,
//! unless `LLMOBS_REQUIRE_BROWSER=1`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod browser;
#[path = "../support/explorer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod explorer;
mod page;
mod showcase;
mod spans;

mod accessible;
mod conversations;
mod first_look;
mod hostile;
mod lists;
mod live;
mod narrow;
mod screenshots;
mod scriptless;
mod sessions;
mod traces;
