//! The common part of iterators and streams: a span from the first item to the last.

use std::fmt;

use llmobs_capture::{guarded, warn_limited};

use crate::base::kind::Kind;
use crate::trace::call::{Call, Ending, ErrorText};
use crate::trace::local::Swapped;
use crate::trace::slot::Slot;
use crate::trace::span::record_panic;

/// How items of type `T` are folded into a state, and the state becomes the output of a span.
#[derive(Debug)]
pub struct Recipe<S, T> {
    /// Makes the state for a span of this kind, within a budget of bytes.
    pub new: fn(Kind, usize) -> S,
    /// Adds an item to the state, if there is one. Returns whether it has content, such as the first token of an answer, or the error
    /// if the item is one.
    pub each: fn(Option<&mut S>, &T) -> Result<bool, ErrorText>,
    /// Puts it into the span.
    pub end: fn(S, &mut Ending),
}

/// Adds an item to a state with a closure. The signature tells the compiler the types of the closure.
#[inline]
pub fn fold<S, T: ?Sized, R>(state: &mut S, item: &T, add: impl FnOnce(&mut S, &T) -> R) {
    add(state, item);
}

/// The call of a function that returned items one by one. It ends at the last item, at the first error, or when it is
/// dropped.
pub(super) struct Items<S, T> {
    call: Call,
    /// The slot that is current inside, from the beginning of the span, and also after its end: what is dropped then, and what follows an
    /// error, must not become part of the surrounding span.
    slot: Option<Slot>,
    recipe: Recipe<S, T>,
    /// The items so far. `None` before the span begins, and after folding an item panicked.
    state: Option<S>,
    /// Whether an item with content has arrived.
    has_content: bool,
}

impl<S, T> Items<S, T> {
    pub(super) fn new(call: Call, recipe: Recipe<S, T>) -> Self {
        let mut items = Self { call, slot: None, recipe, state: None, has_content: false };
        items.enter();
        items
    }

    /// Prepares the slot and the state, if the span has begun.
    fn enter(&mut self) {
        if let Some(frame) = self.call.frame() {
            self.slot = Some(Slot::Span(frame.clone()));
            let limit = frame.sender().defaults.capture_limit;
            self.state = guarded(|| (self.recipe.new)(frame.kind(), limit));
            if self.state.is_none() {
                warn_limited!(
                    "the output of a stream was left out: the first state of the option `fold` panicked"
                );
            }
        }
    }

    /// Begins the span, if it has not begun, and returns whether nothing is recorded.
    pub(super) fn is_idle(&mut self) -> bool {
        self.begin();
        self.slot.is_none()
    }

    fn begin(&mut self) {
        if self.call.is_prepared() {
            self.call.begin();
            self.enter();
        }
    }

    /// Runs the inner code for the next item, inside the span.
    pub(super) fn inside<R>(&mut self, piece: impl FnOnce() -> R) -> R {
        self.begin();
        self.still_inside(piece)
    }

    /// Runs other inner code, such as its `Drop`, inside the span if it has begun.
    pub(super) fn still_inside<R>(&mut self, piece: impl FnOnce() -> R) -> R {
        let _swapped = self.slot.as_mut().map(Swapped::new);
        match self.call.frame() {
            Some(frame) => record_panic(frame, piece),
            None => piece(),
        }
    }

    /// Adds the item that the inner code returned. `None` is the end.
    pub(super) fn took(&mut self, item: Option<&T>) {
        let Some(frame) = self.call.frame() else { return };
        let Some(item) = item else { return self.end(None) };
        let state = self.state.as_mut();
        match guarded(|| (self.recipe.each)(state, item)) {
            Some(Ok(has_content)) => {
                if has_content && !std::mem::replace(&mut self.has_content, true) {
                    frame.record_first_token();
                }
            }
            Some(Err(failure)) => self.end(Some(failure)),
            None => {
                guarded(|| self.state = None);
                warn_limited!(
                    "the output of a stream was left out: the function of the option `fold` panicked"
                );
            }
        }
    }

    fn end(&mut self, failure: Option<ErrorText>) {
        let Some(mut ending) = std::mem::take(&mut self.call).ending() else { return };
        if let Some(failure) = failure {
            ending.set_error(&failure);
        }
        if let Some(state) = self.state.take() {
            guarded(|| (self.recipe.end)(state, &mut ending));
        }
    }

    /// Ends the span of an iterator or stream that is dropped before its end.
    pub(super) fn cancel(&mut self) {
        if let Some(frame) = self.call.frame() {
            frame.cancel();
            self.end(None);
        }
    }
}

impl<S, T> fmt::Debug for Items<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}
