//! A span that a test looks at.

use std::time::Duration;

use serde_json::Value;

use crate::content::Content;
use crate::failure::Failure;
use crate::kind::Kind;
use crate::tree::{self, text};

/// A finished span as Datadog would get it, with its parts in typed form. Made by a [`Collector`](super::Collector).
#[derive(Clone, Debug, PartialEq)]
pub struct CollectedSpan {
    event: Value,
}

impl CollectedSpan {
    pub(super) fn new(event: Value) -> Self {
        Self { event }
    }

    /// The name that Datadog shows.
    #[must_use]
    pub fn name(&self) -> &str {
        text(&self.event, "name")
    }

    /// What the span stands for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let word = self.event.pointer("/meta/span/kind").and_then(Value::as_str);
        word.and_then(Kind::from_wire).unwrap_or(Kind::Task)
    }

    /// What went in, if anything was captured or annotated.
    #[must_use]
    pub fn input(&self) -> Option<Content> {
        Content::of_wire(self.event.pointer("/meta/input")?)
    }

    /// What came out, if anything was captured or annotated.
    #[must_use]
    pub fn output(&self) -> Option<Content> {
        Content::of_wire(self.event.pointer("/meta/output")?)
    }

    /// The value of a tag.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        let tags = self.event.get("tags").and_then(Value::as_array).into_iter().flatten();
        let mut pairs = tags.filter_map(|tag| tag.as_str()?.split_once(':'));
        pairs.find(|(other, _)| *other == key).map(|(_, value)| value)
    }

    /// A metric.
    #[must_use]
    pub fn metric(&self, key: &str) -> Option<f64> {
        self.event.get("metrics")?.get(key)?.as_f64()
    }

    /// A fact of the metadata.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&Value> {
        self.event.get("meta")?.get("metadata")?.get(key)
    }

    /// Why the step failed; `None` for a step that did not.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        let error = self.event.pointer("/meta/error")?;
        let [kind, message, stack] = ["type", "message", "stack"].map(|key| text(error, key).to_owned());
        Some(Failure { kind, message, stack })
    }

    /// The session.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.event.get("session_id")?.as_str()
    }

    /// The application.
    #[must_use]
    pub fn ml_app(&self) -> &str {
        self.tag("ml_app").unwrap_or_default()
    }

    /// The id of the span.
    #[must_use]
    pub fn span_id(&self) -> &str {
        text(&self.event, "span_id")
    }

    /// The id of the trace.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        text(&self.event, "trace_id")
    }

    /// The id of the span above, or `None` at the top of a trace.
    #[must_use]
    pub fn parent_id(&self) -> Option<&str> {
        Some(text(&self.event, "parent_id")).filter(|id| *id != "undefined")
    }

    /// When it began, since the Unix epoch.
    #[must_use]
    pub fn start(&self) -> Duration {
        Duration::from_nanos(tree::start(&self.event))
    }

    /// How long it ran.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.event.get("duration").and_then(Value::as_u64).unwrap_or_default())
    }

    /// The whole wire event.
    #[must_use]
    pub fn event(&self) -> &Value {
        &self.event
    }
}
