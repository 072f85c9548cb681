//! What iterators and streams share: a span that lasts from the first item to the last.

use std::fmt;

use crate::call::{Call, Ending};
use crate::capture::guarded;
use crate::context::Slot;
use crate::failure::Failure;
use crate::kind::Kind;
use crate::local::Swapped;
use crate::notice::warn_limited;
use crate::span::note_panic;

/// How items of type `T` become the output of a span, by way of a state.
#[derive(Debug)]
pub struct Recipe<S, T> {
    /// Makes the state for a span of this kind, within a budget of bytes.
    pub new: fn(Kind, usize) -> S,
    /// Takes an item into it, if there is one still, or tells why the item is an error.
    pub each: fn(Option<&mut S>, &T) -> Option<Failure>,
    /// Puts it into the span.
    pub end: fn(S, &mut Ending),
}

/// Adds an item to a state by a closure, which learns the types from here.
#[inline]
pub fn fold<S, T: ?Sized, R>(state: &mut S, item: &T, add: impl FnOnce(&mut S, &T) -> R) {
    add(state, item);
}

/// The call of a function that returned items one by one. It ends at the last item, at the first error, or when it is
/// dropped.
pub(super) struct Items<S, T> {
    call: Call,
    /// What is current inside from the beginning of the span, also after its end: what is dropped then, and what comes
    /// after an error, is no part of the span around it.
    slot: Option<Slot>,
    recipe: Recipe<S, T>,
    /// What the items have become. `None` before the first, and where one could not be taken.
    state: Option<S>,
    seen: bool,
}

impl<S, T> Items<S, T> {
    pub(super) fn new(call: Call, recipe: Recipe<S, T>) -> Self {
        let mut items = Self { call, slot: None, recipe, state: None, seen: false };
        items.enter();
        items
    }

    /// Takes hold of the span, if it has begun.
    fn enter(&mut self) {
        if let Some(frame) = self.call.frame() {
            self.slot = Some(Slot::Span(frame.clone()));
            let limit = frame.sender().defaults.capture_limit;
            self.state = guarded(|| (self.recipe.new)(frame.kind(), limit));
            if self.state.is_none() {
                warn_limited!(
                    "the output of a stream is left out: the first state of the option `fold` panicked"
                );
            }
        }
    }

    /// Begins the span, if it has not begun, and tells whether there is nothing to record it.
    pub(super) fn is_idle(&mut self) -> bool {
        self.begin();
        self.slot.is_none()
    }

    fn begin(&mut self) {
        if self.call.setup().is_some() {
            self.call.begin();
            self.enter();
        }
    }

    /// Asks the inner code for an item, inside the span.
    pub(super) fn inside<R>(&mut self, piece: impl FnOnce() -> R) -> R {
        self.begin();
        self.still_inside(piece)
    }

    /// Runs what may be left of the inner code, such as its `Drop`, inside the span if it has begun.
    pub(super) fn still_inside<R>(&mut self, piece: impl FnOnce() -> R) -> R {
        let _swapped = self.slot.as_mut().map(Swapped::new);
        match self.call.frame() {
            Some(frame) => note_panic(frame, piece),
            None => piece(),
        }
    }

    /// Looks at what the inner code gave. `None` is the end.
    pub(super) fn took(&mut self, item: Option<&T>) {
        let Some(frame) = self.call.frame() else { return };
        let Some(item) = item else { return self.end(None) };
        let state = self.state.as_mut();
        match guarded(|| (self.recipe.each)(state, item)) {
            Some(None) if self.seen => {}
            Some(None) => {
                self.seen = true;
                frame.note_first_token();
            }
            Some(failure) => self.end(failure),
            None => {
                guarded(|| self.state = None);
                warn_limited!(
                    "the output of a stream was left out: the function of the option `fold` panicked"
                );
            }
        }
    }

    fn end(&mut self, failure: Option<Failure>) {
        let Some(mut ending) = std::mem::take(&mut self.call).end() else { return };
        if let Some(failure) = failure {
            ending.error(failure);
        }
        if let Some(state) = self.state.take() {
            guarded(|| (self.recipe.end)(state, &mut ending));
        }
    }

    /// Ends the span of what is given up before its end.
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
