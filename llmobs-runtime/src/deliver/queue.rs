//! Finished spans and evaluations on their way to the worker: bounded in bytes, never blocking, every loss counted.
//!
//! Each thread appends its spans to a chunk of its own, whose lock other threads want only for moments. The worker wakes at each
//! interval, or earlier when full chunks make a batch, and takes the chunks of all threads. Memory is granted to threads in pieces,
//! so that they seldom touch the count that they share. Emptied chunks go back to the threads: in steady state, nothing is allocated.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use llmobs_capture::warn_limited;

use super::report::{DropReason, Report};
use crate::base::clock::WallClock;
use crate::base::id::SpanId;
use crate::model::failure::FailureParts;
use crate::model::inherited::Inherited;
use crate::model::record::{Beside, Finished, Record, TraceRecord};

/// A chunk is full at this many spans, or at this many bytes.
const CHUNK_RECORDS: usize = 256;
const CHUNK_BYTES: usize = 64 * 1024;
/// Longer texts of a span are not copied into the chunk, in bytes.
const MAX_COPIED: usize = 16 * 1024;
/// The most memory that such a text holds beyond its length, in bytes.
const MAX_SPARE_TEXT: usize = 1024;
/// How many emptied chunks are kept for reuse.
const MAX_SPARE: usize = 64;
/// A thread is granted this much memory at first, and more each time, up to the most, in bytes.
const FIRST_GRANT: usize = 1024;
const MAX_GRANT: usize = 64 * 1024;

/// State of `Queue::squeezed`: there was room for each span. Threads may be granted more than they need.
const ROOMY: u8 = 0;
/// State of `Queue::squeezed`: room is being taken back from threads that do not use it. Threads are granted only what they need.
const SQUEEZING: u8 = 1;
/// State of `Queue::squeezed`: room was taken back.
const SQUEEZED: u8 = 2;

/// When the worker wakes, and how much may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes that may be queued.
    pub(crate) bytes: usize,
    /// Bytes in full chunks at which they are sent before the interval is over.
    pub(crate) batch_bytes: usize,
    /// How long a span waits for others to share its request.
    pub(crate) interval: Duration,
}

/// The queue of one client.
pub(crate) struct Queue {
    limits: Limits,
    /// Bytes at which a chunk is full.
    chunk_bytes: usize,
    id: u64,
    /// Bytes that can still be granted.
    room: AtomicUsize,
    /// Whether a thread has found no room since the last batch: [`ROOMY`], [`SQUEEZING`] or [`SQUEEZED`].
    squeezed: AtomicU8,
    squeezing: Mutex<()>,
    /// Whether the worker knows that something waits. Set and cleared together with `State::since`.
    armed: AtomicBool,
    closed: AtomicBool,
    /// Whether a span or evaluation was refused since the last warning.
    has_refused: AtomicBool,
    /// How many were dropped because there was no room, and because the queue was closed.
    dropped: [AtomicU64; 2],
    state: Mutex<State>,
    /// Wakes the worker: for a batch of full chunks, a first span, a lack of room, a flush, the end.
    work: Condvar,
    /// Wakes threads that wait in `flush` or for the end.
    settled: Condvar,
}

/// The part of the queue that threads and the worker share. Threads seldom touch it.
#[derive(Default)]
struct State {
    shards: Vec<Arc<Shard>>,
    full: Vec<Chunk>,
    full_bytes: usize,
    spare: Vec<Chunk>,
    /// The JSON texts of evaluations and feedback.
    evaluations: Vec<String>,
    /// When the oldest waiting item arrived.
    since: Option<Instant>,
    /// How many items the worker has taken and not accounted for.
    in_flight: u64,
    /// How many flushes were requested, and how many of them are done.
    flushes: u64,
    flushed: u64,
    /// The worker has ended.
    ended: bool,
    report: Report,
}

/// The spans that one thread has finished, until the worker takes them.
struct Shard {
    queue: u64,
    chunk: Mutex<Chunk>,
}

/// Finished spans of one thread, one after another.
#[derive(Default)]
pub(crate) struct Chunk {
    records: Vec<Record>,
    text: String,
    /// The texts of spans that are too long to be copied.
    long_texts: Vec<String>,
    /// What records share: the traces of the spans, and what the spans inherited.
    traces: Vec<TraceRecord>,
    inherited: Vec<Arc<Inherited>>,
    /// The lengths of the texts of failures.
    failures: Vec<FailureParts>,
    /// Bytes that the records take.
    bytes: usize,
    /// How many chunks the shard had before this one.
    number: u64,
    /// Bytes that were granted to the thread and are not used.
    granted: usize,
    next_grant: usize,
}

/// What the queue needs to know of a finished span before the record is made.
pub(crate) struct Head<'a> {
    /// The outermost span of this program around the span.
    pub(crate) root: SpanId,
    /// Its texts. A long one is taken, others are copied.
    pub(crate) text: &'a mut String,
    pub(crate) failure: Option<&'a FailureParts>,
    pub(crate) inherited: Option<&'a Arc<Inherited>>,
    /// The memory that the record takes elsewhere, in bytes.
    pub(crate) heap_bytes: usize,
}

/// Everything that waited when the worker took it.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) evaluations: Vec<String>,
}

/// What the worker does next.
pub(crate) enum Work {
    /// Send what waits. Then the flushes up to this number are done.
    Send {
        flushes: u64,
    },
    End,
}

thread_local! {
    /// The shard that this thread appends its spans to.
    static SHARD: Cell<Option<Arc<Shard>>> = const { Cell::new(None) };
}

impl Queue {
    pub(crate) fn new(limits: Limits) -> Self {
        static IDS: AtomicU64 = AtomicU64::new(0);
        // A batch of no bytes would always be due.
        let limits = Limits { batch_bytes: limits.batch_bytes.max(1), ..limits };
        Self {
            limits,
            chunk_bytes: CHUNK_BYTES.min(limits.batch_bytes),
            id: IDS.fetch_add(1, Ordering::Relaxed),
            room: AtomicUsize::new(limits.bytes),
            squeezed: AtomicU8::new(ROOMY),
            squeezing: Mutex::default(),
            armed: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            has_refused: AtomicBool::new(false),
            dropped: Default::default(),
            state: Mutex::default(),
            work: Condvar::new(),
            settled: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Appends a finished span, or counts it as dropped if there is no room. `trace` and `record` are called if they are needed. The
    /// caller then calls [`warn_of_refusals`](Self::warn_of_refusals), holding no lock.
    #[inline]
    pub(crate) fn push(
        &self,
        mut head: Head<'_>,
        trace: impl FnOnce() -> TraceRecord,
        record: impl FnOnce(Beside) -> Record,
    ) {
        // A thread whose thread-locals are being destroyed has no shard any more.
        let own = SHARD.try_with(Cell::take).ok().flatten();
        let shard = match own {
            Some(shard) if shard.queue == self.id => shard,
            other => self.replace(other),
        };
        self.append(&shard, &mut head, trace, record);
        let mut shard = Some(shard);
        let _ = SHARD.try_with(|own| own.set(shard.take()));
    }

    #[inline]
    fn append(
        &self,
        shard: &Shard,
        head: &mut Head<'_>,
        trace: impl FnOnce() -> TraceRecord,
        record: impl FnOnce(Beside) -> Record,
    ) {
        let mut guard = lock(&shard.chunk);
        let (mut beside, mut bytes) = guard.measure(head);
        if guard.granted < bytes {
            match self.find_room(guard, shard, head) {
                Some(found) => (guard, beside, bytes) = found,
                None => return,
            }
        }
        let chunk = &mut *guard;
        // Checked under the lock: what was appended before the queue was closed is taken by the worker.
        if self.closed.load(Ordering::Acquire) {
            return self.count(&DropReason::Shutdown);
        }
        chunk.granted -= bytes;
        chunk.bytes += bytes;
        if beside.has(Beside::TRACE) {
            chunk.traces.push(trace());
        }
        if beside.has(Beside::RARE) {
            chunk.take_rare(beside, head.inherited, head.failure, head.text);
        }
        if !beside.has(Beside::TEXT) {
            chunk.text.push_str(head.text);
        }
        chunk.records.push(record(beside));
        if chunk.records.len() >= CHUNK_RECORDS || chunk.bytes >= self.chunk_bytes {
            self.hand_over(chunk);
        }
        drop(guard);
        if !self.armed.load(Ordering::Relaxed) {
            self.arm();
        }
    }

    /// Grants the chunk of a thread room for a span. `None` if there is none: the span is counted as dropped.
    #[cold]
    fn find_room<'a>(
        &self,
        mut chunk: MutexGuard<'a, Chunk>,
        shard: &'a Shard,
        head: &Head<'_>,
    ) -> Option<(MutexGuard<'a, Chunk>, Beside, usize)> {
        let (mut beside, mut bytes) = chunk.measure(head);
        if !self.grant(&mut chunk, bytes) {
            drop(chunk);
            self.squeeze();
            chunk = lock(&shard.chunk);
            (beside, bytes) = chunk.measure(head);
            if chunk.granted < bytes && !self.grant(&mut chunk, bytes) {
                drop(chunk);
                if self.closed.load(Ordering::Acquire) {
                    self.count(&DropReason::Shutdown);
                } else {
                    self.refuse();
                }
                return None;
            }
        }
        Some((chunk, beside, bytes))
    }

    /// Registers this thread, which has no shard, or one of another client.
    #[cold]
    #[inline(never)]
    fn replace(&self, other: Option<Arc<Shard>>) -> Arc<Shard> {
        drop(other);
        self.register()
    }

    /// Gives a thread room for `bytes`, and for more in advance.
    #[cold]
    fn grant(&self, chunk: &mut Chunk, bytes: usize) -> bool {
        let needed = bytes - chunk.granted;
        let mut wanted = needed;
        if self.squeezed.load(Ordering::Relaxed) == ROOMY {
            wanted = needed.max(chunk.next_grant.max(FIRST_GRANT));
            chunk.next_grant = (wanted * 2).min(MAX_GRANT);
        }
        let granted = [wanted, needed].into_iter().find(|more| self.take_room(*more));
        chunk.granted += granted.unwrap_or_default();
        granted.is_some()
    }

    /// Takes back what threads were granted and have not used, and wakes the worker. It is called when there is no room, does this
    /// once between two batches, since it locks each shard, and is never called while a shard is locked.
    #[cold]
    fn squeeze(&self) {
        if self.squeezed.load(Ordering::Relaxed) == SQUEEZED {
            return;
        }
        let _one_at_a_time = lock(&self.squeezing);
        if self.squeezed.load(Ordering::Relaxed) == SQUEEZED {
            return;
        }
        self.squeezed.store(SQUEEZING, Ordering::Relaxed);
        let shards = self.state().shards.clone();
        self.work.notify_one();
        for shard in &shards {
            let unused = std::mem::take(&mut lock(&shard.chunk).granted);
            self.give_back(unused);
        }
        self.squeezed.store(SQUEEZED, Ordering::Relaxed);
    }

    fn take_room(&self, bytes: usize) -> bool {
        let taken =
            self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |room| room.checked_sub(bytes));
        taken.is_ok()
    }

    /// Gives memory back, so that it can be granted again.
    pub(crate) fn give_back(&self, bytes: usize) {
        self.room.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Hands a full chunk over to the worker.
    #[cold]
    fn hand_over(&self, chunk: &mut Chunk) {
        let mut state = self.state();
        let mut fresh = state.spare.pop().unwrap_or_else(|| chunk.new_one_like_it());
        fresh.granted = std::mem::take(&mut chunk.granted);
        fresh.next_grant = chunk.next_grant;
        fresh.number = chunk.number + 1;
        let full = std::mem::replace(chunk, fresh);
        let was_due = state.full_bytes >= self.limits.batch_bytes;
        state.full_bytes += full.bytes;
        state.full.push(full);
        let due = state.full_bytes >= self.limits.batch_bytes;
        drop(state);
        if due && !was_due {
            self.work.notify_one();
        }
    }

    /// Notifies the worker that something is queued, unless it has been notified.
    #[cold]
    fn arm(&self) {
        let mut state = self.state();
        if !self.armed.swap(true, Ordering::Relaxed) {
            state.since = Some(Instant::now());
            drop(state);
            self.work.notify_one();
        }
    }

    /// Finds this thread a shard: one whose thread has ended, or a new one.
    #[cold]
    fn register(&self) -> Arc<Shard> {
        let mut state = self.state();
        if let Some(orphan) = state.shards.iter().find(|shard| Arc::strong_count(shard) == 1) {
            return Arc::clone(orphan);
        }
        let shard = Arc::new(Shard { queue: self.id, chunk: Mutex::default() });
        state.shards.push(Arc::clone(&shard));
        shard
    }

    #[cold]
    fn refuse(&self) {
        self.count(&DropReason::QueueFull);
        self.has_refused.store(true, Ordering::Relaxed);
    }

    /// Warns of refusals since the last warning. The logger is user code, so the caller must hold no lock.
    #[inline]
    pub(crate) fn warn_of_refusals(&self) {
        if self.has_refused.load(Ordering::Relaxed) {
            self.warn_that_it_is_full();
        }
    }

    #[cold]
    fn warn_that_it_is_full(&self) {
        self.has_refused.store(false, Ordering::Relaxed);
        warn_limited!(
            "spans or evaluations are dropped: more than {} bytes wait for delivery",
            self.limits.bytes
        );
    }

    fn count(&self, reason: &DropReason) {
        let [full, shutdown] = &self.dropped;
        let count = if *reason == DropReason::Shutdown { shutdown } else { full };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Appends the JSON text of an evaluation or feedback, or counts it as dropped if there is no room. It is accepted after the queue
    /// was closed, too, until the worker ends: a processor may submit it.
    pub(crate) fn push_evaluation(&self, json: String) {
        let mut fits = self.take_room(json.len());
        if !fits {
            self.squeeze();
            fits = self.take_room(json.len());
        }
        let mut state = self.state();
        if state.ended {
            self.count(&DropReason::Shutdown);
        } else if fits {
            state.evaluations.push(json);
            drop(state);
            self.arm();
        } else {
            drop(state);
            self.refuse();
            self.warn_of_refusals();
        }
    }

    /// Waits until something has to be sent, or the queue is closed and empty.
    pub(crate) fn next(&self) -> Work {
        let mut state = self.state();
        loop {
            let closed = self.closed.load(Ordering::Acquire);
            let full =
                state.full_bytes >= self.limits.batch_bytes || self.squeezed.load(Ordering::Relaxed) != ROOMY;
            if closed || state.flushes > state.flushed || full {
                break;
            }
            let Some(since) = state.since else {
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = self.limits.interval.saturating_sub(since.elapsed());
            if left.is_zero() {
                break;
            }
            let waited = self.work.wait_timeout(state, left);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        let flushes = state.flushes;
        drop(state);
        if self.closed.load(Ordering::Acquire) && self.is_empty() {
            Work::End
        } else {
            Work::Send { flushes }
        }
    }

    fn is_empty(&self) -> bool {
        let state = self.state();
        let shards = state.shards.clone();
        let waits = !state.full.is_empty() || !state.evaluations.is_empty();
        drop(state);
        !waits && shards.iter().all(|shard| lock(&shard.chunk).records.is_empty())
    }

    /// Takes everything that waits.
    pub(crate) fn take(&self) -> Batch {
        let mut state = self.state();
        // A thread that appends to its shard after this loop took from it sees this, and notifies the worker again.
        self.armed.store(false, Ordering::Relaxed);
        self.squeezed.store(ROOMY, Ordering::Relaxed);
        state.since = None;
        state.full_bytes = 0;
        let mut chunks = std::mem::take(&mut state.full);
        let evaluations = std::mem::take(&mut state.evaluations);
        let shards = state.shards.clone();
        let mut spare = std::mem::take(&mut state.spare);
        // Unlocked before the shards of running threads are locked: a thread locks the state while it holds its shard.
        drop(state);
        for shard in &shards {
            let mut chunk = lock(&shard.chunk);
            let unused = std::mem::take(&mut chunk.granted);
            self.give_back(unused);
            if !chunk.records.is_empty() {
                let fresh = Chunk {
                    number: chunk.number + 1,
                    next_grant: chunk.next_grant,
                    ..spare.pop().unwrap_or_default()
                };
                chunks.push(std::mem::replace(&mut chunk, fresh));
            }
        }
        drop(shards);
        let mut state = self.state();
        // Threads may have filled further chunks before this loop came to their shards.
        chunks.append(&mut state.full);
        state.full_bytes = 0;
        chunks.sort_by_key(|chunk| chunk.number);
        let taken = chunks.iter().map(|chunk| chunk.records.len() as u64).sum::<u64>();
        state.spare.append(&mut spare);
        state.in_flight += taken + evaluations.len() as u64;
        // Removes the shards of threads that have ended.
        state.shards.retain(|shard| Arc::strong_count(shard) > 1 || !self.is_abandoned(shard));
        Batch { chunks, evaluations }
    }

    /// Whether the shard of a thread that has ended holds no span. Gives back the room that the thread did not use.
    fn is_abandoned(&self, shard: &Shard) -> bool {
        let mut chunk = lock(&shard.chunk);
        self.give_back(std::mem::take(&mut chunk.granted));
        chunk.records.is_empty()
    }

    /// Keeps a chunk for reuse when its spans have been read. Returns how many bytes the spans count until they are sent.
    pub(crate) fn recycle(&self, mut chunk: Chunk) -> usize {
        let bytes = chunk.bytes;
        chunk.clear();
        let mut state = self.state();
        if state.spare.len() < MAX_SPARE {
            state.spare.push(chunk);
        }
        bytes
    }

    /// Adds items that were delivered or dropped to the report.
    pub(crate) fn settle(&self, outcome: &Report) {
        let mut state = self.state();
        let settled = outcome.delivered + outcome.dropped_total();
        state.in_flight = state.in_flight.saturating_sub(settled);
        state.report.add(outcome);
    }

    /// Marks the flushes up to this number as done.
    pub(crate) fn flushed(&self, flushes: u64) {
        let mut state = self.state();
        state.flushed = state.flushed.max(flushes);
        drop(state);
        self.settled.notify_all();
    }

    /// Waits between two attempts. Returns `false` early if the queue is closed.
    pub(crate) fn pause(&self, duration: Duration) -> bool {
        let is_open = |_: &mut State| !self.closed.load(Ordering::Acquire);
        let waited = self.work.wait_timeout_while(self.state(), duration, is_open);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        !self.closed.load(Ordering::Acquire)
    }

    /// Waits until all spans that finished before the call were sent or dropped, but not longer than `timeout`.
    pub(crate) fn flush(&self, timeout: Duration) -> Report {
        let mut state = self.state();
        state.flushes += 1;
        let goal = state.flushes;
        self.work.notify_one();
        let waited =
            self.settled.wait_timeout_while(state, timeout, |state| state.flushed < goal && !state.ended);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.report()
    }

    /// What became of everything so far.
    pub(crate) fn report(&self) -> Report {
        let shards = self.state().shards.clone();
        let in_shards: usize = shards.iter().map(|shard| lock(&shard.chunk).records.len()).sum();
        let state = self.state();
        let in_chunks: usize = state.full.iter().map(|chunk| chunk.records.len()).sum();
        let mut report = state.report.clone();
        report.pending = state.in_flight + (in_shards + in_chunks + state.evaluations.len()) as u64;
        for (reason, count) in [DropReason::QueueFull, DropReason::Shutdown].into_iter().zip(&self.dropped) {
            report.drop_spans(reason, count.load(Ordering::Relaxed));
        }
        report
    }

    /// Takes no more spans. Returns whether it was open.
    pub(crate) fn close(&self) -> bool {
        // Set under the lock, so that no waiting thread misses it.
        let state = self.state();
        let was_open = !self.closed.swap(true, Ordering::AcqRel);
        drop(state);
        self.work.notify_all();
        was_open
    }

    /// Marks the worker as ended.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        state.spare = Vec::new();
        // Evaluations that were submitted after the worker looked for the last time.
        let late = std::mem::take(&mut state.evaluations).len() as u64;
        state.report.drop_spans(DropReason::Shutdown, late);
        drop(state);
        self.settled.notify_all();
    }

    /// Waits for the worker to end, but not longer than `timeout`.
    pub(crate) fn wait_for_end(&self, timeout: Duration) {
        let waited = self.settled.wait_timeout_while(self.state(), timeout, |state| !state.ended);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Chunk {
    /// An empty chunk with room for as much as this one holds.
    fn new_one_like_it(&self) -> Self {
        Self {
            records: Vec::with_capacity(self.records.len()),
            text: String::with_capacity(self.text.len()),
            ..Self::default()
        }
    }

    /// What a span needs beside its record, and how many bytes it takes. What the span before it shares with it is in the chunk
    /// already.
    #[inline]
    fn measure(&self, head: &Head<'_>) -> (Beside, usize) {
        let mut beside = Beside::default();
        let mut bytes = Record::BYTES + head.text.len() + head.heap_bytes;
        if head.text.len() > MAX_COPIED {
            beside.add(Beside::TEXT);
            bytes += spare_bytes(head.text);
        }
        if self.traces.last().is_none_or(|last| last.root != head.root) {
            beside.add(Beside::TRACE);
            bytes += size_of::<TraceRecord>();
        }
        if let Some(inherited) = head.inherited {
            beside.add(Beside::INHERITS);
            if self.inherited.last().is_none_or(|last| !Arc::ptr_eq(last, inherited)) {
                beside.add(Beside::INHERITED);
                bytes += inherited.bytes();
            }
        }
        if head.failure.is_some() {
            beside.add(Beside::FAILURE);
            bytes += size_of::<FailureParts>();
        }
        (beside, bytes)
    }

    /// Stores what few spans need.
    #[inline(never)]
    fn take_rare(
        &mut self,
        beside: Beside,
        inherited: Option<&Arc<Inherited>>,
        failure: Option<&FailureParts>,
        text: &mut String,
    ) {
        if beside.has(Beside::INHERITED) {
            self.inherited.extend(inherited.cloned());
        }
        self.failures.extend(failure);
        if beside.has(Beside::TEXT) {
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

    /// Reads the spans in the order in which they finished. `shows_errors` says whether the texts of errors are wanted.
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
            let beside = record.beside;
            if beside.has(Beside::TRACE) {
                trace = traces.next();
            }
            if beside.has(Beside::INHERITED) {
                inherited = all_inherited.next();
            }
            let failure = if beside.has(Beside::FAILURE) { failures.next() } else { None };
            let own = if beside.has(Beside::TEXT) {
                long_texts.next().map_or("", String::as_str)
            } else {
                let (own, rest) = text.split_at_checked(record.text_bytes(failure)).unwrap_or_default();
                text = rest;
                own
            };
            let annotation = record.annotation.take();
            let Some(trace) = trace else { continue };
            let inherited = inherited.filter(|_| beside.has(Beside::INHERITS)).map(|inherited| &**inherited);
            let mut finished = Finished::new(record, trace, annotation, own, failure, inherited, clock);
            finished.read(shows_errors);
            read(&finished);
        }
    }

    fn clear(&mut self) {
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
