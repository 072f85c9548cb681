//! The calls that attributes expand to: a call of an instrumented function is described, runs, and ends.

mod ending;
mod folded;
mod notes;
mod setup;
mod sink;

use std::any::Any;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::context::{Attached, Context};
use super::frame::Frame;
use super::local::{self, Entered};
use super::slot::Slot;
#[cfg(feature = "stream")]
use super::span::Span;
use super::span::record_panic;
use super::start::Draft;
use crate::base::kind::Kind;
use crate::deliver::sender::any_open;
use crate::model::failure::Failure;

pub use ending::{Ending, ErrorSink, ErrorText};
pub use folded::Folded;
pub use notes::Notes;
pub use setup::Setup;
pub use sink::Sink;

/// The span of one call of an instrumented function: prepared, running, ended.
///
/// A running call that is dropped was cancelled, unless a panic was recorded: for example the call of an `async fn` whose future is dropped
/// early. A prepared call that is dropped makes no span.
#[derive(Debug, Default)]
#[must_use = "a call that is dropped was cancelled"]
pub struct Call(State);

#[derive(Debug, Default)]
enum State {
    /// The call is not recorded, or has ended.
    #[default]
    Idle,
    /// The call is described and has not begun.
    Prepared(Draft),
    Running(Arc<Frame>),
}

impl Call {
    /// Begins a call now, if a client records it. `describe` captures what is known before the body runs.
    #[inline]
    pub fn enter(kind: Kind, name: &'static str, describe: impl FnOnce(&mut Setup<'_>)) -> Self {
        if any_open() { enter(kind, name, describe) } else { Self(State::Idle) }
    }

    /// Prepares a call that begins later, under the span that is current then.
    #[inline]
    pub fn later(kind: Kind, name: &'static str, describe: impl FnOnce(&mut Setup<'_>)) -> Self {
        if any_open() {
            Self::described(Draft::later(kind, Cow::Borrowed(name)), describe)
        } else {
            Self(State::Idle)
        }
    }

    /// Sets the parent of a call, if the program names one.
    #[inline]
    pub fn under(parent: impl FnOnce() -> Option<Context>) -> Under {
        let is_recorded = any_open();
        let parent = if is_recorded { notes::evaluated("parent", parent).flatten() } else { None };
        Under { is_recorded, parent }
    }

    #[inline]
    fn described(mut draft: Draft, describe: impl FnOnce(&mut Setup<'_>)) -> Self {
        if let Some(frame) = draft.frame() {
            describe(&mut Setup::new(frame));
        }
        Self(State::Prepared(draft))
    }

    /// Returns whether the call has not begun.
    pub(crate) fn is_prepared(&self) -> bool {
        matches!(self.0, State::Prepared(_))
    }

    /// Begins the span, unless it has begun.
    pub(crate) fn begin(&mut self) {
        if let State::Prepared(_) = self.0
            && let State::Prepared(draft) = std::mem::take(&mut self.0)
        {
            self.0 = draft.start().map_or(State::Idle, State::Running);
        }
    }

    #[cold]
    fn give_up(&mut self) {
        if let State::Running(mut frame) = std::mem::take(&mut self.0) {
            frame.cancel();
            if Frame::end_now(&mut frame) {
                local::recycle(frame);
            }
        }
    }

    /// Records a panic of the body, and resumes it.
    #[cold]
    fn panicked(&self, payload: Box<dyn Any + Send>) -> ! {
        if let Some(frame) = self.frame() {
            frame.fail(Failure::of_panic(&*payload));
        }
        resume_unwind(payload)
    }

    /// Returns the span while it runs.
    pub(crate) fn frame(&self) -> Option<&Arc<Frame>> {
        if let State::Running(frame) = &self.0 { Some(frame) } else { None }
    }

    /// Runs the body of a function inside the span.
    ///
    /// The body is a `FnOnce`, so that it can return what it borrowed from its arguments.
    #[inline]
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        match self.frame() {
            None => body(),
            Some(frame) => run(frame, body),
        }
    }

    /// Runs the body of a function inside the span, and ends the span. `describe` captures what the body returned, if a span is recorded.
    #[inline]
    pub fn complete<R>(self, body: impl FnOnce() -> R, describe: impl FnOnce(&mut Ending, &R)) -> R {
        // Checked first, so that a call that is not recorded does nothing else.
        if matches!(self.0, State::Idle) {
            std::mem::forget(self);
            return body();
        }
        complete(self, body, describe)
    }

    /// Runs the body of a function that returns a future, stream or iterator. The span begins later, at the first poll. If the body panics,
    /// there will be no poll, so the span is made here to show the panic.
    pub fn run_before<R>(&mut self, body: impl FnOnce() -> R) -> R {
        let Self(State::Prepared(_)) = self else { return body() };
        catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
            self.begin();
            self.panicked(payload)
        })
    }

    /// Makes the span current for a body that cannot be moved into a closure. The span ends when the guard is dropped.
    pub fn attach(&self) -> InPlace {
        let frame = self.frame().cloned();
        let attached = frame.clone().map(|frame| Context(Slot::Span(frame)).attach());
        InPlace { frame, _attached: attached, panicking: std::thread::panicking() }
    }

    /// Ends the span. `describe` captures what the body returned, if a span is recorded.
    #[inline]
    pub fn end(mut self, describe: impl FnOnce(&mut Ending)) {
        if let State::Running(frame) = std::mem::take(&mut self.0) {
            end(frame, describe);
        }
    }

    /// Ends the span, if there is one. What the body returned is added to the result.
    pub(crate) fn ending(mut self) -> Option<Ending> {
        if let State::Running(frame) = std::mem::take(&mut self.0) { Some(Ending::new(frame)) } else { None }
    }
}

/// The parent of a call, if the program names one.
#[derive(Debug)]
pub struct Under {
    is_recorded: bool,
    parent: Option<Context>,
}

impl Under {
    fn draft(self, kind: Kind, name: &'static str) -> Option<Draft> {
        self.is_recorded.then(|| {
            let mut draft = Draft::later(kind, Cow::Borrowed(name));
            if let Some(Context(slot)) = &self.parent {
                draft.set_parent(slot);
            }
            draft
        })
    }

    /// Like [`Call::enter`].
    pub fn enter(self, kind: Kind, name: &'static str, describe: impl FnOnce(&mut Setup<'_>)) -> Call {
        let mut call = self.later(kind, name, describe);
        call.begin();
        call
    }

    /// Like [`Call::later`].
    pub fn later(self, kind: Kind, name: &'static str, describe: impl FnOnce(&mut Setup<'_>)) -> Call {
        self.draft(kind, name).map_or_else(Call::default, |draft| Call::described(draft, describe))
    }
}

/// This function and the next ones are separate, so that what only a recorded call needs takes no stack in the instrumented function.
#[inline(never)]
fn enter(kind: Kind, name: &'static str, describe: impl FnOnce(&mut Setup<'_>)) -> Call {
    let started = Draft::here(kind, Cow::Borrowed(name))
        .and_then(|draft| draft.start_with(|frame| describe(&mut Setup::new(frame))));
    Call(started.map_or(State::Idle, State::Running))
}

#[inline(never)]
fn complete<R>(mut call: Call, body: impl FnOnce() -> R, describe: impl FnOnce(&mut Ending, &R)) -> R {
    let State::Running(frame) = std::mem::take(&mut call.0) else { return body() };
    let outer = local::replace(Slot::Span(Arc::clone(&frame)));
    let outcome = catch_unwind(AssertUnwindSafe(body));
    drop(local::replace(outer));
    match outcome {
        Ok(returned) => {
            end(frame, |ending| describe(ending, &returned));
            returned
        }
        Err(payload) => Call(State::Running(frame)).panicked(payload),
    }
}

#[inline(never)]
fn run<R>(frame: &Arc<Frame>, body: impl FnOnce() -> R) -> R {
    let _entered = Entered::new(Slot::Span(Arc::clone(frame)));
    record_panic(frame, body)
}

#[inline(never)]
fn end(frame: Arc<Frame>, describe: impl FnOnce(&mut Ending)) {
    describe(&mut Ending::new(frame));
}

#[cfg(feature = "stream")]
impl Call {
    /// Creates a call from a span that was started manually.
    pub(crate) fn of_span(mut span: Span) -> Self {
        Self(span.0.take().map_or(State::Idle, State::Running))
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if !matches!(self.0, State::Idle) {
            self.give_up();
        }
    }
}

/// Keeps the span of a call current, and ends it when dropped. The value that the function returned is not captured.
#[derive(Debug)]
#[must_use = "the span ends when this is dropped"]
pub struct InPlace {
    frame: Option<Arc<Frame>>,
    _attached: Option<Attached>,
    /// Whether the thread was already panicking.
    panicking: bool,
}

impl Drop for InPlace {
    fn drop(&mut self) {
        if let Some(frame) = &self.frame {
            if !self.panicking && std::thread::panicking() {
                frame.fail(Failure::of_unseen_panic());
            }
            frame.finish();
        }
    }
}
