//! Documents of a retrieval or an embedding.

use llmobs_capture::value::{replace, text_of};
use llmobs_capture::{Label, Metric, Reading, warn_limited};
use serde_json::Number;

/// One document: an input of an embedding, or an output of a retrieval.
///
/// It serializes in the form that Datadog's intake takes, and deserializes from it.
///
/// ```
/// # mod llmobs { pub mod content { pub use llmobs_providers::*; } }
/// use llmobs::content::Document;
/// use serde_json::json;
///
/// let document = Document::new("It rains.").name("weather.md").id("7").score(0.5);
/// assert_eq!(
///     serde_json::to_value(&document)?,
///     json!({ "text": "It rains.", "name": "weather.md", "id": "7", "score": 0.5 })
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Document {
    /// The text.
    pub text: String,
    /// The title or file name.
    pub name: Option<String>,
    /// The id in the knowledge base.
    pub id: Option<String>,
    /// The relevance score of the search.
    pub score: Option<Number>,
}

impl Document {
    /// Returns about how many bytes of memory the document takes.
    #[doc(hidden)]
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.text.len()
    }

    /// Creates a document with a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Sets the title or file name.
    #[must_use]
    pub fn name<Form>(mut self, name: impl Label<Form>) -> Self {
        replace(&mut self.name, text_of(name));
        self
    }

    /// Sets the id in the knowledge base.
    #[must_use]
    pub fn id<Form>(mut self, id: impl Label<Form>) -> Self {
        replace(&mut self.id, text_of(id));
        self
    }

    /// Sets the relevance score of the search. A score that is not a finite number is left out, and a warning is logged.
    #[must_use]
    pub fn score(mut self, score: impl Metric) -> Self {
        match score.reading() {
            Reading::Is(score) => self.score = Some(score),
            Reading::Absent => {}
            Reading::NotFinite => {
                warn_limited!("the score of a document was left out: it is not a finite number");
            }
        }
        self
    }
}

crate::serialize_struct! {
    Document |document| {
        "text": &document.text;
        "name": &document.name,
        "id": &document.id,
        "score": &document.score,
    }
}

crate::deserialize_struct! {
    Document |document| {
        "text": document.text;
        "name": document.name,
        "id": document.id,
        "score": document.score,
    }
}

crate::into_value! { Document }

#[cfg(test)]
mod tests;
