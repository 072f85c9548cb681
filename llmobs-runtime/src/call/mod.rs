//! What the attributes expand to: one call of an instrumented function, from what is known before it to what it returned.

mod ending;
mod folded;
mod notes;
mod setup;

use std::sync::Arc;

use crate::context::{Attached, Context, Slot};
use crate::failure::Failure;
use crate::frame::Frame;
use crate::kind::Kind;
use crate::sender::any_open;
use crate::span::{Origin, Span, note_panic};
use crate::wrap::InContext;

pub use ending::Ending;
pub use folded::Folded;
pub use notes::Notes;
pub use setup::Setup;

/// The span of one call of an instrumented function: prepared, begun, ended.
///
/// Dropped between [`begin`](Self::begin) and [`end`](Self::end) the call was cancelled, unless a panic was noted: an
/// `async fn` whose future was dropped half-way. Dropped before, it never was.
#[derive(Debug, Default)]
#[must_use = "a call that is dropped was cancelled"]
pub struct Call(State);

#[derive(Debug, Default)]
enum State {
    /// There is nothing to record it, or it has ended.
    #[default]
    Idle,
    /// Described, and not begun.
    Prepared(Box<Setup>),
    Running(Arc<Frame>),
}

impl Call {
    /// Prepares a call that begins here and now, if there is anything to record it.
    #[inline]
    pub fn new(kind: Kind, name: &'static str) -> Self {
        if any_open() { Self::prepared(Origin::here(), kind, name) } else { Self::default() }
    }

    /// Prepares a call that begins later, under what is current then.
    #[inline]
    pub fn later(kind: Kind, name: &'static str) -> Self {
        if any_open() { Self(State::Prepared(Setup::new(None, kind, name))) } else { Self::default() }
    }

    /// Prepares a call under a parent that the program names, if it does name one.
    pub fn under(parent: impl FnOnce() -> Option<Context>, kind: Kind, name: &'static str) -> Self {
        if !any_open() {
            return Self::default();
        }
        match notes::evaluated("parent", parent).flatten() {
            // What is current where options are evaluated stands for what is current here.
            Some(Context(Slot::Muted)) => Self::prepared(Origin::here(), kind, name),
            Some(Context(slot)) => Self::prepared(Origin::under(slot), kind, name),
            None => Self(State::Prepared(Setup::new(None, kind, name))),
        }
    }

    fn prepared(origin: Option<Origin>, kind: Kind, name: &'static str) -> Self {
        Self(origin.map_or(State::Idle, |origin| State::Prepared(Setup::new(Some(origin), kind, name))))
    }

    /// Where to say what is known before the body runs; `None` where nothing is recorded.
    #[inline]
    pub fn setup(&mut self) -> Option<&mut Setup> {
        if let State::Prepared(setup) = &mut self.0 { Some(setup) } else { None }
    }

    /// Begins the span, unless it has begun.
    #[inline]
    pub fn begin(&mut self) {
        if let State::Prepared(_) = self.0 {
            self.start();
        }
    }

    fn start(&mut self) {
        if let State::Prepared(setup) = std::mem::take(&mut self.0)
            && let Some(frame) = setup.start()
        {
            self.0 = State::Running(frame);
        }
    }

    /// The span while it runs.
    pub(crate) fn frame(&self) -> Option<&Arc<Frame>> {
        if let State::Running(frame) = &self.0 { Some(frame) } else { None }
    }

    /// Runs the body of a function inside the span.
    ///
    /// That the body comes as a `FnOnce` is what lets it return what it borrowed from its arguments.
    #[inline]
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        match self.frame() {
            Some(frame) => note_panic(frame, || Context(Slot::Span(Arc::clone(frame))).enter(body)),
            None => body(),
        }
    }

    /// Runs the body of a function that makes a future, stream or iterator, before the span begins: that is when the
    /// first piece of it runs. Where the body panics nothing will, so that the span is made to say so.
    pub fn run_before<R>(&mut self, body: impl FnOnce() -> R) -> R {
        let Self(State::Prepared(_)) = self else { return body() };
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or_else(|payload| {
            self.begin();
            if let Some(frame) = self.frame() {
                frame.fail(Failure::of_panic(&*payload));
            }
            std::panic::resume_unwind(payload)
        })
    }

    /// Runs the body of an `async fn` inside the span.
    pub fn run_async<F: Future>(&self, body: F) -> InContext<F> {
        InContext::in_frame(body, self.frame())
    }

    /// Makes the span current for a body that has to stay where it is, and ends the span with it.
    pub fn attach(&self) -> Entered {
        let frame = self.frame().cloned();
        let attached = frame.clone().map(|frame| Context(Slot::Span(frame)).attach());
        Entered { frame, _attached: attached, panicking: std::thread::panicking() }
    }

    /// Ends the span, and tells where to say what the body returned.
    #[inline]
    #[must_use]
    pub fn end(mut self) -> Option<Ending> {
        match std::mem::take(&mut self.0) {
            State::Running(frame) => Some(Ending::new(frame)),
            _ => None,
        }
    }
}

impl From<Span> for Call {
    /// Takes over a span that was made by hand.
    fn from(mut span: Span) -> Self {
        Self(span.0.take().map_or(State::Idle, State::Running))
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if let State::Running(frame) = &self.0 {
            frame.cancel();
            frame.finish();
        }
    }
}

/// Keeps the span of a call current, and ends it when it is dropped. What the function returned is not seen.
#[derive(Debug)]
#[must_use = "the span ends when this is dropped"]
pub struct Entered {
    frame: Option<Arc<Frame>>,
    _attached: Option<Attached>,
    /// Whether a panic was under way before.
    panicking: bool,
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(frame) = &self.frame {
            if !self.panicking && std::thread::panicking() {
                frame.fail(Failure::of_unseen_panic());
            }
            frame.finish();
        }
    }
}

/// Where the JSON text of one value goes.
#[derive(Debug)]
pub struct Sink<'a> {
    out: Option<&'a mut String>,
    limit: usize,
    /// Told when the text is not the value itself but says something about it.
    about: Option<&'a mut bool>,
}

impl<'a> Sink<'a> {
    /// Appends to `out` at most about `limit` bytes, or throws the value away.
    pub(crate) fn new(out: Option<&'a mut String>, limit: usize) -> Self {
        Self { out, limit, about: None }
    }

    /// Calls `write` with the text and the budget, unless the value is not wanted.
    pub(crate) fn put(self, write: impl FnOnce(&mut String, usize)) {
        if let Some(out) = self.out {
            write(out, self.limit);
        }
    }

    /// As [`put`](Self::put), for a text about the value, such as its `Debug`.
    pub(crate) fn put_about(mut self, write: impl FnOnce(&mut String, usize)) {
        if let Some(about) = self.about.take() {
            *about = true;
        }
        self.put(write);
    }
}
