//! Finished spans and evaluations on their way to the worker: bounded in bytes, never blocking, every loss counted.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::record::Record;
use crate::report::{DropReason, Report};

/// When the worker should wake, and how much may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes that may be queued or in flight.
    pub(crate) bytes: usize,
    /// Bytes at which a batch goes out early; also the most that one batch takes.
    pub(crate) batch_bytes: usize,
    /// Items that one batch takes at most.
    pub(crate) batch_spans: usize,
    /// How long a span waits for others to share its request.
    pub(crate) interval: Duration,
}

/// What is delivered.
pub(crate) enum Item {
    Span(Box<Record>),
    /// The JSON text of one evaluation or feedback.
    Evaluation(String),
}

impl Item {
    /// About how much memory it takes.
    fn bytes(&self) -> usize {
        match self {
            Self::Span(record) => record.bytes(),
            Self::Evaluation(json) => json.len(),
        }
    }
}

pub(crate) struct Queue {
    limits: Limits,
    state: Mutex<State>,
    /// Something for the worker: items, a flush, the end.
    work: Condvar,
    /// Something for those who wait in `flush`.
    settled: Condvar,
}

#[derive(Default)]
struct State {
    /// With how many bytes each takes.
    items: VecDeque<(Item, usize)>,
    /// When the oldest of `items` arrived.
    since: Option<Instant>,
    /// Bytes queued and in flight.
    bytes: usize,
    /// Bytes of `items` alone.
    queued_bytes: usize,
    accepted: u64,
    /// How many of the accepted have been delivered or dropped. One worker keeps them in order.
    settled: u64,
    /// The worker hurries until this many are settled.
    flush_to: u64,
    closed: bool,
    /// The worker has ended.
    ended: bool,
    report: Report,
}

/// What the worker has to do next.
pub(crate) enum Work {
    Send(Batch),
    End,
}

/// Items that are dealt with together.
pub(crate) struct Batch {
    pub(crate) items: Vec<Item>,
    pub(crate) bytes: usize,
}

impl Queue {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, state: Mutex::default(), work: Condvar::new(), settled: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an item, or counts it as dropped where there is no room.
    pub(crate) fn push(&self, item: Item) {
        let bytes = item.bytes();
        let mut state = self.state();
        if state.closed {
            state.report.drop_spans(DropReason::Shutdown, 1);
            return;
        }
        if state.bytes.saturating_add(bytes) > self.limits.bytes {
            state.report.drop_spans(DropReason::QueueFull, 1);
            drop(state);
            crate::notice::warn_limited!(
                "spans or evaluations are dropped: more than {} bytes wait for delivery",
                self.limits.bytes
            );
            return;
        }
        let was_small = state.queued_bytes < self.limits.batch_bytes;
        state.bytes += bytes;
        state.queued_bytes += bytes;
        state.accepted += 1;
        state.since.get_or_insert_with(Instant::now);
        state.items.push_back((item, bytes));
        let wake = state.items.len() == 1
            || (was_small && state.queued_bytes >= self.limits.batch_bytes)
            || state.items.len() == self.limits.batch_spans;
        drop(state);
        if wake {
            self.work.notify_one();
        }
    }

    /// Waits until there is a batch to send, or nothing more will come.
    pub(crate) fn next(&self) -> Work {
        let mut state = self.state();
        loop {
            let Some(since) = state.since else {
                if state.closed {
                    return Work::End;
                }
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let age = since.elapsed();
            let due = state.closed
                || state.flush_to > state.settled
                || state.queued_bytes >= self.limits.batch_bytes
                || state.items.len() >= self.limits.batch_spans
                || age >= self.limits.interval;
            if due {
                return Work::Send(state.take(&self.limits));
            }
            let (next, _) = self
                .work
                .wait_timeout(state, self.limits.interval.saturating_sub(age))
                .unwrap_or_else(PoisonError::into_inner);
            state = next;
        }
    }

    /// Accounts for a batch of so many: what was delivered, and what was dropped for which reasons, those included that were
    /// submitted on the way.
    pub(crate) fn settle(&self, items: u64, bytes: usize, outcome: &Report) {
        let mut state = self.state();
        state.bytes = state.bytes.saturating_sub(bytes);
        state.settled += items;
        state.report.add(outcome);
        drop(state);
        self.settled.notify_all();
    }

    /// Waits between two attempts. Ends early, and returns `false`, once the queue is closed.
    pub(crate) fn pause(&self, duration: Duration) -> bool {
        let state = self.state();
        let (state, _) = self
            .work
            .wait_timeout_while(state, duration, |state| !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        !state.closed
    }

    /// Has all spans sent that were finished before the call, and waits for that, but not longer than `timeout`.
    pub(crate) fn flush(&self, timeout: Duration) -> Report {
        let mut state = self.state();
        let goal = state.accepted;
        state.flush_to = state.flush_to.max(goal);
        self.work.notify_one();
        let (state, _) = self
            .settled
            .wait_timeout_while(state, timeout, |state| state.settled < goal)
            .unwrap_or_else(PoisonError::into_inner);
        let mut report = state.report.clone();
        report.pending = state.accepted - state.settled;
        report
    }

    /// Takes no more. Returns whether it was open.
    pub(crate) fn close(&self) -> bool {
        let was_open = !std::mem::replace(&mut self.state().closed, true);
        self.work.notify_all();
        was_open
    }

    /// The worker says that it is done.
    pub(crate) fn end(&self) {
        self.state().ended = true;
        self.settled.notify_all();
    }

    /// Waits for the worker to be done, but not longer than `timeout`.
    pub(crate) fn wait_for_end(&self, timeout: Duration) {
        let waited = self.settled.wait_timeout_while(self.state(), timeout, |state| !state.ended);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl State {
    fn take(&mut self, limits: &Limits) -> Batch {
        let mut items = Vec::new();
        let mut bytes = 0;
        while let Some(&(_, size)) = self.items.front() {
            let fits = items.len() < limits.batch_spans && bytes + size <= limits.batch_bytes;
            if !fits && !items.is_empty() {
                break;
            }
            bytes += size;
            items.extend(self.items.pop_front().map(|(item, _)| item));
        }
        self.queued_bytes = self.queued_bytes.saturating_sub(bytes);
        if self.items.is_empty() {
            self.since = None;
        }
        Batch { items, bytes }
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
