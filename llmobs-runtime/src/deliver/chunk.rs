//! Finished spans of one thread, as the worker receives them.

use std::sync::Arc;

use crate::base::clock::WallClock;
use crate::base::id::SpanId;
use crate::model::annotation::Annotation;
use crate::model::failure::FailureParts;
use crate::model::inherited::Inherited;
use crate::model::record::{Extras, Finished, Record, TraceRecord};

/// A chunk is full at this many spans.
pub(super) const CHUNK_RECORDS: usize = 256;
/// Longer texts of a span are moved into the chunk instead of copied, in bytes.
pub(super) const MAX_COPIED: usize = 16 * 1024;
/// The most memory that a moved text holds beyond its length, in bytes.
pub(super) const MAX_SPARE_TEXT: usize = 1024;

/// Finished spans of one thread, one after another.
#[derive(Default)]
pub(crate) struct Chunk {
    pub(super) records: Vec<Record>,
    pub(super) text: String,
    /// The texts of spans that are too long to be copied.
    pub(super) long_texts: Vec<String>,
    /// Data that records share: the traces of the spans, and inherited data.
    pub(super) traces: Vec<TraceRecord>,
    pub(super) inherited: Vec<Arc<Inherited>>,
    /// The lengths of the texts of failures.
    failures: Vec<FailureParts>,
    /// Bytes that the records take.
    pub(super) bytes: usize,
    /// How many chunks the thread has filled before this one.
    pub(super) number: u64,
}

/// The data of a finished span that the queue needs before it creates the record.
pub(crate) struct Head<'a> {
    /// The outermost span of this program around the span.
    pub(crate) root: SpanId,
    /// Its texts. A long text is moved, others are copied.
    pub(crate) text: &'a mut String,
    /// The lengths of input and output, in bytes. The texts begin with these two.
    pub(crate) lengths: [usize; 2],
    pub(crate) failure: Option<FailureParts>,
    pub(crate) inherited: Option<&'a Arc<Inherited>>,
    pub(crate) annotation: &'a mut Option<Box<Annotation>>,
    /// The memory of the name, in bytes.
    pub(crate) name_bytes: usize,
    /// The memory that was reserved for the content of the span, in bytes.
    pub(crate) held: usize,
    /// Whether content of the span was left out.
    pub(crate) is_stripped: bool,
}

impl Head<'_> {
    /// Removes the content: input, output, metadata and similar data. Names, numbers, tags and the type of a failure are kept.
    pub(super) fn strip(&mut self) {
        self.is_stripped = true;
        self.lengths = [0; 2];
        match &mut self.failure {
            Some(failure) => *failure = failure.keep_kind(self.text),
            None => self.text.clear(),
        }
        if let Some(annotation) = self.annotation {
            annotation.strip();
        }
    }
}

impl Chunk {
    /// Creates an empty chunk with room for as much as this one holds.
    pub(super) fn new_one_like_it(&self) -> Self {
        Self {
            records: Vec::with_capacity(self.records.len()),
            text: String::with_capacity(self.text.len()),
            ..Self::default()
        }
    }

    /// Whether the chunk is to be handed over.
    #[inline]
    pub(super) fn is_full(&self, bytes: usize) -> bool {
        self.records.len() >= CHUNK_RECORDS || self.bytes >= bytes
    }

    /// Appends a span, with the results of [`measure`](Self::measure).
    #[inline]
    pub(super) fn push(
        &mut self,
        head: &mut Head<'_>,
        (extras, bytes): (Extras, usize),
        trace: impl FnOnce() -> TraceRecord,
        record: impl FnOnce(&mut Head<'_>, Extras) -> Record,
    ) {
        self.bytes += bytes;
        if extras.has(Extras::TRACE) {
            self.traces.push(trace());
        }
        if extras.has(Extras::RARE) {
            self.take_rare(extras, head.inherited, head.failure.as_ref(), head.text);
        }
        if !extras.has(Extras::TEXT) {
            self.text.push_str(head.text);
        }
        self.records.push(record(head, extras));
    }

    /// Returns what the span needs in addition to its record, and how many bytes it takes. What it shares with the span before is already
    /// in the chunk.
    #[inline]
    pub(super) fn measure(&self, head: &Head<'_>) -> (Extras, usize) {
        let mut extras = Extras::default();
        let annotation = head.annotation.as_ref().map_or(0, |annotation| annotation.heap_bytes());
        let mut bytes = Record::BYTES + head.text.len() + head.name_bytes + annotation;
        if head.text.len() > MAX_COPIED {
            extras.add(Extras::TEXT);
            bytes += spare_bytes(head.text);
        }
        if self.traces.last().is_none_or(|last| last.root != head.root) {
            extras.add(Extras::TRACE);
            bytes += size_of::<TraceRecord>();
        }
        if let Some(inherited) = head.inherited {
            extras.add(Extras::INHERITS);
            if self.inherited.last().is_none_or(|last| !Arc::ptr_eq(last, inherited)) {
                extras.add(Extras::INHERITED);
                bytes += inherited.bytes();
            }
        }
        if head.is_stripped {
            extras.add(Extras::STRIPPED);
        }
        if head.failure.is_some() {
            extras.add(Extras::FAILURE);
            bytes += size_of::<FailureParts>();
        }
        (extras, bytes)
    }

    /// Stores the data that few spans have.
    #[inline(never)]
    fn take_rare(
        &mut self,
        extras: Extras,
        inherited: Option<&Arc<Inherited>>,
        failure: Option<&FailureParts>,
        text: &mut String,
    ) {
        if extras.has(Extras::INHERITED) {
            self.inherited.extend(inherited.cloned());
        }
        self.failures.extend(failure);
        if extras.has(Extras::TEXT) {
            let mut text = std::mem::take(text);
            if spare_bytes(&text) == 0 {
                text.shrink_to_fit();
            }
            self.long_texts.push(text);
        }
    }

    /// How many spans there are.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Reads the spans in the order in which they finished. `shows_errors` is whether the texts of errors are wanted.
    pub(crate) fn for_each(
        &mut self,
        clock: &WallClock,
        shows_errors: bool,
        mut read: impl FnMut(&Finished<'_>),
    ) {
        let mut text = self.text.as_str();
        let (mut long_texts, mut failures) = (self.long_texts.iter(), self.failures.iter());
        let (mut traces, mut all_inherited) = (self.traces.iter(), self.inherited.iter());
        let (mut trace, mut inherited) = (None, None);
        for record in &mut self.records {
            let extras = record.extras;
            if extras.has(Extras::TRACE) {
                trace = traces.next();
            }
            if extras.has(Extras::INHERITED) {
                inherited = all_inherited.next();
            }
            let failure = if extras.has(Extras::FAILURE) { failures.next() } else { None };
            let own = if extras.has(Extras::TEXT) {
                long_texts.next().map_or("", String::as_str)
            } else {
                let (own, rest) = text.split_at_checked(record.text_bytes(failure)).unwrap_or_default();
                text = rest;
                own
            };
            let annotation = record.annotation.take();
            let Some(trace) = trace else { continue };
            let inherited = inherited.filter(|_| extras.has(Extras::INHERITS)).map(|inherited| &**inherited);
            let mut finished = Finished::new(record, trace, annotation, own, failure, inherited, clock);
            finished.read(shows_errors);
            read(&finished);
        }
    }

    pub(super) fn clear(&mut self) {
        self.records.clear();
        self.text.clear();
        self.long_texts.clear();
        self.traces.clear();
        self.inherited.clear();
        self.failures.clear();
        self.bytes = 0;
    }
}

/// The memory that a long text keeps beyond its length, in bytes. A text with more spare memory is shrunk.
fn spare_bytes(text: &String) -> usize {
    Some(text.capacity() - text.len()).filter(|spare| *spare <= MAX_SPARE_TEXT).unwrap_or(0)
}
