//! What the options of an attribute say about a span: expressions of the user, evaluated where they can do no harm.

use crate::annotation::Annotation;
use crate::call::Sink;
use crate::capture::{Captured, buffer, guarded};
use crate::metric::Metric;
use crate::notice::warn_limited;

/// Evaluates an option where it makes no spans. One that panics is as if it were not given.
pub(super) fn evaluated<T>(option: &str, value: impl FnOnce() -> T) -> Option<T> {
    let value = guarded(value);
    if value.is_none() {
        warn_limited!("the option {option:?} of an attribute was left out: its expression panicked");
    }
    value
}

/// The options `tags(…)`, `metadata(…)` and `metrics(…)`.
#[derive(Debug)]
pub struct Notes {
    limit: usize,
    annotation: Option<Box<Annotation>>,
}

impl Notes {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, annotation: None }
    }

    /// One tag, unless its text is empty.
    pub fn tag(&mut self, key: &'static str, value: impl FnOnce() -> Option<String>) {
        if let Some(text) = evaluated(key, value).flatten() {
            self.add(|annotation| annotation.tag(key, text));
        }
    }

    /// One fact, as JSON text.
    pub fn metadata(&mut self, key: &'static str, write: impl FnOnce(Sink<'_>)) {
        let (mut json, limit) = (buffer(), self.limit);
        evaluated(key, || write(Sink::new(Some(&mut json), limit)));
        if !json.is_empty() {
            self.add(|annotation| annotation.captured_metadata(key.to_owned(), Captured::value(json)));
        }
    }

    /// One number.
    pub fn metric<M: Metric>(&mut self, key: &'static str, value: impl FnOnce() -> M) {
        if let Some(value) = evaluated(key, value) {
            self.add(|annotation| annotation.metric(key, value));
        }
    }

    /// What was said, if anything was.
    pub(super) fn take(&mut self) -> Option<Annotation> {
        self.annotation.take().map(|annotation| *annotation)
    }

    fn add(&mut self, add: impl FnOnce(Annotation) -> Annotation) {
        let annotation = self.take().unwrap_or_else(|| Annotation::new(self.limit));
        self.annotation = Some(Box::new(add(annotation)));
    }
}
