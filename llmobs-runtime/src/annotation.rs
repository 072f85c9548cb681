//! What a program says about a span by hand.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{self, Display};

use serde::Serialize;
use serde_json::Number;

use crate::capture::{Captured, MAX_LABEL_BYTES, cut, shown};
use crate::context::Slot;
use crate::failure::Failure;
use crate::local;
use crate::metric::{Metric, Reading};
use crate::notice::warn_limited;
use crate::sender::any_open;

/// Facts to put on a span: input, output, metadata, metrics, tags.
///
/// It is handed to the closure of [`annotate`] or [`Span::annotate`](crate::Span::annotate), which returns it with
/// what is to be added. Annotations of one span add up; where two say the same thing the later one holds. What is
/// annotated always wins over what an attribute captures by itself.
///
/// Nothing here fails or panics. A value that cannot be captured leaves a text in its place that says why.
#[must_use = "return the annotation from the closure"]
pub struct Annotation {
    limit: usize,
    pub(crate) input: Option<Captured>,
    pub(crate) output: Option<Captured>,
    pub(crate) metadata: BTreeMap<String, Captured>,
    pub(crate) metrics: BTreeMap<String, Number>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) failure: Option<Failure>,
}

/// Without what it says, which may be secret.
impl fmt::Debug for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Annotation").finish_non_exhaustive()
    }
}

/// Annotates the current span. Where none is current, or llmobs is not enabled, the closure is not called.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// # let call = llmobs::llm("complete").start();
/// # call.enter(|| {
/// llmobs::annotate(|span| {
///     span.input("What is a span?")
///         .output("One step of a trace.")
///         .metadata("temperature", 0.2)
///         .metric("input_tokens", 5)
///         .tag("user_tier", "free")
/// });
/// # });
/// # call.finish();
/// let span = &collector.events()[0];
/// assert_eq!(span["meta"]["input"]["messages"][0]["content"], "What is a span?");
/// assert_eq!(span["metrics"]["input_tokens"], 5);
/// ```
pub fn annotate(describe: impl FnOnce(Annotation) -> Annotation) {
    if !any_open() {
        return;
    }
    if let Slot::Span(frame) = local::current() {
        frame.annotate_with(describe);
    }
}

impl Annotation {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            input: None,
            output: None,
            metadata: BTreeMap::new(),
            metrics: BTreeMap::new(),
            tags: BTreeMap::new(),
            failure: None,
        }
    }

    /// What went into the step. A string is shown as it is, anything else as JSON; `None` and `()` change nothing.
    ///
    /// On an `llm` span it should be a string, a message such as `{"role": "user", "content": "…"}`, or a list of
    /// those; on an `embedding` span a string, a document such as `{"text": "…"}`, or a list of those.
    pub fn input(mut self, value: impl Serialize) -> Self {
        self.input = self.captured(&value).or(self.input);
        self
    }

    /// What came out of the step, in the forms that [`input`](Self::input) takes; on a `retrieval` span documents.
    pub fn output(mut self, value: impl Serialize) -> Self {
        self.output = self.captured(&value).or(self.output);
        self
    }

    /// One fact about how the step ran, such as the temperature of a model: any serializable value.
    pub fn metadata(self, key: impl Into<String>, value: impl Serialize) -> Self {
        let value = Captured::annotated(&value, self.limit);
        self.captured_metadata(key.into(), value)
    }

    pub(crate) fn captured_metadata(mut self, key: String, value: Captured) -> Self {
        if key == "_dd" {
            warn_limited!("the metadata key \"_dd\" is reserved for Datadog; choose another name");
        } else {
            self.metadata.insert(cut(key, MAX_LABEL_BYTES), value);
        }
        self
    }

    /// One number about the step: any integer or float, or an `Option` of one, where `None` changes nothing.
    ///
    /// Datadog knows `input_tokens`, `output_tokens`, `total_tokens`, `time_to_first_token` (in seconds) and others.
    /// NaN and the infinities are left out, and dots in the name become underscores, each with a warning.
    pub fn metric(mut self, key: impl Into<String>, value: impl Metric) -> Self {
        let mut key = cut(key.into(), MAX_LABEL_BYTES);
        if key.contains('.') {
            warn_limited!("the name of the metric {key:?} has dots, which became underscores");
            key = key.replace('.', "_");
        }
        match value.reading() {
            Reading::Absent => {}
            Reading::NotFinite => warn_limited!("the metric {key:?} is not a finite number and was left out"),
            Reading::Is(number) => {
                self.metrics.insert(key, number);
            }
        }
        self
    }

    /// A tag to find the span by: two short texts. The tag `session_id` also puts the span into that session.
    pub fn tag(mut self, key: impl Into<String>, value: impl Display) -> Self {
        if let Some(text) = shown(&value) {
            self.tags.insert(cut(key.into(), MAX_LABEL_BYTES), text);
        } else {
            warn_limited!("a tag was left out: its Display panicked");
        }
        self
    }

    /// Marks the span as failed. The attributes do this by themselves for a function that returns `Err` or panics.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let collector = llmobs::testing::Collector::new();
    /// # let _entered = collector.attach();
    /// let span = llmobs::tool("read").start();
    /// if let Err(error) = "x".parse::<u8>() {
    ///     span.annotate(|span| span.error(&error));
    /// }
    /// span.finish();
    /// let tree = "tool read  error core::num::error::ParseIntError: invalid digit found in string\n";
    /// assert_eq!(collector.tree(), tree);
    /// ```
    pub fn error<E: Error + ?Sized>(mut self, error: &E) -> Self {
        self.failure = Some(Failure::of_error::<E, E>(error));
        self
    }

    fn captured(&self, value: &impl Serialize) -> Option<Captured> {
        Some(Captured::annotated(value, self.limit)).filter(|value| !value.is_null())
    }
}
