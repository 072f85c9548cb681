//! Datadog [LLM Observability](https://docs.datadoghq.com/llm_observability/) for Rust: one attribute turns a function into a
//! span.
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
//!     llmobs::annotate(|note| { note.metric("input_tokens", 9).metric("output_tokens", 1); });
//!     format!("{}!", prompt.len())
//! }
//!
//! # let collector = llmobs::testing::Collector::new();
//! # collector.enter(|| answer("How long is a piece of string?"));
//! # assert_eq!(collector.tree(), "\
//! # workflow answer  in {\"question\":\"How long is a piece of string?\"}  out 50!\n\
//! # └─ llm complete  in user: Answer in one word: How long is a piece of string?  out assistant: 50!\n");
//! ```
//!
//! Each call becomes a span with the arguments as input and the return value as output; calls inside become children. Start
//! with [`init`], which reads the `DD_*` variables of the environment, or with [`Config`], which returns the reason when it
//! cannot. Until then, and where that fails, the attributes do nothing and cost one atomic load.
//!
//! # Map
//!
//! | to … | use |
//! |---|---|
//! | trace functions | the attributes [`macro@workflow`], [`macro@agent`], [`macro@task`], [`macro@tool`], [`macro@llm`], [`macro@embedding`], [`macro@retrieval`] |
//! | trace whole `impl`s and modules | [`macro@instrument`], [`macro@skip`] |
//! | trace a part of a function, or more than one | spans by hand: [`workflow()`] and the others of the seven, [`Span`]; [guide](guide::spans) |
//! | say more about a step | [`annotate`], [`Span::annotate`], [`Annotation`]; [guide](guide::annotations), [prompts](guide::prompts) |
//! | say something about all spans inside | [`annotation_context`]; [guide](guide::contexts) |
//! | redact, edit or drop spans | [`Config::processor`], [`processor::SpanData`]; [guide](guide::processors) |
//! | group by conversation, user, application | [guide](guide::sessions) |
//! | go on in another program | [`inject`], [`extract`]; [guide](guide::propagation) |
//! | evaluate, take feedback | [`eval::Evaluation`], [`eval::Feedback`], [`export_span`]; [guide](guide::evaluations) |
//! | keep a part of the traces | [`Config::sample_rate`], [`SamplingRule`]; [guide](guide::sampling) |
//! | carry the current span to threads and tasks | [`current`], [`Context`], [`FutureSpanExt`] |
//! | link LLM spans to the traces of an APM tracer | [`Config::apm_context`], [`opentelemetry_context!`] |
//! | see the calls of models that clients of reqwest, async-openai and tower make | `http::ClientLayer`, with the features `reqwest-middleware`, `async-openai`, `tower`; [guide](guide::model_calls) |
//! | see those of the AWS SDK for Amazon Bedrock | `bedrock::Interceptor`, with the feature `bedrock`; [guide](guide::model_calls#amazon-bedrock) |
//! | let a service of axum continue the traces of its callers | `http::ServerLayer`, with the feature `axum` |
//! | see the calls of tools of the Model Context Protocol, of clients and servers that use rmcp | `rmcp::Client`, `rmcp::Server`, with the feature `rmcp` |
//! | read what a provider was asked and answered, in a client of your own | [`Annotation::request`], [`Annotation::response`], [`providers`]; [guide](guide::providers) |
//! | make spans of what another library does | [`integration`], [`Span::builder`] |
//! | configure | [`Config`], [`Exporter`] |
//! | be sure that spans have arrived | [`flush`], [`Report`], [`Guard`] |
//! | see the spans of a test | [`testing::Collector`]; [guide](guide::testing) |
//! | explore traces on your own machine | the command `llmobs`, from `cargo install llmobs-explorer`; [guide](guide::explorer) |
//! | compare with the Python SDK | [differences on purpose](guide::differences) |
//! | see what changed before the first release | [ten things people do](guide::ten_things) |
//!
//! # The attributes
//!
//! All take options, in any order; [the page about them](guide::attributes) has an example of each, what each kind captures, and
//! what the attributes cannot do.
//!
//! | option | meaning |
//! |---|---|
//! | `name`, `session_id`, `ml_app` `= …` | text for the span; `session_id` and `ml_app` hold for the spans inside too |
//! | `model_name`, `model_provider` `= …` | the model, on `llm` and `embedding` |
//! | `version = …` | the version of an `agent` |
//! | `inputs(a, b)`, `skip(a, b)`, `skip_all`, `redact(a)` | which arguments are captured |
//! | `input = …`, `output = …`, `skip_output` | something else, or nothing, instead of the arguments and the returned value |
//! | `skip_error` | only the type of an error or panic, without its text |
//! | `tags(…)`, `metadata(…)`, `metrics(…)` | facts about the step |
//! | `parent = …` | the span above |
//! | `future`, `iterator`, `stream`, `fold = …` | for functions that return one of these |
//! | `crate = …` | where llmobs is |
//!
//! ```
//! struct Request {
//!     session: Option<String>,
//!     prompt: String,
//! }
//!
//! #[llmobs::agent(name = "support", session_id = request.session, redact(key), metrics(bytes = *ret))]
//! fn run(request: &Request, key: &str) -> usize {
//!     request.prompt.len() + key.len()
//! }
//! # run(&Request { session: None, prompt: String::new() }, "");
//! ```
//!
//! Arguments and returned values are captured as JSON if their type is `serde::Serialize`, else by `Debug`, else by the name of the
//! type: no bound is put on your types. An `Err` makes the span an error and is returned unchanged; a panic makes it one and goes on;
//! a future that is dropped half-way leaves the tag `cancelled:true`. A function that returns a future, an iterator or a stream has
//! one span from its first piece to its last.
//!
//! # What a trace holds
//!
//! A span that starts where no span is current begins a new trace. Its children inherit application, session and the nearest
//! agent above them, and nothing else. A span is sent when it finishes; one that never finishes is never sent, and its children
//! are. Annotations of the current span go through [`annotate`]:
//!
//! ```
//! # let collector = llmobs::testing::Collector::new();
//! # let _entered = collector.attach();
//! #[llmobs::retrieval(skip_output)]
//! fn search(question: &str) -> Vec<(String, f32)> {
//!     let hits = vec![(question.to_uppercase(), 0.5)];
//!     let documents: Vec<&str> = hits.iter().map(|(text, _)| text.as_str()).collect();
//!     llmobs::annotate(|note| { note.output(&documents).metadata("hits", hits.len()).tag("index", "docs"); });
//!     hits
//! }
//!
//! search("spans");
//! assert_eq!(collector.tree(), "retrieval search  in {\"question\":\"spans\"}  out SPANS\n");
//! ```

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

    /// Makes each call of a function an `agent` span: a sequence of steps that a model chooses for itself.
    ///
    /// Captures the arguments by name and the returned value. Spans below know their nearest agent.
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

    /// Makes each call of a function a `task` span: one step of your own code that needs no outside service.
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

    /// Makes each call of a function a `tool` span: a call to a program or service outside, whose arguments a model often wrote.
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
    /// Captures messages: those among the arguments, and those that the function returns. Takes the options `model_name` and
    /// `model_provider` too. Tokens are [annotated](crate::annotate).
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
    /// Captures the texts as documents, and how many vectors of which size are returned.  Takes the options `model_name` and
    /// `model_provider` too.
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
    /// Captures the arguments by name, and what is returned as documents: strings, or objects with `text`, `name`, `id` and
    /// `score`.
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
    /// Takes one of the seven kinds (without one, `task`), `pub_only`, and the options of that kind, which each function gets. With
    /// `pub_only` it takes only functions that are plainly `pub`, and those of traits. In a module it goes on to the `impl`s, traits
    /// and inline modules inside, unless they have an `instrument` of their own.
    ///
    /// A function with an attribute of its own keeps that alone, also one that is imported and called just `#[tool]`, from
    /// whichever crate. [`skip`](macro@crate::skip) leaves a function out. Always left out are `const fn`s, functions without a body,
    /// what macros make, and what implements `Debug`, `Display`, `Drop`, `Future`, `Iterator`, `Serialize` or `Stream`.
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
    /// In a module that is instrumented, it leaves a whole `impl`, `trait` or `mod` out. Anywhere else it is an error.
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
/// It expands in the program, which has to depend on the crate `opentelemetry`, in whichever version its tracer uses: 0.27 to 0.33 were
/// tried. It sees spans that OpenTelemetry's own API has entered, and `tracing` spans with tracing-opentelemetry 0.32 or later.
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
    //! Pages to read, one for each thing that llmobs does.

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

/// For the expansions of the attributes alone: no part of it is stable.
#[doc(hidden)]
pub use llmobs_runtime::__private_0_1_0;

/// Every Rust block of the README is compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
