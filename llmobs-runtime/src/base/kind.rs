//! The seven kinds of span that LLM Observability knows.

use std::fmt;

/// The kind of a span: which step of an LLM application it records.
///
/// The kind decides how Datadog shows the span and which shape its input and output take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// A fixed sequence of steps with at least one LLM call somewhere in it.
    Workflow,
    /// A sequence of steps that a model chooses for itself.
    Agent,
    /// One step of your own code that needs no outside service.
    Task,
    /// A call to a program or service outside, whose arguments a model often wrote.
    Tool,
    /// A call to a large language model.
    Llm,
    /// A call that turns text into vectors.
    Embedding,
    /// A search that returns documents from a knowledge base.
    Retrieval,
}

impl Kind {
    /// The word for this kind in Datadog's wire format.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Agent => "agent",
            Self::Task => "task",
            Self::Tool => "tool",
            Self::Llm => "llm",
            Self::Embedding => "embedding",
            Self::Retrieval => "retrieval",
        }
    }

    /// Whether spans of this kind name a model.
    pub(crate) const fn has_model(self) -> bool {
        matches!(self, Self::Llm | Self::Embedding)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
