//! The budget of a reading, and texts that grow within it.

use llmobs_capture::text::{MAX_LABEL_BYTES, cut};

/// The most messages, parts, citations and the like that are kept together.
const MAX_ENTRIES: usize = 1024;
/// The most bytes of roles, names and ids together.
const MAX_LABELS_BYTES: usize = 4 * MAX_LABEL_BYTES;

/// What is left of a budget.
#[derive(Debug)]
pub(crate) struct Room {
    /// Bytes of texts, from their beginnings on.
    text: usize,
    /// Bytes of the ends of texts whose beginnings used up the others.
    ends: usize,
    /// Bytes of roles, names and ids.
    labels: usize,
    /// Messages, parts and the like.
    entries: usize,
    /// Whether anything came that a person would read.
    pub(crate) has_content: bool,
    /// What an event said, and of which choice.
    pub(crate) said: Said,
    pub(crate) choice: u64,
}

/// Where a part goes. Pieces of one part have one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// A place that the provider numbers.
    Place(u64),
    /// Behind all others. A text goes on where the last part is a text, and so does a thought.
    End,
    /// Behind all others, as a part of its own.
    Next,
}

impl From<usize> for At {
    fn from(index: usize) -> Self {
        Self::Place(index as u64)
    }
}

/// What one event said, apart from facts that it may repeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Said {
    #[default]
    Nothing,
    /// One piece of text, with its address and its length.
    Text { choice: u64, at: At, start: usize, len: usize },
    /// Anything else.
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
            said: Said::Nothing,
            choice: 0,
        }
    }

    /// Takes the place of one more entry, or `None` if there is none.
    pub(crate) fn entry(&mut self) -> Option<()> {
        self.entries = self.entries.checked_sub(1)?;
        Some(())
    }

    /// Whether there is a place for one more entry.
    pub(crate) const fn has_entries(&self) -> bool {
        self.entries > 0
    }

    /// Gives the place of an entry back.
    pub(crate) const fn give_entry(&mut self) {
        self.entries += 1;
    }

    /// Gives the bytes of a role, name or id back.
    pub(crate) fn give(&mut self, label: &str) {
        // The note of a cut one took nothing.
        self.labels = MAX_LABELS_BYTES.min(self.labels + label.len());
    }

    /// A role, name or id, cut at what is left for all of them.
    pub(crate) fn label(&mut self, text: &str) -> String {
        let label = cut(text, self.labels);
        self.labels = self.labels.saturating_sub(label.len());
        label
    }

    /// A text that comes as a whole.
    pub(crate) fn whole(&mut self, text: &str) -> String {
        let mut whole = Text::default();
        whole.push(text, self);
        whole.into_string()
    }

    /// Takes bytes of a text that is not cut. Returns whether there are as many.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let left = self.text.checked_sub(bytes);
        self.text = left.unwrap_or(self.text);
        left.is_some()
    }

    /// Sets half of the bytes of texts aside, and returns how many these are.
    pub(crate) const fn hold_half(&mut self) -> usize {
        let held = self.text / 2;
        self.text -= held;
        held
    }

    /// Gives bytes back that were set aside.
    pub(crate) const fn release(&mut self, held: usize) {
        self.text += held;
    }

    /// Whether texts have used up their bytes.
    pub(crate) const fn is_full(&self) -> bool {
        self.text == 0
    }
}

/// A text that arrives in pieces. Of one for which there is no room, the middle is left out.
#[derive(Debug, Default)]
pub(crate) struct Text {
    head: String,
    /// What follows the head, or else its end.
    tail: String,
    /// The most bytes of the tail.
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
            // Those that come later need an end, too. Most of them are short.
            self.tail_limit = if self.head.is_empty() { room.ends.div_ceil(16) } else { room.ends / 2 };
            room.ends -= self.tail_limit;
        }
        let limit = self.tail_limit;
        let (_, near) = rest.split_at(rest.ceil_char_boundary_(rest.len().saturating_sub(limit)));
        if near.len() < rest.len() {
            // What came before is not next to it.
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

    /// Gives back what it took.
    pub(crate) const fn leave(&self, room: &mut Room) {
        room.text += self.head.len();
        room.ends += self.tail_limit;
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// How many bytes were pushed.
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

/// What the standard library has from Rust 1.91 on.
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
    fn pieces_make_no_difference() {
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
