//! The iterator that an instrumented function returns: its span begins at the first request for an item.

use std::fmt;
use std::iter::FusedIterator;

use super::items::{Items, Recipe};
use crate::trace::call::Call;

/// An iterator that runs as a call of an instrumented function.
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
        // Empty only inside `Drop`, where no item is requested.
        let inner = self.inner.as_mut()?;
        let item = self.items.inside(|| next(inner));
        self.items.took(item.as_ref());
        item
    }

    /// Returns the inner iterator if nothing is recorded.
    fn idle(&mut self) -> Option<I> {
        self.inner.take_if(|_| self.items.is_idle())
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

    // If nothing is recorded, the items are not needed, and the inner iterator may have a faster implementation.

    fn nth(&mut self, n: usize) -> Option<T> {
        if let Some(inner) = &mut self.inner
            && self.items.is_idle()
        {
            return inner.nth(n);
        }
        for _ in 0..n {
            self.next()?;
        }
        self.next()
    }

    fn count(mut self) -> usize {
        match self.idle() {
            Some(inner) => inner.count(),
            None => self.by_ref().fold(0, |count, _| count + 1),
        }
    }

    fn last(mut self) -> Option<T> {
        match self.idle() {
            Some(inner) => inner.last(),
            None => self.by_ref().fold(None, |_, item| Some(item)),
        }
    }

    fn fold<B, F: FnMut(B, T) -> B>(mut self, first: B, mut add: F) -> B {
        if let Some(inner) = self.idle() {
            return inner.fold(first, add);
        }
        let mut folded = first;
        for item in self.by_ref() {
            folded = add(folded, item);
        }
        folded
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
