//! Delivery from the function to the server: the number of spans that arrive, and their cost.

use std::thread;
use std::time::{Duration, Instant};

use harness::clock;

use crate::chains;
use crate::setup::{Client, settle};

/// Creates this many spans on this many threads, at this rate or as fast as possible, and prints a line of CSV.
pub fn end_to_end(spans: u64, rate: u64, threads: u64) {
    let client = Client::start(false, |config| config);
    let trace = chains::find("plain").expect("the mode is there").trace;
    let (begin, cpu) = (Instant::now(), clock::process_cpu());
    let share = spans / 5 / threads;
    let caller: u64 = thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads).map(|_| scope.spawn(move || drive_paced(share, rate / threads, trace))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a thread that ends")).sum()
    });
    let emitted = begin.elapsed();
    let outcome = settle();
    let (all, cpu) = (begin.elapsed(), clock::process_cpu() - cpu);
    let taken = client.sink.taken();
    let made = share * threads * 5;
    println!(
        "spans,rate,threads,caller_ns,emit_s,all_s,delivered,dropped,arrived,arrived_per_s,cpu_ns,peak_kib,bytes_per_event,requests"
    );
    println!(
        "{made},{rate},{threads},{:.1},{:.4},{:.4},{},{},{},{:.0},{:.1},{},{:.1},{}",
        caller as f64 / made as f64,
        emitted.as_secs_f64(),
        all.as_secs_f64(),
        outcome.delivered,
        outcome.dropped,
        taken.events,
        taken.events as f64 / all.as_secs_f64(),
        cpu as f64 / made as f64,
        clock::peak_memory(),
        taken.bytes as f64 / taken.events.max(1) as f64,
        taken.requests,
    );
}

/// Returns the CPU time of the loop. A rate of 0 is as fast as possible.
fn drive_paced(traces: u64, rate: u64, trace: fn(u64)) -> u64 {
    let cpu = clock::thread_cpu();
    if rate == 0 {
        harness::drive(traces, trace);
        return clock::thread_cpu() - cpu;
    }
    let begin = Instant::now();
    let mut done = 0;
    while done < traces {
        // The number of traces that are due, so that a late thread catches up.
        let due = (begin.elapsed().as_secs_f64() * rate as f64 / 5.0) as u64;
        let step = due.min(traces) - done;
        harness::drive(step, trace);
        done += step;
        thread::sleep(Duration::from_millis(1));
    }
    clock::thread_cpu() - cpu
}

/// Measures how many spans fit into the queue while the server does not answer.
pub fn fit() {
    let _client = Client::start(true, |config| config.timeout(Duration::from_secs(60)));
    let trace = chains::find("plain").expect("the mode is there").trace;
    let mut made = 0;
    while made < 1_000_000 {
        harness::drive(200, trace);
        made += 1000;
        let dropped = llmobs::flush(Duration::ZERO).dropped_total();
        if dropped > 0 {
            println!("fit\n{}", made - dropped);
            std::process::exit(0);
        }
    }
    println!("fit\n{made}");
    std::process::exit(0);
}

/// Creates one span on each of many threads that end immediately.
pub fn short_threads(threads: u64) {
    let client = Client::start(false, |config| config);
    let trace = chains::find("one").expect("the mode is there").trace;
    for _ in 0..threads / 50 {
        thread::scope(|scope| (0..50).for_each(|_| drop(scope.spawn(move || trace(0)))));
    }
    let outcome = settle();
    println!(
        "threads,delivered,dropped,arrived\n{threads},{},{},{}",
        outcome.delivered,
        outcome.dropped,
        client.sink.taken().events
    );
}
