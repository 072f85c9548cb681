//! LLM spans from `tracing` spans.
//!
//! Use the `llmobs` crate with the feature `tracing`, which re-exports this crate as `llmobs::tracing`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod callsite;
mod evaluation;
mod fields;
mod filter;
mod layer;
mod libraries;
mod meaning;
mod state;

use tracing_core::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use filter::Callsites;
use layer::SpanLayer;

/// Creates a layer that makes LLM spans from `tracing` spans.
///
/// Spans with the fields of a convention become LLM spans: `gen_ai.*` of OpenTelemetry, `openinference.*`, `traceloop.*`, and `llmobs.*`,
/// which is for your own spans. So do spans of libraries with their own names. All other spans are unchanged.
///
/// LLM spans form one tree, whether they come from `tracing`, an attribute, manual code, or an HTTP client. The layer filters only
/// for itself, and enables no span or event that it does not read.
///
/// Add it when the subscriber is built: it does nothing until llmobs is enabled. `tracing_subscriber::reload` cannot add it later, because
/// filters of layers get their ids when the subscriber is built.
///
/// ```
/// # let collector = llmobs_runtime::testing::Collector::new();
/// # let _entered = collector.attach();
/// use tracing_subscriber::prelude::*;
///
/// # mod llmobs { pub use llmobs_tracing as tracing; }
/// let subscriber = tracing_subscriber::registry().with(llmobs::tracing::layer());
/// # let _default = subscriber.set_default();
///
/// let span = tracing::info_span!("chat", gen_ai.operation.name = "chat", gen_ai.request.model = "gpt-4o");
/// span.in_scope(|| { /* … */ });
/// drop(span);
/// assert_eq!(collector.tree(), "llm chat\n");
/// ```
#[must_use]
pub fn layer<S>() -> impl Layer<S> + Send + Sync + 'static
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    LayerBuilder::new().build()
}

/// Creates a [`layer`] with options.
///
/// ```
/// # use llmobs_tracing::LayerBuilder;
/// # use tracing_subscriber::prelude::*;
/// let layer = LayerBuilder::new().capture_content(false).build();
/// let subscriber = tracing_subscriber::registry().with(layer);
/// # drop(subscriber);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct LayerBuilder {
    captures_content: Option<bool>,
}

impl LayerBuilder {
    /// Creates a builder with the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether spans show the content of requests to models and of their responses. Default: see
    /// [`Config::capture_message_content`](llmobs_runtime::Config::capture_message_content). Some libraries put no content on their spans
    /// unless a switch of their own is set.
    pub fn capture_content(mut self, capture: impl Into<Option<bool>>) -> Self {
        self.captures_content = capture.into().or(self.captures_content);
        self
    }

    /// Creates the layer.
    #[must_use]
    pub fn build<S>(self) -> impl Layer<S> + Send + Sync + 'static
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        SpanLayer::new(self.captures_content).with_filter(Callsites)
    }
}
