//! Spans made by hand: start, annotate, finish. Dropping finishes too.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::{self, Display};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::SystemTime;

use llmobs_capture::text::{MAX_LABEL_BYTES, cut, label};

use super::context::{Attached, Context, current};
use super::frame::Frame;
use super::local;
use super::parent::{Parent, sealed};
use super::propagation::{self, Injector};
use super::slot::Slot;
use super::start::Draft;
use crate::base::clock;
use crate::base::kind::Kind;
use crate::deliver::sender::any_open;
use crate::model::annotation::Annotation;
use crate::model::failure::Failure;
use crate::model::reference::SpanRef;

macro_rules! kinds {
    ($($(#[$doc:meta])* $function:ident => $kind:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// An empty name takes the kind as name.
        ///
        /// ```
        /// # use llmobs_runtime as llmobs;
        #[doc = concat!("let span = llmobs::", stringify!($function), "(\"step\").start();")]
        /// span.enter(|| { /* what happens here is inside the span */ });
        /// span.finish();
        /// ```
        pub fn $function(name: impl Into<Cow<'static, str>>) -> SpanBuilder {
            SpanBuilder::new(Kind::$kind, name)
        }
    )*};
}

kinds! {
    /// Begins a `workflow` span: a fixed sequence of steps with at least one LLM call somewhere in it.
    workflow => Workflow;
    /// Begins an `agent` span: a sequence of steps that a model chooses for itself.
    agent => Agent;
    /// Begins a `task` span: one step of your own code that needs no outside service.
    task => Task;
    /// Begins a `tool` span: a call to a program or service outside.
    tool => Tool;
    /// Begins an `llm` span: a call to a large language model.
    llm => Llm;
    /// Begins an `embedding` span: a call that turns text into vectors.
    embedding => Embedding;
    /// Begins a `retrieval` span: a search that returns documents from a knowledge base.
    retrieval => Retrieval;
}

/// A span that has a name but has not begun. Made by [`workflow`], [`agent`], [`task`], [`tool`], [`llm`],
/// [`embedding`] and [`retrieval`].
#[derive(Debug)]
#[must_use = "a span begins when `start` is called"]
pub struct SpanBuilder(Option<Building>);

/// A span that is being built.
#[derive(Debug)]
enum Building {
    /// Nothing more is known.
    Named(Kind, Cow<'static, str>),
    Described(Draft),
}

impl SpanBuilder {
    fn new(kind: Kind, name: impl Into<Cow<'static, str>>) -> Self {
        if !any_open() {
            return Self(None);
        }
        let name = match name.into() {
            Cow::Owned(name) => Cow::Owned(cut(name, MAX_LABEL_BYTES)),
            written @ Cow::Borrowed(_) => written,
        };
        Self(Some(Building::Named(kind, name)))
    }

    fn describe(self, describe: impl FnOnce(&mut Draft)) -> Self {
        Self(self.0.map(|building| {
            let mut draft = match building {
                Building::Named(kind, name) => Draft::later(kind, name),
                Building::Described(draft) => draft,
            };
            describe(&mut draft);
            Building::Described(draft)
        }))
    }

    fn set(self, set: impl FnOnce(&mut Frame)) -> Self {
        self.describe(|draft| {
            if let Some(frame) = draft.frame() {
                set(frame);
            }
        })
    }

    fn annotate(self, set: impl FnOnce(&mut Annotation)) -> Self {
        self.set(|frame| set(frame.annotation()))
    }

    /// Begins the span under another one than that which is current: a [`Span`], a [`Context`], a reference to one, or an
    /// `Option` of one, where `None` changes nothing.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// let batch = llmobs::workflow("batch").start();
    /// let item = llmobs::task("item").parent(&batch).start();
    /// item.finish();
    /// batch.finish();
    /// assert_eq!(collector.tree(), "workflow batch\n└─ task item\n");
    /// ```
    pub fn parent(self, parent: impl Parent) -> Self {
        match parent.context() {
            Some(Context(slot)) => self.describe(|draft| draft.set_parent(&slot)),
            None => self,
        }
    }

    /// When the span began, for work that is recorded afterwards. Default: the moment of [`start`](Self::start).
    ///
    /// Datadog takes spans that are at most 24 hours old. See [`Span::finish_at`] for the end.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # use std::time::{Duration, UNIX_EPOCH};
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// let began = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    /// let span = llmobs::task("replayed").start_time(began).start();
    /// span.finish_at(began + Duration::from_millis(250));
    /// let event = &collector.events()[0];
    /// assert_eq!(event["start_ns"], 1_700_000_000_000_000_000_u64);
    /// assert_eq!(event["duration"], 250_000_000);
    /// ```
    pub fn start_time(self, time: SystemTime) -> Self {
        self.set(|frame| frame.set_start(clock::nanos_of(time)))
    }

    /// The version of an agent, as the tag `agent_version`, on an `agent` span.
    pub fn version(self, version: impl Display) -> Self {
        match label(&version) {
            Some(version) => self.annotate(|annotation| annotation.set_agent_version(version)),
            None => self,
        }
    }

    /// A tag that the span has from its start, where [sampling rules](crate::SamplingRule) of its trace see it: see
    /// [`Annotation::tag`].
    pub fn tag(self, key: impl Into<String>, value: impl Display) -> Self {
        self.annotate(|annotation| annotation.set_tag(key.into(), &value))
    }

    /// Several tags at once, as pairs.
    pub fn tags<K: Into<String>, V: Display>(self, tags: impl IntoIterator<Item = (K, V)>) -> Self {
        tags.into_iter().fold(self, |builder, (key, value)| builder.tag(key, value))
    }

    /// The session, such as one conversation, that this span and those inside it belong to.
    ///
    /// Default: that of the enclosing span, else the first one set in the same trace.
    pub fn session_id(self, session_id: impl Display) -> Self {
        self.set(|frame| frame.set_session_id(label(&session_id)))
    }

    /// The application that this span and those inside it belong to.
    ///
    /// Default: that of the enclosing span, else the one of the configuration.
    pub fn ml_app(self, ml_app: impl Display) -> Self {
        self.set(|frame| frame.set_ml_app(label(&ml_app)))
    }

    /// The name of the model, such as `gpt-4o`. Shown on `llm` and `embedding` spans; default `unknown`.
    pub fn model_name(self, model_name: impl Display) -> Self {
        self.annotate(|annotation| annotation.model_name = label(&model_name))
    }

    /// Who runs the model, such as `openai`, in any case. Shown on `llm` and `embedding` spans; default `unknown`.
    pub fn model_provider(self, model_provider: impl Display) -> Self {
        self.annotate(|annotation| annotation.model_provider = label(&model_provider))
    }

    /// Begins the span, as a child of the span that is current here.
    ///
    /// The new span does not become current by itself: see [`Span::enter`], [`Span::attach`] and
    /// [`FutureExt::in_span`](crate::FutureExt::in_span).
    pub fn start(self) -> Span {
        let frame = self.0.and_then(|building| match building {
            Building::Named(kind, name) => Draft::here(kind, name)?.start_with(|_| ()),
            Building::Described(mut draft) => {
                draft.frame()?.warn_of_misplaced();
                draft.start()
            }
        });
        Span(frame)
    }
}

/// A running span. It ends at [`finish`](Self::finish), or when it is dropped.
///
/// `Send` and `Sync`: it can be annotated and finished from any thread. When llmobs is not enabled a span is empty,
/// and nothing that is done with it costs or records anything.
#[must_use = "a span ends when it is dropped"]
pub struct Span(pub(crate) Option<Arc<Frame>>);

impl Span {
    /// Runs `f` with this span current, so that spans started inside are its children. The span goes on afterwards.
    ///
    /// When `f` panics the span is marked as failed, and the panic goes on.
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        let Some(frame) = &self.0 else { return f() };
        let outer = Context(Slot::Span(Arc::clone(frame))).make_current();
        let outcome = catch_unwind(AssertUnwindSafe(f));
        drop(local::replace(outer));
        outcome.unwrap_or_else(|payload| panicked(frame, payload))
    }

    /// Makes this span current on this thread until the guard is dropped. Not for async code: see
    /// [`Context::attach`].
    pub fn attach(&self) -> Attached {
        self.context().attach()
    }

    /// A handle to make this span current elsewhere: see [`Context`].
    #[must_use]
    pub fn context(&self) -> Context {
        self.0.as_ref().map_or_else(current, |frame| Context(Slot::Span(Arc::clone(frame))))
    }

    /// Puts input, output, metadata, metrics or tags on this span, from any thread.
    ///
    /// On an empty span the closure is not called. On a finished span the annotation is left out, with a warning.
    pub fn annotate(&self, describe: impl FnOnce(Annotation) -> Annotation) {
        if let Some(frame) = &self.0 {
            frame.annotate_with(describe);
        }
    }

    /// Writes this span into the headers of a request: see [`inject`](crate::inject).
    pub fn inject(&self, headers: &mut (impl Injector + ?Sized)) {
        if let Some(frame) = &self.0 {
            propagation::write(frame, headers);
        }
    }

    /// A reference to this span, for evaluations, links and logs; `None` for an empty span.
    #[must_use]
    pub fn export(&self) -> Option<SpanRef> {
        self.0.as_ref().map(|frame| frame.reference())
    }

    /// Ends the span at a time in the past, for work that is recorded afterwards: see [`SpanBuilder::start_time`].
    ///
    /// A time before the start counts as the start, with a warning.
    pub fn finish_at(&self, time: SystemTime) {
        if let Some(frame) = &self.0 {
            frame.finish_at(clock::nanos_of(time));
        }
    }

    /// Ends the span. A second call does nothing, and children may end before or after.
    pub fn finish(&self) {
        if let Some(frame) = &self.0 {
            frame.finish();
        }
    }
}

impl sealed::Sealed for Span {}
impl Parent for Span {
    fn context(&self) -> Option<Context> {
        Some(Self::context(self))
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(mut frame) = self.0.take()
            && Frame::end_now(&mut frame)
        {
            local::recycle(frame);
        }
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(frame) => write!(f, "Span({frame:?})"),
            None => f.write_str("Span(empty)"),
        }
    }
}

/// Runs `f`, and where it panics marks the span as failed and lets the panic go on with the same payload.
#[inline]
pub(crate) fn note_panic<R>(frame: &Frame, f: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|payload| panicked(frame, payload))
}

#[cold]
fn panicked(frame: &Frame, payload: Box<dyn Any + Send>) -> ! {
    frame.fail(Failure::of_panic(&*payload));
    resume_unwind(payload)
}
