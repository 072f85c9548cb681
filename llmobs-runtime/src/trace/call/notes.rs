//! The options of an attribute that are expressions of the user. They are evaluated without recording spans, and their panics are caught.

use std::fmt;

use llmobs_capture::{Metric, guarded, warn_limited};

use super::sink::Sink;
use crate::model::annotation::Annotation;
use crate::model::captured::{Captured, is_null};

/// Evaluates an option without recording spans. An option that panics counts as absent.
pub(super) fn evaluated<T>(option: &str, value: impl FnOnce() -> T) -> Option<T> {
    let value = guarded(value);
    if value.is_none() {
        warn_limited!("the option {option:?} of an attribute was left out: its expression panicked");
    }
    value
}

/// The options `tags(…)`, `metadata(…)` and `metrics(…)`.
pub struct Notes<'a> {
    annotation: &'a mut Option<Box<Annotation>>,
    limit: usize,
}

impl<'a> Notes<'a> {
    pub(super) fn new(annotation: &'a mut Option<Box<Annotation>>, limit: usize) -> Self {
        Self { annotation, limit }
    }

    /// Sets one tag, unless its text is empty.
    pub fn tag(self, key: &'static str, value: impl FnOnce() -> Option<String>) {
        if let Some(text) = evaluated(key, value).flatten() {
            self.annotation().set_tag(key.to_owned(), &text);
        }
    }

    /// Sets one piece of metadata, as JSON text.
    pub fn metadata(self, key: &'static str, write: impl FnOnce(Sink<'_>)) {
        let (mut json, limit) = (String::new(), self.limit);
        evaluated(key, || write(Sink::new(Some(&mut json), limit)));
        if !is_null(&json) {
            self.annotation().set_metadata(key.to_owned(), Captured::value(json));
        }
    }

    /// Sets one metric.
    pub fn metric<M: Metric>(self, key: &'static str, value: impl FnOnce() -> M) {
        if let Some(value) = evaluated(key, value) {
            self.annotation().set_metric(key.to_owned(), value.reading());
        }
    }

    fn annotation(self) -> &'a mut Annotation {
        self.annotation.get_or_insert_with(|| Box::new(Annotation::new(self.limit)))
    }
}

/// Omits the content, which may be secret.
impl fmt::Debug for Notes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notes").finish_non_exhaustive()
    }
}
