//! The iterator that an instrumented function returns: its span begins when it is first asked for an item.

use std::fmt;
use std::iter::FusedIterator;

use crate::call::Call;
use crate::wrap::items::{Items, Recipe};

/// An iterator as a call of an instrumented function.
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct CallIterator<I, S, T> {
    /// Dropped inside the span.
    inner: Option<I>,
    items: Items<S, T>,
}

impl Call {
    /// Runs an iterator as this call.
    pub fn iterator<T, S, I: Iterator<Item = T>>(
        self,
        inner: I,
        recipe: Recipe<S, T>,
    ) -> CallIterator<I, S, T> {
        CallIterator { inner: Some(inner), items: Items::new(self, recipe) }
    }
}

impl<I, S, T> CallIterator<I, S, T> {
    fn advance(&mut self, next: impl FnOnce(&mut I) -> Option<T>) -> Option<T> {
        // Empty only inside Drop, where nothing asks.
        let inner = self.inner.as_mut()?;
        let item = self.items.inside(|| next(inner));
        self.items.took(item.as_ref());
        item
    }
}

impl<I: Iterator<Item = T>, S, T> Iterator for CallIterator<I, S, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.advance(Iterator::next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.as_ref().map_or((0, Some(0)), Iterator::size_hint)
    }
}

impl<I: DoubleEndedIterator<Item = T>, S, T> DoubleEndedIterator for CallIterator<I, S, T> {
    fn next_back(&mut self) -> Option<T> {
        self.advance(DoubleEndedIterator::next_back)
    }
}

impl<I: ExactSizeIterator<Item = T>, S, T> ExactSizeIterator for CallIterator<I, S, T> {}

impl<I: FusedIterator<Item = T>, S, T> FusedIterator for CallIterator<I, S, T> {}

impl<I, S, T> Drop for CallIterator<I, S, T> {
    fn drop(&mut self) {
        let inner = self.inner.take();
        self.items.still_inside(|| drop(inner));
        self.items.cancel();
    }
}

impl<I, S, T> fmt::Debug for CallIterator<I, S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CallIterator").field(&self.items).finish()
    }
}
