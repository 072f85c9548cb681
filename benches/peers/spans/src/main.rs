//! Measures llmobs. The first argument is the mode:
//!
//! ```text
//! spans MODE TRACES [ROUNDS]     a line of CSV per round; `benches/README.md` lists the modes
//! spans e2e SPANS [RATE [THREADS]]
//! spans fit | stack | threads THREADS
//! spans sink [hold]              the server
//! ```
//!
//! `off-` before a mode runs it without a client.

use harness::{HEADER, Mode, Outcome, measure, sink};

mod chains;
mod delivery;
mod growth;
mod setup;
mod stack;

use setup::{Client, settle};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name: &'static str = arguments.first().expect("what to measure").clone().leak();
    let number = |index: usize, default: u64| {
        arguments.get(index).map_or(default, |argument| argument.parse().expect("a number"))
    };
    match name {
        "sink" => sink::serve(arguments.get(1).is_some_and(|argument| argument == "hold")),
        "e2e" => delivery::end_to_end(number(1, 300_000), number(2, 0), number(3, 1)),
        "fit" => delivery::fit(),
        "stack" => stack::print(),
        "threads" => delivery::short_threads(number(1, 600)),
        _ => run(name, number(1, 1000), number(2, 1)),
    }
}

fn run(name: &'static str, traces: u64, rounds: u64) {
    println!("{HEADER}");
    if let Some(mode) = name.strip_prefix("off-") {
        return measure(&Mode { name, ..find(mode) }, traces, rounds, Outcome::default);
    }
    if name.contains("bare") || name.starts_with("json-") {
        return measure(&find(name), traces, rounds, Outcome::default);
    }
    let client =
        Client::start(false, |config| if name == "processor" { config.processor(Some) } else { config });
    measure(&find(name), traces, rounds, settle);
    let taken = client.sink.taken();
    eprintln!("arrived {} of {:.1} bytes", taken.events, taken.bytes as f64 / taken.events.max(1) as f64);
}

fn find(name: &'static str) -> Mode {
    let mode = chains::find(name).or_else(|| growth::find(name));
    mode.unwrap_or_else(|| panic!("there is no mode {name}"))
}
