//! The seven kinds of span in LLM Observability.

use std::fmt;
use std::str::FromStr;

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
    /// A call to an external program or service, often with arguments that a model wrote.
    Tool,
    /// A call to a large language model.
    Llm,
    /// A call that turns text into vectors.
    Embedding,
    /// A search that returns documents from a knowledge base.
    Retrieval,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::Workflow, Self::Agent, Self::Task, Self::Tool, Self::Llm, Self::Embedding, Self::Retrieval];

    /// Returns the name of this kind in Datadog's wire format.
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

    /// Returns whether spans of this kind name a model.
    pub(crate) const fn has_model(self) -> bool {
        matches!(self, Self::Llm | Self::Embedding)
    }
}

/// Parses the name of a kind in Datadog's wire format, such as `llm`, in lower case.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// use llmobs::Kind;
///
/// assert_eq!("llm".parse(), Ok(Kind::Llm));
/// assert!("LLM".parse::<Kind>().is_err());
/// ```
impl FromStr for Kind {
    type Err = ParseKindError;

    fn from_str(word: &str) -> Result<Self, ParseKindError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or(ParseKindError(()))
    }
}

/// An error that is returned when a text names no kind of span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseKindError(());

impl fmt::Display for ParseKindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown kind of span: expected ")?;
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            write!(f, "{}`{kind}`", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl std::error::Error for ParseKindError {}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
