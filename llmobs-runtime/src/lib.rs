//! The runtime of the [llmobs](https://docs.rs/llmobs) crate: spans, context, capture, record, encoding, delivery.
//!
//! Use the `llmobs` crate, which adds the attributes and holds the documentation.

mod ambient;
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
mod evaluation;
mod evaluation_error;
mod event;
mod facts;
mod failure;
mod feedback;
mod fold;
mod frame;
mod id;
mod identity;
mod kind;
mod ladder;
mod local;
mod manifest;
mod message;
mod metric;
pub mod metrics;
mod ml_app;
mod notice;
mod outbox;
mod parent;
mod process;
mod prompt;
mod propagation;
mod queue;
mod record;
mod reference;
mod remote;
mod report;
mod sampling;
mod sender;
mod span;
mod span_data;
pub mod testing;
mod tool;
mod trace;
mod transport;
mod tree;
mod values;
mod wire;
mod worker;
mod wrap;

pub use ambient::{AnnotationContext, annotation_context};
pub use annotation::{Annotation, annotate};
pub use client::{Guard, enabled, flush, init};
pub use config::{Config, Exporter};
pub use content::Content;
pub use context::{Attached, Context, current};
pub use document::Document;
pub use error::Error;
pub use evaluation::{Assessment, Evaluation, EvaluationScope};
pub use evaluation_error::EvaluationError;
pub use failure::Failure;
pub use feedback::{Feedback, FeedbackTarget, Submitter};
pub use kind::Kind;
pub use manifest::{AgentManifest, AgentTool};
pub use message::{MediaData, MediaPart, Message, ToolCall, ToolResult};
pub use metric::Metric;
pub use parent::Parent;
pub use prompt::{Prompt, PromptTemplate, TemplateMessage};
pub use propagation::{Extractor, Injector, extract, inject};
pub use reference::{SpanRef, export_span};
pub use report::{DropReason, Report};
pub use sampling::SamplingRule;
pub use span::{Span, SpanBuilder, agent, embedding, llm, retrieval, task, tool, workflow};
pub use span_data::SpanData;
pub use tool::ToolDefinition;
pub use wrap::{FutureExt, InContext};
#[cfg(feature = "stream")]
pub use wrap::{InSpan, StreamExt};

/// For the expansions of the attributes alone: no part of it is stable.
#[doc(hidden)]
pub mod __private {
    pub use std::boxed::Box;

    pub use crate::call::{Call, Ending, Folded, Notes, Setup};
    pub use crate::kind::Kind;
    pub use crate::ladder::{Failed, Outcome, Text, Value};
    pub use crate::parent::Parent;
    pub use crate::wrap::{Recipe, fold};
}
