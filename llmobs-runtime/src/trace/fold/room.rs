//! The budget of a chat, and text that grows within it.

use llmobs_capture::text::{MAX_LABEL_BYTES, cut, push_cut, push_escaped, push_string};

/// The most messages and tool calls that are kept together. Models give a few.
const MAX_ENTRIES: usize = 128;

/// What is left of the budget.
pub(super) struct Room {
    /// Bytes of content and arguments.
    text: usize,
    /// Bytes of roles, names and ids.
    labels: usize,
    /// Messages and tool calls.
    entries: usize,
}

impl Room {
    pub(super) fn new(limit: usize) -> Self {
        Self { text: limit, labels: MAX_LABEL_BYTES, entries: MAX_ENTRIES }
    }

    /// Takes the place of one more message or tool call, or `None` if there is none.
    pub(super) fn entry(&mut self) -> Option<()> {
        self.entries = self.entries.checked_sub(1)?;
        Some(())
    }

    /// A role, name or id, cut at what is left for all of them.
    pub(super) fn label(&mut self, text: &str) -> String {
        let label = cut(text, self.labels);
        self.labels = self.labels.saturating_sub(label.len());
        label
    }
}

/// The beginning of a text that arrives in pieces.
#[derive(Default)]
pub(super) struct Text {
    /// The inside of a JSON string.
    escaped: String,
    /// How many bytes it replaces.
    kept: usize,
    total: usize,
}

impl Text {
    pub(super) fn push(&mut self, piece: &str, room: &mut Room) {
        let before = self.escaped.len();
        let rest = push_escaped(piece, room.text, &mut self.escaped);
        let used = self.escaped.len() - before;
        // Nothing is kept after a gap.
        room.text = if rest.is_empty() { room.text.saturating_sub(used) } else { 0 };
        self.kept += piece.len() - rest.len();
        self.total += piece.len();
    }

    /// A JSON string, with a note at its end if something is missing.
    pub(super) fn to_json(&self) -> String {
        let mut json = format!("\"{}", self.escaped);
        push_cut(self.kept, self.total, &mut json);
        json.push('"');
        json
    }
}

/// A label as JSON.
pub(super) fn quoted(label: &str) -> String {
    let mut json = String::new();
    push_string(label, usize::MAX, &mut json);
    json
}
