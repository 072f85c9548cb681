//! The behaviour of llmobs as a program observes it. Each module covers one topic.
//!
//! The tests share a process, its threads and its build. Those that set the logger or the default client of a process begin
//! with `own_process!()`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue, and expect-test writes its own strings"
)]

#[macro_use]
mod support;

mod annotation_contexts;
mod annotations;
mod attributes;
mod blocks;
mod bodies;
mod capture;
mod collector;
mod content;
mod context;
mod delivery;
mod examples;
mod failures;
mod full_queue;
mod hostile;
mod hygiene;
mod inheritance;
mod input;
mod integration;
#[cfg(feature = "stream")]
mod interleaved;
mod limits;
mod low_memory;
mod matrix;
mod model_calls;
mod nesting;
mod notice;
mod options;
mod pages;
mod processors;
#[cfg(feature = "stream")]
mod programs;
mod propagation;
mod providers;
mod returned;
#[cfg(feature = "stream")]
mod runtimes;
mod sampling;
mod secrets;
mod signatures;
mod spans;
#[cfg(feature = "stream")]
mod stream_faults;
#[cfg(feature = "stream")]
mod streams;
mod warnings;
