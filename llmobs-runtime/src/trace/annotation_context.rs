//! Annotation contexts: annotations for every span that starts inside.

use std::fmt;

use llmobs_capture::value::{named, replace};
use llmobs_capture::{DEFAULT_LIMIT, Label};

use super::context::{Attached, Context, current};
use super::local;
use crate::deliver::sender::any_open;
use crate::model::agent::AgentManifest;
use crate::model::annotation::Annotation;
use crate::model::inherited::{AnnotatedContext, Contexts};
use crate::model::prompt::Prompt;
use crate::model::reference::SpanRef;

/// Begins an annotation context, which adds tags and other annotations to every span that starts inside.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// llmobs::annotation_context().tag("tenant", "acme").enter(|| {
///     let answer = llmobs::workflow("answer").start();
///     answer.enter(|| llmobs::task("search").start().finish());
///     answer.finish();
/// });
/// llmobs::task("outside").start().finish();
///
/// let tagged = |event: &serde_json::Value| event["tags"].to_string().contains("tenant:acme");
/// let tagged: Vec<bool> = collector.events().iter().map(tagged).collect();
/// assert_eq!(tagged, [true, true, false]);
/// ```
pub fn annotation_context() -> AnnotationContext {
    AnnotationContext(any_open().then(|| {
        let here = local::current();
        let limit = local::with_client(&here, |sender, _| sender.defaults.capture_limit);
        Box::new(Draft { name: None, annotation: Annotation::new(limit.unwrap_or(DEFAULT_LIMIT)) })
    }))
}

/// Annotations for every span that starts inside. Created by [`annotation_context`].
///
/// Contexts nest: an inner context overrides an outer one, and a span's own annotations, except for its name, override both. A span belongs
/// to the context in which it *starts*, even if it starts under a span or in a [`Context`] that was made elsewhere; spans inside a span
/// also belong to the contexts of that span, on whichever thread they start. Spans that were started before are not changed.
///
/// When llmobs is not enabled, a context costs nothing and does nothing.
#[derive(Clone)]
#[must_use = "an annotation context holds where it is attached or entered"]
pub struct AnnotationContext(Option<Box<Draft>>);

#[derive(Clone)]
struct Draft {
    name: Option<String>,
    annotation: Annotation,
}

impl AnnotationContext {
    fn set(mut self, set: impl FnOnce(&mut Draft)) -> Self {
        if let Some(draft) = &mut self.0 {
            set(draft);
        }
        self
    }

    fn annotate(self, annotate: impl FnOnce(&mut Annotation)) -> Self {
        self.set(|draft| annotate(&mut draft.annotation))
    }

    /// Adds a tag to each span: see [`Annotation::tag`].
    pub fn tag<Form>(self, key: impl Into<String>, value: impl Label<Form>) -> Self {
        self.annotate(|annotation| {
            annotation.tag(key, value);
        })
    }

    /// Adds several tags at once, as pairs.
    pub fn tags<K: Into<String>, V: Label<Form>, Form>(self, tags: impl IntoIterator<Item = (K, V)>) -> Self {
        self.annotate(|annotation| {
            annotation.tags(tags);
        })
    }

    /// Breaks down costs by a tag: see [`Annotation::cost_tag`]. Each span must have the tag when it starts: from this context, from one
    /// around it, or of its own.
    pub fn cost_tag<Form>(self, key: impl Label<Form>) -> Self {
        self.annotate(|annotation| {
            annotation.cost_tag(key);
        })
    }

    /// Adds several [cost tags](Self::cost_tag) at once.
    pub fn cost_tags<K: Label<Form>, Form>(self, keys: impl IntoIterator<Item = K>) -> Self {
        self.annotate(|annotation| {
            annotation.cost_tags(keys);
        })
    }

    /// Sets the session of each span: see [`Annotation::session_id`].
    pub fn session_id<Form>(self, session_id: impl Label<Form>) -> Self {
        self.annotate(|annotation| {
            annotation.session_id(session_id);
        })
    }

    /// Sets the prompt of each `llm` span: see [`Annotation::prompt`].
    pub fn prompt(self, prompt: impl Into<Option<Prompt>>) -> Self {
        self.annotate(|annotation| {
            annotation.prompt(prompt);
        })
    }

    /// Sets the manifest of each `agent` span: see [`Annotation::agent`].
    pub fn agent(self, manifest: impl Into<Option<AgentManifest>>) -> Self {
        self.annotate(|annotation| {
            annotation.agent(manifest);
        })
    }

    /// Records that the output of another span went into each span: see [`Annotation::link`].
    pub fn link(self, source: impl Into<Option<SpanRef>>) -> Self {
        self.annotate(|annotation| {
            annotation.link(source);
        })
    }

    /// Adds several [links](Self::link) at once.
    pub fn links(self, sources: impl IntoIterator<Item = SpanRef>) -> Self {
        self.annotate(|annotation| {
            annotation.links(sources);
        })
    }

    /// Renames each span. An empty name changes nothing.
    pub fn name<Form>(self, name: impl Label<Form>) -> Self {
        self.set(|draft| replace(&mut draft.name, named(name)))
    }

    /// Runs `f` in the context.
    pub fn enter<R>(self, f: impl FnOnce() -> R) -> R {
        match self.0 {
            Some(_) => self.context().enter(f),
            None => f(),
        }
    }

    /// Makes the context current on this thread until the guard is dropped. Not for async code: see [`context`](Self::context).
    pub fn attach(self) -> Attached {
        self.context().attach()
    }

    /// Returns the current context with these annotations added, as a handle to carry to other threads and into futures.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// use llmobs::FutureSpanExt as _;
    ///
    /// async fn answer() {
    ///     llmobs::task("search").start().finish();
    /// }
    ///
    /// let context = llmobs::annotation_context().name("lookup").context();
    /// # pollster::block_on(
    /// answer().in_context(context)
    /// # );
    /// # assert_eq!(collector.tree(), "task lookup\n");
    /// ```
    #[must_use]
    pub fn context(self) -> Context {
        let here = current();
        let Some(Draft { name, mut annotation }) = self.0.map(|draft| *draft) else { return here };
        let session_id = annotation.tags.remove("session_id").map(Into::into);
        let cost_tags = annotation.take_cost_tags();
        let own = AnnotatedContext { name: name.map(Into::into), session_id, cost_tags, annotation };
        Context(here.0.with_context(|outer| Contexts::inside(outer, own.into())))
    }
}

/// Omits the content, which may be secret.
impl fmt::Debug for AnnotationContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnnotationContext").finish_non_exhaustive()
    }
}
