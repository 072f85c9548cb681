//! The runtime of the [llmobs](https://docs.rs/llmobs) crate: running spans, finished spans, and their delivery.
//!
//! Use the `llmobs` crate, which adds the attributes and holds the documentation.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod base;
mod client;
mod config;
mod deliver;
mod model;
pub mod testing;
mod trace;

pub use base::error::Error;
pub use base::kind::Kind;
pub use client::{Guard, enabled, flush, init, stats};
pub use config::{Config, Exporter};
pub use deliver::report::{DropReason, Report};
pub use model::annotation::Annotation;
pub use model::apm::ApmContext;
pub use model::metrics;
pub use model::reference::SpanRef;
pub use model::sampling::SamplingRule;
pub use trace::annotate::{annotate, export_span};
pub use trace::annotation_context::{AnnotationContext, annotation_context};
pub use trace::context::{Attached, Context, current};
pub use trace::propagation::{extract, inject};
pub use trace::span::{Span, SpanBuilder, agent, embedding, llm, retrieval, task, tool, workflow};
pub use trace::wrap::FutureSpanExt;
#[cfg(feature = "stream")]
pub use trace::wrap::StreamSpanExt;

pub mod content {
    //! The input and output of spans: messages, tool calls, documents, tool definitions.

    pub use llmobs_providers::{
        Document, MediaData, MediaPart, Message, ToolCall, ToolDefinition, ToolResult,
    };

    pub use crate::model::content::Content;
}

pub mod convert {
    //! Traits of arguments that come in several forms: texts, numbers, parents.

    pub use llmobs_capture::{Label, Metric};

    pub use crate::base::kind::ParseKindError;
    pub use crate::trace::parent::Parent;
}

pub mod eval {
    //! Evaluations, made by programs, and feedback, given by people.

    pub use crate::model::evaluation::{Assessment, Evaluation, EvaluationError, EvaluationScope};
    pub use crate::model::feedback::{Feedback, Submitter};
}

pub mod integration {
    //! Support for libraries that make spans from the work of other libraries.

    pub use crate::model::attributes::{AttributeName, SpanAttributes};
    pub use crate::trace::integration::{
        Capture, capture, enter, is_current, is_entered, is_in_trace, is_of_client_here, leave, new_trace,
        same_trace,
    };
    pub use crate::trace::model_call::ModelCall;
    pub use crate::trace::observe::observe;
    pub use crate::trace::propagation::extract_request;
}

pub mod manifest {
    //! The manifest of an agent: what it is made of.

    pub use crate::model::agent::{AgentManifest, AgentTool};
}

pub mod processor {
    //! The data that a [processor](crate::Config::processor) receives.

    pub use crate::model::failure::Failure;
    pub use crate::model::span_data::SpanData;
}

pub mod prompt {
    //! The prompts that requests to models are made from.

    pub use crate::model::prompt::{Prompt, PromptTemplate, TemplateMessage};
}

pub mod propagation {
    //! The traits of headers that [`inject`](crate::inject) writes to and [`extract`](crate::extract) reads from.

    pub use crate::trace::propagation::{Extractor, Injector};
}

pub mod providers {
    //! Requests to model providers and their responses, whole or streamed, as one set of types.
    //!
    //! Attributes and [`Annotation`](crate::Annotation) read them automatically. This module is for programs with a client of their own:
    //!
    //! ```
    //! # use llmobs_runtime as llmobs;
    //! # let collector = llmobs::testing::Collector::new();
    //! # let _entered = collector.attach();
    //! use llmobs::providers::ResponseReader;
    //!
    //! # let chunks = [&b"data: {\"model\":\"gpt-4o\",\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n"[..], b"data: [DONE]\n\n"];
    //! let span = llmobs::llm("complete").start();
    //! let mut reader = ResponseReader::new();
    //! for chunk in chunks {
    //!     if reader.push(chunk).is_end {
    //!         break;
    //!     }
    //! }
    //! span.annotate(|note| {
    //!     note.response(reader.finish());
    //! });
    //! span.finish();
    //! assert_eq!(collector.tree(), "llm complete  out assistant: Hi\n");
    //! assert_eq!(collector.events()[0]["meta"]["model_name"], "gpt-4o");
    //! ```

    pub use llmobs_providers::json::Json;
    pub use llmobs_providers::{
        ApiError, Attributes, Convention, Cost, Endpoint, McpResult, Operation, Progress, Protocol, Request,
        RequestText, Response, ResponseReader, Tokens, Usage, Vectors, provider_of_host,
    };
}

pub mod transport {
    //! Delivery by the program. **This module may change in any release**, and is not covered by semantic versioning.

    pub use crate::deliver::custom::{Transport, TransportError};
}

pub mod wrap {
    //! The futures and streams that [`FutureSpanExt`](crate::FutureSpanExt) and `StreamSpanExt` return.

    #[cfg(feature = "stream")]
    pub use crate::trace::wrap::StreamInSpan;
    pub use crate::trace::wrap::{FutureInSpan, InContext};
}

/// For the expansions of the attributes only: nothing in it is stable.
#[doc(hidden)]
pub mod __private_0_1_0 {
    pub use std::boxed::Box;

    pub use crate::base::kind::Kind;
    pub use crate::trace::call::{Call, Ending, ErrorSink, ErrorText, Folded, Notes, Setup, Sink, Under};
    pub use crate::trace::dispatch::{Failed, Outcome, Returned, Text, Value};
    pub use crate::trace::parent::Parent;
    pub use crate::trace::wrap::{Recipe, fold};
}
