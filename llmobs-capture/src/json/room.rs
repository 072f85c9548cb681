//! Makes room for a value that does not fit its budget: shortens strings, and leaves out elements.

use super::{Stop, Writer, Written};
use crate::text::{
    media_note, prefix, push_escaped, push_json_string, push_left_out, push_shortened, suffix,
};

/// Strings with more bytes than this are shortened if the budget requires it.
pub(super) const LONG: usize = 256;
/// The fewest bytes that shortening leaves of a string inside a larger value.
const FLOOR: usize = 128;
/// An upper bound of the bytes of a note.
pub(super) const NOTE: usize = 40;
/// The smallest list that is cut back for its last element, in bytes.
const MIN_LIST: usize = 256;
/// The number of elements that are always skipped to find the last one. A budget with more bytes allows more.
const MAX_SKIPPED: usize = 64 * 1024;

/// The part of the text whose strings can still be shortened: all of it, until a list is cut back.
pub(super) struct Region {
    begin: usize,
    /// The approximate length of the longest string.
    cap: usize,
    /// Whether base64 is replaced.
    no_media: bool,
    long: Vec<Long>,
}

/// A long string that was written.
struct Long {
    /// Where its inside begins and ends.
    start: usize,
    end: usize,
    form: Form,
}

/// The written form of a long string. Positions are relative to its start.
enum Form {
    Whole,
    /// Between the two positions is a note of how many bytes are left out.
    Middle {
        head: usize,
        tail: usize,
        left_out: usize,
    },
    /// From this position on there is a note.
    Cut {
        head: usize,
    },
    /// There is only a note.
    Note,
}

impl Region {
    pub(super) const fn new(begin: usize) -> Self {
        Self { begin, cap: usize::MAX, no_media: false, long: Vec::new() }
    }

    pub(super) const fn cap(&self) -> usize {
        self.cap
    }

    /// Adds a string that was written by a formatter, and cut where its note starts.
    pub(super) fn wrote_formatted(&mut self, start: usize, end: usize, note: Option<usize>) {
        self.wrote(start, end, note.map_or(Form::Whole, |note| Form::Cut { head: note - start }));
    }

    fn wrote(&mut self, start: usize, end: usize, form: Form) {
        if end - start > LONG {
            self.long.push(Long { start, end, form });
        }
    }

    /// Returns whether this is all of the text, from `begin` on, and nothing in it was shortened.
    pub(super) const fn is_whole(&self, begin: usize) -> bool {
        self.begin == begin && !self.no_media
    }

    /// Removes strings that are no longer in the text, which now ends at `end`.
    pub(super) fn forget(&mut self, end: usize) {
        self.long.retain(|long| long.end <= end);
    }

    /// Returns how many bytes shortening can free.
    fn spare(&self) -> usize {
        self.long.iter().map(|long| (long.end - long.start).saturating_sub(FLOOR + NOTE)).sum()
    }
}

impl Long {
    /// Returns whether the string can become shorter. `media` is for the pass that removes base64.
    fn shrinks(&self, cap: usize, media: bool) -> bool {
        self.end - self.start > cap.saturating_add(NOTE) || media && matches!(self.form, Form::Whole)
    }

    /// Writes a shorter form of a string whose inside is `json`.
    fn shorten(&mut self, json: &str, cap: usize, media: bool, out: &mut String) {
        let part = |range| json.get(range).unwrap_or_default();
        match self.form {
            Form::Whole => {
                if let Some(note) = media_note(json).filter(|_| media) {
                    out.push_str(&note);
                    self.form = Form::Note;
                } else if json.len() > cap.saturating_add(NOTE) {
                    let all = prefix(json, usize::MAX).1;
                    self.form = halves(json, json, cap, all, out);
                } else {
                    out.push_str(json);
                }
            }
            Form::Middle { head, tail, left_out } => {
                let (head, tail) = (part(0..head), part(tail..json.len()));
                let all = prefix(head, usize::MAX).1 + left_out + prefix(tail, usize::MAX).1;
                self.form = halves(head, tail, cap, all, out);
            }
            Form::Cut { head } => {
                let (kept, _) = prefix(part(0..head), cap);
                out.push_str(kept);
                out.push_str(&format!("… [first {} bytes]", kept.len()));
                self.form = Form::Cut { head: kept.len() };
            }
            Form::Note => out.push_str(json),
        }
    }
}

/// Writes the beginning of `head` and the end of `tail`, which belong to a text of `all` bytes, with a note in between.
fn halves(head: &str, tail: &str, cap: usize, all: usize, out: &mut String) -> Form {
    let start = out.len();
    let (head, head_bytes) = prefix(head, cap - cap / 2);
    let (tail, tail_bytes) = suffix(tail, cap / 2);
    let left_out = all - head_bytes - tail_bytes;
    out.push_str(head);
    push_left_out(left_out, out);
    let end = out.len() - start;
    out.push_str(tail);
    Form::Middle { head: head.len(), tail: end, left_out }
}

/// The state of a list that skips elements.
pub(super) struct Skip {
    /// How many of its elements are kept.
    kept: usize,
    /// The latest end of its last element.
    end: usize,
}

/// The state that is restored after the last element of a list that skipped.
#[derive(Clone, Copy)]
pub(super) struct Before {
    end: usize,
    pending: u128,
}

impl Writer<'_> {
    /// Records why the text stops.
    #[cold]
    #[inline(never)]
    pub(super) fn halt(&mut self, stop: Stop) -> Written {
        self.halted = true;
        self.stop.get_or_insert(stop);
        Err(Stop::full())
    }

    /// Writes a string that is long, or for which there is no room.
    #[inline(never)]
    pub(super) fn long_string(&mut self, text: &str) {
        let alone = self.depth == 0;
        loop {
            let room = self.room();
            let limit = if alone { room } else { room.min(self.region.cap) };
            let quote = self.out.len();
            self.out.push('"');
            let start = self.out.len();
            let media = alone && text.len() > limit || self.region.no_media && text.len() > LONG;
            let form = if let Some(note) = media.then(|| media_note(text)).flatten() {
                self.out.push_str(&note);
                Form::Note
            } else if text.len() <= limit && push_escaped(text, limit, self.out).is_empty() {
                Form::Whole
            } else {
                self.out.truncate(quote);
                // Whether the cap is the limit, and leaves room for a note.
                let capped = self.region.cap.saturating_add(NOTE) <= room;
                if !alone && !capped && self.can_tighten() {
                    self.tighten();
                    continue;
                }
                self.out.push('"');
                // At the minimum, a quarter of the room is reserved for what follows the string.
                let rest = if capped || self.pending == 0 { 0 } else { limit / 4 };
                let limit = limit - rest;
                push_shortened(text, limit, self.out).map_or(Form::Whole, |middle| Form::Middle {
                    head: middle.start - start,
                    tail: middle.end - start,
                    left_out: middle.left_out,
                })
            };
            self.region.wrote(start, self.out.len(), form);
            self.out.push('"');
            return;
        }
    }

    /// Makes room for an element. A list can leave elements out, so inside a list this happens only if long strings take enough of the text
    /// to be worth shortening. Otherwise a prompt would lose a few words for a few more numbers.
    #[cold]
    #[inline(never)]
    pub(super) fn make_room(&mut self) -> Written {
        while self.room() == 0 {
            let size = self.end.saturating_sub(self.region.begin);
            let in_list = self.pending & !self.open != 0;
            if in_list && self.region.spare() < size / 8 || !self.can_tighten() {
                return Err(Stop::full());
            }
            self.tighten();
        }
        Ok(())
    }

    /// Shortens long strings until there are `bytes` of room, as far as possible.
    pub(super) fn tighten_to(&mut self, bytes: usize) {
        while self.room() < bytes && self.can_tighten() {
            self.tighten();
        }
    }

    fn next_cap(&self) -> usize {
        self.region.cap.min(self.end.saturating_sub(self.region.begin)) / 2
    }

    fn can_tighten(&self) -> bool {
        !self.region.no_media || self.next_cap() >= FLOOR
    }

    /// Shortens long strings by one step.
    fn tighten(&mut self) {
        let media = !self.region.no_media;
        if media {
            self.region.no_media = true;
        } else {
            self.region.cap = self.next_cap();
        }
        let cap = self.region.cap;
        let long = &mut self.region.long;
        let (Some(begin), true) =
            (long.first().map(|first| first.start), long.iter().any(|long| long.shrinks(cap, media)))
        else {
            return;
        };
        let old = self.out.split_off(begin);
        let mut copied = begin;
        let part = |from: usize, to: usize| old.get(from - begin..to - begin).unwrap_or_default();
        for long in long.iter_mut() {
            self.out.push_str(part(copied, long.start));
            copied = long.end;
            let start = self.out.len();
            let json = part(long.start, long.end);
            if long.shrinks(cap, media) {
                long.shorten(json, cap, media, self.out);
            } else {
                self.out.push_str(json);
            }
            (long.start, long.end) = (start, self.out.len());
        }
        self.out.push_str(part(copied, begin + old.len()));
        long.retain(|long| long.end - long.start > LONG);
    }

    /// Cuts a list back, so that there is room for its last element, and halts. Returns whether that gains anything. `at` elements of `len`
    /// have arrived; the last of these did not fit.
    #[cold]
    #[inline(never)]
    pub(super) fn rewind(&mut self, depth: u32, at: usize, len: usize) -> bool {
        if len - at > self.end.saturating_sub(self.begin).max(MAX_SKIPPED) {
            return false;
        }
        let below = self.depth.saturating_sub(depth);
        let pending = self.pending.checked_shr(below).unwrap_or_default();
        let share = Share { end: self.end, outer: (pending >> 1).count_ones() };
        let Some(list) = Scan::of(self.out, self.begin, depth, &share) else {
            return false;
        };
        if list.kept + 1 == at && at == len {
            return false;
        }
        self.skip = Some(Skip { kept: list.kept, end: list.end });
        self.out.truncate(list.last.at);
        self.pending = pending;
        self.halted = true;
        self.depth = list.last.depth;
        self.open = list.last.open;
        if self.depth > depth {
            self.pending = pending.checked_shl(self.depth - depth).unwrap_or_default();
            let bytes = list.last.at - list.start;
            self.close_to(depth, &format!("… [first {bytes} bytes]"));
        }
        self.region = Region::new(self.out.len());
        true
    }

    /// Writes a note of the elements that a list skipped: all of the first `at`, except those that were kept.
    pub(super) fn end_skip(&mut self, at: usize, len: usize) {
        self.halted = false;
        let left_out = at.saturating_sub(self.skip.as_ref().map_or(0, |skip| skip.kept));
        if left_out > 0 {
            self.separate();
            push_json_string(&format!("… [{left_out} of {len} items left out]"), self.out);
        }
    }

    /// Begins the last element of a list that skipped.
    pub(super) fn begin_tail(&mut self, at: usize, len: usize) -> Before {
        self.end_skip(at, len);
        let before = Before { end: self.end, pending: self.pending };
        self.end = self.skip.take().map_or(self.end, |skip| skip.end);
        // The text after the list already has its share.
        self.pending = 0;
        self.region = Region::new(self.out.len());
        self.separate();
        before
    }

    /// Ends the last element of a list that skipped. If it did not fit, it ends with a note.
    pub(super) fn end_tail(&mut self, before: Before, depth: u32, written: Written) -> Written {
        let size = self.end.saturating_sub(self.region.begin);
        self.end = before.end;
        if let Some(stop) = self.stop.take().or(written.err()) {
            if !matches!(*stop.0, super::Reason::Full) {
                return self.halt(stop);
            }
            self.close_to(depth, &format!("… [first {size} bytes]"));
        }
        self.halted = false;
        self.pending = before.pending;
        self.region = Region::new(self.out.len());
        Ok(())
    }
}

/// How much of the budget a list may use if more follows in the brackets around it.
struct Share {
    end: usize,
    outer: u32,
}

impl Share {
    /// A quarter of the remaining room is reserved for each bracket around the list.
    fn of(&self, start: usize) -> usize {
        let mut share = self.end.saturating_sub(start);
        for _ in 0..self.outer {
            share -= share / 4;
        }
        share
    }
}

/// A place between two values.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    depth: u32,
    open: u128,
}

/// A list that is cut back.
struct Scan {
    start: usize,
    /// The current end of its text.
    last: Place,
    /// How many elements are before that position.
    kept: usize,
    /// The latest end of its last element.
    end: usize,
}

impl Scan {
    /// Reads the text again, to find the list at `depth` that is open at its end, and the last position in it that leaves enough room for
    /// one more element. Returns `None` if the list is too small for that.
    fn of(text: &str, begin: usize, depth: u32, share: &Share) -> Option<Self> {
        let mut place = Place { at: begin, depth: 0, open: 0 };
        let (mut list, mut inside): (Option<Self>, Option<Place>) = (None, None);
        let mut until = 0;
        let mut elements = 0;
        let mut bytes = text.as_bytes().get(begin..).unwrap_or_default().iter().zip(begin..);
        while let Some((byte, at)) = bytes.next() {
            match byte {
                b'"' => {
                    while bytes.next().is_some_and(|(byte, _)| match byte {
                        b'\\' => bytes.next().is_some(),
                        byte => *byte != b'"',
                    }) {}
                }
                b'[' | b'{' => {
                    place = Place {
                        at: at + 1,
                        depth: place.depth + 1,
                        open: place.open << 1 | u128::from(*byte == b'{'),
                    };
                    if place.depth == depth {
                        let size = share.of(at);
                        until = (at + size - size / 4).saturating_sub(NOTE);
                        (elements, inside) = (0, None);
                        list = Some(Self { start: at, last: place, kept: 0, end: at + size });
                    } else if place.depth > depth && place.at <= until {
                        inside = Some(place);
                    }
                }
                b']' | b'}' => {
                    place.depth = place.depth.saturating_sub(1);
                    place.open >>= 1;
                }
                b',' if place.depth == depth => {
                    elements += 1;
                    if let Some(list) = list.as_mut().filter(|_| at <= until) {
                        (list.last, list.kept) = (Place { at, ..place }, elements);
                    }
                }
                b',' if place.depth > depth && at <= until => inside = Some(Place { at, ..place }),
                _ => {}
            }
        }
        let mut list = list.filter(|list| list.end - list.start >= MIN_LIST)?;
        // If not even one element fits, a part of it is kept.
        if let Some(inside) = inside.filter(|_| list.kept == 0) {
            (list.last, list.kept) = (inside, 1);
        }
        Some(list)
    }
}
