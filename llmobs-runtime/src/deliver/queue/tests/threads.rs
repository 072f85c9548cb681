//! Many threads that finish spans, and one worker.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::sync::atomic::Ordering;
use std::thread;

use super::{SIZE, TIMEOUT, UNLIMITED, deliver, names, numbers, push, push_numbers, report, work};
use crate::deliver::chunk::CHUNK_RECORDS;
use crate::deliver::queue::{Limits, Queue};
use crate::deliver::report::DropReason;

/// Runs `f` on a new thread and waits for its end.
fn on_a_thread(f: impl FnOnce() + Send) {
    thread::scope(|scope| scope.spawn(f).join().unwrap());
}

#[test]
fn spans_of_an_ended_thread_are_delivered_before_its_shard_is_removed() {
    let queue = Queue::new(UNLIMITED);
    let shards = || queue.state().shards.len();
    on_a_thread(|| push(&queue, "0"));
    on_a_thread(|| push(&queue, "1"));
    push(&queue, "2");
    assert_eq!(shards(), 1);
    assert_eq!(deliver(&queue, queue.take()), ["0", "1", "2"]);
    on_a_thread(|| push(&queue, "3"));
    assert_eq!(shards(), 2);
    assert_eq!(deliver(&queue, queue.take()), ["3"]);
    // The shard of the ended thread is removed. The shard of this thread is kept.
    assert_eq!(shards(), 1);
    push(&queue, "4");
    assert_eq!(shards(), 1);
    assert_eq!(deliver(&queue, queue.take()), ["4"]);
}

#[test]
fn a_thread_can_alternate_between_two_clients() {
    let queues = [Queue::new(UNLIMITED), Queue::new(UNLIMITED)];
    for number in 0..1000 {
        push(&queues[number % 2], number.to_string());
    }
    for (rest, queue) in queues.iter().enumerate() {
        let expected: Vec<_> = (0..1000).filter(|number| number % 2 == rest).map(|n| n.to_string()).collect();
        assert_eq!(deliver(queue, queue.take()), expected);
        assert_eq!(report(queue), "500 delivered, 0 dropped, 0 pending");
    }
}

#[test]
fn each_of_many_threads_has_room_for_a_span() {
    const THREADS: usize = 600;
    for limit in [32 << 20, 256 << 10] {
        let queue = Queue::new(Limits { bytes: limit, batch_bytes: limit / 2, ..UNLIMITED });
        let pushed = Barrier::new(THREADS);
        thread::scope(|scope| {
            for number in 0..THREADS {
                let (queue, pushed) = (&queue, &pushed);
                scope.spawn(move || {
                    push(queue, number.to_string());
                    pushed.wait();
                });
            }
        });
        assert_eq!(report(&queue), "0 delivered, 0 dropped, 600 pending", "{limit} bytes");
        let names: BTreeSet<_> = deliver(&queue, queue.take()).into_iter().collect();
        assert_eq!(names, numbers(0..THREADS).into_iter().collect());
        assert_eq!(queue.room.load(Ordering::Relaxed), limit);
    }
}

#[test]
fn many_threads_lose_nothing() {
    const THREADS: usize = 8;
    const SPANS: usize = 5000;
    const LIMIT: usize = 32 << 20;
    let queue = Queue::new(Limits { bytes: LIMIT, batch_bytes: 100_000, ..UNLIMITED });
    let (report, batches) = thread::scope(|scope| {
        let worker = scope.spawn(|| work(&queue));
        let pushers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let queue = &queue;
                scope.spawn(move || (0..SPANS).for_each(|number| push(queue, format!("{thread}:{number}"))))
            })
            .collect();
        for pusher in pushers {
            pusher.join().unwrap();
        }
        let report = queue.flush(TIMEOUT);
        queue.close();
        (report, worker.join().unwrap())
    });
    assert_eq!(report.to_string(), "40000 delivered, 0 dropped, 0 pending");
    let arrived = batches.concat();
    assert_eq!(arrived.len(), THREADS * SPANS);
    for thread in 0..THREADS {
        let start = format!("{thread}:");
        let own: Vec<_> = arrived.iter().filter_map(|name| name.strip_prefix(&start)).collect();
        assert_eq!(own, numbers(0..SPANS));
    }
    queue.take();
    assert_eq!(queue.room.load(Ordering::Relaxed), LIMIT);
}

#[test]
fn under_pressure_each_span_is_counted_once() {
    const THREADS: u64 = 4;
    const SPANS: u64 = 2000;
    const LIMIT: usize = 20 * SIZE;
    let queue = Queue::new(Limits { bytes: LIMIT, batch_bytes: 5 * SIZE, ..UNLIMITED });
    let batches = thread::scope(|scope| {
        let worker = scope.spawn(|| work(&queue));
        let pushers: Vec<_> =
            (0..THREADS).map(|_| scope.spawn(|| (0..SPANS).for_each(|_| push(&queue, "0")))).collect();
        for pusher in pushers {
            pusher.join().unwrap();
        }
        queue.close();
        worker.join().unwrap()
    });
    let sent: usize = batches.iter().map(Vec::len).sum();
    let report = queue.report();
    assert!(report.delivered > 0);
    assert_eq!(report.delivered, sent as u64);
    assert_eq!(report.delivered + report.dropped_total(), THREADS * SPANS);
    assert!(report.dropped.keys().all(|reason| *reason == DropReason::QueueFull));
    assert_eq!(report.pending(), 0);
    queue.take();
    assert_eq!(queue.room.load(Ordering::Relaxed), LIMIT);
}

/// A thread can end with unused room.
#[test]
fn ended_threads_return_all_room() {
    const LIMIT: usize = 32 << 20;
    const THREADS: usize = 300;
    let queue = Queue::new(Limits { bytes: LIMIT, batch_bytes: 1000, ..UNLIMITED });
    let delivered: usize = thread::scope(|scope| {
        let worker = scope.spawn(|| work(&queue));
        for _ in 0..THREADS / 2 {
            let pushers = [(); 2].map(|()| scope.spawn(|| push_numbers(&queue, 0..CHUNK_RECORDS / 32)));
            for pusher in pushers {
                pusher.join().unwrap();
            }
        }
        queue.close();
        worker.join().unwrap().iter().map(Vec::len).sum()
    });
    assert_eq!(delivered, THREADS * CHUNK_RECORDS / 32);
    assert!(names(&mut queue.take()).is_empty());
    assert_eq!(queue.room.load(Ordering::Relaxed), LIMIT);
}
