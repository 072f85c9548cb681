//! Datadog LLM Observability for Rust.

pub use llmobs_macros::{agent, embedding, llm, retrieval, task, tool, workflow};
#[doc(inline)]
pub use llmobs_runtime::{
    Annotation, Attached, Config, Context, DropReason, Error, Exporter, FutureExt, Guard, InContext, Kind,
    Metric, Report, Span, SpanBuilder, annotate, current, enabled, flush, init, testing,
};
#[doc(inline)]
pub use llmobs_runtime::{agent, embedding, llm, retrieval, task, tool, workflow};

/// For the expansions of the attributes alone: no part of it is stable.
#[doc(hidden)]
pub use llmobs_runtime::__private;
