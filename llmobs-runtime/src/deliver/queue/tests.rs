//! Which spans are accepted, dropped and sent together, and which threads wait.

#[cfg(shuttle)]
mod orders;
mod room;
mod threads;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::{Batch, CHUNK_BYTES, Chunk, Head, Limits, Pause, Queue, Work};
use crate::base::clock::WallClock;
use crate::base::kind::Kind;
use crate::deliver::chunk::{CHUNK_RECORDS, MAX_COPIED};
use crate::deliver::report::{DropReason, Report};
use crate::model::inherited::Inherited;
use crate::model::record::{Record, TraceRecord};
use crate::model::sample::Sample;

/// Longer than any test. A thread with this timeout would wait forever without a wake-up.
const HOUR: Duration = Duration::from_secs(3600);
/// The timeout for operations that do not wait.
const TIMEOUT: Duration = Duration::from_secs(20);

const UNLIMITED: Limits =
    Limits { bytes: usize::MAX, kept_bytes: 0, open_bytes: 0, batch_bytes: usize::MAX, interval: HOUR };

/// The memory of a span with its trace, without texts.
const BARE: usize = Record::BYTES + size_of::<TraceRecord>();
/// The memory of a span whose name has one letter.
const SIZE: usize = BARE + 1;

fn push(queue: &Queue, name: impl Into<String>) {
    push_sample(queue, &Sample::new(Kind::Task, name.into()));
}

fn push_sample(queue: &Queue, sample: &Sample) {
    push_inheriting(queue, sample, None);
}

fn push_inheriting(queue: &Queue, sample: &Sample, inherited: Option<&Arc<Inherited>>) {
    if queue.begin(true) {
        finish(queue, sample, inherited);
    }
}

/// Finishes a span that was started before.
fn finish(queue: &Queue, sample: &Sample, inherited: Option<&Arc<Inherited>>) {
    let (mut record, mut text) = sample.record();
    let name = if let Cow::Owned(name) = &record.name { name.len() } else { 0 };
    let mut annotation = record.annotation.take();
    let head = Head {
        root: sample.root,
        text: &mut text,
        lengths: [record.input, record.output].map(|length| length as usize),
        failure: sample.failure.as_ref().map(|(_, parts)| *parts),
        inherited,
        annotation: &mut annotation,
        name_bytes: name,
        held: 0,
        is_stripped: false,
    };
    queue.push(
        head,
        || sample.trace(),
        |head, extras| {
            let [input, output] = head.lengths.map(|length| u32::try_from(length).unwrap());
            Record { annotation: head.annotation.take(), input, output, extras, ..record }
        },
    );
}

fn push_numbers(queue: &Queue, numbers: std::ops::Range<usize>) {
    numbers.for_each(|number| push(queue, number.to_string()));
}

fn numbers(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}

/// Returns the next batch after at most one wake-up.
fn take(queue: &Queue) -> Batch {
    take_while(queue, || ())
}

fn take_while(queue: &Queue, meanwhile: impl FnOnce()) -> Batch {
    match within_timeout(queue, || queue.next(), meanwhile) {
        Work::Send { .. } => queue.take(),
        Work::End => panic!("the end instead of a batch"),
    }
}

/// Returns the names of the spans of a batch, and its evaluations.
fn names(batch: &mut Batch) -> Vec<String> {
    let mut names = Vec::new();
    for chunk in &mut batch.chunks {
        chunk.for_each(&WallClock::new(), true, |finished| names.push(finished.record.name.to_string()));
    }
    names.extend(batch.evaluations.iter().cloned());
    names
}

/// Delivers a batch completely, like a worker.
fn deliver(queue: &Queue, mut batch: Batch) -> Vec<String> {
    let names = names(&mut batch);
    settle(queue, batch, &Report { delivered: names.len() as u64, ..Report::default() });
    names
}

fn settle(queue: &Queue, batch: Batch, outcome: &Report) {
    let evaluations: usize = batch.evaluations.iter().map(String::len).sum();
    let spans: usize = batch.chunks.into_iter().map(|chunk| queue.recycle(chunk)).sum();
    queue.give_back(spans + evaluations);
    queue.settle(outcome);
}

/// Runs the worker until the queue ends, and returns the content of each batch.
fn work(queue: &Queue) -> Vec<Vec<String>> {
    let mut batches = Vec::new();
    while let Work::Send { flushes } = queue.next() {
        batches.push(deliver(queue, queue.take()));
        queue.flushed(flushes);
    }
    queue.end();
    batches
}

fn report(queue: &Queue) -> String {
    queue.report().to_string()
}

/// Runs `f` on a thread and returns its result. A missing wake-up is a timeout, which fails the test.
fn within_timeout<T: Send>(queue: &Queue, f: impl FnOnce() -> T + Send, meanwhile: impl FnOnce()) -> T {
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        scope.spawn(move || sender.send(f()));
        wait_for_other_threads();
        meanwhile();
        receiver.recv_timeout(TIMEOUT).unwrap_or_else(|_| {
            // Ends the thread, so that the test can end.
            queue.close();
            queue.end();
            panic!("nothing happened for {TIMEOUT:?}");
        })
    })
}

/// Gives another thread time to wait, so that a missing wake-up is usually detected. No API shows that a thread waits.
fn wait_for_other_threads() {
    thread::sleep(Duration::from_millis(10));
}

#[test]
fn spans_of_a_thread_keep_their_order_across_chunks() {
    let queue = Queue::new(UNLIMITED);
    let count = 5 * CHUNK_RECORDS / 2;
    push_numbers(&queue, 0..count);
    let batch = queue.take();
    let lengths: Vec<usize> = batch.chunks.iter().map(Chunk::len).collect();
    assert_eq!(lengths, [CHUNK_RECORDS, CHUNK_RECORDS, CHUNK_RECORDS / 2]);
    assert_eq!(deliver(&queue, batch), numbers(0..count));
    assert_eq!(report(&queue), format!("{count} delivered, 0 dropped, 0 pending"));
}

#[test]
fn long_and_short_texts_keep_their_order() {
    let queue = Queue::new(UNLIMITED);
    let text = |number: usize| number.to_string().repeat(if number % 3 == 1 { MAX_COPIED } else { 2 });
    for number in 0..9 {
        push_sample(&queue, &Sample::new(Kind::Task, "").input_value(text(number)).returned("o"));
    }
    let mut read = 0;
    for chunk in &mut queue.take().chunks {
        assert!(chunk.text.len() < MAX_COPIED, "{}", chunk.text.len());
        chunk.for_each(&WallClock::new(), true, |finished| {
            assert_eq!(finished.input().unwrap().0, text(read));
            assert_eq!(finished.output().unwrap().0, "o");
            read += 1;
        });
    }
    assert_eq!(read, 9);
}

#[test]
fn each_span_has_its_own_texts_and_annotation() {
    let queue = Queue::new(UNLIMITED);
    let sample = |number: usize| {
        let name = number.to_string();
        let sample = Sample::new(Kind::Task, name.clone());
        let sample = if number.is_multiple_of(3) { sample } else { sample.input_value("é".repeat(number)) };
        let sample = sample.returned(&name);
        if number.is_multiple_of(2) {
            sample
        } else {
            sample.annotate(|note| {
                note.tag("number", number);
            })
        }
    };
    let inherited = ["one", "two"].map(|id| Arc::new(Sample::new(Kind::Task, "").session_id(id).inherited));
    for number in 0..300 {
        // Two of four spans inherit nothing.
        push_inheriting(&queue, &sample(number), inherited.get(number / 7 % 4));
    }
    let mut read = 0;
    for chunk in &mut queue.take().chunks {
        chunk.for_each(&WallClock::new(), true, |finished| {
            let expected = sample(read);
            assert_eq!(finished.record.name, expected.name);
            let input = if read % 3 == 0 { "" } else { &expected.input.0 };
            assert_eq!(finished.input().map_or("", |(json, _)| json), input);
            assert_eq!(finished.output().map(|(json, _)| json), Some(&*expected.output));
            let tags = expected.annotation.map(|annotation| annotation.tags).unwrap_or_default();
            assert_eq!(finished.annotation().tags, tags);
            assert_eq!(finished.session_id(), ["one", "two"].get(read / 7 % 4).copied());
            read += 1;
        });
    }
    assert_eq!(read, 300);
}

#[test]
fn a_chunk_is_full_at_a_number_of_spans_or_bytes() {
    let queue = Queue::new(UNLIMITED);
    let full = || queue.state().full.len();
    push_numbers(&queue, 0..CHUNK_RECORDS - 1);
    assert_eq!(full(), 0);
    push(&queue, "last");
    assert_eq!(full(), 1);
    push(&queue, "x".repeat(CHUNK_BYTES - BARE - 1));
    assert_eq!(full(), 1);
    push(&queue, "");
    assert_eq!(full(), 2);
    push(&queue, "x".repeat(CHUNK_BYTES));
    assert_eq!(full(), 3);
}

#[test]
fn a_full_batch_is_sent_before_it_is_due() {
    let queue = Queue::new(Limits { batch_bytes: 3 * SIZE, ..UNLIMITED });
    let first = take_while(&queue, || {
        // The first span wakes the worker, which then waits for the interval.
        push_numbers(&queue, 0..1);
        wait_for_other_threads();
        push_numbers(&queue, 1..3);
    });
    assert_eq!(deliver(&queue, first), ["0", "1", "2"]);
    // A batch with several chunks.
    let queue = Queue::new(Limits { batch_bytes: 2 * CHUNK_BYTES, ..UNLIMITED });
    let count = 4 * CHUNK_RECORDS;
    let first = take_while(&queue, || push_numbers(&queue, 0..count));
    let names = deliver(&queue, first);
    assert!(names.len() * (SIZE + 3) > 2 * CHUNK_BYTES, "{}", names.len());
    assert_eq!(names, numbers(0..names.len()));
}

#[test]
fn a_partial_batch_is_sent_when_its_oldest_span_is_due() {
    let interval = Duration::from_millis(30);
    let queue = Queue::new(Limits { interval, ..UNLIMITED });
    for _ in 0..2 {
        let begun = Instant::now();
        let batch = take_while(&queue, || push_numbers(&queue, 0..2));
        // The second span may be in the next batch.
        let names = names(&mut { batch });
        assert!(names == ["0", "1"] || names == ["0"], "{names:?}");
        assert!(begun.elapsed() >= interval);
        queue.take();
    }
}

#[test]
fn the_first_span_or_evaluation_wakes_an_idle_worker() {
    let interval = Duration::from_millis(1);
    let queue = Queue::new(Limits { interval, ..UNLIMITED });
    assert_eq!(deliver(&queue, take_while(&queue, || push(&queue, "0"))), ["0"]);
    assert_eq!(deliver(&queue, take_while(&queue, || queue.push_evaluation("{}".to_owned()))), ["{}"]);
    assert_eq!(report(&queue), "2 delivered, 0 dropped, 0 pending");
}

#[test]
fn a_queue_without_memory_does_not_wake_its_worker() {
    let queue = Queue::new(Limits { interval: HOUR, ..Limits::NONE });
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let queue = &queue;
        scope.spawn(move || sender.send(matches!(queue.next(), Work::End)));
        let woken = receiver.recv_timeout(Duration::from_millis(30));
        queue.close();
        assert_eq!(woken, Err(mpsc::RecvTimeoutError::Timeout));
        assert_eq!(receiver.recv_timeout(TIMEOUT), Ok(true));
    });
}

#[test]
fn flush_without_a_worker_reports_pending_spans() {
    let queue = Queue::new(UNLIMITED);
    assert_eq!(report(&queue), "0 delivered, 0 dropped, 0 pending");
    push_numbers(&queue, 0..2);
    queue.push_evaluation("{}".to_owned());
    let timeout = Duration::from_millis(30);
    let begun = Instant::now();
    let report = within_timeout(&queue, || queue.flush(timeout), || ());
    assert!(begun.elapsed() >= timeout);
    assert_eq!(report.to_string(), "0 delivered, 0 dropped, 3 pending");
    // A worker that starts later handles the flush, an hour before the spans are due.
    let batch = take(&queue);
    assert_eq!(self::report(&queue), "0 delivered, 0 dropped, 3 pending");
    assert_eq!(deliver(&queue, batch), ["0", "1", "{}"]);
}

#[test]
fn flush_wakes_the_worker_and_waits_for_earlier_spans() {
    let queue = Queue::new(UNLIMITED);
    push_numbers(&queue, 0..CHUNK_RECORDS + 1);
    let report = within_timeout(
        &queue,
        || queue.flush(TIMEOUT),
        || {
            let Work::Send { flushes: 1 } = within_timeout(&queue, || queue.next(), || ()) else {
                panic!("no flush is wanted");
            };
            let batch = queue.take();
            push(&queue, "after");
            let mut outcome = Report { delivered: CHUNK_RECORDS as u64, ..Report::default() };
            outcome.drop_spans(DropReason::Rejected, 1);
            settle(&queue, batch, &outcome);
            queue.flushed(1);
        },
    );
    assert_eq!(report.to_string(), "256 delivered, 1 dropped (rejected: 1), 1 pending");
}

#[test]
fn the_end_of_an_earlier_flush_does_not_end_a_flush() {
    let queue = Queue::new(UNLIMITED);
    queue.flush(Duration::ZERO);
    let begun = Instant::now();
    let timeout = Duration::from_millis(30);
    within_timeout(&queue, || queue.flush(timeout), || queue.flushed(1));
    assert!(begun.elapsed() >= timeout);
    // A flush does not wait again for an earlier flush.
    within_timeout(&queue, || queue.flush(HOUR), || queue.flushed(3));
}

#[test]
fn a_closed_queue_drains_and_accepts_no_spans() {
    let queue = Queue::new(UNLIMITED);
    push(&queue, "0");
    assert!(queue.close());
    assert!(!queue.close());
    (0..3).for_each(|_| push(&queue, "late"));
    assert_eq!(report(&queue), "0 delivered, 3 dropped (shutdown: 3), 1 pending, 3 finished late");
    // Evaluations of a processor are still accepted.
    queue.push_evaluation("{}".to_owned());
    assert_eq!(work(&queue), [["0", "{}"]]);
    push(&queue, "later");
    queue.push_evaluation("{}".to_owned());
    assert_eq!(report(&queue), "2 delivered, 5 dropped (shutdown: 5), 0 pending, 4 finished late");
    assert!(matches!(queue.next(), Work::End));
    // There is no worker to wait for.
    within_timeout(&queue, || queue.flush(HOUR), || ());
}

#[test]
fn an_evaluation_at_the_end_of_the_worker_is_counted() {
    let queue = Queue::new(UNLIMITED);
    queue.close();
    assert!(matches!(queue.next(), Work::End));
    queue.push_evaluation("{}".to_owned());
    queue.end();
    assert_eq!(report(&queue), "0 delivered, 1 dropped (shutdown: 1), 0 pending");
}

#[test]
fn closing_wakes_the_worker_from_every_wait() {
    let queue = Queue::new(UNLIMITED);
    let ended = within_timeout(&queue, || matches!(queue.next(), Work::End), || assert!(queue.close()));
    assert!(ended);
    let queue = Queue::new(UNLIMITED);
    push(&queue, "waits an hour");
    let first = take_while(&queue, || assert!(queue.close()));
    assert_eq!(deliver(&queue, first), ["waits an hour"]);
    let queue = Queue::new(UNLIMITED);
    assert_eq!(queue.pause(Duration::ZERO, Duration::ZERO, &mut 0), Pause::Over);
    assert_eq!(queue.pause(Duration::from_millis(1), Duration::ZERO, &mut 0), Pause::Over);
    let flush = || queue.flush(Duration::ZERO);
    let mut seen = 0;
    assert_eq!(
        within_timeout(&queue, || queue.pause(HOUR, Duration::ZERO, &mut seen), || drop(flush())),
        Pause::Over
    );
    assert_eq!(seen, 1);
    // A flush that was seen, or that comes before the minimum wait, does not end the wait.
    let begun = Instant::now();
    let least = Duration::from_millis(20);
    assert_eq!(within_timeout(&queue, || queue.pause(HOUR, least, &mut seen), || drop(flush())), Pause::Over);
    assert!(begun.elapsed() >= least);
    let pause = || queue.pause(HOUR, Duration::ZERO, &mut seen);
    assert_eq!(within_timeout(&queue, pause, || assert!(queue.close())), Pause::Closed);
    assert_eq!(queue.pause(HOUR, HOUR, &mut 0), Pause::Closed);
}

#[test]
fn a_program_can_wait_for_the_end_of_the_worker() {
    let queue = Queue::new(UNLIMITED);
    let begun = Instant::now();
    queue.wait_for_end(Duration::from_millis(20));
    assert!(begun.elapsed() >= Duration::from_millis(20));
    within_timeout(&queue, || queue.wait_for_end(HOUR), || queue.end());
    queue.wait_for_end(HOUR);
}

#[test]
fn empty_chunks_are_reused() {
    let queue = Queue::new(UNLIMITED);
    let spare = || queue.state().spare.len();
    push_numbers(&queue, 0..CHUNK_RECORDS);
    deliver(&queue, queue.take());
    assert_eq!(spare(), 1);
    push_numbers(&queue, 0..CHUNK_RECORDS);
    assert_eq!(spare(), 0);
    assert_eq!(deliver(&queue, queue.take()), numbers(0..CHUNK_RECORDS));
    assert_eq!(spare(), 1);
    queue.end();
    assert_eq!(spare(), 0);
}
