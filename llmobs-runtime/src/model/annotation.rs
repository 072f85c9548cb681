//! What is known about a span beside its identity, its place in the trace and its times.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{self, Display};
use std::sync::Arc;

use llmobs_capture::text::{MAX_LABEL_BYTES, cut, label, shown};
use llmobs_capture::value::{lengths, replace};
use llmobs_capture::{Metric, Reading, warn_limited};
use llmobs_providers::ToolDefinition;
use serde::Serialize;
use serde_json::Number;

use super::agent::AgentManifest;
use super::captured::Captured;
use super::failure::Failure;
use super::prompt::Prompt;
use super::reference::SpanRef;
use crate::base::kind::Kind;

/// What to put on a span: input, output, metadata, metrics, tags.
///
/// It is handed to the closure of [`annotate`](crate::annotate) or [`Span::annotate`](crate::Span::annotate), which returns it with
/// what is to be added. Annotations of one span add up; where two say the same thing the later one holds. What is
/// annotated always wins over what an attribute captures by itself.
///
/// Nothing here fails or panics. A value that cannot be captured leaves a text in its place that says why.
#[derive(Clone)]
#[must_use = "return the annotation from the closure"]
pub struct Annotation {
    /// The budget of each captured value, in bytes.
    limit: usize,
    pub(crate) model_name: Option<String>,
    pub(crate) model_provider: Option<String>,
    pub(crate) input: Option<Captured>,
    pub(crate) output: Option<Captured>,
    pub(crate) metadata: BTreeMap<String, Captured>,
    pub(crate) metrics: BTreeMap<String, Number>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) failure: Option<Failure>,
    /// What few spans have. The others need not carry room for it.
    pub(crate) more: Option<Box<More>>,
}

/// What few spans have.
#[derive(Clone, Default)]
pub(crate) struct More {
    pub(crate) prompt: Option<Arc<Prompt>>,
    pub(crate) tool_definitions: Option<Arc<[ToolDefinition]>>,
    /// The keys of tags by which Datadog breaks down costs.
    pub(crate) cost_tags: Vec<String>,
    pub(crate) agent: Option<AgentManifest>,
    pub(crate) links: Vec<SpanRef>,
    pub(crate) intent: Option<String>,
    /// The prompt of the span right above, for an `llm` span that has none of its own.
    pub(crate) inherited_prompt: Option<Arc<Prompt>>,
    /// The version of the tool in the definitions of the `llm` span right above.
    pub(crate) tool_version: Option<String>,
    /// Whether only the type is kept of an error that the span ends with.
    pub(crate) skip_error: bool,
}

/// Omits the content, which may be secret.
impl fmt::Debug for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Annotation").finish_non_exhaustive()
    }
}

impl Annotation {
    /// An empty annotation.
    pub(crate) const EMPTY: &'static Self = &Self::new(0);

    /// Creates an empty annotation. Each of its values is captured in at most about `limit` bytes.
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            limit,
            model_name: None,
            model_provider: None,
            input: None,
            output: None,
            metadata: BTreeMap::new(),
            metrics: BTreeMap::new(),
            tags: BTreeMap::new(),
            failure: None,
            more: None,
        }
    }

    /// What went into the step. A string is shown as it is, anything else as JSON; `None` and `()` change nothing.
    ///
    /// On an `llm` span it should be a string, a [`Message`](crate::Message) or what serializes like one, such as
    /// `{"role": "user", "content": "…"}`, or a list of those; on an `embedding` span a string, a
    /// [`Document`](crate::Document) or what serializes like one, or a list of those. Anything else is shown as text there, with
    /// a warning.
    pub fn input(mut self, value: impl Serialize) -> Self {
        self.input = self.captured(&value).or(self.input);
        self
    }

    /// What came out of the step, in the forms that [`input`](Self::input) takes; on a `retrieval` span documents.
    pub fn output(mut self, value: impl Serialize) -> Self {
        self.output = self.captured(&value).or(self.output);
        self
    }

    /// One fact about how the step ran, such as the temperature of a model: any serializable value. A later one of the same
    /// name takes its place as a whole, objects too.
    #[inline]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        let value = Captured::annotated(&value, self.limit);
        self.set_metadata(key.into(), value);
        self
    }

    /// One number about the step: any integer or float, or an `Option` of one, where `None` changes nothing.
    ///
    /// The names that Datadog knows are in [`metrics`](crate::metrics).
    /// NaN and the infinities are left out, and dots in the name become underscores, each with a warning.
    #[inline]
    pub fn metric(mut self, key: impl Into<String>, value: impl Metric) -> Self {
        self.set_metric(key.into(), value.reading());
        self
    }

    /// Several metrics at once, as pairs.
    pub fn metrics<K: Into<String>, M: Metric>(self, metrics: impl IntoIterator<Item = (K, M)>) -> Self {
        metrics.into_iter().fold(self, |annotation, (key, value)| annotation.metric(key, value))
    }

    /// A tag to find the span by: two short texts. The tag `session_id` also puts the span into that session, unless it is
    /// empty, which changes nothing.
    #[inline]
    pub fn tag(mut self, key: impl Into<String>, value: impl Display) -> Self {
        self.set_tag(key.into(), &value);
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
        let cost_tags = &mut self.more().cost_tags;
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
        self.more().prompt = Some(Arc::new(prompt));
        self
    }

    /// The tools that the model could call, on an `llm` span. They replace those annotated before. A tool without
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
        self.more().tool_definitions = Some(named.into());
        self
    }

    /// What the agent is made of, on an `agent` span. What is annotated again later changes what it names, and leaves the rest.
    pub fn agent(mut self, mut manifest: AgentManifest) -> Self {
        manifest.limit(self.limit);
        self.more().agent = Some(manifest);
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
            self.more().links.push(source);
        }
        self
    }

    /// Why a model called a tool, on a `tool` span.
    pub fn intent(mut self, intent: impl Into<String>) -> Self {
        self.more().intent = Some(cut(intent.into(), MAX_LABEL_BYTES));
        self
    }

    /// The name of the model, for where it is known only when it has answered. Shown on `llm` and `embedding` spans.
    pub fn model_name(mut self, model_name: impl Display) -> Self {
        self.model_name = label(&model_name).or(self.model_name);
        self
    }

    /// Who runs the model, such as `openai`. Shown on `llm` and `embedding` spans.
    pub fn model_provider(mut self, model_provider: impl Display) -> Self {
        self.model_provider = label(&model_provider).or(self.model_provider);
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
        self.failure = Some(Failure::of_error::<E, E>(error));
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
        self.failure = Some(Failure::of_message(kind, format_args!("{message}")));
        self
    }

    fn captured(&self, value: &impl Serialize) -> Option<Captured> {
        Some(Captured::annotated(value, self.limit)).filter(|value| !value.is_null())
    }
}

impl Annotation {
    /// Merges a later annotation, which overrides this one.
    pub(crate) fn add(&mut self, later: Self) {
        let Self {
            limit: _,
            model_name,
            model_provider,
            input,
            output,
            metadata,
            metrics,
            tags,
            failure,
            more,
        } = later;
        replace(&mut self.model_name, model_name);
        replace(&mut self.model_provider, model_provider);
        replace(&mut self.input, input);
        replace(&mut self.output, output);
        extend(&mut self.metadata, metadata);
        extend(&mut self.metrics, metrics);
        extend(&mut self.tags, tags);
        replace(&mut self.failure, failure);
        match (&mut self.more, more) {
            (Some(more), Some(later)) => more.add(*later),
            (more, later) => replace(more, later),
        }
    }

    /// Merges a weaker annotation, which this one overrides.
    pub(crate) fn add_under(&mut self, mut weaker: Self) {
        weaker.add(std::mem::replace(self, Self::new(self.limit)));
        *self = weaker;
    }

    /// Adds a tag, by which a span can be put into a session, and not out of one.
    pub(crate) fn set_tag(&mut self, key: String, value: &dyn Display) {
        match shown(value) {
            Some(text) if text.is_empty() && key == "session_id" => {}
            Some(text) => drop(self.tags.insert(cut(key, MAX_LABEL_BYTES), text)),
            None => warn_limited!("a tag was left out: its Display panicked"),
        }
    }

    pub(crate) fn set_metric(&mut self, key: String, value: Reading) {
        let mut key = cut(key, MAX_LABEL_BYTES);
        if key.contains('.') {
            warn_limited!("the name of the metric {key:?} has dots, which became underscores");
            key = key.replace('.', "_");
        }
        match value {
            Reading::Absent => {}
            Reading::NotFinite => warn_limited!("the metric {key:?} is not a finite number and was left out"),
            Reading::Is(number) => {
                self.metrics.insert(key, number);
            }
        }
    }

    pub(crate) fn set_metadata(&mut self, key: String, value: Captured) {
        if key == "_dd" {
            warn_limited!("the metadata key \"_dd\" is reserved for Datadog; choose another name");
        } else {
            self.metadata.insert(cut(key, MAX_LABEL_BYTES), value);
        }
    }

    /// Names the version of the agent.
    pub(crate) fn set_agent_version(&mut self, version: String) {
        self.more().agent.get_or_insert_with(AgentManifest::new).version = Some(version);
    }

    /// Keeps what spans of this kind show. An `llm` span without a prompt takes that of the span above. A span of any kind
    /// that was given a prompt has a tag about it.
    pub(crate) fn retain_for(&mut self, kind: Kind) {
        let Some(more) = &mut self.more else { return };
        let inherited = more.inherited_prompt.take();
        if more.prompt.is_some() {
            let tag = self.tags.entry("prompt_tracking_instrumentation_method".to_owned());
            tag.or_insert_with(|| "annotated".to_owned());
        } else {
            more.prompt = inherited;
        }
        more.prompt.take_if(|_| kind != Kind::Llm);
        more.agent.take_if(|_| kind != Kind::Agent);
    }

    /// Warns of annotations that spans of this kind do not show.
    pub(crate) fn warn_of_misplaced(&self, kind: Kind) {
        if !kind.has_model() && (self.model_name.is_some() || self.model_provider.is_some()) {
            warn_limited!(
                "the model of a span is not shown: it is of the kind {kind}, and llm and embedding have models"
            );
        }
        let Some(more) = &self.more else { return };
        if kind != Kind::Llm && more.tool_definitions.is_some() {
            warn_limited!(
                "the tool definitions of a span are not shown: annotate an llm span with them, not one of the kind {kind}"
            );
        }
        if kind != Kind::Tool && more.intent.is_some() {
            warn_limited!(
                "the intent of a span is not shown: annotate a tool span with it, not one of the kind {kind}"
            );
        }
        if kind != Kind::Agent && more.agent.is_some() {
            warn_limited!(
                "the version or manifest of an agent is not shown: say it of an agent span, not one of the kind {kind}"
            );
        }
    }

    /// The fields that few spans have, created if they are missing.
    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(crate) fn skips_error(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.skip_error)
    }

    pub(crate) fn agent_version(&self) -> Option<&str> {
        self.more.as_ref()?.agent.as_ref()?.version.as_deref()
    }

    pub(crate) fn tools(&self) -> &[ToolDefinition] {
        self.more.as_ref().and_then(|more| more.tool_definitions.as_deref()).unwrap_or_default()
    }

    /// About how many bytes of memory an annotation in a box takes.
    #[inline(never)]
    pub(crate) fn heap_bytes(&self) -> usize {
        size_of::<Self>() + self.bytes()
    }

    /// About how many bytes of memory the texts take.
    pub(crate) fn bytes(&self) -> usize {
        let captured = |value: &Option<Captured>| value.as_ref().map_or(0, Captured::bytes);
        let metadata = self.metadata.iter().map(|(key, value)| key.len() + value.bytes());
        let tags = self.tags.iter().map(|(key, value)| key.len() + value.len());
        let metrics = self.metrics.keys().map(|key| key.len() + size_of::<Number>());
        lengths([&self.model_name, &self.model_provider])
            + captured(&self.input)
            + captured(&self.output)
            + metadata.chain(tags).chain(metrics).sum::<usize>()
            + self.failure.as_ref().map_or(0, Failure::bytes)
            + self.more.as_ref().map_or(0, |more| more.bytes())
    }
}

impl More {
    fn add(&mut self, later: Self) {
        match (&mut self.prompt, later.prompt) {
            (Some(prompt), Some(later)) => Arc::make_mut(prompt).add(Arc::unwrap_or_clone(later)),
            (prompt, later) => replace(prompt, later),
        }
        replace(&mut self.tool_definitions, later.tool_definitions);
        for key in later.cost_tags {
            if !self.cost_tags.contains(&key) {
                self.cost_tags.push(key);
            }
        }
        match (&mut self.agent, later.agent) {
            (Some(agent), Some(later)) => agent.add(later),
            (agent, later) => replace(agent, later),
        }
        self.links.extend(later.links);
        replace(&mut self.intent, later.intent);
        replace(&mut self.inherited_prompt, later.inherited_prompt);
        replace(&mut self.tool_version, later.tool_version);
        self.skip_error |= later.skip_error;
    }

    fn bytes(&self) -> usize {
        let tools = self.tool_definitions.iter().flat_map(|tools| tools.iter());
        size_of::<Self>()
            + [&self.prompt, &self.inherited_prompt].into_iter().flatten().map(share).sum::<usize>()
            + tools.map(ToolDefinition::bytes).sum::<usize>()
            + self.cost_tags.iter().map(String::len).sum::<usize>()
            + self.agent.as_ref().map_or(0, AgentManifest::bytes)
            + self.links.iter().map(|link| link.trace_id.len() + link.span_id.len()).sum::<usize>()
            + lengths([&self.intent, &self.tool_version])
    }
}

/// The part of the bytes of a shared prompt that is charged to one of its holders. All spans inside a context share one prompt.
fn share(prompt: &Arc<Prompt>) -> usize {
    prompt.bytes() / Arc::strong_count(prompt).saturating_sub(1).max(1)
}

fn extend<V>(old: &mut BTreeMap<String, V>, new: BTreeMap<String, V>) {
    if old.is_empty() {
        *old = new;
    } else {
        old.extend(new);
    }
}
