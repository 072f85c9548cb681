//! The runtime of the [llmobs](https://docs.rs/llmobs) crate: running spans, finished spans, and their delivery.
//!
//! Use the `llmobs` crate, which adds the attributes and holds the documentation.

mod base;
mod client;
mod config;
mod deliver;
mod model;
pub mod testing;
mod trace;

pub use llmobs_capture::Metric;
pub use llmobs_providers::{Document, MediaData, MediaPart, Message, ToolCall, ToolDefinition, ToolResult};

pub use base::error::Error;
pub use base::kind::Kind;
pub use client::{Guard, enabled, flush, init};
pub use config::{Config, Exporter};
pub use deliver::report::{DropReason, Report};
pub use model::agent::{AgentManifest, AgentTool};
pub use model::annotation::Annotation;
pub use model::content::Content;
pub use model::evaluation::{Assessment, Evaluation, EvaluationError, EvaluationScope};
pub use model::failure::Failure;
pub use model::feedback::{Feedback, FeedbackTarget, Submitter};
pub use model::metrics;
pub use model::prompt::{Prompt, PromptTemplate, TemplateMessage};
pub use model::reference::SpanRef;
pub use model::sampling::SamplingRule;
pub use model::span_data::SpanData;
pub use trace::annotate::{annotate, export_span};
pub use trace::annotation_context::{AnnotationContext, annotation_context};
pub use trace::context::{Attached, Context, current};
pub use trace::parent::Parent;
pub use trace::propagation::{Extractor, Injector, extract, inject};
pub use trace::span::{Span, SpanBuilder, agent, embedding, llm, retrieval, task, tool, workflow};
pub use trace::wrap::{FutureExt, InContext};
#[cfg(feature = "stream")]
pub use trace::wrap::{InSpan, StreamExt};

/// For the expansions of the attributes alone: no part of it is stable.
#[doc(hidden)]
pub mod __private {
    pub use std::boxed::Box;

    pub use crate::base::kind::Kind;
    pub use crate::trace::call::{Call, Ending, ErrorSink, ErrorText, Folded, Notes, Setup, Sink, Under};
    pub use crate::trace::dispatch::{Failed, Outcome, Returned, Text, Value};
    pub use crate::trace::parent::Parent;
    pub use crate::trace::wrap::{Recipe, fold};
}
