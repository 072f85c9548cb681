//! The annotations of a span: what is known about it besides its ids, its place in the trace and its times.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{self, Display};
use std::sync::Arc;

use llmobs_capture::text::{MAX_LABEL_BYTES, cut, shown};
use llmobs_capture::value::{lengths, named, replace};
use llmobs_capture::{Label, Metric, Reading, to_value, warn_limited};
use llmobs_providers::ToolDefinition;
use serde::Serialize;
use serde_json::{Number, Value};

use super::agent::AgentManifest;
use super::captured::{Captured, Source};
use super::failure::Failure;
use super::limits::{self, LeftOut, MAX_LINKS, MAX_METADATA, MAX_METRICS, MAX_TAGS};
use super::observed::Observed;
use super::prompt::Prompt;
use super::reference::SpanRef;
use crate::base::id::TraceId;
use crate::base::kind::Kind;

/// The annotations of a span: input, output, metadata, metrics, tags.
///
/// The closure of [`annotate`](crate::annotate) or [`Span::annotate`](crate::Span::annotate) receives it and fills it. Annotations of one
/// span add up; a later value replaces an earlier one. Annotations always override what an attribute captures.
///
/// Methods that set a value also take an `Option`, where `None` changes nothing, and return the annotation for the next method. They never
/// fail or panic. A value that cannot be captured is replaced by a text that gives the reason.
///
/// A span has at most 256 tags, 1,000 metadata keys, 1,000 metrics and 1,000 links. Further ones are left out, with a warning and an entry
/// in `collection_errors` of the event. Existing ones can still be overridden then. Keys and the values of tags are cut at 16 KiB.
#[derive(Clone)]
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
    /// Fields that few spans have. Other spans need no room for them.
    pub(crate) more: Option<Box<More>>,
}

/// The fields that few spans have.
#[derive(Clone, Default)]
pub(crate) struct More {
    pub(crate) prompt: Option<Arc<Prompt>>,
    pub(crate) tool_definitions: Option<Arc<[ToolDefinition]>>,
    /// The keys of tags by which Datadog breaks down costs.
    pub(crate) cost_tags: Vec<String>,
    pub(crate) agent: Option<AgentManifest>,
    pub(crate) links: Vec<SpanRef>,
    pub(crate) intent: Option<String>,
    /// The prompt of the parent, for an `llm` span without a prompt.
    pub(crate) inherited_prompt: Option<Arc<Prompt>>,
    /// The version of the tool, from the definitions of the parent, an `llm` span.
    pub(crate) tool_version: Option<String>,
    /// The name and the kind of the span, if they were set after its start.
    pub(crate) name: Option<String>,
    pub(crate) kind: Option<Kind>,
    /// The APM trace of the span, if it differs from that of its LLM trace.
    pub(crate) apm_trace_id: Option<TraceId>,
    /// Whether an error that the span ends with keeps only its type.
    pub(crate) skip_error: bool,
    /// What integrations observed.
    pub(crate) observed: Option<Arc<Observed>>,
    /// The number of values beyond the limits.
    pub(crate) left_out: LeftOut,
}

/// Adds values that apply only where no others are set.
pub(crate) fn add_under(own: &mut Option<Box<Annotation>>, weaker: Option<Box<Annotation>>) {
    match (own, weaker) {
        (Some(own), Some(weaker)) => own.add_under(*weaker),
        (own, weaker) => replace(own, weaker),
    }
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

    /// Sets the input of the step. A string is shown as it is, any other value as JSON; `None` and `()` change nothing.
    ///
    /// On an `llm` span the value should be a string, a [`Message`](crate::content::Message) or a value that serializes like one, such as
    /// `{"role": "user", "content": "…"}`, or a list of those; on an `embedding` span a string, a [`Document`](crate::content::Document) or
    /// a value that serializes like one, or a list of those. Any other value is shown as text there, with a warning.
    pub fn input(&mut self, value: impl Serialize) -> &mut Self {
        if let value @ Some(_) = self.captured(&value) {
            self.input = value;
        }
        self
    }

    /// Sets the output of the step, in the forms that [`input`](Self::input) takes; on a `retrieval` span, documents.
    pub fn output(&mut self, value: impl Serialize) -> &mut Self {
        if let value @ Some(_) = self.captured(&value) {
            self.output = value;
        }
        self
    }

    /// Sets the request to a model, as its body or as a type of a client library that serializes like one: messages, model, parameters and
    /// tools are read from it, in the form of any [protocol](crate::providers::Protocol). Any other value is an [`input`](Self::input), and
    /// so is every value on spans that are neither `llm` nor `embedding`. Other annotations override what is read.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// use serde_json::json;
    ///
    /// let span = llmobs::llm("complete").start();
    /// span.annotate(|note| {
    ///     note.request(json!({ "model": "gpt-4o", "messages": [{ "role": "user", "content": "Hi" }], "temperature": 0 }));
    ///     note.response(json!({
    ///         "model": "gpt-4o-2024-08-06",
    ///         "choices": [{ "message": { "role": "assistant", "content": "Hello!" }, "finish_reason": "stop" }],
    ///         "usage": { "prompt_tokens": 8, "completion_tokens": 2 },
    ///     }));
    /// });
    /// span.finish();
    /// let event = &collector.events()[0];
    /// assert_eq!(event["meta"]["model_name"], "gpt-4o-2024-08-06");
    /// assert_eq!(event["meta"]["metadata"], json!({ "finish_reason": "stop", "temperature": 0 }));
    /// assert_eq!(event["metrics"]["input_tokens"], 8);
    /// ```
    pub fn request(&mut self, value: impl Serialize) -> &mut Self {
        if let Some(value) = self.captured(&value) {
            self.input = Some(value.from(Source::Request));
        }
        self
    }

    /// Sets the response of a model, as its body, a type of a client library that serializes like one, or the
    /// [`Response`](crate::providers::Response) of a reader: messages, model, tokens, finish reason and error are read from it. Any other
    /// value is an [`output`](Self::output), and so is every value on spans that are neither `llm` nor `embedding`. Other annotations
    /// override what is read.
    pub fn response(&mut self, value: impl Serialize) -> &mut Self {
        if let Some(value) = self.captured(&value) {
            self.output = Some(value.from(Source::Response));
        }
        self
    }

    /// Adds a fact about how the step ran, such as the temperature of a model: any serializable value. A later value of the same name
    /// replaces it as a whole, even if both are objects. `None` and `()` change nothing.
    ///
    /// A span has at most 1,000 of them; further ones are left out, with a warning.
    #[inline]
    pub fn metadata(&mut self, key: impl Into<String>, value: impl Serialize) -> &mut Self {
        if let Some(value) = self.captured(&value) {
            self.set_metadata(key.into(), value);
        }
        self
    }

    /// Adds several facts at once: the fields of a struct, or the entries of a map, each as with [`metadata`](Self::metadata). Any other
    /// value is left out, with a warning.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// use std::collections::BTreeMap;
    ///
    /// let span = llmobs::llm("complete").start();
    /// span.annotate(|note| {
    ///     note.metadata_map(BTreeMap::from([("top_k", Some(40)), ("seed", None)]));
    /// });
    /// span.finish();
    /// assert_eq!(collector.events()[0]["meta"]["metadata"], serde_json::json!({ "top_k": 40 }));
    /// ```
    pub fn metadata_map(&mut self, map: impl Serialize) -> &mut Self {
        match to_value(&map, self.limit) {
            Value::Object(fields) => {
                for (key, value) in fields {
                    self.metadata(key, value);
                }
            }
            Value::Null => {}
            _ => warn_limited!("metadata was left out: `metadata_map` takes a struct or a map"),
        }
        self
    }

    /// Adds a number about the step: see [`Metric`] for the accepted types.
    ///
    /// The names that Datadog knows are in [`metrics`](crate::metrics).
    /// NaN and the infinities are left out, and dots in the name become underscores, each with a warning. A span has at most 1,000
    /// metrics; further ones are left out, with a warning.
    #[inline]
    pub fn metric(&mut self, key: impl Into<String>, value: impl Metric) -> &mut Self {
        self.set_metric(key.into(), value.reading());
        self
    }

    /// Adds several metrics at once, as pairs.
    pub fn metrics<K: Into<String>, M: Metric>(
        &mut self,
        metrics: impl IntoIterator<Item = (K, M)>,
    ) -> &mut Self {
        for (key, value) in metrics {
            self.metric(key, value);
        }
        self
    }

    /// Adds a tag by which the span can be found: two short texts. The tag `session_id` also puts the span into that session, unless it is
    /// empty, which changes nothing.
    ///
    /// A span has at most 256 tags of its own; further ones are left out, with a warning.
    #[inline]
    pub fn tag<Form>(&mut self, key: impl Into<String>, value: impl Label<Form>) -> &mut Self {
        value.read(|value| self.set_tag(key.into(), value));
        self
    }

    /// Adds several tags at once, as pairs.
    pub fn tags<K: Into<String>, V: Label<Form>, Form>(
        &mut self,
        tags: impl IntoIterator<Item = (K, V)>,
    ) -> &mut Self {
        for (key, value) in tags {
            self.tag(key, value);
        }
        self
    }

    /// Puts the span, and spans inside that start later, into a session, such as one conversation.
    pub fn session_id<Form>(&mut self, session_id: impl Label<Form>) -> &mut Self {
        self.tag("session_id", session_id)
    }

    /// Makes Datadog break down costs by a tag of the span: an annotated tag, or a tag of llmobs such as `env`.
    ///
    /// The span must already have the tag, or get it in the same annotation. Otherwise the cost tag is ignored, with a warning.
    pub fn cost_tag<Form>(&mut self, key: impl Label<Form>) -> &mut Self {
        if let Some(key) = named(key) {
            self.add_cost_tag(key);
        }
        self
    }

    /// Adds several [cost tags](Self::cost_tag) at once.
    pub fn cost_tags<K: Label<Form>, Form>(&mut self, keys: impl IntoIterator<Item = K>) -> &mut Self {
        for key in keys {
            self.cost_tag(key);
        }
        self
    }

    /// Sets the prompt that the input was made from. A later prompt changes the fields that it sets, and keeps the others.
    ///
    /// An `llm` span shows it. On a span of another kind, it applies to `llm` spans that start directly inside and have no prompt of their
    /// own.
    pub fn prompt(&mut self, prompt: impl Into<Option<Prompt>>) -> &mut Self {
        if let Some(mut prompt) = prompt.into() {
            prompt.limit(self.limit);
            self.more().prompt = Some(Arc::new(prompt));
        }
        self
    }

    /// Sets the tools that the model could call, on an `llm` span. They replace earlier ones. A tool without a name is left out, with a
    /// warning.
    pub fn tool_definitions(&mut self, tools: impl IntoIterator<Item = ToolDefinition>) -> &mut Self {
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

    /// Sets the manifest of the agent, on an `agent` span. A later manifest changes the fields that it sets, and keeps the others.
    pub fn agent(&mut self, manifest: impl Into<Option<AgentManifest>>) -> &mut Self {
        if let Some(mut manifest) = manifest.into() {
            manifest.limit(self.limit);
            self.more().agent = Some(manifest);
        }
        self
    }

    /// Records that the output of another span, possibly of another trace, went into this one. A span has at most 1,000 links; further ones
    /// are left out, with a warning.
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
    /// review.annotate(|note| {
    ///     note.link(reference);
    /// });
    /// # review.finish();
    /// # assert_eq!(collector.events()[1]["span_links"][0]["attributes"]["from"], "output");
    /// ```
    pub fn link(&mut self, source: impl Into<Option<SpanRef>>) -> &mut Self {
        self.links(source.into())
    }

    /// Adds several [links](Self::link) at once.
    pub fn links(&mut self, sources: impl IntoIterator<Item = SpanRef>) -> &mut Self {
        let mut sources = sources.into_iter().peekable();
        if sources.peek().is_some() {
            self.more().add_links(sources);
        }
        self
    }

    /// Renames the span, for names that are known only after the start. Spans inside an agent are attributed to the name that it has at
    /// their start.
    pub fn name<Form>(&mut self, name: impl Label<Form>) -> &mut Self {
        if let name @ Some(_) = named(name) {
            self.more().name = name;
        }
        self
    }

    /// Changes the kind of the span, for kinds that are known only after the start. The kind decides how all of the span is shown. What a
    /// span inherited at its start because of its kind, such as the prompt of an `llm` span from its parent, does not change.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// let span = llmobs::task("request").start();
    /// span.annotate(|note| {
    ///     note.kind(llmobs::Kind::Llm).name("chat").input("Why?");
    /// });
    /// span.finish();
    /// assert_eq!(collector.tree(), "llm chat  in Why?\n");
    /// ```
    pub fn kind(&mut self, kind: impl Into<Option<Kind>>) -> &mut Self {
        if let kind @ Some(_) = kind.into() {
            self.more().kind = kind;
        }
        self
    }

    /// Sets why a model called a tool, on a `tool` span.
    pub fn intent<Form>(&mut self, intent: impl Label<Form>) -> &mut Self {
        if let Some(intent) = named(intent) {
            self.more().intent = Some(intent);
        }
        self
    }

    /// Sets the name of the model, for names that are known only from its response. Shown on `llm` and `embedding` spans.
    pub fn model_name<Form>(&mut self, model_name: impl Label<Form>) -> &mut Self {
        replace(&mut self.model_name, named(model_name));
        self
    }

    /// Sets the provider of the model, such as `openai`. Shown on `llm` and `embedding` spans.
    pub fn model_provider<Form>(&mut self, model_provider: impl Label<Form>) -> &mut Self {
        replace(&mut self.model_provider, named(model_provider));
        self
    }

    /// Marks the span as failed. The attributes do this automatically for a function that returns `Err` or panics.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// let span = llmobs::tool("read").start();
    /// if let Err(error) = "x".parse::<u8>() {
    ///     span.annotate(|note| {
    ///         note.error(&error);
    ///     });
    /// }
    /// span.finish();
    /// let tree = "tool read  error core::num::error::ParseIntError: invalid digit found in string\n";
    /// assert_eq!(collector.tree(), tree);
    /// ```
    pub fn error<E: Error + ?Sized>(&mut self, error: &E) -> &mut Self {
        self.failure = Some(Failure::of_error::<E, E>(error));
        self
    }

    /// Marks the span as failed without an [`Error`], with the type of the failure and a message.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// let span = llmobs::tool("search").start();
    /// span.annotate(|note| {
    ///     note.failure("timeout", format_args!("no answer in {} s", 5));
    /// });
    /// span.finish();
    /// assert_eq!(collector.tree(), "tool search  error timeout: no answer in 5 s\n");
    /// ```
    pub fn failure(&mut self, kind: &str, message: impl Display) -> &mut Self {
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
        let left_out = LeftOut {
            tags: limits::set_all(&mut self.tags, MAX_TAGS, tags),
            metadata: limits::set_all(&mut self.metadata, MAX_METADATA, metadata),
            metrics: limits::set_all(&mut self.metrics, MAX_METRICS, metrics),
            links: 0,
            content: false,
        };
        replace(&mut self.failure, failure);
        match (&mut self.more, more) {
            (Some(more), Some(later)) => more.add(*later),
            (more, later) => replace(more, later),
        }
        if !left_out.is_nothing() {
            self.leave_out(left_out);
        }
    }

    /// Removes the content: input, output, metadata and similar data. Names, numbers, tags and the type of a failure are kept.
    pub(crate) fn strip(&mut self) {
        (self.input, self.output) = (None, None);
        self.metadata = BTreeMap::new();
        self.failure = self.failure.take().map(Failure::without_text);
        if let Some(more) = &mut self.more {
            let More { cost_tags, links, name, kind, apm_trace_id, skip_error, .. } =
                std::mem::take(&mut **more);
            **more = More { cost_tags, links, name, kind, apm_trace_id, skip_error, ..More::default() };
        }
    }

    /// Merges a weaker annotation, which this one overrides.
    pub(crate) fn add_under(&mut self, mut weaker: Self) {
        let left_out = LeftOut {
            tags: limits::make_room(&mut weaker.tags, MAX_TAGS, &self.tags),
            metadata: limits::make_room(&mut weaker.metadata, MAX_METADATA, &self.metadata),
            metrics: limits::make_room(&mut weaker.metrics, MAX_METRICS, &self.metrics),
            links: 0,
            content: false,
        };
        if !left_out.is_nothing() {
            weaker.leave_out(left_out);
        }
        weaker.add(std::mem::replace(self, Self::new(self.limit)));
        *self = weaker;
    }

    /// Counts values that were left out.
    #[cold]
    #[inline(never)]
    fn leave_out(&mut self, left_out: LeftOut) {
        self.more().left_out.add(left_out);
    }

    /// Returns the number of values that were left out because they were beyond the limits.
    pub(crate) fn left_out(&self) -> LeftOut {
        self.more.as_ref().map(|more| more.left_out).unwrap_or_default()
    }

    /// Adds a tag. A tag can put a span into a session, but not remove it from one.
    pub(crate) fn set_tag(&mut self, key: String, value: &dyn Display) {
        match shown(value) {
            Some(text) if text.is_empty() && key == "session_id" => {}
            Some(text) => {
                let key = cut(key, MAX_LABEL_BYTES);
                if limits::has_room(&self.tags, MAX_TAGS, &key) {
                    self.tags.insert(key, text);
                } else {
                    self.leave_out(LeftOut { tags: 1, ..LeftOut::default() });
                }
            }
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
                if limits::has_room(&self.metrics, MAX_METRICS, &key) {
                    self.metrics.insert(key, number);
                } else {
                    self.leave_out(LeftOut { metrics: 1, ..LeftOut::default() });
                }
            }
        }
    }

    pub(crate) fn set_metadata(&mut self, key: String, value: Captured) {
        if key == "_dd" {
            warn_limited!("the metadata key \"_dd\" is reserved for Datadog; choose another name");
            return;
        }
        let key = cut(key, MAX_LABEL_BYTES);
        if limits::has_room(&self.metadata, MAX_METADATA, &key) {
            self.metadata.insert(key, value);
        } else {
            self.leave_out(LeftOut { metadata: 1, ..LeftOut::default() });
        }
    }

    /// Adds the key of a tag by which costs are broken down.
    pub(crate) fn add_cost_tag(&mut self, key: String) {
        self.more().add_cost_tag(key);
    }

    #[inline]
    pub(crate) fn has_cost_tags(&self) -> bool {
        self.more.as_ref().is_some_and(|more| !more.cost_tags.is_empty())
    }

    /// Takes out the cost tags.
    pub(crate) fn take_cost_tags(&mut self) -> Vec<String> {
        self.more.as_mut().map(|more| std::mem::take(&mut more.cost_tags)).unwrap_or_default()
    }

    /// Returns a copy of the parts that tags are made of.
    pub(crate) fn for_tags(&self) -> Self {
        Self { tags: self.tags.clone(), more: self.more.clone(), ..Self::new(self.limit) }
    }

    /// Sets the version of the agent.
    pub(crate) fn set_agent_version(&mut self, version: String) {
        self.more().agent.get_or_insert_with(AgentManifest::new).version = Some(version);
    }

    /// Keeps the parts that spans of this kind show. An `llm` span without a prompt gets that of its parent. A span of any kind that was
    /// given a prompt has a tag about it.
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
                "the model of a span is not shown: annotate an llm or embedding span with it, not one of the kind {kind}"
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
                "the version or manifest of an agent is not shown: annotate an agent span with it, not one of the kind {kind}"
            );
        }
    }

    /// The fields that few spans have, created if they are missing.
    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// The name that was set after the start.
    pub(crate) fn late_name(&self) -> Option<&str> {
        self.more.as_ref()?.name.as_deref()
    }

    /// The kind that was set after the start.
    pub(crate) fn late_kind(&self) -> Option<Kind> {
        self.more.as_ref()?.kind
    }

    pub(crate) fn apm_trace_id(&self) -> Option<TraceId> {
        self.more.as_ref()?.apm_trace_id
    }

    /// Returns whether integrations observed anything.
    pub(crate) fn is_observed(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.observed.is_some())
    }

    /// Takes out what integrations observed.
    pub(crate) fn take_observed(&mut self) -> Option<Observed> {
        self.more.as_mut()?.observed.take().map(Arc::unwrap_or_clone)
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
            self.add_cost_tag(key);
        }
        match (&mut self.agent, later.agent) {
            (Some(agent), Some(later)) => agent.add(later),
            (agent, later) => replace(agent, later),
        }
        self.add_links(later.links.into_iter());
        replace(&mut self.intent, later.intent);
        replace(&mut self.inherited_prompt, later.inherited_prompt);
        replace(&mut self.tool_version, later.tool_version);
        replace(&mut self.name, later.name);
        replace(&mut self.kind, later.kind);
        replace(&mut self.apm_trace_id, later.apm_trace_id);
        self.skip_error |= later.skip_error;
        match (&mut self.observed, later.observed) {
            (Some(observed), Some(later)) => Arc::make_mut(observed).add(Arc::unwrap_or_clone(later)),
            (observed, later) => replace(observed, later),
        }
        self.left_out.add(later.left_out);
    }

    fn add_cost_tag(&mut self, key: String) {
        if self.cost_tags.contains(&key) {
            return;
        }
        if self.cost_tags.len() < MAX_TAGS {
            self.cost_tags.push(key);
        } else {
            self.left_out.tags += 1;
        }
    }

    fn add_links(&mut self, mut further: impl Iterator<Item = SpanRef>) {
        let room = MAX_LINKS.saturating_sub(self.links.len());
        self.links.extend(further.by_ref().take(room));
        self.left_out.links += further.count();
    }

    fn bytes(&self) -> usize {
        let tools = self.tool_definitions.iter().flat_map(|tools| tools.iter());
        size_of::<Self>()
            + [&self.prompt, &self.inherited_prompt].into_iter().flatten().map(share).sum::<usize>()
            + tools.map(ToolDefinition::bytes).sum::<usize>()
            + self.cost_tags.iter().map(String::len).sum::<usize>()
            + self.agent.as_ref().map_or(0, AgentManifest::bytes)
            + self.links.iter().map(|link| link.trace_id.len() + link.span_id.len()).sum::<usize>()
            + self.observed.as_ref().map_or(0, |observed| observed.bytes())
            + lengths([&self.intent, &self.tool_version, &self.name])
    }
}

/// Returns the part of a shared prompt's memory that is charged to one of its holders. All spans inside a context share one prompt.
fn share(prompt: &Arc<Prompt>) -> usize {
    prompt.bytes() / Arc::strong_count(prompt).saturating_sub(1).max(1)
}

#[cfg(test)]
mod tests;
