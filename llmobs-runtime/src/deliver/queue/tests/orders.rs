//! Hand-over, flush and shutdown in thousands of orders of their threads. shuttle chooses the orders, and reports a thread that waits
//! forever: its waits never time out, so that a missing wake-up is found.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use shuttle::sync::mpsc;
use shuttle::thread::{self, JoinHandle};

use super::{
    HOUR, Kind, Limits, Queue, Record, Report, Sample, TraceRecord, UNLIMITED, Work, deliver, finish, push,
};
use crate::deliver::report::DropReason;

/// The number of orders that are tried, both at random and with priorities that change `CHANGES` times.
const ORDERS: usize = 5000;
const CHANGES: usize = 4;
const SPANS: u64 = 3;

/// Runs a scenario in many orders.
fn in_many_orders(scenario: fn()) {
    shuttle::check_random(scenario, ORDERS);
    shuttle::check_pct(scenario, ORDERS, CHANGES);
}

/// Returns a queue whose chunks have one or two spans, and whose batches have two chunks.
fn queue(limits: Limits) -> Arc<Queue> {
    let span = Record::BYTES + size_of::<TraceRecord>();
    Arc::new(Queue::new(Limits { batch_bytes: 2 * span, ..limits }))
}

/// Starts a thread that creates spans and then calls `then`.
fn producer(queue: &Arc<Queue>, then: fn(&Queue)) -> JoinHandle<()> {
    let queue = Arc::clone(queue);
    thread::spawn(move || {
        for number in 0..SPANS {
            push(&queue, number.to_string());
        }
        then(&queue);
    })
}

fn close(queue: &Queue) {
    queue.close();
}

/// Starts the worker. Its thread returns the number of delivered spans and evaluations.
fn worker(queue: &Arc<Queue>) -> JoinHandle<u64> {
    let queue = Arc::clone(queue);
    thread::spawn(move || {
        let mut delivered = 0;
        while let Work::Send { flushes } = queue.next() {
            delivered += deliver(&queue, queue.take()).len() as u64;
            queue.flushed(flushes);
        }
        queue.end();
        delivered
    })
}

/// Joins the threads, and checks that the counts are exact and that all room was returned.
fn check_end(queue: &Queue, producers: Vec<JoinHandle<()>>, worker: JoinHandle<u64>) -> Report {
    producers.into_iter().for_each(|producer| producer.join().unwrap());
    queue.close();
    let delivered = worker.join().unwrap();
    let report = queue.report();
    assert_eq!((report.delivered, report.pending(), report.open), (delivered, 0, 0), "{report}");
    assert_eq!(report.started, delivered + report.dropped_total(), "{report}");
    queue.take();
    assert_eq!(queue.room.load(Ordering::Relaxed), queue.limits.bytes, "room is lost");
    report
}

#[test]
fn a_flush_includes_earlier_spans_of_its_thread() {
    in_many_orders(|| {
        let queue = queue(UNLIMITED);
        let worker = worker(&queue);
        let flush = |queue: &Queue| {
            let report = queue.flush(HOUR);
            // The spans of the other thread may be pending.
            assert!(report.delivered >= SPANS, "{report}");
        };
        let producers = vec![producer(&queue, flush), producer(&queue, flush)];
        let report = check_end(&queue, producers, worker);
        assert_eq!((report.started, report.delivered), (2 * SPANS, 2 * SPANS));
    });
}

#[test]
fn full_batches_are_sent_without_a_flush() {
    in_many_orders(|| {
        let queue = queue(UNLIMITED);
        let worker = worker(&queue);
        let producer = producer(&queue, |_| ());
        // The worker takes the first chunks before the producer has ended. Nothing else wakes the worker.
        let waiting = Arc::clone(&queue);
        let state = waiting.state();
        drop(waiting.settled.wait_while(state, |state| state.report.delivered == 0).unwrap());
        check_end(&queue, vec![producer], worker);
    });
}

#[test]
fn spans_finished_during_close_are_delivered_or_counted() {
    in_many_orders(|| {
        let queue = queue(UNLIMITED);
        let worker = worker(&queue);
        let producers = vec![producer(&queue, close), producer(&queue, |_| ())];
        let report = check_end(&queue, producers, worker);
        let late = report.dropped.get(&DropReason::Shutdown).copied().unwrap_or_default();
        assert_eq!((report.started, report.late_finishes), (2 * SPANS, late));
        assert_eq!(report.dropped_total(), late, "{report}");
    });
}

#[test]
fn rejected_spans_are_counted_and_lose_no_memory() {
    in_many_orders(|| {
        let queue = queue(Limits { bytes: 700, kept_bytes: 100, open_bytes: 200, ..UNLIMITED });
        let worker = worker(&queue);
        let producers = vec![producer(&queue, |_| ()), producer(&queue, |_| ())];
        let report = check_end(&queue, producers, worker);
        let full = report.dropped.get(&DropReason::QueueFull).copied().unwrap_or_default();
        assert_eq!((report.started, report.dropped_total()), (2 * SPANS, full), "{report}");
    });
}

#[test]
fn evaluations_during_close_are_delivered_or_counted() {
    in_many_orders(|| {
        let queue = queue(UNLIMITED);
        let worker = worker(&queue);
        let submit = |queue: &Queue| queue.push_evaluation("{}".to_owned());
        let producers = vec![producer(&queue, submit), producer(&queue, close)];
        let report = check_end(&queue, producers, worker);
        assert_eq!(report.started, 2 * SPANS + 1, "{report}");
    });
}

/// Checks what is true at any time.
fn check_report(queue: &Queue) {
    let report = queue.report();
    let accounted = report.open + report.queued + report.sending + report.delivered;
    assert!(accounted + report.dropped_total() <= report.started, "{report}");
}

#[test]
fn a_concurrent_report_counts_no_span_twice() {
    in_many_orders(|| {
        let queue = queue(Limits { bytes: 1300, open_bytes: 200, ..UNLIMITED });
        let worker = worker(&queue);
        let producers = vec![producer(&queue, check_report), producer(&queue, check_report)];
        check_end(&queue, producers, worker);
    });
}

#[test]
fn a_concurrent_report_has_no_more_ends_than_starts() {
    in_many_orders(|| {
        // The thread keeps its chunk, because the batch is never full.
        let queue = Arc::new(Queue::new(UNLIMITED));
        let worker = worker(&queue);
        let (began, begun) = mpsc::channel();
        let starter = thread::spawn({
            let queue = Arc::clone(&queue);
            move || (0..SPANS).for_each(|_| began.send(queue.begin(true)).unwrap())
        });
        let finisher = thread::spawn({
            let queue = Arc::clone(&queue);
            move || {
                // The report may include this thread and not the other one.
                push(&queue, "own");
                begun.iter().for_each(|_| finish(&queue, &Sample::new(Kind::Task, "s"), None));
            }
        });
        check_report(&queue);
        check_end(&queue, vec![starter, finisher], worker);
    });
}

#[test]
fn a_flush_ends_when_the_worker_ends() {
    in_many_orders(|| {
        let queue = queue(UNLIMITED);
        let worker = worker(&queue);
        let flush = |queue: &Queue| _ = queue.flush(HOUR);
        let producers = vec![producer(&queue, flush), producer(&queue, close)];
        check_end(&queue, producers, worker);
    });
}
