//! The time of capture compared with `serde_json::to_string`, as a median of ratios in one run: `cargo bench -p llmobs-capture`.
//!
//! Before this crate, numbers went through `core::fmt` and texts were escaped byte by byte: `Vec<u8>` of 500 kB took 3.4 times as long as
//! `serde_json`, 1,536 `f32` 3.9 times, 10,000 objects 3.2 times, and a text of 10 MB was read to its end. The prediction was 1.3 for each
//! of the first three, with the number formatting of `serde_json` and one check of the room for each element, and one and a half memcpy for
//! a text that is examined eight bytes at a time.
//!
//! Results on two shared Zen 4 cores with Rust 1.95, where ratios vary by a tenth and more from run to run:
//!
//! | | predicted | measured |
//! |---|--:|--:|
//! | `Vec<u8>` of 500 kB | 1.3 | 1.15 to 1.35 |
//! | `Vec<f32>` of 1,536 | 1.3 | 1.05 |
//! | 10,000 objects of 3 fields | 1.3 | 0.95 |
//! | a struct of 6 fields, guarded | 1.3 | 0.9 to 1.05 |
//! | `&str` of 39 bytes, plain | 1.0 | 0.4 to 0.6 |
//! | maps of 5 entries | 1.3 | 1.4 to 1.8 |
//! | 10 MB of text in 1 MiB / 1 MiB of text | 1.0 | 1.1 to 1.3 |
//! | 1 MiB of plain text / memcpy | 1.5 | 2.5 |
//!
//! In instructions by callgrind: a `&str` of 39 bytes takes 140 as `Plain` and 190 as `Serialize`, including 11 for a memcpy; a struct of 6
//! fields 1,750, and 3,010 with the allocations of `serde_json::to_string`; an entry of a map 290 and 190.

#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use llmobs_capture::{Plain, serialize};
use serde::Serialize;

#[derive(Serialize)]
struct Small {
    id: u32,
    name: &'static str,
    score: f64,
}

#[derive(Serialize)]
struct Six {
    question: &'static str,
    user: String,
    count: u32,
    temperature: f32,
    tags: Vec<&'static str>,
    stream: bool,
}

/// The median of the ratios of two functions that take turns.
fn ratio(name: &str, goal: f64, mut ours: impl FnMut(), mut theirs: impl FnMut()) {
    const ROUNDS: usize = 41;
    let time = |f: &mut dyn FnMut(), times: u32| {
        let start = Instant::now();
        (0..times).for_each(|_| f());
        start.elapsed()
    };
    ours();
    theirs();
    // Repeated so that a round takes about five milliseconds.
    let once = time(&mut theirs, 1).max(Duration::from_nanos(20));
    let times = u32::try_from(5_000_000 / once.as_nanos()).unwrap_or(1).clamp(1, 100_000);
    let mut rounds: Vec<(f64, Duration, Duration)> = (0..ROUNDS)
        .map(|_| {
            let (ours, theirs) = (time(&mut ours, times) / times, time(&mut theirs, times) / times);
            (ours.as_secs_f64() / theirs.as_secs_f64(), ours, theirs)
        })
        .collect();
    rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((ratio, ours, theirs)) = rounds.get(ROUNDS / 2) {
        println!("{name:<44} {ratio:>6.2} (goal {goal:.2})   {ours:>10.1?} / {theirs:.1?}");
    }
}

fn captured<T: Serialize + ?Sized>(value: &T, limit: usize) -> usize {
    let mut out = String::with_capacity(128);
    serialize(black_box(value), limit, &mut out);
    black_box(out).len()
}

fn plain<T: Plain + ?Sized>(value: &T, limit: usize) -> usize {
    let mut out = String::with_capacity(128);
    black_box(value).capture(limit, &mut out);
    black_box(out).len()
}

fn json<T: Serialize + ?Sized>(value: &T) {
    black_box(serde_json::to_string(black_box(value)).map_or(0, |json| json.len()));
}

fn main() {
    const LIMIT: usize = 16 << 20;
    let bytes: Vec<u8> = (0..500_000_u32).map(|number| number.to_le_bytes()[0].wrapping_mul(37)).collect();
    let floats: Vec<f32> = (0_u16..1_536).map(|number| f32::from(number).sin() / 7.0).collect();
    let objects: Vec<Small> = (0..10_000)
        .map(|id| Small { id, name: "a name of some length", score: f64::from(id) / 3.0 })
        .collect();
    let six = Six {
        question: "What is the capital of France?",
        user: "user-1234".to_owned(),
        count: 3,
        temperature: 0.7,
        tags: vec!["geography", "quiz"],
        stream: false,
    };
    let text = "What about the umbrella in Paris today?";
    let long = "All work and no play makes Jack a dull boy. ".repeat(230_000);
    let mebibyte = long.get(..1 << 20).unwrap_or_default();
    let code = "    let text = \"quoted\";\n".repeat(4_000);

    ratio("Vec<u8> of 500 kB", 1.3, || _ = captured(&bytes, LIMIT), || json(&bytes));
    ratio("Vec<u8> of 500 kB, plain", 1.3, || _ = plain(&bytes, LIMIT), || json(&bytes));
    ratio("Vec<f32> of 1,536", 1.3, || _ = captured(&floats, LIMIT), || json(&floats));
    ratio("Vec<f32> of 1,536, plain", 1.3, || _ = plain(&floats, LIMIT), || json(&floats));
    ratio("10,000 objects of 3 fields", 1.3, || _ = captured(&objects, LIMIT), || json(&objects));
    ratio("a struct of 6 fields, guarded", 1.3, || _ = captured(&six, LIMIT), || json(&six));
    ratio("&str of 39 bytes, guarded", 2.0, || _ = captured(text, LIMIT), || json(text));
    ratio("&str of 39 bytes, plain", 1.0, || _ = plain(text, LIMIT), || json(text));
    ratio("a text with many escapes", 1.0, || _ = plain(code.as_str(), LIMIT), || json(&code));
    let limit = 1 << 20;
    let chat: Vec<[&str; 2]> = (0..200).map(|_| ["user", long.get(..50_000).unwrap_or_default()]).collect();
    let (many, few) = (vec!["x".repeat(300); 40_000], vec!["x".repeat(300); 3_400]);
    let (numbers, enough) = (vec![0.123_456_f32; 1_000_000], vec![0.123_456_f32; 116_000]);
    let maps: Vec<BTreeMap<String, u32>> =
        (0..2_000).map(|_| (0..5).map(|number| (format!("key{number}"), number)).collect()).collect();
    ratio("2,000 maps of 5 entries", 1.3, || _ = captured(&maps, LIMIT), || json(&maps));
    ratio("a chat of 10 MB in 1 MiB / whole", 1.0, || _ = captured(&chat, limit), || json(&chat));
    ratio("40,000 texts of 300 B in 1 MiB / 1 MiB", 3.0, || _ = captured(&many, limit), || json(&few));
    ratio("a million floats in 1 MiB / 1 MiB", 3.0, || _ = captured(&numbers, limit), || json(&enough));
    let prose = "All work and no play\nmakes Jack a dull boy. ".repeat(230_000);
    let lines = prose.get(..1 << 20).unwrap_or_default();
    ratio(
        "10 MB of lines in 1 MiB / 1 MiB",
        1.0,
        || _ = plain(prose.as_str(), limit),
        || _ = plain(lines, LIMIT),
    );
    ratio(
        "10 MB of text in 1 MiB / 1 MiB",
        1.0,
        || _ = plain(long.as_str(), limit),
        || _ = plain(mebibyte, limit),
    );
    ratio(
        "1 MiB of plain text / memcpy",
        2.0,
        || _ = plain(mebibyte, LIMIT),
        || _ = black_box(black_box(mebibyte).to_owned()),
    );
}
