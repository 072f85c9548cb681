//! The queue of a client: spans from their start, and evaluations, on their way to the worker. It is bounded in bytes and never blocks, and
//! every loss is counted.
//!
//! Each thread counts the spans that start and end there, reserves room for them, and appends those that ended to its own chunk, whose
//! lock other threads hold only for moments. The worker wakes at each interval, or earlier when full chunks make a batch, and takes the
//! chunks of all threads. Memory is granted to threads in pieces, so that they seldom touch the shared count. Emptied chunks go back to the
//! threads: in steady state, nothing is allocated.

mod sync;

use std::cell::Cell;
use std::sync::atomic::{AtomicU64 as Counter, Ordering, fence};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use sync::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Condvar, Mutex, MutexGuard, thread_local};

use super::chunk::{Chunk, Head};
use super::report::{DropReason, Report};
use crate::model::record::{Extras, Record, TraceRecord};

/// A chunk is full at this many bytes.
const CHUNK_BYTES: usize = 64 * 1024;
/// How many emptied chunks are kept for reuse.
const MAX_SPARE: usize = 64;
/// A thread is granted this much memory at first, and more each time, up to a maximum, in bytes.
const FIRST_GRANT: usize = 1024;
const MAX_GRANT: usize = 64 * 1024;

/// State of `Queue::reclaim_state`: each span had room. Threads may be granted more than they need.
const NOT_RECLAIMED: u8 = 0;
/// State of `Queue::reclaim_state`: unused room of threads is being reclaimed. Threads are granted only what they need.
const RECLAIMING: u8 = 1;
/// State of `Queue::reclaim_state`: room was reclaimed.
const RECLAIMED: u8 = 2;

/// The maximum number of open spans that had no room and are not recorded.
const MAX_UNRECORDED: usize = 4096;
/// A thread that has more unused room than this gives the rest back, in bytes.
const MAX_GRANTED: usize = 4 * MAX_GRANT;

/// When the worker wakes, and how much may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes that spans and evaluations may take, from the start of a span until it is delivered or lost.
    pub(crate) bytes: usize,
    /// The part of these bytes that is reserved for spans without input and output. Half of that is for spans with no span around them,
    /// which end last.
    pub(crate) kept_bytes: usize,
    /// The memory of an open span without its content, in bytes.
    pub(crate) open_bytes: usize,
    /// Bytes in full chunks at which they are sent before the interval is over.
    pub(crate) batch_bytes: usize,
    /// How long a span waits for others to share its request.
    pub(crate) interval: Duration,
}

impl Limits {
    /// Limits with which nothing is accepted.
    pub(crate) const NONE: Self =
        Self { bytes: 0, kept_bytes: 0, open_bytes: 0, batch_bytes: 0, interval: Duration::MAX };
}

/// The queue of one client.
pub(crate) struct Queue {
    limits: Limits,
    /// Bytes at which a chunk is full.
    chunk_bytes: usize,
    id: u64,
    /// Bytes that can still be granted.
    room: AtomicUsize,
    /// Whether room was reclaimed since the last batch, because a thread had none: [`NOT_RECLAIMED`], [`RECLAIMING`] or [`RECLAIMED`].
    reclaim_state: AtomicU8,
    /// Held while spans, or room, move between threads and the worker.
    moving: Mutex<()>,
    /// Whether the worker knows that something waits. Set and cleared together with `State::since`.
    armed: AtomicBool,
    closed: AtomicBool,
    /// The number of open spans that found no room.
    unrecorded: AtomicUsize,
    /// The number of items that were dropped because there was no room, and because the queue was closed.
    dropped: [AtomicU64; 2],
    state: Mutex<State>,
    /// Wakes the worker: for a batch of full chunks, a first span, a lack of room, a flush, or shutdown.
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
    /// The number of items that the worker has taken and not accounted for, and of those in the request that is being sent.
    in_flight: u64,
    sending: u64,
    /// The tallies of threads that have ended.
    counts: SpanCounts,
    /// The number of submitted evaluations.
    submitted: u64,
    /// The number of requested flushes, and of those that are done.
    flushes: u64,
    flushed: u64,
    /// The worker has ended.
    ended: bool,
    report: Report,
}

/// The part of the queue that belongs to one thread.
struct Shard {
    queue: u64,
    own: Mutex<Own>,
}

/// The state of one thread. Other threads lock it only for moments.
#[derive(Default)]
struct Own {
    /// The spans that the thread has finished, until the worker takes them.
    chunk: Chunk,
    /// Bytes that were granted to the thread and are unused.
    granted: usize,
    next_grant: usize,
    counts: SpanCounts,
}

/// The number of spans that started on a thread, and of those that ended there.
#[derive(Clone, Copy, Debug, Default)]
struct SpanCounts {
    started: u64,
    ended: u64,
}

impl SpanCounts {
    fn add(&mut self, other: Self) {
        self.started = self.started.wrapping_add(other.started);
        self.ended = self.ended.wrapping_add(other.ended);
    }
}

/// Everything that waited when the worker took it.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) evaluations: Vec<String>,
}

/// What the worker does next.
pub(crate) enum Work {
    /// Send all that waits. Then the flushes up to this number are done.
    Send {
        flushes: u64,
    },
    End,
}

/// How a wait between two attempts ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    Over,
    /// The queue is closed.
    Closed,
}

thread_local! {
    /// The shard that this thread appends its spans to.
    static SHARD: Cell<Option<Arc<Shard>>> = const { Cell::new(None) };
}

impl Queue {
    pub(crate) fn new(limits: Limits) -> Self {
        static IDS: Counter = Counter::new(0);
        // A batch of no bytes would always be due.
        let limits = Limits { batch_bytes: limits.batch_bytes.max(1), ..limits };
        Self {
            limits,
            chunk_bytes: CHUNK_BYTES.min(limits.batch_bytes),
            id: IDS.fetch_add(1, Ordering::Relaxed),
            room: AtomicUsize::new(limits.bytes),
            reclaim_state: AtomicU8::new(NOT_RECLAIMED),
            moving: Mutex::default(),
            armed: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            unrecorded: AtomicUsize::new(0),
            dropped: Default::default(),
            state: Mutex::default(),
            work: Condvar::new(),
            settled: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Counts a span that starts, and reserves room for it. Returns false if there is none: the span is counted as dropped.
    #[inline]
    pub(crate) fn begin(&self, is_root: bool) -> bool {
        let bytes = self.limits.open_bytes;
        self.with_shard(|shard| {
            let mut own = lock(&shard.own);
            own.counts.started += 1;
            if own.granted >= bytes {
                own.granted -= bytes;
                return true;
            }
            self.begin_without_room(own, shard, is_root)
        })
    }

    #[cold]
    fn begin_without_room<'a>(&self, mut own: MutexGuard<'a, Own>, shard: &'a Shard, is_root: bool) -> bool {
        let (bytes, kept) = (self.limits.open_bytes, if is_root { 0 } else { self.limits.kept_bytes / 2 });
        let mut has_room = self.grant(&mut own, bytes, kept);
        if !has_room {
            drop(own);
            self.reclaim();
            own = lock(&shard.own);
            has_room = own.granted >= bytes || self.grant(&mut own, bytes, kept);
        }
        if has_room {
            own.granted -= bytes;
        } else {
            own.counts.ended += 1;
            drop(own);
            self.refuse();
        }
        has_room
    }

    /// Begins a span that found no room and is not recorded. Returns false if too many such spans are open, because the limit does not
    /// cover them.
    #[cold]
    pub(crate) fn begin_unrecorded(&self) -> bool {
        let begin = |open: usize| (open < MAX_UNRECORDED).then_some(open + 1);
        self.unrecorded.fetch_update(Ordering::Relaxed, Ordering::Relaxed, begin).is_ok()
    }

    /// Ends a span that is not recorded.
    pub(crate) fn end_unrecorded(&self) {
        self.unrecorded.fetch_sub(1, Ordering::Relaxed);
    }

    /// Undoes the start of a span that turned out not to be one. `held` is the room that it [reserved](Self::reserve).
    pub(crate) fn discard(&self, held: usize) {
        self.with_shard(|shard| {
            let mut own = lock(&shard.own);
            own.counts.started = own.counts.started.wrapping_sub(1);
            own.granted += self.limits.open_bytes + held;
        });
    }

    /// Reserves room for the content of an open span.
    #[cold]
    pub(crate) fn reserve(&self, bytes: usize) -> bool {
        self.take_room(bytes, self.limits.kept_bytes) || {
            self.reclaim();
            self.take_room(bytes, self.limits.kept_bytes)
        }
    }

    /// Appends a finished span, or counts it as dropped if there is no room. `trace` and `record` are called only if they are needed.
    #[inline]
    pub(crate) fn push(
        &self,
        mut head: Head<'_>,
        trace: impl FnOnce() -> TraceRecord,
        record: impl FnOnce(&mut Head<'_>, Extras) -> Record,
    ) {
        self.with_shard(|shard| self.append(shard, &mut head, trace, record));
    }

    /// Calls `f` with the shard of this thread.
    #[inline]
    fn with_shard<R>(&self, f: impl FnOnce(&Shard) -> R) -> R {
        // A thread whose thread-locals are being destroyed no longer has a shard.
        let own = SHARD.try_with(Cell::take).ok().flatten();
        let shard = match own {
            Some(shard) if shard.queue == self.id => shard,
            other => self.replace(other),
        };
        let result = f(&shard);
        let mut shard = Some(shard);
        let _ = SHARD.try_with(|own| own.set(shard.take()));
        result
    }

    #[inline]
    fn append(
        &self,
        shard: &Shard,
        head: &mut Head<'_>,
        trace: impl FnOnce() -> TraceRecord,
        record: impl FnOnce(&mut Head<'_>, Extras) -> Record,
    ) {
        let mut guard = lock(&shard.own);
        guard.counts.ended += 1;
        guard.granted += self.limits.open_bytes + head.held;
        let mut measured = guard.chunk.measure(head);
        if guard.granted < measured.1 {
            match self.find_room(guard, shard, head) {
                Some(found) => (guard, measured) = found,
                None => return,
            }
        }
        let own = &mut *guard;
        // Checked under the lock: the worker takes everything that was appended before the queue was closed.
        if self.closed.load(Ordering::Acquire) {
            return self.count(&DropReason::Shutdown);
        }
        own.granted -= measured.1;
        own.chunk.push(head, measured, trace, record);
        if own.chunk.is_full(self.chunk_bytes) {
            self.hand_over(own);
        }
        if own.granted > MAX_GRANTED {
            self.give_back(std::mem::replace(&mut own.granted, MAX_GRANT) - MAX_GRANT);
        }
        drop(guard);
        if !self.armed.load(Ordering::Relaxed) {
            self.arm();
        }
    }

    /// Grants a thread room for a span that ends. If there is not enough, the content of the span is removed. Returns `None` if there is
    /// still not enough: the span is counted as dropped.
    #[cold]
    fn find_room<'a>(
        &self,
        mut own: MutexGuard<'a, Own>,
        shard: &'a Shard,
        head: &mut Head<'_>,
    ) -> Option<(MutexGuard<'a, Own>, (Extras, usize))> {
        let mut measured = own.chunk.measure(head);
        if self.grant(&mut own, measured.1, self.limits.kept_bytes) {
            return Some((own, measured));
        }
        drop(own);
        self.reclaim();
        own = lock(&shard.own);
        measured = own.chunk.measure(head);
        if own.granted >= measured.1 || self.grant(&mut own, measured.1, self.limits.kept_bytes) {
            return Some((own, measured));
        }
        head.strip();
        measured = own.chunk.measure(head);
        if own.granted >= measured.1 || self.grant(&mut own, measured.1, 0) {
            return Some((own, measured));
        }
        drop(own);
        if self.closed.load(Ordering::Acquire) {
            self.count(&DropReason::Shutdown);
        } else {
            self.refuse();
        }
        None
    }

    /// Registers this thread, which has no shard, or one of another client.
    #[cold]
    #[inline(never)]
    fn replace(&self, other: Option<Arc<Shard>>) -> Arc<Shard> {
        drop(other);
        self.register()
    }

    /// Grants a thread room for `bytes`, and for more in advance, but leaves `kept` bytes of the room.
    #[cold]
    fn grant(&self, own: &mut Own, bytes: usize, kept: usize) -> bool {
        let needed = bytes - own.granted;
        let mut wanted = needed;
        if self.reclaim_state.load(Ordering::Relaxed) == NOT_RECLAIMED {
            wanted = needed.max(own.next_grant.max(FIRST_GRANT));
            own.next_grant = (wanted * 2).min(MAX_GRANT);
        }
        let granted = [(wanted, kept.max(self.limits.kept_bytes)), (needed, kept)];
        let granted =
            granted.into_iter().find(|(more, kept)| self.take_room(*more, *kept)).map(|(more, _)| more);
        own.granted += granted.unwrap_or_default();
        granted.is_some()
    }

    /// Reclaims the unused room of threads, and wakes the worker. It is called when there is no room, does this once between two batches
    /// because it locks each shard, and is never called while a shard is locked.
    #[cold]
    fn reclaim(&self) {
        if self.reclaim_state.load(Ordering::Relaxed) == RECLAIMED {
            return;
        }
        let _one_at_a_time = lock(&self.moving);
        if self.reclaim_state.load(Ordering::Relaxed) == RECLAIMED {
            return;
        }
        self.reclaim_state.store(RECLAIMING, Ordering::Relaxed);
        let shards = self.state().shards.clone();
        self.work.notify_one();
        for shard in &shards {
            let unused = std::mem::take(&mut lock(&shard.own).granted);
            self.give_back(unused);
        }
        self.reclaim_state.store(RECLAIMED, Ordering::Relaxed);
    }

    /// Takes a part of the room, if `kept` bytes are left.
    fn take_room(&self, bytes: usize, kept: usize) -> bool {
        let take = |room: usize| room.checked_sub(bytes).filter(|left| *left >= kept);
        self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// Gives memory back, so that it can be granted again.
    pub(crate) fn give_back(&self, bytes: usize) {
        self.room.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Hands the full chunk of a thread over to the worker.
    #[cold]
    fn hand_over(&self, own: &mut Own) {
        let mut state = self.state();
        let mut fresh = state.spare.pop().unwrap_or_else(|| own.chunk.new_one_like_it());
        fresh.number = own.chunk.number + 1;
        let full = std::mem::replace(&mut own.chunk, fresh);
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

    /// Finds a shard for this thread: one whose thread has ended, or a new one.
    #[cold]
    fn register(&self) -> Arc<Shard> {
        let mut state = self.state();
        if let Some(orphan) = state.shards.iter().find(|shard| Arc::strong_count(shard) == 1) {
            return Arc::clone(orphan);
        }
        let shard = Arc::new(Shard { queue: self.id, own: Mutex::default() });
        state.shards.push(Arc::clone(&shard));
        shard
    }

    fn count(&self, reason: &DropReason) {
        let [full, shutdown] = &self.dropped;
        let count = if *reason == DropReason::Shutdown { shutdown } else { full };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an item without room. The worker logs a warning, also if it has just looked.
    #[cold]
    fn refuse(&self) {
        self.count(&DropReason::QueueFull);
        // Pairs with the fence in `take`: either the worker sees the count, or this thread sees that the worker no longer knows of it.
        fence(Ordering::SeqCst);
        if !self.armed.load(Ordering::Relaxed) {
            self.arm();
        }
    }

    /// Appends the JSON text of an evaluation or feedback, or counts it as dropped if there is no room. It is accepted even after the queue
    /// was closed, until the worker ends, because a processor may submit it.
    pub(crate) fn push_evaluation(&self, json: String) {
        let mut fits = self.take_room(json.len(), 0);
        if !fits {
            self.reclaim();
            fits = self.take_room(json.len(), 0);
        }
        let mut state = self.state();
        state.submitted += 1;
        if state.ended {
            state.report.drop_spans(DropReason::Shutdown, 1);
            self.give_back(if fits { json.len() } else { 0 });
        } else if fits {
            state.evaluations.push(json);
            drop(state);
            self.arm();
        } else {
            drop(state);
            self.refuse();
        }
    }

    /// Waits until something has to be sent, or the queue is closed and empty.
    pub(crate) fn next(&self) -> Work {
        let mut state = self.state();
        loop {
            let closed = self.closed.load(Ordering::Acquire);
            let full = state.full_bytes >= self.limits.batch_bytes
                || self.reclaim_state.load(Ordering::Relaxed) != NOT_RECLAIMED;
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

    /// Returns whether nothing waits. The shards are read first, because their chunks move to the full ones.
    fn is_empty(&self) -> bool {
        let shards = self.state().shards.clone();
        let nothing_in_shards = shards.iter().all(|shard| lock(&shard.own).chunk.is_empty());
        let state = self.state();
        nothing_in_shards && state.full.is_empty() && state.evaluations.is_empty()
    }

    /// Takes everything that waits.
    pub(crate) fn take(&self) -> Batch {
        let _one_at_a_time = lock(&self.moving);
        let mut state = self.state();
        // A thread that appends to its shard after this loop has read it sees this, and notifies the worker again.
        self.armed.store(false, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        self.reclaim_state.store(NOT_RECLAIMED, Ordering::Relaxed);
        state.since = None;
        state.full_bytes = 0;
        let mut chunks = std::mem::take(&mut state.full);
        let evaluations = std::mem::take(&mut state.evaluations);
        let shards = state.shards.clone();
        let mut spare = std::mem::take(&mut state.spare);
        // Unlocked before the shards of running threads are locked: a thread locks the state while it holds its shard.
        drop(state);
        for shard in &shards {
            let mut own = lock(&shard.own);
            let unused = std::mem::take(&mut own.granted);
            self.give_back(unused);
            if !own.chunk.is_empty() {
                let mut fresh = spare.pop().unwrap_or_default();
                fresh.number = own.chunk.number + 1;
                chunks.push(std::mem::replace(&mut own.chunk, fresh));
            }
        }
        drop(shards);
        let mut state = self.state();
        // Threads may have filled further chunks before this loop reached their shards.
        chunks.append(&mut state.full);
        state.full_bytes = 0;
        chunks.sort_by_key(|chunk| chunk.number);
        let taken = chunks.iter().map(|chunk| chunk.len() as u64).sum::<u64>();
        state.spare.append(&mut spare);
        state.in_flight += taken + evaluations.len() as u64;
        // Removes the shards of threads that have ended.
        let State { shards, counts, .. } = &mut *state;
        shards.retain(|shard| Arc::strong_count(shard) > 1 || !self.is_abandoned(shard, counts));
        Batch { chunks, evaluations }
    }

    /// Returns whether the thread of a shard has ended and the shard holds no span. Then its counts are added, and the room that the thread
    /// did not use is given back.
    fn is_abandoned(&self, shard: &Shard, counts: &mut SpanCounts) -> bool {
        let mut own = lock(&shard.own);
        self.give_back(std::mem::take(&mut own.granted));
        let is_abandoned = own.chunk.is_empty();
        if is_abandoned {
            counts.add(own.counts);
        }
        is_abandoned
    }

    /// Keeps a chunk for reuse after its spans were read. Returns how many bytes the spans count until they are sent.
    pub(crate) fn recycle(&self, mut chunk: Chunk) -> usize {
        let bytes = chunk.bytes;
        chunk.clear();
        let mut state = self.state();
        if state.spare.len() < MAX_SPARE {
            state.spare.push(chunk);
        }
        bytes
    }

    /// Sets how many items are in the request that is being sent.
    pub(crate) fn sending(&self, items: u64) {
        self.state().sending = items;
    }

    /// Adds items that were delivered or lost to the report. No item is being sent any more.
    pub(crate) fn settle(&self, outcome: &Report) {
        let mut state = self.state();
        let settled = outcome.delivered + outcome.unknown + outcome.dropped_total();
        state.in_flight = state.in_flight.saturating_sub(settled);
        state.sending = 0;
        state.report.add(outcome);
    }

    /// Counts everything that the worker has taken and not accounted for as lost. Returns how many items these are.
    pub(crate) fn lose_taken(&self) -> u64 {
        let mut state = self.state();
        state.sending = 0;
        let lost = std::mem::take(&mut state.in_flight);
        state.report.drop_spans(DropReason::Internal, lost);
        lost
    }

    /// Counts an annotation that no span received.
    pub(crate) fn lose_annotation(&self) {
        self.state().report.lost_annotations += 1;
    }

    /// Marks the flushes up to this number as done.
    pub(crate) fn flushed(&self, flushes: u64) {
        let mut state = self.state();
        state.flushed = state.flushed.max(flushes);
        drop(state);
        self.settled.notify_all();
    }

    /// Waits between two attempts. A flush that was requested after those in `seen` ends the wait when `least` is over.
    pub(crate) fn pause(&self, duration: Duration, least: Duration, seen: &mut u64) -> Pause {
        let is_open = || !self.closed.load(Ordering::Acquire);
        let wait = |state, duration, known| {
            let waits = |state: &mut State| is_open() && state.flushes <= known;
            self.work.wait_timeout_while(state, duration, waits).unwrap_or_else(PoisonError::into_inner).0
        };
        let state = wait(self.state(), least, u64::MAX);
        let state = wait(state, duration.saturating_sub(least), *seen);
        *seen = state.flushes;
        drop(state);
        if is_open() { Pause::Over } else { Pause::Closed }
    }

    /// Waits until all spans that finished before the call were sent or dropped, but no longer than `timeout`.
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

    /// Returns the counts so far. The report is exact while no thread starts or ends a span, and counts no span twice.
    pub(crate) fn report(&self) -> Report {
        let _nothing_is_taken = lock(&self.moving);
        // Counters are read in the reverse order of a span's path, so that a span that moves meanwhile is not counted twice.
        let [full, late] = self.dropped.each_ref().map(|count| count.load(Ordering::Relaxed));
        let state = self.state();
        let in_chunks: u64 = state.full.iter().map(|chunk| chunk.len() as u64).sum();
        let evaluations = state.evaluations.len() as u64;
        let (sending, in_flight) = (state.sending, state.in_flight);
        let (submitted, of_ended_threads) = (state.submitted, state.counts);
        let mut report = state.report.clone();
        // No shard is removed meanwhile. The state is not locked: a thread locks it while it holds its shard.
        let shards = state.shards.clone();
        drop(state);
        // A span can end on another thread than the one that started it, and threads may be added. Ends are read first, so that no more of
        // them are seen than starts.
        let (mut in_shards, mut ended) = (0, 0_u64);
        for shard in &shards {
            let own = lock(&shard.own);
            in_shards += own.chunk.len() as u64;
            ended = ended.wrapping_add(own.counts.ended);
        }
        let shards = self.state().shards.clone();
        let started = shards.iter().map(|shard| lock(&shard.own).counts.started);
        let started = started.fold(0_u64, u64::wrapping_add);
        let started = started.wrapping_add(of_ended_threads.started);
        let ended = ended.wrapping_add(of_ended_threads.ended);
        report.started = started + submitted;
        report.open = started.saturating_sub(ended);
        report.sending = sending;
        report.queued = in_shards + in_chunks + evaluations + in_flight.saturating_sub(sending);
        report.drop_spans(DropReason::QueueFull, full);
        report.drop_spans(DropReason::Shutdown, late);
        report.late_finishes = late;
        report
    }

    /// Returns how many spans and evaluations found no room.
    pub(crate) fn refused(&self) -> u64 {
        let [full, _] = &self.dropped;
        full.load(Ordering::Relaxed)
    }

    /// The most bytes that may wait.
    pub(crate) fn limit(&self) -> usize {
        self.limits.bytes
    }

    /// Stops accepting spans. Returns whether the queue was open.
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
        // Evaluations that were submitted after the worker last looked for them.
        let late = std::mem::take(&mut state.evaluations);
        state.report.drop_spans(DropReason::Shutdown, late.len() as u64);
        drop(state);
        self.give_back(late.iter().map(String::len).sum());
        self.settled.notify_all();
    }

    /// Waits for the worker to end, but no longer than `timeout`.
    pub(crate) fn wait_for_end(&self, timeout: Duration) {
        let waited = self.settled.wait_timeout_while(self.state(), timeout, |state| !state.ended);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
