//! Manually created spans: start, annotate, finish. Dropping a span also finishes it.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::SystemTime;

use llmobs_capture::Label;
use llmobs_capture::text::{MAX_LABEL_BYTES, cut};
use llmobs_capture::value::named;

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
        /// If the name is empty, the span is named after its kind.
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
    /// Begins a `tool` span: a call to an external program or service.
    tool => Tool;
    /// Begins an `llm` span: a call to a large language model.
    llm => Llm;
    /// Begins an `embedding` span: a call that turns text into vectors.
    embedding => Embedding;
    /// Begins a `retrieval` span: a search that returns documents from a knowledge base.
    retrieval => Retrieval;
}

/// A span that has a name but has not begun. Created by [`workflow`], [`agent`], [`task`], [`tool`], [`llm`], [`embedding`] and
/// [`retrieval`], and by [`Span::builder`].
///
/// Each method also takes an `Option`, where `None` changes nothing.
#[derive(Debug)]
#[must_use = "a span begins when `start` is called"]
pub struct SpanBuilder(Option<Building>);

/// A span that is being built.
#[derive(Debug)]
enum Building {
    /// Only the kind and the name are known.
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

    /// Sets a parent other than the current span: a [`Span`], a [`Context`], a reference to one, or an `Option` of one, where `None`
    /// changes nothing.
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

    /// Sets when the span began, for work that is recorded afterwards. Default: the moment of [`start`](Self::start).
    ///
    /// Datadog accepts spans that are at most 24 hours old. See [`Span::finish_at`] for the end.
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
    pub fn start_time(self, time: impl Into<Option<SystemTime>>) -> Self {
        match time.into() {
            Some(time) => self.set(|frame| frame.set_start(clock::nanos_of(time))),
            None => self,
        }
    }

    /// Sets a short text, unless it is empty or absent.
    fn label<Form>(self, text: impl Label<Form>, set: impl FnOnce(&mut Frame, String)) -> Self {
        if self.0.is_none() {
            return self;
        }
        match named(text) {
            Some(text) => self.set(|frame| set(frame, text)),
            None => self,
        }
    }

    /// Sets the version of an agent, which is sent as the tag `agent_version`, on an `agent` span.
    pub fn version<Form>(self, version: impl Label<Form>) -> Self {
        self.label(version, |frame, version| frame.annotation().set_agent_version(version))
    }

    /// Adds a tag that the span has from its start, where [sampling rules](crate::SamplingRule) of its trace see it: see
    /// [`Annotation::tag`].
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

    /// Sets the session, such as one conversation, of this span and those inside it.
    ///
    /// Default: that of the enclosing span, else the first one set in the same trace.
    pub fn session_id<Form>(self, session_id: impl Label<Form>) -> Self {
        self.label(session_id, Frame::set_session_id)
    }

    /// Sets the application of this span and those inside it.
    ///
    /// Default: that of the enclosing span, else the one of the configuration.
    pub fn ml_app<Form>(self, ml_app: impl Label<Form>) -> Self {
        self.label(ml_app, Frame::set_ml_app)
    }

    /// Sets the name of the model, such as `gpt-4o`. Shown on `llm` and `embedding` spans; default `unknown`.
    pub fn model_name<Form>(self, model_name: impl Label<Form>) -> Self {
        self.label(model_name, |frame, name| frame.annotation().model_name = Some(name))
    }

    /// Sets the provider of the model, such as `openai`, in any case. Shown on `llm` and `embedding` spans; default `unknown`.
    pub fn model_provider<Form>(self, model_provider: impl Label<Form>) -> Self {
        self.label(model_provider, |frame, provider| frame.annotation().model_provider = Some(provider))
    }

    /// Sets the integration that makes the span, as the tag `integration`: the name of the library that is traced, such as `openai`.
    pub fn integration<Form>(self, name: impl Label<Form>) -> Self {
        self.tag("integration", name)
    }

    /// Begins the span, as a child of the current span.
    ///
    /// The new span does not become current: see [`Span::enter`], [`Span::attach`] and
    /// [`FutureSpanExt::in_span`](crate::FutureSpanExt::in_span).
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
/// It is `Send` and `Sync`: it can be annotated and finished from any thread. When llmobs is not enabled, a span is empty, and using it
/// costs and records nothing.
#[must_use = "a span ends when it is dropped"]
pub struct Span(pub(crate) Option<Arc<Frame>>);

impl Span {
    /// Describes a span whose kind is known only at run time. For a fixed kind, use [`workflow`] and the other functions. If the name is
    /// empty, the span is named after its kind.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// let kind: llmobs::Kind = "tool".parse()?;
    /// llmobs::Span::builder(kind, "search").start().finish();
    /// assert_eq!(collector.tree(), "tool search\n");
    /// # Ok::<(), llmobs::convert::ParseKindError>(())
    /// ```
    pub fn builder(kind: Kind, name: impl Into<Cow<'static, str>>) -> SpanBuilder {
        SpanBuilder::new(kind, name)
    }

    /// Runs `f` with this span current, so that spans started inside are its children. The span continues afterwards.
    ///
    /// If `f` panics, the span is marked as failed, and the panic continues.
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

    /// Returns a handle to make this span current elsewhere: see [`Context`].
    #[must_use]
    pub fn context(&self) -> Context {
        self.0.as_ref().map_or_else(current, |frame| Context(Slot::Span(Arc::clone(frame))))
    }

    /// Adds input, output, metadata, metrics or tags to this span, from any thread.
    ///
    /// On an empty span, the closure is not called.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// let span = llmobs::tool("search").start();
    /// span.annotate(|note| {
    ///     note.input("spans");
    ///     for (index, hit) in ["a", "b"].iter().enumerate() {
    ///         note.tag(format!("hit.{index}"), hit);
    ///     }
    /// });
    /// span.finish();
    /// assert_eq!(collector.tree(), "tool search  in spans\n");
    /// ```
    pub fn annotate(&self, describe: impl FnOnce(&mut Annotation)) {
        if let Some(frame) = &self.0 {
            frame.annotate_with(describe);
        }
    }

    /// Writes this span to the headers of a request: see [`inject`](crate::inject).
    pub fn inject(&self, headers: &mut (impl Injector + ?Sized)) {
        if let Some(frame) = &self.0 {
            propagation::write(frame, headers);
        }
    }

    /// Returns a reference to this span, for evaluations, links and logs, or `None` for an empty span.
    #[must_use]
    pub fn export(&self) -> Option<SpanRef> {
        self.0.as_ref().map(|frame| frame.reference())
    }

    /// Ends the span at a time in the past, for work that is recorded afterwards: see [`SpanBuilder::start_time`].
    ///
    /// A time before the start is replaced by the start, with a warning.
    pub fn finish_at(self, time: SystemTime) {
        if let Some(frame) = &self.0 {
            frame.finish_at(clock::nanos_of(time));
        }
    }

    /// Ends the span as cancelled: with the tag `cancelled:true`, unless it failed.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// llmobs::llm("complete").start().cancel();
    /// assert_eq!(collector.tree(), "llm complete  cancelled\n");
    /// ```
    pub fn cancel(self) {
        if let Some(frame) = &self.0 {
            frame.cancel();
        }
    }

    /// Ends the span, as dropping it does. Its children may end before or after.
    pub fn finish(self) {}
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

/// Runs `f`. If it panics, marks the span as failed and resumes the panic with the same payload.
#[inline]
pub(crate) fn record_panic<R>(frame: &Frame, f: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|payload| panicked(frame, payload))
}

#[cold]
fn panicked(frame: &Frame, payload: Box<dyn Any + Send>) -> ! {
    frame.fail(Failure::of_panic(&*payload));
    resume_unwind(payload)
}
