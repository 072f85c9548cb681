//! Libraries whose spans `llmobs::tracing` reads. The table of `docs/tracing.md` names these tests.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod agent_framework;
mod expected;
mod genai;
mod rig;
mod rig_http;
mod run;
mod table;
