//! Many spans, large spans, and spans that never end.

use std::mem;
use std::thread;
use std::time::{Duration, Instant};

use llmobs::Config;
use llmobs_test_support::{FaultRequest, FaultServer, Reply, Script};
use serde_json::Value;

use crate::outcome::Outcome;
use crate::program::{FLUSH_TIMEOUT, intake, spans, timed, times_of_spans};
use crate::{Case, HEAP};

pub(crate) const CASES: &[Case] = &[
    Case::new("B1", "a burst of 50,000 on 8 threads", burst),
    Case::new("B2", "a burst of 100,000 while the server hangs", burst_without_server),
    Case::new("B2", "the heap while the server hangs", heap_without_server),
    Case::new("B2", "the heap with 100 open spans of 1 MB", heap_of_open_spans),
    Case::new("B3", "1,000 threads with 10 spans each", many_threads),
    Case::new("B6", "100 MB of input", large_input),
    Case::new("B8", "7 MB of tags", large_tags),
    Case::new("B8", "7 MB of metadata", large_metadata),
    Case::new("B8", "7 MB of metrics", many_metrics),
    Case::new("B9", "events about as large as the limit", largest_events),
    Case::new("B10", "an open span with 60,000 annotations", many_annotations),
    Case::new("B11", "100,000 spans that never end", never_ending),
];

/// The largest request that the intake accepts.
const REQUEST_LIMIT: usize = 5 * 1024 * 1024;
/// The largest event that the intake accepts.
const EVENT_LIMIT: usize = 5_000_000;

/// A client with a timeout that is long enough for unoptimized code.
fn with_long_timeout(server: &FaultServer) -> Config {
    intake(server).timeout(Duration::from_secs(10))
}

/// An intake with the limits of Datadog's.
fn limited() -> Script {
    Script::new(
        |request| if request.length() > REQUEST_LIMIT { Reply::status(413) } else { Reply::accepted() },
    )
}

fn burst() {
    let server = limited().without_bodies().start();
    let _llmobs = with_long_timeout(&server).init().unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| spans(6250, 100));
        }
    });
    let (report, took) = timed(|| llmobs::flush(FLUSH_TIMEOUT));
    let (delivered, lost) = (report.delivered, report.dropped_total());
    let lost = if lost == 0 { String::new() } else { format!(", {lost} dropped (queue full)") };
    Outcome::of(&report, &server, 50_000).is(&format!("{delivered} delivered{lost}, {delivered} kept"));
    assert_eq!(report.delivered + report.dropped_total(), 50_000);
    assert!(took < Duration::from_secs(30), "{took:?}");
}

#[expect(clippy::print_stdout, reason = "the parent reads the output")]
fn burst_without_server() {
    const BUDGET: usize = 4 * 1024 * 1024;
    const BYTES: usize = 1024;
    let server = Script::accepting().at_connection(|_| Some(Reply::hang())).start();
    let _llmobs = intake(&server).timeout(FLUSH_TIMEOUT).max_queue_bytes(BUDGET).init().unwrap();
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let threads = [(); 8].map(|()| scope.spawn(|| times_of_spans(12_500, BYTES)));
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    times.sort();
    let [p50, p99, p999] = [500, 990, 999].map(|part| times[times.len() * part / 1000]);
    println!("p50 {p50:?}, p99 {p99:?}, p99.9 {p999:?};");
    let report = llmobs::stats();
    let (pending, lost) = (report.pending(), report.dropped_total());
    Outcome::of(&report, &server, 100_000).is(&format!("{pending} pending, {lost} dropped (queue full)"));
    assert!((500..=(BUDGET / BYTES) as u64 * 11 / 10).contains(&pending), "{pending}");
    // The machine may be busy and the code is not optimized. A wait for the server would still take much longer.
    assert!(p50 < Duration::from_micros(500), "{p50:?}");
    assert!(p99 < Duration::from_millis(50), "{p99:?}");
}

/// The limit for the growth of the heap.
const HEAP_LIMIT: usize = 45 * 1024 * 1024;

/// The largest growth of the heap during `run`, in bytes.
#[expect(clippy::print_stdout, reason = "the parent reads the output")]
fn heap_growth(run: impl FnOnce()) -> usize {
    let before = HEAP.in_use();
    HEAP.take_peak();
    run();
    let heap_growth = HEAP.take_peak().saturating_sub(before);
    println!("the heap grew by {} KiB;", heap_growth / 1024);
    heap_growth
}

fn heap_without_server() {
    let server = Script::accepting().at_connection(|_| Some(Reply::hang())).start();
    let mut report = llmobs::stats();
    let mut running = None;
    let heap_growth = heap_growth(|| {
        running = Some(intake(&server).timeout(FLUSH_TIMEOUT).init().unwrap());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| spans(50_000, 1024));
            }
        });
        report = llmobs::flush(Duration::from_secs(2));
    });
    let (pending, lost) = (report.pending(), report.dropped_total());
    Outcome::of(&report, &server, 200_000).is(&format!("{pending} pending, {lost} dropped (queue full)"));
    assert!(heap_growth < HEAP_LIMIT, "{heap_growth}");
    drop(running);
}

fn heap_of_open_spans() {
    let server = Script::accepting().at_connection(|_| Some(Reply::hang())).start();
    let input = "x".repeat(1_000_000);
    let mut report = llmobs::stats();
    let mut running = None;
    let heap_growth = heap_growth(|| {
        running = Some(intake(&server).timeout(FLUSH_TIMEOUT).init().unwrap());
        let open: Vec<llmobs::Span> = (0..100).map(|_| llmobs::task("step").start()).collect();
        for span in &open {
            span.annotate(|note| {
                note.input(&input);
            });
        }
        drop(open);
        report = llmobs::flush(Duration::from_secs(1));
    });
    Outcome::of(&report, &server, 100).is_exact();
    assert!(heap_growth < HEAP_LIMIT, "{heap_growth}");
    drop(running);
}

fn many_threads() {
    let server = limited().without_bodies().start();
    let _llmobs = with_long_timeout(&server).init().unwrap();
    for _ in 0..10 {
        thread::scope(|scope| {
            for _ in 0..100 {
                thread::Builder::new().stack_size(64 * 1024).spawn_scoped(scope, || spans(10, 100)).unwrap();
            }
        });
    }
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 10_000).is("10000 delivered, 10000 kept");
}

fn large_input() {
    let server = limited().start();
    let _llmobs = with_long_timeout(&server).init().unwrap();
    let [short, text] = [200_000, 9_000_000].map(|times| "some words ".repeat(times));
    // The last elements are recorded, so all elements are visited.
    let numbers = vec![7_u8; 10_000_000];
    // The shortest time of several, because the machine may be busy.
    let shortest = |text: &str| (0..3).map(|_| timed(|| record(&text)).1).min().unwrap();
    // Both are shortened to 1 MiB, the first one from 2 MB.
    let (small, large) = (shortest(&short), shortest(&text));
    let ((), visited) = timed(|| record(&numbers));
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 7).is("7 delivered, 7 kept");
    // The time is not proportional to the size.
    assert!(large < small * 10, "{small:?}, {large:?}");
    assert!(visited < Duration::from_secs(5), "{visited:?}");
}

fn record(input: &impl serde::Serialize) {
    llmobs::task("step").start().annotate(|note| {
        note.input(input);
    });
}

/// The only span of a request that an intake with limits accepted.
fn only_event(describe: impl FnOnce(&mut llmobs::Annotation)) -> Value {
    let server = limited().start();
    let _llmobs = with_long_timeout(&server).init().unwrap();
    llmobs::task("step").start().annotate(describe);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 1).is("1 delivered, 1 kept");
    let posts = server.posts();
    let body: Value = serde_json::from_slice(&posts.last().unwrap().body).unwrap();
    let event = body[0]["spans"][0].clone();
    assert!(event.to_string().len() <= EVENT_LIMIT, "{}", event.to_string().len());
    event
}

/// Checks that an event notes its omissions.
fn notes_omissions(event: &Value) {
    assert!(event["collection_errors"].as_array().is_some_and(|errors| !errors.is_empty()), "no mark");
}

fn large_tags() {
    let value = "x".repeat(14_000);
    notes_omissions(&only_event(|note| {
        note.tags((0..500).map(|number| (format!("tag{number}"), &*value)));
    }));
}

fn large_metadata() {
    let value = "x".repeat(70_000);
    notes_omissions(&only_event(|note| {
        for number in 0..100 {
            note.metadata(format!("key{number}"), &value);
        }
    }));
}

fn many_metrics() {
    notes_omissions(&only_event(|note| {
        note.metrics((0..60_000).map(|number| (format!("{number:0120}"), f64::from(number))));
    }));
}

fn largest_events() {
    let server = limited().start();
    let _llmobs = with_long_timeout(&server).max_capture_bytes(8 * 1024 * 1024).init().unwrap();
    // The other fields of an event take less than a thousand bytes.
    for less in (0..1000).step_by(125) {
        spans(1, EVENT_LIMIT - less);
    }
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 8).is("8 delivered, 8 kept");
    let lengths: Vec<usize> = server.posts().iter().map(FaultRequest::length).collect();
    assert!(lengths.iter().all(|length| *length <= REQUEST_LIMIT), "{lengths:?}");
}

fn many_annotations() {
    let server = limited().start();
    let _llmobs = with_long_timeout(&server).init().unwrap();
    let span = llmobs::task("step").start();
    let value = "x".repeat(120);
    for number in 0..60_000 {
        span.annotate(|note| {
            note.tag(format!("tag{number}"), &value);
        });
    }
    assert_eq!(llmobs::stats().open, 1);
    drop(span);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 1).is("1 delivered, 1 kept");
    let longest = server.posts().iter().map(FaultRequest::length).max();
    assert!(longest.unwrap() <= EVENT_LIMIT, "{longest:?}");
}

fn never_ending() {
    let server = limited().start();
    let _llmobs = with_long_timeout(&server).max_queue_bytes(1024 * 1024).init().unwrap();
    let began = Instant::now();
    for _ in 0..100_000 {
        mem::forget(llmobs::task("step").start());
    }
    let took = began.elapsed();
    let report = llmobs::flush(FLUSH_TIMEOUT);
    let (open, lost) = (report.open, report.dropped_total());
    Outcome::of(&report, &server, 100_000).is(&format!("{open} open, {lost} dropped (queue full)"));
    // As many spans as the budget allows.
    assert!((1000..=20_000).contains(&open), "{open}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}
