//! Captures the items of a stream and folds them into its output.

use super::ending::Ending;
use super::sink::Sink;
use crate::base::kind::Kind;
use crate::trace::fold::Fold;

/// The output of a stream so far.
#[derive(Debug)]
pub struct Folded {
    fold: Fold,
    item: String,
    /// Whether each item is a separate document.
    is_list: bool,
    limit: usize,
    /// Whether an item had content, and not only the frame of a response.
    has_content: bool,
}

impl Folded {
    /// Keeps about `limit` bytes.
    #[must_use]
    pub fn new(kind: Kind, limit: usize) -> Self {
        let is_list = kind == Kind::Retrieval;
        Self { fold: Fold::new(limit), item: String::new(), is_list, limit, has_content: false }
    }

    /// Adds an item, which `capture` writes. Returns whether it has content, and not only the frame of a response: the first such item ends
    /// the wait for the first token.
    pub fn add(&mut self, capture: impl FnOnce(Sink<'_>)) -> bool {
        self.item.clear();
        // Texts that describe values are not pieces of one text.
        let mut is_about = false;
        capture(Sink::with_about(&mut self.item, self.limit, &mut is_about));
        let has_content = match self.item.as_str() {
            "" => true,
            item if is_about || self.is_list => self.fold.list(item),
            item => self.fold.push(item),
        };
        self.has_content |= has_content;
        has_content
    }

    /// Puts the output into a span, and on an `llm` span the other data of the provider's response.
    pub fn end(self, ending: &mut Ending) {
        let Some(kind) = ending.kind() else { return };
        let outcome = self.fold.finish(kind);
        // A stream that failed before it yielded content has no output.
        if let Some(json) = outcome.json.filter(|_| self.has_content || !ending.has_failed()) {
            ending.output().put(|out, _| out.push_str(&json));
        }
        if kind == Kind::Llm {
            ending.add_response(outcome.response);
        }
    }
}
