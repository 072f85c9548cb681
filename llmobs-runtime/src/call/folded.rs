//! The items of a stream on their way into its output.

use crate::call::{Ending, Sink};
use crate::fold::Fold;
use crate::kind::Kind;

/// The output of a stream so far, and the item that is being captured.
#[derive(Debug)]
pub struct Folded {
    fold: Fold,
    item: String,
    /// Whether the item is a text about a value: such texts are no pieces of one text.
    is_about: bool,
    /// Whether each item stands for itself: a document.
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

    /// Where the next item goes.
    pub fn item(&mut self) -> Sink<'_> {
        self.take_in();
        Sink { out: Some(&mut self.item), limit: self.limit, about: Some(&mut self.is_about) }
    }

    /// Puts the output into a span, and on an `llm` span the tokens that the provider counted.
    pub fn end(mut self, ending: &mut Ending) {
        self.take_in();
        let outcome = self.fold.finish(ending.kind());
        if let Some(json) = outcome.json {
            ending.output().put(|out, _| out.push_str(&json));
        }
        if ending.kind() == Kind::Llm {
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
