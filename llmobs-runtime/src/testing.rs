//! A collector for tests: the spans of one test, in this process, as a tree, in typed form, or as wire events.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::base::kind::Kind;
use crate::client::Client;
use crate::config::Config;
use crate::deliver::encode::Encoder;
use crate::deliver::transport::Memory;
use crate::deliver::tree;
use crate::model::span_data::SpanData;
use crate::trace::context::{Attached, Context};

/// Much longer than any work in memory takes.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Collects the spans that start where it is entered, and where its context is carried from there.
///
/// A collector is a separate client, with the real queue, worker and encoding, and without a network. Tests with one collector each can
/// run in parallel in one process, regardless of `init`.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// let collector = llmobs::testing::Collector::new();
/// collector.enter(|| {
///     let span = llmobs::workflow("answer").start();
///     span.annotate(|note| { note.input("What is a span?").output("A step."); });
///     span.enter(|| llmobs::task("search").start().finish());
/// });
/// assert_eq!(
///     collector.tree(),
///     "workflow answer  in What is a span?  out A step.\n\
///      └─ task search\n"
/// );
/// ```
pub struct Collector {
    client: Client,
    memory: Memory,
    event_limit: usize,
}

impl Collector {
    /// Creates a collector whose application is `test-app`, without the environment.
    ///
    /// # Panics
    ///
    /// Panics if the operating system cannot start a thread.
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(&Config::new().ml_app("test-app"))
    }

    /// Creates a collector that takes application, service, environment, version, tags and limits from `config`, and ignores all settings
    /// of delivery.
    ///
    /// # Panics
    ///
    /// Panics if the operating system cannot start a thread.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test panics if it cannot start a thread")]
    pub fn with_config(config: &Config) -> Self {
        let memory = Memory::default();
        let client =
            Client::start(config.settings(), Box::new(memory.clone())).expect("a thread for the collector");
        Self { client, memory, event_limit: config.settings().event_limit }
    }

    /// Runs `f` with this collector instead of what is current.
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        self.context().enter(f)
    }

    /// Makes this collector current on this thread, instead of what is current, until the guard is dropped.
    pub fn attach(&self) -> Attached {
        self.context().attach()
    }

    /// Returns the collector as a context, to carry to other threads and, with
    /// [`FutureSpanExt::in_context`](crate::FutureSpanExt::in_context), into futures.
    #[must_use]
    pub fn context(&self) -> Context {
        self.client.context()
    }

    /// Returns the spans that have finished so far, by their start.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// use llmobs::content::{Content, Message};
    ///
    /// let collector = llmobs::testing::Collector::new();
    /// collector.enter(|| {
    ///     let span = llmobs::llm("complete").start();
    ///     span.annotate(|note| { note.output("42").metric("output_tokens", 1).tag("tier", "free"); });
    /// });
    /// let [span] = &*collector.spans() else { panic!("one span, not\n{}", collector.tree()) };
    /// assert_eq!(span.output, Some(Content::Messages(vec![Message::new("", "42")])));
    /// assert_eq!((span.metric("output_tokens"), span.tag("tier")), (Some(1.0), Some("free")));
    /// ```
    #[must_use]
    pub fn spans(&self) -> Vec<SpanData> {
        self.client.flush(TIMEOUT);
        let mut spans = self.memory.spans();
        spans.sort_by_key(SpanData::start_time);
        spans
    }

    /// Returns the spans of a kind and a name, by their start.
    #[must_use]
    pub fn spans_of(&self, kind: Kind, name: &str) -> Vec<SpanData> {
        self.spans().into_iter().filter(|span| span.kind() == kind && span.name == name).collect()
    }

    /// Returns the only span of a name.
    ///
    /// # Panics
    ///
    /// Panics if there is no such span or more than one. The message shows the tree of spans.
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a test panics if it finds nothing")]
    pub fn span(&self, name: &str) -> SpanData {
        let mut named: Vec<_> = self.spans().into_iter().filter(|span| span.name == name).collect();
        match (named.pop(), named.len()) {
            (Some(span), 0) => span,
            (found, more) => {
                let count = more + usize::from(found.is_some());
                panic!("{count} spans are called {name:?}, not one:\n{}", self.tree())
            }
        }
    }

    /// Returns the spans that have finished so far, as the wire events that Datadog would receive, by their start.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        let mut encoder = self.encoder();
        self.spans().iter().map(|span| encoder.event(span)).collect()
    }

    /// Returns a span as the wire event that Datadog would receive.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// let collector = llmobs::testing::Collector::new();
    /// collector.enter(|| llmobs::task("step").start().finish());
    /// let event = collector.event(&collector.span("step"));
    /// assert_eq!(event["status"], "ok");
    /// ```
    #[must_use]
    pub fn event(&self, span: &SpanData) -> Value {
        self.encoder().event(span)
    }

    fn encoder(&self) -> Encoder {
        let defaults = self.client.defaults();
        Encoder::new(&defaults.identity, &defaults.ml_app, self.event_limit)
    }

    /// Returns the evaluations and feedback that were submitted so far, in order, as Datadog would receive them.
    #[must_use]
    pub fn evaluations(&self) -> Vec<Value> {
        self.client.flush(TIMEOUT);
        let read = |json: &String| serde_json::from_str(json).unwrap_or_default();
        self.memory.evaluations().iter().map(read).collect()
    }

    /// Returns the spans that have finished so far, one on each line below its parent, with input, output, error, and whether it was
    /// cancelled.
    #[must_use]
    pub fn tree(&self) -> String {
        let spans = self.spans();
        let render = |line: tree::Line<'_>| {
            let span = line.span;
            let part = |label: &str, text: Option<String>| {
                text.map(|text| format!("  {label} {text}")).unwrap_or_default()
            };
            format!(
                "{}{}{}{}{}{}\n",
                line.lead,
                tree::title(span),
                part("in", span.input.as_ref().map(tree::content)),
                part("out", span.output.as_ref().map(tree::content)),
                part("error", span.failure.as_ref().map(tree::failure)),
                if tree::is_cancelled(span) { "  cancelled" } else { "" },
            )
        };
        tree::lines(&spans).into_iter().map(render).collect()
    }
}

impl Default for Collector {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}
