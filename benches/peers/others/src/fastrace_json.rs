//! fastrace: its attribute, with input and output as one property of JSON each. A trace needs a root span, whose cost is
//! counted as part of the five.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use fastrace::Span;
use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use fastrace::local::LocalSpan;
use harness::{Outcome, TEXT, body};

use crate::{Arguments, json};

static REPORTED: AtomicU64 = AtomicU64::new(0);

struct Counter;

impl Reporter for Counter {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        REPORTED.fetch_add(spans.len() as u64, Relaxed);
    }
}

pub fn start() {
    fastrace::set_reporter(Counter, Config::default());
}

pub fn settle() -> Outcome {
    fastrace::flush();
    // One in six is the root span of a trace.
    Outcome { delivered: REPORTED.load(Relaxed) / 6 * 5, dropped: 0 }
}

pub fn trace() {
    let root = Span::root("root", SpanContext::random());
    let _entered = root.set_local_parent();
    black_box(l1(black_box(TEXT), black_box(7)));
}

#[inline(always)]
fn described(text: &str, n: u32, inner: fn(&str, u32) -> String) -> String {
    LocalSpan::add_property(|| ("input", json(&Arguments { text, n })));
    let answer = inner(text, n);
    LocalSpan::add_property(|| ("output", json(&answer)));
    answer
}

#[inline(never)]
#[fastrace::trace]
fn l1(text: &str, n: u32) -> String {
    described(text, n, l2)
}

#[inline(never)]
#[fastrace::trace]
fn l2(text: &str, n: u32) -> String {
    described(text, n, l3)
}

#[inline(never)]
#[fastrace::trace]
fn l3(text: &str, n: u32) -> String {
    described(text, n, l4)
}

#[inline(never)]
#[fastrace::trace]
fn l4(text: &str, n: u32) -> String {
    described(text, n, classify)
}

#[inline(never)]
#[fastrace::trace]
fn classify(text: &str, n: u32) -> String {
    described(text, n, body)
}
