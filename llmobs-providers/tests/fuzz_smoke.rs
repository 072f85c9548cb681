//! The checks of the fuzz targets of this crate, on fixtures with reproducible random changes. `fuzz/README.md` at the top of the
//! repository describes how to fuzz.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

#[path = "support/checks.rs"]
mod checks;
mod support;

use std::path::Path;

use fastrand::Rng;
use serde_json::Value;
use support::{files_below, fixtures};

const TIMES: usize = 3000;

/// Tokens for fuzzing, which are significant to a framing, to JSON or to a protocol.
const TOKENS: [&str; 24] = [
    "\n",
    "\r",
    "\n\n",
    "data: ",
    "event: error\n",
    "[DONE]",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    "\\ud83e",
    ":",
    ",",
    "null",
    "-1",
    "18446744073709551615",
    "1e400",
    "\"index\":4294967296,",
    "\"type\":\"text\",",
    "\u{feff}",
    "\u{0}",
    "… [7 bytes left out] …",
];

/// A change of a few bytes, or of a whole part.
fn change(random: &mut Rng, data: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    for _ in 0..random.usize(1..6) {
        let at = random.usize(..=data.len());
        let end = data.len().min(at + random.usize(..64));
        match random.u32(..7) {
            0 => data.truncate(at.max(checks::HEADER)),
            1 => drop(data.drain(at..end)),
            2 => {
                let part = data[at..end].to_vec();
                data.splice(at..at, part);
            }
            3 => {
                let other = &seeds[random.usize(..seeds.len())];
                let from = random.usize(..=other.len());
                data.splice(at..end, other[from..other.len().min(from + 64)].iter().copied());
            }
            4 if at < data.len() => data[at] = random.u8(..),
            5 if at < data.len() => data[at] ^= 1 << random.u32(..8),
            _ => drop(data.splice(at..at, TOKENS[random.usize(..TOKENS.len())].bytes())),
        }
    }
}

/// Checks seeds, then seeds with changes, under every header.
fn run(seeds: &[Vec<u8>], check: fn(&[u8])) {
    assert!(!seeds.is_empty());
    let mut random = Rng::with_seed(13);
    for seed in seeds {
        check(seed);
    }
    for _ in 0..TIMES {
        let mut data = seeds[random.usize(..seeds.len())].clone();
        data.iter_mut().take(checks::HEADER).for_each(|byte| *byte = random.u8(..));
        change(&mut random, &mut data, seeds);
        check(&data);
    }
}

/// Bytes after a header that assigns them to each protocol of a family.
fn with_headers(protocols: usize, body: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..=protocols).map(move |protocol| {
        let header: [u8; checks::HEADER] = [u8::try_from(protocol).unwrap(), 0, 1, 0, 9];
        [&header, body].concat()
    })
}

/// The answers of a family, as each of its protocols.
fn answers(family: &str, protocols: usize) -> Vec<Vec<u8>> {
    let fixtures = fixtures().iter().filter(|fixture| fixture.family == family);
    fixtures.flat_map(|fixture| with_headers(protocols, &fixture.answer)).collect()
}

/// A field of all files of a folder, as JSON texts.
fn texts(folder: &str, field: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let load = |path: &Path| serde_json::from_str::<Value>(&std::fs::read_to_string(path).unwrap()).unwrap();
    files_below(&folder).iter().filter_map(|path| Some(load(path).get(field)?.to_string())).collect()
}

/// The events of values of libraries.
fn libraries() -> Vec<Vec<u8>> {
    let texts = texts("forms_rust", "value");
    let body = |text: &String| match serde_json::from_str(text).unwrap() {
        Value::Array(events) => {
            events.iter().map(|event| format!("data: {event}\n\n")).collect::<Vec<_>>().concat()
        }
        other => other.to_string(),
    };
    let bodies = texts.iter().map(body);
    bodies
        .flat_map(|body| with_headers(checks::LIBRARIES.len(), body.as_bytes()).collect::<Vec<_>>())
        .collect()
}

fn requests() -> Vec<Vec<u8>> {
    let bodies = fixtures().iter().map(|fixture| fixture.request.clone());
    let texts = bodies.chain(texts("forms", "attributes")).chain(texts("forms_rust", "value"));
    let none = u8::try_from(llmobs_providers::Protocol::ALL.len()).unwrap();
    texts.map(|text| [&[none, 0, 1, 0, 9], text.as_bytes()].concat()).collect()
}

fn json() -> Vec<Vec<u8>> {
    let bodies = fixtures().iter().map(|fixture| fixture.request.clone().into_bytes());
    bodies.filter(|body| body.len() < 2000).collect()
}

/// The families, with their protocols.
macro_rules! families {
    ($($family:ident $protocols:ident)*) => {
        $(
            #[test]
            fn $family() {
                let seeds = answers(stringify!($family), checks::$protocols.len());
                run(&seeds, |data| checks::answer(checks::$protocols, data));
            }
        )*

        fn all_seeds() -> Vec<(&'static str, Vec<Vec<u8>>)> {
            let families = [$((stringify!($family), answers(stringify!($family), checks::$protocols.len()))),*];
            let others = [("libraries", libraries()), ("request", requests()), ("json", json())];
            families.into_iter().chain(others).collect()
        }
    };
}

families! {
    openai OPENAI
    anthropic ANTHROPIC
    gemini GEMINI
    ollama OLLAMA
    bedrock BEDROCK
    cohere COHERE
}

#[test]
fn values_of_libraries() {
    run(&libraries(), |data| checks::answer(checks::LIBRARIES, data));
}

#[test]
fn requests_and_attributes() {
    run(&requests(), checks::request);
}

#[test]
fn texts_that_may_be_json() {
    run(&json(), checks::json);
}

/// Writes the seeds of each target into the folder that `LLMOBS_FUZZ_SEEDS` names.
#[test]
fn seeds_can_be_written() {
    let Ok(folder) = std::env::var("LLMOBS_FUZZ_SEEDS") else { return };
    for (target, seeds) in all_seeds() {
        let folder = Path::new(&folder).join(target);
        std::fs::create_dir_all(&folder).unwrap();
        for (index, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed_{index:04}")), seed).unwrap();
        }
    }
}
