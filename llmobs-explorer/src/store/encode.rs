//! Encodes spans for the store, on the thread that read them. Long and repeated parts are stored once.
//!
//! Long strings of events, texts for the search, and sets of attributes are looked up by their keys among the stored ones. A part that is
//! not found is stored again. Lookups only find parts of the same [segment](super::segment), so that a segment can be deleted as a whole.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::block::{Block, BlockWriter, Position};
use super::event_text::{self, SplitEvent};
use super::key::Key;
use crate::span::{Attribute, Span};

/// The number of texts and sets to remember. Each takes about 40 bytes.
const REMEMBERED: usize = 200_000;
/// The prefix of the paths of tags.
const TAG: &str = "tag.";

/// The state that the encoding threads share.
#[derive(Debug)]
pub(super) struct Encoder {
    stored: Mutex<Stored>,
    next: Next,
}

/// The next number of each kind. The numbers of a batch that cannot be stored are not used again.
#[derive(Debug)]
pub(super) struct Next {
    block: AtomicI64,
    piece: AtomicI64,
    set: AtomicI64,
}

impl Next {
    pub(super) fn new(block: i64, piece: i64, set: i64) -> Self {
        Self { block: block.into(), piece: piece.into(), set: set.into() }
    }

    /// The numbers of the next block, piece and set.
    pub(super) fn numbers(&self) -> [i64; 3] {
        [&self.block, &self.piece, &self.set].map(|number| number.load(Ordering::Relaxed))
    }
}

/// The stored parts of the current segment, by key.
#[derive(Debug, Default)]
struct Stored {
    /// The number of times that this was forgotten.
    generation: u64,
    strings: HashMap<Key, Position>,
    pieces: HashMap<Key, i64>,
    sets: HashMap<Key, i64>,
}

/// The spans of a batch, encoded.
#[derive(Debug, Default)]
pub(crate) struct Encoded {
    /// The generation of the texts and sets that the spans refer to.
    generation: u64,
    /// One for each span, in the same order.
    pub(super) spans: Vec<EncodedSpan>,
    pub(super) blocks: Vec<Block>,
    /// New texts for the search: the number, the index of the span, and the index of the text, or `None` for its short texts.
    pub(super) pieces: Vec<(i64, usize, Option<usize>)>,
    /// New sets of attributes: the number, the index of the span, and whether the set has its tags.
    pub(super) sets: Vec<(i64, usize, bool)>,
    new_strings: HashMap<Key, Position>,
    new_pieces: HashMap<Key, i64>,
    new_sets: HashMap<Key, i64>,
}

/// The positions of the parts of a span.
#[derive(Debug)]
pub(super) struct EncodedSpan {
    /// Its event, with its previews.
    pub(super) event: Position,
    /// The texts that the search covers.
    pub(super) pieces: Vec<i64>,
    pub(super) tags: i64,
    pub(super) fields: i64,
}

/// A span with the keys of its parts, and the positions of stored parts.
struct Keyed<'a> {
    event: SplitEvent<'a>,
    strings: Vec<(Key, Option<Position>)>,
    pieces: Vec<(Key, Option<i64>)>,
    /// The sets of its tags and of its other attributes. `None` if there are no attributes.
    sets: [Option<(Key, Option<i64>)>; 2],
}

impl Encoder {
    pub(super) fn new(next: Next) -> Self {
        Self { stored: Mutex::default(), next }
    }

    /// The next numbers.
    pub(super) fn next(&self) -> &Next {
        &self.next
    }

    /// Encodes the spans of a batch.
    pub(super) fn encode(&self, spans: &[Span]) -> io::Result<Encoded> {
        let mut keyed: Vec<Keyed<'_>> = spans.iter().map(Keyed::new).collect();
        let mut encoded = Encoded { generation: self.look_up(&mut keyed), ..Encoded::default() };
        let mut blocks = BlockWriter::new(&self.next.block);
        for (index, (span, keyed)) in spans.iter().zip(keyed).enumerate() {
            let mut strings = Vec::with_capacity(keyed.strings.len());
            for ((_, string), (key, stored)) in keyed.event.strings.iter().zip(keyed.strings) {
                let stored = stored.or_else(|| encoded.new_strings.get(&key).copied());
                strings.push(if let Some(position) = stored {
                    position
                } else {
                    let position = blocks.add(string.as_bytes())?;
                    encoded.new_strings.insert(key, position);
                    position
                });
            }
            let previews = [&span.input_preview, &span.output_preview];
            let event = blocks.add(keyed.event.encode(strings, previews).as_bytes())?;
            let mut pieces = Vec::with_capacity(keyed.pieces.len() + 1);
            for (text, (key, stored)) in keyed.pieces.into_iter().enumerate() {
                pieces.push(stored.or_else(|| encoded.new_pieces.get(&key).copied()).unwrap_or_else(|| {
                    let piece = self.next.piece.fetch_add(1, Ordering::Relaxed);
                    encoded.new_pieces.insert(key, piece);
                    encoded.pieces.push((piece, index, Some(text)));
                    piece
                }));
            }
            if !span.short_texts.is_empty() {
                let piece = self.next.piece.fetch_add(1, Ordering::Relaxed);
                encoded.pieces.push((piece, index, None));
                pieces.push(piece);
            }
            let [tags, fields] = [(0, true), (1, false)].map(|(at, of_tags)| {
                let Some(Some((key, stored))) = keyed.sets.get(at) else { return 0 };
                stored.or_else(|| encoded.new_sets.get(key).copied()).unwrap_or_else(|| {
                    let set = self.next.set.fetch_add(1, Ordering::Relaxed);
                    encoded.new_sets.insert(*key, set);
                    encoded.sets.push((set, index, of_tags));
                    set
                })
            });
            encoded.spans.push(EncodedSpan { event, pieces, tags, fields });
        }
        encoded.blocks = blocks.finish()?;
        Ok(encoded)
    }

    /// Looks up stored parts. Returns their generation.
    fn look_up(&self, keyed: &mut [Keyed<'_>]) -> u64 {
        let stored = self.stored();
        for span in keyed {
            span.strings.iter_mut().for_each(|(key, found)| *found = stored.strings.get(key).copied());
            span.pieces.iter_mut().for_each(|(key, found)| *found = stored.pieces.get(key).copied());
            let sets = span.sets.iter_mut().flatten();
            sets.for_each(|(key, found)| *found = stored.sets.get(key).copied());
        }
        stored.generation
    }

    /// Whether a batch refers only to stored parts of the current segment.
    pub(super) fn is_current(&self, batch: &Encoded) -> bool {
        batch.generation == self.stored().generation
    }

    /// Records that a batch is stored. From then on, other batches can refer to its texts and sets.
    pub(super) fn is_stored(&self, batch: Encoded) {
        let mut stored = self.stored();
        if batch.generation != stored.generation {
            return;
        }
        if stored.strings.len() + stored.pieces.len() + stored.sets.len() > REMEMBERED {
            *stored = Stored { generation: batch.generation, ..Stored::default() };
        }
        stored.strings.extend(batch.new_strings);
        stored.pieces.extend(batch.new_pieces);
        stored.sets.extend(batch.new_sets);
    }

    /// Forgets all stored parts, because a new segment began or another process changed the store. Batches that are already encoded must
    /// be encoded again.
    pub(super) fn forget(&self) {
        let mut stored = self.stored();
        *stored = Stored { generation: stored.generation + 1, ..Stored::default() };
    }

    /// Replaces the next numbers.
    pub(super) fn continue_with(&self, next: &Next) {
        let numbers = [&self.next.block, &self.next.piece, &self.next.set];
        for (number, next) in numbers.into_iter().zip(next.numbers()) {
            number.fetch_max(next, Ordering::Relaxed);
        }
    }

    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Keyed<'a> {
    fn new(span: &'a Span) -> Self {
        let event = event_text::split(&span.event);
        let strings = event.strings.iter().map(|(_, string)| (Key::of(string), None)).collect();
        let pieces = span.long_texts.iter().map(|text| (Key::of(text), None)).collect();
        let sets = [true, false].map(|of_tags| {
            let attributes = || attributes(span, of_tags);
            let texts = || attributes().flat_map(|one| [one.path.as_str(), one.text.as_str()].map(Some));
            attributes().next().map(|_| (Key::of_all(texts()), None))
        });
        Self { event, strings, pieces, sets }
    }
}

/// Returns the tags of a span, or its other attributes.
pub(super) fn attributes(span: &Span, of_tags: bool) -> impl Iterator<Item = &Attribute> {
    span.attributes.iter().filter(move |attribute| is_tag(&attribute.path) == of_tags)
}

/// Whether an attribute is a tag.
pub(crate) fn is_tag(path: &str) -> bool {
    path.starts_with(TAG)
}

#[cfg(test)]
mod tests;
