//! What a program says about a span by hand.

use std::error::Error;
use std::fmt::{self, Display};
use std::sync::Arc;

use serde::Serialize;

use crate::capture::{Captured, MAX_LABEL_BYTES, cut, label};
use crate::facts::Facts;
use crate::failure::Failure;
use crate::local;
use crate::manifest::AgentManifest;
use crate::metric::{Metric, Reading};
use crate::notice::warn_limited;
use crate::prompt::Prompt;
use crate::reference::SpanRef;
use crate::sender::any_open;
use crate::tool::ToolDefinition;

/// Facts to put on a span: input, output, metadata, metrics, tags.
///
/// It is handed to the closure of [`annotate`] or [`Span::annotate`](crate::Span::annotate), which returns it with
/// what is to be added. Annotations of one span add up; where two say the same thing the later one holds. What is
/// annotated always wins over what an attribute captures by itself.
///
/// Nothing here fails or panics. A value that cannot be captured leaves a text in its place that says why.
#[derive(Clone)]
#[must_use = "return the annotation from the closure"]
pub struct Annotation {
    limit: usize,
    pub(crate) facts: Facts,
}

/// Without what it says, which may be secret.
impl fmt::Debug for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Annotation").finish_non_exhaustive()
    }
}

/// Annotates the current span. Where none is current, which the log is told, or llmobs is not enabled, the closure is not called.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// # let call = llmobs::llm("complete").start();
/// # call.enter(|| {
/// llmobs::annotate(|span| {
///     span.input("What is a span?")
///         .output("One step of a trace.")
///         .metadata("temperature", 0.2)
///         .metric("input_tokens", 5)
///         .tag("user_tier", "free")
/// });
/// # });
/// # call.finish();
/// let span = &collector.events()[0];
/// assert_eq!(span["meta"]["input"]["messages"][0]["content"], "What is a span?");
/// assert_eq!(span["metrics"]["input_tokens"], 5);
/// ```
pub fn annotate(describe: impl FnOnce(Annotation) -> Annotation) {
    if !any_open() {
        return;
    }
    let here = local::current();
    if let Some(frame) = here.frame() {
        frame.annotate_with(describe);
    } else if here.sender().is_some() {
        warn_limited!(
            "an annotation is lost: no span is current where `llmobs::annotate` was called; call it inside a span, carry the \
             context to this thread or task, or use `Span::annotate`"
        );
    }
}

impl Annotation {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, facts: Facts::default() }
    }

    /// What went into the step. A string is shown as it is, anything else as JSON; `None` and `()` change nothing.
    ///
    /// On an `llm` span it should be a string, a [`Message`](crate::Message) or what serializes like one, such as
    /// `{"role": "user", "content": "…"}`, or a list of those; on an `embedding` span a string, a
    /// [`Document`](crate::Document) or what serializes like one, or a list of those. Anything else is shown as text there, with
    /// a warning.
    pub fn input(mut self, value: impl Serialize) -> Self {
        self.facts.input = self.captured(&value).or(self.facts.input);
        self
    }

    /// What came out of the step, in the forms that [`input`](Self::input) takes; on a `retrieval` span documents.
    pub fn output(mut self, value: impl Serialize) -> Self {
        self.facts.output = self.captured(&value).or(self.facts.output);
        self
    }

    /// One fact about how the step ran, such as the temperature of a model: any serializable value. A later one of the same
    /// name takes its place as a whole, objects too.
    pub fn metadata(self, key: impl Into<String>, value: impl Serialize) -> Self {
        let value = Captured::annotated(&value, self.limit);
        self.captured_metadata(key.into(), value)
    }

    pub(crate) fn captured_metadata(mut self, key: String, value: Captured) -> Self {
        if key == "_dd" {
            warn_limited!("the metadata key \"_dd\" is reserved for Datadog; choose another name");
        } else {
            self.facts.metadata.insert(cut(key, MAX_LABEL_BYTES), value);
        }
        self
    }

    /// One number about the step: any integer or float, or an `Option` of one, where `None` changes nothing.
    ///
    /// The names that Datadog knows are in [`metrics`](crate::metrics).
    /// NaN and the infinities are left out, and dots in the name become underscores, each with a warning.
    pub fn metric(mut self, key: impl Into<String>, value: impl Metric) -> Self {
        let mut key = cut(key.into(), MAX_LABEL_BYTES);
        if key.contains('.') {
            warn_limited!("the name of the metric {key:?} has dots, which became underscores");
            key = key.replace('.', "_");
        }
        match value.reading() {
            Reading::Absent => {}
            Reading::NotFinite => warn_limited!("the metric {key:?} is not a finite number and was left out"),
            Reading::Is(number) => {
                self.facts.metrics.insert(key, number);
            }
        }
        self
    }

    /// Several metrics at once, as pairs.
    pub fn metrics<K: Into<String>, M: Metric>(self, metrics: impl IntoIterator<Item = (K, M)>) -> Self {
        metrics.into_iter().fold(self, |annotation, (key, value)| annotation.metric(key, value))
    }

    /// A tag to find the span by: two short texts. The tag `session_id` also puts the span into that session, unless it is
    /// empty, which changes nothing.
    pub fn tag(mut self, key: impl Into<String>, value: impl Display) -> Self {
        self.facts.tag(key.into(), &value);
        self
    }

    /// Several tags at once, as pairs.
    pub fn tags<K: Into<String>, V: Display>(self, tags: impl IntoIterator<Item = (K, V)>) -> Self {
        tags.into_iter().fold(self, |annotation, (key, value)| annotation.tag(key, value))
    }

    /// Puts the span, and those inside that start from now on, into a session, such as one conversation.
    pub fn session_id(self, session_id: impl Display) -> Self {
        self.tag("session_id", session_id)
    }

    /// Has Datadog break down costs by a tag of the span: one that is annotated, or one of llmobs such as `env`.
    ///
    /// A tag that the span does not have when it ends is left out, with a warning.
    pub fn cost_tag(mut self, key: impl Into<String>) -> Self {
        let key = cut(key.into(), MAX_LABEL_BYTES);
        let cost_tags = &mut self.facts.more().cost_tags;
        if !cost_tags.contains(&key) {
            cost_tags.push(key);
        }
        self
    }

    /// The prompt that the input was made from. What is annotated again later changes what it names, and leaves the rest.
    ///
    /// An `llm` span shows it. On a span of another kind it is for `llm` spans that start right inside and have no prompt of
    /// their own.
    pub fn prompt(mut self, mut prompt: Prompt) -> Self {
        prompt.limit(self.limit);
        self.facts.more().prompt = Some(Arc::new(prompt));
        self
    }

    /// The tools that the model was told about, on an `llm` span. They take the place of those annotated before. A tool without
    /// a name is left out, with a warning.
    pub fn tool_definitions(mut self, tools: impl IntoIterator<Item = ToolDefinition>) -> Self {
        let (mut named, nameless): (Vec<_>, Vec<_>) =
            tools.into_iter().partition(|tool| !tool.name.is_empty());
        if !nameless.is_empty() {
            warn_limited!("{} tool definition(s) without a name were left out", nameless.len());
        }
        for tool in &mut named {
            tool.limit(self.limit);
        }
        self.facts.more().tool_definitions = Some(named.into());
        self
    }

    /// What the agent is made of, on an `agent` span. What is annotated again later changes what it names, and leaves the rest.
    pub fn agent(mut self, mut manifest: AgentManifest) -> Self {
        manifest.limit(self.limit);
        self.facts.more().agent = Some(manifest);
        self
    }

    /// Says that the output of another span, maybe of another trace, went into this one. `None` changes nothing.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// let draft = llmobs::task("draft").start();
    /// let reference = draft.export();
    /// draft.finish();
    ///
    /// let review = llmobs::task("review").start();
    /// review.annotate(|span| span.link(reference));
    /// # review.finish();
    /// # assert_eq!(collector.events()[1]["span_links"][0]["attributes"]["from"], "output");
    /// ```
    pub fn link(mut self, source: impl Into<Option<SpanRef>>) -> Self {
        if let Some(source) = source.into() {
            self.facts.more().links.push(source);
        }
        self
    }

    /// Why a model called a tool, on a `tool` span.
    pub fn intent(mut self, intent: impl Into<String>) -> Self {
        self.facts.more().intent = Some(cut(intent.into(), MAX_LABEL_BYTES));
        self
    }

    /// The name of the model, for where it is known only when it has answered. Shown on `llm` and `embedding` spans.
    pub fn model_name(mut self, model_name: impl Display) -> Self {
        self.facts.model_name = label(&model_name).or(self.facts.model_name);
        self
    }

    /// Who runs the model, such as `openai`. Shown on `llm` and `embedding` spans.
    pub fn model_provider(mut self, model_provider: impl Display) -> Self {
        self.facts.model_provider = label(&model_provider).or(self.facts.model_provider);
        self
    }

    /// Marks the span as failed. The attributes do this by themselves for a function that returns `Err` or panics.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// let span = llmobs::tool("read").start();
    /// if let Err(error) = "x".parse::<u8>() {
    ///     span.annotate(|span| span.error(&error));
    /// }
    /// span.finish();
    /// let tree = "tool read  error core::num::error::ParseIntError: invalid digit found in string\n";
    /// assert_eq!(collector.tree(), tree);
    /// ```
    pub fn error<E: Error + ?Sized>(mut self, error: &E) -> Self {
        self.facts.failure = Some(Failure::of_error::<E, E>(error));
        self
    }

    /// Marks the span as failed where there is no [`Error`]: with a word for what went wrong, and a text about it.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// let span = llmobs::tool("search").start();
    /// span.annotate(|span| span.failure("timeout", format_args!("no answer in {} s", 5)));
    /// span.finish();
    /// assert_eq!(collector.tree(), "tool search  error timeout: no answer in 5 s\n");
    /// ```
    pub fn failure(mut self, kind: &str, message: impl Display) -> Self {
        self.facts.failure = Some(Failure::of_message(kind, format_args!("{message}")));
        self
    }

    fn captured(&self, value: &impl Serialize) -> Option<Captured> {
        Some(Captured::annotated(value, self.limit)).filter(|value| !value.is_null())
    }
}
