//! Shared code of all measured programs: the loop in which callgrind collects data, clocks, a counting allocator, a server.

use std::hint::black_box;
use std::time::Instant;

pub mod allocations;
pub mod clock;
pub mod sink;

/// The argument of each measured function, 39 bytes.
pub const TEXT: &str = "where is my order 1234? it is late, sir";
/// The value that each measured function returns, 20 bytes.
pub const ANSWER: &str = "category:support-ok!";
/// The number of traces before the measurement, so that pools and buffers have their final size. The variable `WARM_UP` overrides it.
const WARM_UP: u64 = 200;

/// The body of the innermost function.
#[inline]
pub fn body(text: &str, n: u32) -> String {
    black_box(text.len() + n as usize);
    String::from(ANSWER)
}

/// A measured mode.
pub struct Mode {
    pub name: &'static str,
    /// Runs the mode once.
    pub trace: fn(u64),
    /// The number of spans of a run, or of the same run with spans.
    pub spans: u64,
}

/// The outcome of the spans.
#[derive(Clone, Copy, Default)]
pub struct Outcome {
    pub delivered: u64,
    pub dropped: u64,
}

/// The loop in which callgrind collects data.
#[inline(never)]
pub fn drive(traces: u64, trace: fn(u64)) {
    for number in 0..traces {
        trace(black_box(number));
    }
}

/// Runs `traces` traces in each of `rounds` rounds, and prints a line of CSV for each round. `settle` waits until everything is exported.
pub fn measure(mode: &Mode, traces: u64, rounds: u64, settle: impl Fn() -> Outcome) {
    let warm_up = std::env::var("WARM_UP").map_or(WARM_UP, |count| count.parse().expect("a number"));
    drive(warm_up, mode.trace);
    let mut before = settle();
    for _ in 0..rounds {
        let process = clock::process_cpu();
        let allocations = allocations::now();
        let (wall, thread) = (Instant::now(), clock::thread_cpu());
        drive(traces, mode.trace);
        let thread = clock::thread_cpu() - thread;
        let wall = wall.elapsed().as_nanos() as u64;
        let caller = allocations::now();
        let after = settle();
        let all = allocations::now();
        let process = clock::process_cpu() - process;
        let spans = (traces * mode.spans) as f64;
        let per_span = |count: u64| count as f64 / spans;
        println!(
            "{},{},{:.2},{:.2},{:.2},{:.3},{:.1},{:.3},{:.1},{},{}",
            mode.name,
            traces * mode.spans,
            per_span(wall),
            per_span(thread),
            per_span(process),
            per_span(caller.thread.count - allocations.thread.count),
            per_span(caller.thread.bytes - allocations.thread.bytes),
            per_span(all.process.count - allocations.process.count),
            per_span(all.process.bytes - allocations.process.bytes),
            after.delivered - before.delivered,
            after.dropped - before.dropped,
        );
        before = after;
    }
}

/// The first line of the CSV of [`measure`].
pub const HEADER: &str = "mode,spans,wall_ns,caller_ns,process_ns,caller_allocs,caller_bytes,process_allocs,process_bytes,delivered,dropped";
