//! The peers of llmobs, measured in the same way: `others MODE TRACES [ROUNDS]` prints a line of CSV per round.
//!
//! The exporters only count spans, without encoding them.

use std::hint::black_box;

use harness::{HEADER, Mode, Outcome, body, measure};
use serde::Serialize;

mod fastrace_json;
mod otel;
mod tracing_otel;

/// The input of one span.
#[derive(Serialize)]
struct Arguments<'a> {
    text: &'a str,
    n: u32,
}

/// The function that creates a trace, and the one that waits until its spans are exported.
type Subject = (fn(u64), fn() -> Outcome);

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn chain(first: fn(&str, u32) -> String) {
    black_box(first(black_box(harness::TEXT), black_box(7)));
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name: &'static str = arguments.first().expect("what to measure").clone().leak();
    let number = |index: usize, default: u64| {
        arguments.get(index).map_or(default, |argument| argument.parse().expect("a number"))
    };
    let (trace, settle): Subject = match name {
        "bare" => (|_| chain(bare::l1), Outcome::default),
        "tracing-off" => (|_| chain(tracing_otel::l1), Outcome::default),
        "tracing-otel" => {
            tracing_otel::start();
            (|_| chain(tracing_otel::l1), otel::settle)
        }
        "otel" => {
            otel::start();
            (|_| chain(otel::l1), otel::settle)
        }
        "fastrace-json" => {
            fastrace_json::start();
            (|_| fastrace_json::trace(), fastrace_json::settle)
        }
        _ => panic!("there is no mode {name}"),
    };
    println!("{HEADER}");
    measure(&Mode { name, trace, spans: 5 }, number(1, 1000), number(2, 1), settle);
}

/// The five functions without spans.
mod bare {
    use super::body;

    #[inline(never)]
    pub fn l1(text: &str, n: u32) -> String {
        l2(text, n)
    }

    #[inline(never)]
    fn l2(text: &str, n: u32) -> String {
        l3(text, n)
    }

    #[inline(never)]
    fn l3(text: &str, n: u32) -> String {
        l4(text, n)
    }

    #[inline(never)]
    fn l4(text: &str, n: u32) -> String {
        classify(text, n)
    }

    #[inline(never)]
    fn classify(text: &str, n: u32) -> String {
        body(text, n)
    }
}
