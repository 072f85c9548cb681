//! Annotation contexts: what is said once about every span that starts inside.

use std::fmt::{self, Display};
use std::sync::Arc;

use crate::annotation::Annotation;
use crate::capture::{MAX_LABEL_BYTES, cut};
use crate::config::CAPTURE_LIMIT;
use crate::context::{Attached, Context, current};
use crate::facts::Facts;
use crate::manifest::AgentManifest;
use crate::prompt::Prompt;
use crate::reference::SpanRef;
use crate::sender::any_open;
use crate::span::Origin;

/// The annotation contexts that hold for every span that starts in them, the inner ones, which win, after the outer ones.
pub(crate) struct Ambient(Vec<Arc<Said>>);

/// What one annotation context says.
struct Said {
    name: Option<String>,
    /// The tag `session_id`, which is more than a tag.
    session_id: Option<Arc<str>>,
    facts: Facts,
}

impl Ambient {
    /// Both, each context once.
    pub(crate) fn both(outer: Option<&Arc<Self>>, inner: Option<&Arc<Self>>) -> Option<Arc<Self>> {
        let (Some(outer), Some(inner)) = (outer, inner) else { return outer.or(inner).cloned() };
        if inner.holds(outer) {
            return Some(Arc::clone(inner));
        }
        let further = inner.0.iter().filter(|said| !outer.says(said));
        Some(Arc::new(Self(outer.0.iter().chain(further).cloned().collect())))
    }

    /// Whether all that the other says is said here.
    pub(crate) fn holds(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || other.0.iter().all(|said| self.says(said))
    }

    fn says(&self, said: &Arc<Said>) -> bool {
        self.0.iter().any(|other| Arc::ptr_eq(other, said))
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|said| said.name.as_deref())
    }

    /// The session that these say, those left out that hold for the span above too: it has one by them, or says another.
    pub(crate) fn session_id(&self, above: Option<&Self>) -> Option<Arc<str>> {
        let mut new = self.0.iter().rev().filter(|said| above.is_none_or(|above| !above.says(said)));
        new.find_map(|said| said.session_id.clone())
    }

    pub(crate) fn facts(&self) -> Facts {
        let mut each = self.0.iter().map(|said| said.facts.clone());
        let outermost = each.next().unwrap_or_default();
        each.fold(outermost, |mut facts, inner| {
            facts.add(inner);
            facts
        })
    }
}

/// Begins an annotation context: tags and other things that every span started inside gets.
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
        let limit = Origin::here().map_or(CAPTURE_LIMIT, |origin| origin.capture_limit());
        Box::new(Draft { name: None, said: Annotation::new(limit) })
    }))
}

/// What every span that starts inside gets. Made by [`annotation_context`].
///
/// Contexts nest: the inner one wins over the outer one, and what a span says itself, but for its name, wins over both. A span
/// belongs to the context in which it *starts*, also where it starts under a span or in a [`Context`] that was made elsewhere;
/// spans inside a span belong to the contexts of that span too, on whichever thread they start. Spans that were started before
/// are left as they are.
///
/// When llmobs is not enabled, nothing here costs or does anything.
#[derive(Clone)]
#[must_use = "an annotation context holds where it is attached or entered"]
pub struct AnnotationContext(Option<Box<Draft>>);

#[derive(Clone)]
struct Draft {
    name: Option<String>,
    said: Annotation,
}

impl AnnotationContext {
    fn set(mut self, set: impl FnOnce(Annotation) -> Annotation) -> Self {
        if let Some(mut draft) = self.0.take() {
            draft.said = set(draft.said);
            self.0 = Some(draft);
        }
        self
    }

    /// A tag for each span: see [`Annotation::tag`].
    pub fn tag(self, key: impl Into<String>, value: impl Display) -> Self {
        self.set(|said| said.tag(key, value))
    }

    /// Several tags at once, as pairs.
    pub fn tags<K: Into<String>, V: Display>(self, tags: impl IntoIterator<Item = (K, V)>) -> Self {
        self.set(|said| said.tags(tags))
    }

    /// A tag to break costs down by: see [`Annotation::cost_tag`].
    pub fn cost_tag(self, key: impl Into<String>) -> Self {
        self.set(|said| said.cost_tag(key))
    }

    /// The prompt of each `llm` span: see [`Annotation::prompt`].
    pub fn prompt(self, prompt: Prompt) -> Self {
        self.set(|said| said.prompt(prompt))
    }

    /// What each `agent` span is made of: see [`Annotation::agent`].
    pub fn agent(self, manifest: AgentManifest) -> Self {
        self.set(|said| said.agent(manifest))
    }

    /// Says that the output of another span went into each span: see [`Annotation::link`].
    pub fn link(self, source: impl Into<Option<SpanRef>>) -> Self {
        self.set(|said| said.link(source))
    }

    /// Another name for each span. An empty one changes nothing.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        if let Some(draft) = &mut self.0 {
            let name = Some(cut(name.into(), MAX_LABEL_BYTES)).filter(|name| !name.is_empty());
            draft.name = name.or(draft.name.take());
        }
        self
    }

    /// Runs `f` in the context.
    pub fn enter<R>(self, f: impl FnOnce() -> R) -> R {
        match self.0 {
            Some(_) => self.context().enter(f),
            None => f(),
        }
    }

    /// Holds on this thread until the guard is dropped. Not for async code: see [`context`](Self::context).
    pub fn attach(self) -> Attached {
        self.context().attach()
    }

    /// What is current here with this added: a handle to carry to other threads, and into futures.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// use llmobs::FutureExt as _;
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
        match self.0.map(|draft| *draft) {
            Some(Draft { name, said: Annotation { mut facts, .. } }) => {
                let session_id = facts.tags.remove("session_id").map(Into::into);
                let own = Arc::new(Ambient(vec![Arc::new(Said { name, session_id, facts })]));
                Context(here.0.with_ambient(Ambient::both(here.0.ambient(), Some(&own))))
            }
            None => here,
        }
    }
}

/// Without what it says, which may be secret.
impl fmt::Debug for AnnotationContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnnotationContext").finish_non_exhaustive()
    }
}
