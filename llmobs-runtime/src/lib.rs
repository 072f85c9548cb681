//! The runtime of the [llmobs](https://docs.rs/llmobs) crate: spans, context, capture, record, encoding, delivery.
//!
//! Use the `llmobs` crate, which adds the attributes and holds the documentation.

mod annotation;
mod call;
mod capture;
mod client;
mod clock;
mod config;
mod content;
mod context;
mod document;
mod error;
mod event;
mod failure;
mod fold;
mod frame;
mod id;
mod kind;
mod ladder;
mod local;
mod message;
mod metric;
mod notice;
mod queue;
mod record;
mod report;
mod sender;
mod span;
pub mod testing;
mod transport;
mod tree;
mod worker;
mod wrap;

pub use annotation::{Annotation, annotate};
pub use client::{Guard, enabled, flush, init};
pub use config::{Config, Exporter};
pub use context::{Attached, Context, current};
pub use error::Error;
pub use metric::Metric;
pub use report::{DropReason, Report};
pub use span::{Span, SpanBuilder, agent, embedding, llm, retrieval, task, tool, workflow};
pub use wrap::{FutureExt, InContext};
#[cfg(feature = "stream")]
pub use wrap::{InSpan, StreamExt};

/// For the expansions of the attributes alone: no part of it is stable.
#[doc(hidden)]
pub mod __private {
    pub use std::boxed::Box;

    pub use crate::call::{Call, Ending, Folded, Notes, Parent, Setup};
    pub use crate::kind::Kind;
    pub use crate::ladder::{Failed, Outcome, Text, Value};
    pub use crate::wrap::{Recipe, fold};
}
