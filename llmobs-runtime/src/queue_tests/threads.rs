//! Many threads that finish spans, and one worker.

use std::thread;

use super::{PATIENCE, UNLIMITED, record, work};
use crate::queue::{Limits, Queue};
use crate::report::DropReason;

#[test]
fn many_threads_lose_and_reorder_nothing() {
    const THREADS: usize = 8;
    const SPANS: usize = 500;
    let queue = Queue::new(Limits { batch_spans: 7, ..UNLIMITED });
    let (report, batches) = thread::scope(|scope| {
        let worker = scope.spawn(|| work(&queue));
        let pushers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let queue = &queue;
                scope.spawn(move || (0..SPANS).for_each(|n| queue.push(record(format!("{thread}:{n}")))))
            })
            .collect();
        for pusher in pushers {
            pusher.join().unwrap();
        }
        let report = queue.flush(PATIENCE);
        queue.close();
        (report, worker.join().unwrap())
    });
    let total = THREADS * SPANS;
    assert_eq!(report.to_string(), format!("{total} delivered, 0 dropped, 0 pending"));
    assert!(batches.iter().all(|batch| (1..=7).contains(&batch.len())));
    let arrived = batches.concat();
    for thread in 0..THREADS {
        let start = format!("{thread}:");
        let own: Vec<_> = arrived.iter().filter_map(|name| name.strip_prefix(&start)).collect();
        let expected: Vec<String> = (0..SPANS).map(|n| n.to_string()).collect();
        assert_eq!(own, expected);
    }
}

#[test]
fn under_pressure_each_span_is_counted_once() {
    const THREADS: u64 = 4;
    const SPANS: u64 = 2000;
    let queue = Queue::new(Limits { bytes: 20 * record("0").bytes(), batch_spans: 5, ..UNLIMITED });
    let batches = thread::scope(|scope| {
        let worker = scope.spawn(|| work(&queue));
        let pushers: Vec<_> =
            (0..THREADS).map(|_| scope.spawn(|| (0..SPANS).for_each(|_| queue.push(record("0"))))).collect();
        for pusher in pushers {
            pusher.join().unwrap();
        }
        queue.close();
        worker.join().unwrap()
    });
    let sent: usize = batches.iter().map(Vec::len).sum();
    let report = queue.flush(PATIENCE);
    assert_eq!(report.delivered, sent as u64);
    assert_eq!(report.delivered + report.dropped_total(), THREADS * SPANS);
    assert!(report.dropped.keys().all(|reason| *reason == DropReason::QueueFull));
    assert_eq!(report.pending, 0);
    // All room is free again.
    assert_eq!(queue.state().bytes, 0);
}
