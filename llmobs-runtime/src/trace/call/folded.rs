//! Captures the items of a stream and folds them into its output.

use super::ending::Ending;
use super::sink::Sink;
use crate::base::kind::Kind;
use crate::trace::fold::Fold;

/// The output of a stream so far, and the item that is being captured.
#[derive(Debug)]
pub struct Folded {
    fold: Fold,
    item: String,
    /// Whether the item is a text about a value. Such texts are not pieces of one text.
    is_about: bool,
    /// Whether each item is a document of its own.
    is_list: bool,
    limit: usize,
}

impl Folded {
    /// Keeps about `limit` bytes.
    #[must_use]
    pub fn new(kind: Kind, limit: usize) -> Self {
        let is_list = kind == Kind::Retrieval;
        Self { fold: Fold::new(limit), item: String::new(), is_about: false, is_list, limit }
    }

    /// The destination of the next item.
    pub fn item(&mut self) -> Sink<'_> {
        self.take_in();
        Sink::with_about(&mut self.item, self.limit, &mut self.is_about)
    }

    /// Puts the output into a span, and on an `llm` span the tokens that the provider counted.
    pub fn end(mut self, ending: &mut Ending) {
        self.take_in();
        let Some(kind) = ending.kind() else { return };
        let outcome = self.fold.finish(kind);
        if let Some(json) = outcome.json {
            ending.output().put(|out, _| out.push_str(&json));
        }
        if kind == Kind::Llm {
            for (name, tokens) in outcome.metrics {
                ending.notes().metric(name, || tokens);
            }
        }
    }

    fn take_in(&mut self) {
        if self.is_about || self.is_list && !self.item.is_empty() {
            self.fold.list(&self.item);
        } else if !self.item.is_empty() {
            self.fold.push(&self.item);
        }
        self.item.clear();
        self.is_about = false;
    }
}
