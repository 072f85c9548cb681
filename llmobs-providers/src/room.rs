//! The budget of a reading, and texts that grow within it.

use llmobs_capture::text::{MAX_LABEL_BYTES, cut};

/// The most messages, parts, citations and the like in total.
const MAX_ENTRIES: usize = 1024;
/// The most bytes of roles, names and ids in total.
const MAX_LABELS_BYTES: usize = 4 * MAX_LABEL_BYTES;

/// The remaining budget.
#[derive(Debug)]
pub(crate) struct Room {
    /// Bytes of texts, from their beginnings.
    text: usize,
    /// Bytes of the ends of texts, after the beginnings used up the others.
    ends: usize,
    /// Bytes of roles, names and ids.
    labels: usize,
    /// Messages, parts and the like.
    entries: usize,
    /// Whether any content arrived that a person would read.
    pub(crate) has_content: bool,
    /// The content of an event, and its choice.
    pub(crate) event_content: EventContent,
    pub(crate) choice: u64,
}

/// The position of a part. Pieces of one part have the same position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// A position that the provider numbers.
    Place(u64),
    /// After all others. A text continues the last part if that is a text, and so does a thought.
    End,
    /// After all others, as a separate part.
    Next,
}

impl From<usize> for At {
    fn from(index: usize) -> Self {
        Self::Place(index as u64)
    }
}

/// The content of one event, apart from facts that it may repeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EventContent {
    #[default]
    Nothing,
    /// One piece of text, with its address and its length.
    Text { choice: u64, at: At, start: usize, len: usize },
    /// Any other content.
    More,
}

impl Room {
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            text: limit,
            ends: limit / 4,
            labels: MAX_LABELS_BYTES,
            entries: MAX_ENTRIES,
            has_content: false,
            event_content: EventContent::Nothing,
            choice: 0,
        }
    }

    /// Takes one entry, or returns `None` if there is none left.
    pub(crate) fn entry(&mut self) -> Option<()> {
        self.entries = self.entries.checked_sub(1)?;
        Some(())
    }

    /// Returns whether there is an entry left.
    pub(crate) const fn has_entries(&self) -> bool {
        self.entries > 0
    }

    /// Gives back an entry.
    pub(crate) const fn give_entry(&mut self) {
        self.entries += 1;
    }

    /// Gives back the bytes of a role, name or id.
    pub(crate) fn give(&mut self, label: &str) {
        // The note of a cut label took no bytes.
        self.labels = MAX_LABELS_BYTES.min(self.labels + label.len());
    }

    /// Returns a role, name or id, cut to the bytes that are left for all of them.
    pub(crate) fn label(&mut self, text: &str) -> String {
        let label = cut(text, self.labels);
        self.labels = self.labels.saturating_sub(label.len());
        label
    }

    /// Returns a text that arrives as a whole.
    pub(crate) fn whole(&mut self, text: &str) -> String {
        let mut whole = Text::default();
        whole.push(text, self);
        whole.into_string()
    }

    /// Takes bytes of a text that is not cut. Returns whether there are enough.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let left = self.text.checked_sub(bytes);
        self.text = left.unwrap_or(self.text);
        left.is_some()
    }

    /// Sets aside half of the bytes of texts, and returns their number.
    pub(crate) const fn hold_half(&mut self) -> usize {
        let held = self.text / 2;
        self.text -= held;
        held
    }

    /// Gives back bytes that were set aside.
    pub(crate) const fn release(&mut self, held: usize) {
        self.text += held;
    }

    /// Returns whether texts have used up their bytes.
    pub(crate) const fn is_full(&self) -> bool {
        self.text == 0
    }
}

/// A text that arrives in pieces. If there is no room for all of it, the middle is left out.
#[derive(Debug, Default)]
pub(crate) struct Text {
    head: String,
    /// The text after the head, or else its end.
    tail: String,
    /// The longest tail, in bytes.
    tail_limit: usize,
    total: usize,
    is_cut: bool,
}

impl Text {
    pub(crate) fn push(&mut self, piece: &str, room: &mut Room) {
        if piece.is_empty() {
            return;
        }
        room.has_content = true;
        self.total += piece.len();
        if !self.is_cut && piece.len() <= room.text {
            room.text -= piece.len();
            self.head.push_str(piece);
            return;
        }
        self.push_cut(piece, room);
    }

    #[cold]
    fn push_cut(&mut self, piece: &str, room: &mut Room) {
        let mut rest = piece;
        if !self.is_cut {
            self.is_cut = true;
            let at = piece.floor_char_boundary_(room.text);
            let (head, after) = piece.split_at(at);
            self.head.push_str(head);
            room.text = 0;
            rest = after;
            // Later texts also need an end. Most of them are short.
            self.tail_limit = if self.head.is_empty() { room.ends.div_ceil(16) } else { room.ends / 2 };
            room.ends -= self.tail_limit;
        }
        let limit = self.tail_limit;
        let (_, near) = rest.split_at(rest.ceil_char_boundary_(rest.len().saturating_sub(limit)));
        if near.len() < rest.len() {
            // The earlier text is not adjacent to it.
            self.tail.clear();
        }
        self.tail.push_str(near);
        if self.tail.len() > limit.saturating_mul(2) {
            self.trim();
        }
    }

    fn trim(&mut self) {
        let from = self.tail.ceil_char_boundary_(self.tail.len().saturating_sub(self.tail_limit));
        self.tail.drain(..from);
    }

    /// Gives back the bytes that the text took.
    pub(crate) const fn leave(&self, room: &mut Room) {
        room.text += self.head.len();
        room.ends += self.tail_limit;
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Returns how many bytes were pushed.
    pub(crate) const fn len(&self) -> usize {
        self.total
    }

    pub(crate) fn into_string(mut self) -> String {
        if !self.is_cut {
            return self.head;
        }
        self.trim();
        let left_out = self.total - self.head.len() - self.tail.len();
        if left_out > 0 {
            self.head.push_str(&format!("… [{left_out} bytes left out] …"));
        }
        self.head + &self.tail
    }
}

/// A method that the standard library has since Rust 1.91.
trait CharBoundary {
    fn floor_char_boundary_(&self, at: usize) -> usize;
    fn ceil_char_boundary_(&self, at: usize) -> usize;
}

impl CharBoundary for str {
    fn floor_char_boundary_(&self, at: usize) -> usize {
        let mut at = at.min(self.len());
        while !self.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn ceil_char_boundary_(&self, at: usize) -> usize {
        let mut at = at.min(self.len());
        while !self.is_char_boundary(at) {
            at += 1;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::{Room, Text};

    fn kept(limit: usize, pieces: &[&str]) -> String {
        let mut room = Room::new(limit);
        let mut text = Text::default();
        for piece in pieces {
            text.push(piece, &mut room);
        }
        text.into_string()
    }

    #[test]
    fn a_text_loses_its_middle() {
        assert_eq!(kept(10, &["0123456789"]), "0123456789");
        assert_eq!(kept(16, &["0123456789abcdefghijklmn"]), "0123456789abcdef… [6 bytes left out] …mn");
        assert_eq!(kept(12, &["zwölfzwölfzwölf"]), "zwölfzwölf… [5 bytes left out] …f");
        assert_eq!(kept(0, &["zwölf"]), "… [6 bytes left out] …");
    }

    #[test]
    fn pieces_are_shortened_like_a_whole_text() {
        let text: String =
            (0..200).map(|index| if index % 7 == 0 { 'é' } else { char::from(b'a' + index % 26) }).collect();
        for limit in [0, 1, 5, 16, 40, 100, 150, 220, 500] {
            let whole = kept(limit, &[&text]);
            for size in 1..20 {
                let mut pieces: Vec<String> = vec![String::new()];
                for (index, character) in text.chars().enumerate() {
                    if index % size == 0 {
                        pieces.push(String::new());
                    }
                    pieces.last_mut().unwrap().push(character);
                }
                let pieces: Vec<_> = pieces.iter().map(String::as_str).collect();
                assert_eq!(kept(limit, &pieces), whole, "{limit} {size}");
            }
        }
    }
}
