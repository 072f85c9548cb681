//! A list of unchanged items.

use llmobs_capture::text::{CUT, push_string};

/// A JSON array under construction. Once `limit` bytes are used, items are only counted.
pub(super) struct List {
    json: String,
    limit: usize,
    kept: usize,
    total: usize,
}

impl List {
    pub(super) fn new(limit: usize) -> Self {
        Self { json: "[".to_owned(), limit, kept: 0, total: 0 }
    }

    /// Adds an item, given as JSON.
    pub(super) fn push(&mut self, json: &str) {
        self.total += 1;
        if self.json.len() <= self.limit {
            self.separate();
            self.json.push_str(json);
            self.kept += 1;
        }
    }

    /// Returns the array, with a note at its end if items are missing.
    pub(super) fn into_json(mut self) -> String {
        if self.kept < self.total {
            self.separate();
            let note = format!("{CUT} [first {} of {} items]", self.kept, self.total);
            push_string(&note, usize::MAX, &mut self.json);
        }
        self.json.push(']');
        self.json
    }

    fn separate(&mut self) {
        if self.kept > 0 {
            self.json.push(',');
        }
    }
}
