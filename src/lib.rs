//! Datadog [LLM Observability](https://docs.datadoghq.com/llm_observability/) (Agent Observability) for Rust. An attribute on a
//! function records each call as a span: the arguments are the input, the returned value is the output, and calls inside it are
//! child spans. Spans are sent to Datadog, to a Datadog Agent or to a local [explorer](guide::explorer), or are written to a file or
//! the terminal. The behavior of the function does not change.
//!
//! ```
//! #[llmobs::workflow]
//! fn answer(question: &str) -> String {
//!     complete(&format!("Answer in one word: {question}"))
//! }
//!
//! #[llmobs::llm(model_name = "gpt-4o", model_provider = "openai")]
//! fn complete(prompt: &str) -> String {
//!     // … call your model here …
//!     llmobs::annotate(|note| { note.metric("input_tokens", 12).metric("output_tokens", 1); });
//!     format!("{} bytes", prompt.len())
//! }
//!
//! fn main() {
//!     let _llmobs = llmobs::init(); // reads DD_* variables; the guard delivers the spans
//!     answer("What is a span?");
//! #   let collector = llmobs::testing::Collector::new();
//! #   collector.enter(|| answer("What is a span?"));
//! #   assert_eq!(collector.tree(), "\
//! #   workflow answer  in {\"question\":\"What is a span?\"}  out 35 bytes\n\
//! #   └─ llm complete  in user: Answer in one word: What is a span?  out assistant: 35 bytes\n");
//! }
//! ```
//!
//! Without [`init`], the attributes do nothing and cost one atomic load. [`Config`] starts llmobs with settings of the program, and
//! returns the error if it cannot start. The [guide] has a page for each topic, and [settings](guide::settings) for the environment.
//!
//! # Where to find what
//!
//! | to | use | guide |
//! |---|---|---|
//! | trace functions | [`macro@workflow`], [`macro@agent`], [`macro@task`], [`macro@tool`], [`macro@llm`], [`macro@embedding`], [`macro@retrieval`] | [attributes](guide::attributes) |
//! | trace whole `impl`s, traits and modules | [`macro@instrument`], [`macro@skip`] | [attributes](guide::attributes#whole-blocks) |
//! | create spans manually | [`workflow()`], [`agent()`] and so on, [`Span`], [`Span::builder`] | [spans](guide::spans) |
//! | carry the current span to threads and tasks | [`current`], [`Context`], [`FutureSpanExt`] | [spans](guide::spans#threads-and-tasks) |
//! | add messages, tokens, tags and metadata | [`annotate`], [`Span::annotate`], [`Annotation`] | [annotations](guide::annotations), [prompts](guide::prompts) |
//! | annotate all spans in a scope | [`annotation_context`] | [annotation contexts](guide::contexts) |
//! | redact, edit or drop spans | [`Config::processor`], [`processor::SpanData`] | [privacy](guide::privacy), [processors](guide::processors) |
//! | group by conversation, user and application | `session_id`, `ml_app`, tags | [sessions](guide::sessions) |
//! | continue a trace in another program | [`inject`], [`extract`], [`http::ServerLayer`](http/struct.ServerLayer.html) (feature `axum`) | [propagation](guide::propagation) |
//! | submit evaluations and feedback | [`eval::Evaluation`], [`eval::Feedback`], [`export_span`] | [evaluations](guide::evaluations) |
//! | keep a part of the traces | [`Config::sample_rate`], [`SamplingRule`] | [sampling](guide::sampling) |
//! | trace the model calls of async-openai, reqwest and tower clients | [`http::ClientLayer`](http/struct.ClientLayer.html) (features `async-openai`, `reqwest-middleware`, `reqwest`, `tower`) | [model calls](guide::model_calls) |
//! | trace the calls of the AWS SDK for Amazon Bedrock | [`bedrock::Interceptor`](bedrock/struct.Interceptor.html) (feature `bedrock`) | [model calls](guide::model_calls#amazon-bedrock) |
//! | trace tools of the Model Context Protocol with rmcp | [`rmcp::Client`](rmcp/struct.Client.html), [`rmcp::Server`](rmcp/struct.Server.html) (feature `rmcp`) | [applications](guide::applications#mcp) |
//! | trace libraries that use `tracing`, such as rig and genai | [`tracing::layer`](tracing/fn.layer.html) (feature `tracing`) | [tracing](guide::tracing) |
//! | read the requests and answers of providers | [`Annotation::request`], [`Annotation::response`], [`providers`] | [providers](guide::providers) |
//! | write an integration for another library | [`integration`] | [model calls](guide::model_calls#for-other-clients) |
//! | link LLM spans to the traces of an APM tracer | [`Config::apm_context`], [`opentelemetry_context!`] | [OpenTelemetry](guide::opentelemetry) |
//! | configure llmobs | [`Config`], [`Exporter`] | [settings](guide::settings) |
//! | wait until spans are delivered, and count them | [`flush`], [`stats`], [`Report`], [`Guard`] | [cost](guide::cost) |
//! | check spans in tests | [`testing::Collector`] | [testing](guide::testing) |
//! | view traces on your own machine | the command `llmobs`, from `cargo install llmobs-explorer` | [explorer](guide::explorer) |
//! | run in containers and on AWS Lambda | [`flush`], [`Guard`] | [containers](guide::containers), [Lambda](guide::lambda) |
//! | find a missing trace | [`stats`], [`Report`] | [troubleshooting](guide::troubleshooting) |
//! | come from Datadog's Python SDK | | [Python](guide::python), [differences](guide::differences) |
//!
//! # What a trace contains
//!
//! A span that starts where no span is current starts a new trace. Its child spans inherit the application, the session and the
//! nearest agent above them. A span is sent when it finishes. A span that never finishes is never sent, but its children are.
//!
//! Arguments and returned values are captured as JSON if their type implements `serde::Serialize`, else with `Debug`, else as the
//! name of the type. No bounds are added to your types. An `Err` makes the span an error and is returned unchanged. A panic makes
//! the span an error and continues. A future that is dropped before it completes adds the tag `cancelled:true`. A function that
//! returns a future, an iterator or a stream has one span, from the first poll to the last item.
//!
//! # Features
//!
//! The [page about features](guide::features) has the details.
//!
//! | feature | adds |
//! |---|---|
//! | `stream` (default) | spans of functions that return streams |
//! | `tls` (default) | HTTPS with rustls, which sending directly to Datadog needs |
//! | `gzip` | compression of large requests to Datadog |
//! | `http` | [`inject`] and [`extract`] for `http::HeaderMap` |
//! | `tower`, `reqwest`, `reqwest-middleware`, `async-openai` | `http::ClientLayer`, which traces the model calls of these clients |
//! | `axum` | `http::ServerLayer`, which continues the traces of requests |
//! | `bedrock` | `bedrock::Interceptor` for the AWS SDK |
//! | `rmcp` | `rmcp::Client` and `rmcp::Server` for the Model Context Protocol |
//! | `tracing` | `tracing::layer` for libraries that use `tracing` |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod attributes {
    //! The attributes, each with an example that compiles.

    /// Makes each call of a function a `workflow` span: a fixed sequence of steps with at least one LLM call in it.
    ///
    /// Captures the arguments by name and the returned value.
    ///
    /// ```
    /// #[llmobs::workflow(name = "answer question")]
    /// fn answer(question: &str) -> Result<String, std::fmt::Error> {
    ///     Ok(question.to_uppercase()) // retrieve, then ask a model
    /// }
    ///
    /// # let collector = llmobs::testing::Collector::new();
    /// # collector.enter(|| {
    /// assert_eq!(answer("why").as_deref(), Ok("WHY"));
    /// # });
    /// # assert_eq!(collector.tree(), "workflow answer question  in {\"question\":\"why\"}  out WHY\n");
    /// ```
    pub use llmobs_macros::workflow;

    /// Makes each call of a function an `agent` span: a sequence of steps that a model chooses.
    ///
    /// Captures the arguments by name and the returned value. Spans inside it record their nearest agent.
    ///
    /// ```
    /// #[llmobs::agent(session_id = session)]
    /// async fn support(session: &str, question: String) -> String {
    ///     question // loop: ask a model, call the tools that it wants
    /// }
    /// # let collector = llmobs::testing::Collector::new();
    /// # collector.enter(|| pollster::block_on(support("s-1", "why".into())));
    /// # assert_eq!(collector.events()[0]["session_id"], "s-1");
    /// ```
    pub use llmobs_macros::agent;

    /// Makes each call of a function a `task` span: one step of your own code that calls no external service.
    ///
    /// Captures the arguments by name and the returned value.
    ///
    /// ```
    /// #[llmobs::task(skip(document))]
    /// fn split(document: &str, size: usize) -> Vec<&str> {
    ///     document.split(' ').take(size).collect()
    /// }
    /// # let collector = llmobs::testing::Collector::new();
    /// # collector.enter(|| split("a b c", 2));
    /// # assert_eq!(collector.tree(), "task split  in {\"size\":2}  out [\"a\",\"b\"]\n");
    /// ```
    pub use llmobs_macros::task;

    /// Makes each call of a function a `tool` span: a call to an external program or service, often with arguments from a model.
    ///
    /// Captures the arguments by name and the returned value.
    ///
    /// ```
    /// #[llmobs::tool]
    /// fn weather(city: &str) -> Result<String, std::io::Error> {
    ///     Err(std::io::Error::other(format!("no forecast for {city}")))
    /// }
    /// # let collector = llmobs::testing::Collector::new();
    /// # collector.enter(|| weather("Atlantis").unwrap_err());
    /// # let tree = "tool weather  in {\"city\":\"Atlantis\"}  error std::io::error::Error: no forecast for Atlantis\n";
    /// # assert_eq!(collector.tree(), tree);
    /// ```
    pub use llmobs_macros::tool;

    /// Makes each call of a function an `llm` span: a call to a large language model.
    ///
    /// Captures messages as input and output. Reads model, tokens and tools from the requests and answers of
    /// [providers](crate::guide::providers). Otherwise, [annotate](crate::annotate) the tokens.
    ///
    /// ```
    /// #[llmobs::llm(model_name = "gpt-4o", model_provider = "openai")]
    /// fn complete(prompt: &str) -> String {
    ///     llmobs::annotate(|note| { note.metric("input_tokens", 3).metric("output_tokens", 1); });
    ///     format!("{prompt}?") // call the model
    /// }
    /// # let collector = llmobs::testing::Collector::new();
    /// # collector.enter(|| complete("why"));
    /// # assert_eq!(collector.tree(), "llm complete  in user: why  out assistant: why?\n");
    /// ```
    pub use llmobs_macros::llm;

    /// Makes each call of a function an `embedding` span: a call that turns text into vectors.
    ///
    /// Captures the texts as documents, and the number and size of the returned vectors.
    ///
    /// ```
    /// #[llmobs::embedding(model_name = "text-embedding-3-small", model_provider = "openai")]
    /// fn embed(texts: &[&str]) -> Vec<Vec<f32>> {
    ///     texts.iter().map(|_| vec![0.5; 4]).collect() // call the model
    /// }
    /// # let collector = llmobs::testing::Collector::new();
    /// # collector.enter(|| embed(&["a", "b"]));
    /// # assert_eq!(collector.tree(), "embedding embed  in a | b  out [2 embedding(s) returned with size 4]\n");
    /// ```
    pub use llmobs_macros::embedding;

    /// Makes each call of a function a `retrieval` span: a search that returns documents from a knowledge base.
    ///
    /// Captures the arguments by name, and the returned value as documents: strings, or objects with `text`, and optionally `name`,
    /// `id` and `score`.
    ///
    /// ```
    /// #[derive(serde::Serialize)]
    /// struct Passage {
    ///     text: String,
    ///     score: f32,
    /// }
    ///
    /// #[llmobs::retrieval]
    /// fn search(query: &str) -> Vec<Passage> {
    ///     vec![Passage { text: format!("all about {query}"), score: 0.5 }]
    /// }
    /// # let collector = llmobs::testing::Collector::new();
    /// # collector.enter(|| search("spans"));
    /// # let documents = &collector.events()[0]["meta"]["output"]["documents"];
    /// # assert_eq!(*documents, serde_json::json!([{ "text": "all about spans", "score": 0.5 }]));
    /// ```
    pub use llmobs_macros::retrieval;

    /// Gives each function of a whole `impl`, `trait` or inline `mod` a span.
    ///
    /// Its options are one of the seven kinds (default: `task`), `pub_only`, and the options of that kind, which apply to each
    /// function. `pub_only` selects functions that are `pub`, without a restriction such as `pub(crate)`, and functions of traits. In
    /// a module, the attribute also applies to the `impl`s, traits and inline modules inside, unless they have an `instrument` of
    /// their own.
    ///
    /// A function with an attribute of its own, such as `#[tool]` from any crate, keeps only that attribute.
    /// [`skip`](macro@crate::skip) leaves a function out. Always left out are `const fn`s, functions without a body, functions that a
    /// macro expands to, and implementations of `Debug`, `Display`, `Drop`, `Future`, `Iterator`, `Serialize` and `Stream`.
    ///
    /// ```
    /// struct Store(Vec<String>);
    ///
    /// #[llmobs::instrument(tool, pub_only, skip_output)]
    /// impl Store {
    ///     pub fn add(&mut self, row: &str) {
    ///         self.0.push(self.normalized(row));
    ///     }
    ///
    ///     #[llmobs::retrieval]
    ///     pub fn find(&self, query: &str) -> Vec<&String> {
    ///         self.0.iter().filter(|row| row.contains(query)).collect()
    ///     }
    ///
    ///     #[llmobs::skip]
    ///     pub fn len(&self) -> usize {
    ///         self.0.len()
    ///     }
    ///
    ///     fn normalized(&self, row: &str) -> String {
    ///         row.to_lowercase()
    ///     }
    /// }
    ///
    /// # let collector = llmobs::testing::Collector::new();
    /// # collector.enter(|| {
    /// let mut store = Store(Vec::new());
    /// store.add("Spans");
    /// assert_eq!(store.find("span").len(), store.len());
    /// # });
    /// # let tree = "tool add  in {\"row\":\"Spans\"}\nretrieval find  in {\"query\":\"span\"}  out spans\n";
    /// # assert_eq!(collector.tree(), tree);
    /// ```
    pub use llmobs_macros::instrument;

    /// Leaves a function out of the block around it that is [instrumented](macro@crate::instrument).
    ///
    /// In an instrumented module, it can also leave out a whole `impl`, `trait` or `mod`. Anywhere else it is an error.
    ///
    /// ```
    /// #[llmobs::instrument]
    /// mod steps {
    ///     pub fn first() -> u8 {
    ///         helper()
    ///     }
    ///
    ///     #[llmobs::skip]
    ///     fn helper() -> u8 {
    ///         1
    ///     }
    /// }
    /// # let collector = llmobs::testing::Collector::new();
    /// # collector.enter(steps::first);
    /// # assert_eq!(collector.tree(), "task first  out 1\n");
    /// ```
    pub use llmobs_macros::skip;
}

pub use attributes::{agent, embedding, instrument, llm, retrieval, skip, task, tool, workflow};
#[cfg(feature = "stream")]
#[doc(inline)]
pub use llmobs_runtime::StreamSpanExt;
#[doc(inline)]
pub use llmobs_runtime::{
    Annotation, AnnotationContext, ApmContext, Attached, Config, Context, DropReason, Error, Exporter,
    FutureSpanExt, Guard, Kind, Report, SamplingRule, Span, SpanBuilder, SpanRef, annotate,
    annotation_context, current, enabled, export_span, extract, flush, init, inject, stats,
};
#[doc(inline)]
pub use llmobs_runtime::{agent, embedding, llm, retrieval, task, tool, workflow};
#[doc(inline)]
pub use llmobs_runtime::{
    content, convert, eval, integration, manifest, metrics, processor, prompt, propagation, providers,
    testing, transport, wrap,
};

#[cfg(feature = "bedrock")]
#[cfg_attr(docsrs, doc(cfg(feature = "bedrock")))]
#[doc(inline)]
pub use llmobs_bedrock as bedrock;
#[cfg(any(feature = "tower", feature = "axum"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "tower", feature = "axum"))))]
#[doc(inline)]
pub use llmobs_http as http;
#[cfg(feature = "rmcp")]
#[cfg_attr(docsrs, doc(cfg(feature = "rmcp")))]
#[doc(inline)]
pub use llmobs_rmcp as rmcp;

#[cfg(feature = "tracing")]
#[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
#[doc(inline)]
pub use llmobs_tracing as tracing;

/// A function for [`Config::apm_context`] that returns the current span of OpenTelemetry.
///
/// The program must depend on the crate `opentelemetry`, in the version that its tracer uses. Versions 0.27 to 0.33 are tested. The
/// function returns spans that are entered with the API of OpenTelemetry, and `tracing` spans with tracing-opentelemetry 0.32 or later.
///
/// ```ignore
/// let _llmobs = llmobs::Config::from_env().apm_context(llmobs::opentelemetry_context!()).init()?;
/// ```
#[macro_export]
macro_rules! opentelemetry_context {
    () => {
        || {
            ::opentelemetry::Context::map_current(|context| {
                let span = ::opentelemetry::trace::TraceContextExt::span(context);
                let span = span.span_context();
                span.is_valid().then(|| {
                    $crate::ApmContext::new(
                        ::core::primitive::u128::from_be_bytes(span.trace_id().to_bytes()),
                        ::core::primitive::u64::from_be_bytes(span.span_id().to_bytes()),
                        span.is_sampled(),
                    )
                })
            })
        }
    };
}

pub mod guide {
    //! The guide: a page for each topic.

    #[doc = include_str!("../docs/settings.md")]
    pub mod settings {}

    #[doc = include_str!("../docs/attributes.md")]
    pub mod attributes {}

    #[doc = include_str!("../docs/annotations.md")]
    pub mod annotations {}

    #[doc = include_str!("../docs/model_calls.md")]
    pub mod model_calls {}

    #[doc = include_str!("../docs/tracing.md")]
    pub mod tracing {}

    #[doc = include_str!("../docs/prompts.md")]
    pub mod prompts {}

    #[doc = include_str!("../docs/contexts.md")]
    pub mod contexts {}

    #[doc = include_str!("../docs/processors.md")]
    pub mod processors {}

    #[doc = include_str!("../docs/privacy.md")]
    pub mod privacy {}

    #[doc = include_str!("../docs/sessions.md")]
    pub mod sessions {}

    #[doc = include_str!("../docs/spans.md")]
    pub mod spans {}

    #[doc = include_str!("../docs/propagation.md")]
    pub mod propagation {}

    #[doc = include_str!("../docs/evaluations.md")]
    pub mod evaluations {}

    #[doc = include_str!("../docs/sampling.md")]
    pub mod sampling {}

    #[doc = include_str!("../docs/providers.md")]
    pub mod providers {}

    #[doc = include_str!("../docs/testing.md")]
    pub mod testing {}

    #[doc = include_str!("../docs/explorer.md")]
    pub mod explorer {}

    #[doc = include_str!("../docs/cost.md")]
    pub mod cost {}

    #[doc = include_str!("../docs/differences.md")]
    pub mod differences {}

    #[doc = include_str!("../docs/ten_things.md")]
    pub mod ten_things {}

    #[doc = include_str!("../docs/python.md")]
    pub mod python {}

    #[doc = include_str!("../docs/troubleshooting.md")]
    pub mod troubleshooting {}

    #[doc = include_str!("../docs/applications.md")]
    pub mod applications {}

    #[doc = include_str!("../docs/opentelemetry.md")]
    pub mod opentelemetry {}

    #[doc = include_str!("../docs/containers.md")]
    pub mod containers {}

    #[doc = include_str!("../docs/lambda.md")]
    pub mod lambda {}

    #[doc = include_str!("../docs/features.md")]
    pub mod features {}

    #[doc = include_str!("../docs/comparison.md")]
    pub mod comparison {}

    #[doc = include_str!("../docs/stability.md")]
    pub mod stability {}
}

/// For the expansions of the attributes only: not stable.
#[doc(hidden)]
pub use llmobs_runtime::__private_0_1_0;

/// Every Rust block of the README is compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
