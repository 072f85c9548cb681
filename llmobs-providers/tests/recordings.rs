//! Recorded exchanges with providers, which are not part of the project. `LLMOBS_RECORDINGS` names their folder; without it, nothing is
//! tested. Outlines of the expected data are in the fixtures.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]
#![expect(clippy::print_stdout, reason = "reports that nothing was tested")]

mod support;

use std::path::Path;

use fastrand::Rng;
use llmobs_providers::json::Json;
use llmobs_providers::{Endpoint, ResponseReader};
use serde_json::{Map, Value, json};
use support::{LIMIT, compare, files_below, without_empty};

struct Recording {
    name: String,
    url: String,
    request: String,
    status: u16,
    answer: Vec<u8>,
    /// An outline of the expected data.
    expected: Value,
}

/// The recordings with an outline in the fixtures. `LLMOBS_FIXTURES` selects a family.
fn recordings() -> Vec<Recording> {
    let Ok(folder) = std::env::var("LLMOBS_RECORDINGS") else {
        println!("LLMOBS_RECORDINGS is not set: no recordings are read");
        return Vec::new();
    };
    let only = std::env::var("LLMOBS_FIXTURES").unwrap_or_default();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let outlines = files_below(&fixtures)
        .into_iter()
        .filter(|file| file.ends_with("recordings.json") && file.to_string_lossy().contains(&only));
    let recordings: Vec<_> = outlines
        .flat_map(|file| {
            let outlines: Map<String, Value> =
                serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
            outlines
        })
        .map(|(name, expected)| Recording::load(Path::new(&folder), name, expected))
        .collect();
    assert!(!recordings.is_empty(), "no outlines of recordings");
    recordings
}

/// Calls `f` with each recording, in a thread with its name.
fn for_each(f: impl Fn(&Recording) + Sync) {
    let recordings = recordings();
    let together = std::thread::available_parallelism().map_or(1, usize::from);
    for batch in recordings.chunks(together) {
        std::thread::scope(|scope| {
            for recording in batch {
                let thread = std::thread::Builder::new().name(recording.name.clone());
                thread.spawn_scoped(scope, || f(recording)).unwrap();
            }
        });
    }
}

impl Recording {
    fn load(folder: &Path, name: String, expected: Value) -> Self {
        let file = std::fs::read_to_string(folder.join(format!("{name}.json")))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let file: Value = serde_json::from_str(&file).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let answer = text(&file["response"]["body"]);
        Self {
            url: text(&file["request"]["url"]),
            request: text(&file["request"]["body"]),
            status: u16::try_from(file["response"]["status"]["code"].as_u64().unwrap()).unwrap(),
            answer: answer.strip_prefix("base64:").map_or_else(|| answer.clone().into_bytes(), decode),
            name,
            expected,
        }
    }

    fn endpoint(&self) -> Option<Endpoint> {
        Endpoint::of_url(&self.url)
    }

    /// The differences from the expected data.
    fn difference(&self) -> Option<String> {
        let Some(endpoint) = self.endpoint() else {
            return Some(format!("{}: not a model call: {}", self.name, self.url));
        };
        let body = Json::read(&self.request).unwrap_or(Json::Null);
        let request = serde_json::to_value(endpoint.request(&body, LIMIT)).unwrap();
        let found = json!({"request": outline_of_request(&request), "response": outline(&self.read([]))});
        let mut lines = Vec::new();
        compare("", &without_empty(&found), &without_empty(&self.expected), &mut lines);
        (!lines.is_empty()).then(|| format!("{}:\n  {}", self.name, lines.join("\n  ")))
    }

    /// Reads the answer, cut at these positions.
    fn read(&self, cuts: impl IntoIterator<Item = usize>) -> Value {
        let mut reader = self.endpoint().unwrap().reader().status(self.status);
        let mut start = 0;
        for cut in cuts.into_iter().chain([self.answer.len()]) {
            reader.push(&self.answer[start..cut]);
            start = cut;
        }
        serde_json::to_value(reader.finish()).unwrap()
    }

    /// Reads bytes that no provider sends, with and without a known protocol.
    fn read_broken(&self, bytes: &[u8], limit: usize) {
        let endpoint = self.endpoint().unwrap();
        for mut reader in [endpoint.reader().limit(limit), ResponseReader::new().limit(limit)] {
            reader.push(bytes);
            let _ = reader.finish();
        }
    }

    /// The events of a stream, or the lines of anything else.
    fn events(&self) -> Vec<&[u8]> {
        let mut events = Vec::new();
        let mut rest = self.answer.as_slice();
        while let Some(first) = rest.first() {
            let line = || rest.iter().position(|byte| *byte == b'\n').map(|end| end + 1);
            let length = match first {
                // A frame begins with its length.
                0 => rest.first_chunk().map(|length| u32::from_be_bytes(*length) as usize),
                b'{' | b'[' => line(),
                _ => rest.windows(2).position(|two| two == b"\n\n").map(|end| end + 2).or_else(line),
            };
            let (event, after) = rest.split_at(length.unwrap_or(rest.len()).clamp(1, rest.len()));
            events.push(event);
            rest = after;
        }
        events
    }
}

fn decode(base64: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for digit in base64.trim_end_matches('=').bytes() {
        let value = DIGITS.iter().position(|known| *known == digit).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}

fn outline_of_request(request: &Value) -> Value {
    json!({
        "protocol": request["protocol"],
        "provider": request["provider"],
        "operation": request["operation"],
        "model": request["model"],
        "messages": messages(&request["messages"]),
        "documents": length(&request["documents"]),
        "tools": list(&request["tools"]).iter().map(|tool| tool["name"].clone()).collect::<Vec<_>>(),
        "parameters": request["parameters"],
    })
}

fn outline(response: &Value) -> Value {
    json!({
        "model": response["model"],
        "id": response["id"],
        "input": messages(&response["input"]),
        "messages": messages(&response["messages"]),
        "finish_reasons": response["finish_reasons"],
        "usage": response["usage"],
        "error": response["error"],
        "vectors": response["vectors"],
        "citations": length(&response["citations"]),
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn length(value: &Value) -> usize {
    list(value).len()
}

/// A line for each message: its role, its number of characters, its calls, and its results with their numbers of characters.
fn messages(messages: &Value) -> Vec<String> {
    let characters = |value: &Value| value.as_str().unwrap_or_default().chars().count();
    let label = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let line = |message: &Value| {
        let mut line = format!("{} {}", label(&message["role"]), characters(&message["content"]));
        for call in list(&message["tool_calls"]) {
            line += &format!(" call {} {}", label(&call["name"]), label(&call["tool_id"]));
        }
        for result in list(&message["tool_results"]) {
            let (kind, id) = (label(&result["type"]), label(&result["tool_id"]));
            line += &format!(" result {kind} {id} {}", characters(&result["result"]));
        }
        line
    };
    list(messages).iter().map(line).collect()
}

#[test]
fn every_recording_is_read_as_expected() {
    let recordings = recordings();
    let wrong: Vec<String> = recordings.iter().filter_map(Recording::difference).collect();
    assert!(wrong.is_empty(), "{} of {} recordings:\n{}", wrong.len(), recordings.len(), wrong.join("\n"));
}

#[test]
fn pieces_do_not_change_the_result() {
    for_each(|recording| {
        let mut random = Rng::with_seed(20_251_126);
        let length = recording.answer.len();
        let whole = recording.read([]);
        assert_eq!(recording.read(0..length), whole, "byte by byte");
        for _ in 0..1000 {
            let mut cuts = [0; 3].map(|_: usize| random.usize(..=length));
            cuts.sort_unstable();
            assert_eq!(recording.read(cuts), whole, "cut at {cuts:?}");
        }
    });
}

#[test]
fn broken_answers_never_panic() {
    for_each(|recording| {
        let mut random = Rng::with_seed(20_251_127);
        let answer = &recording.answer;
        recording.read_broken(&[answer.as_slice(), answer].concat(), LIMIT);
        for turn in 0..40 {
            let limit = if turn % 2 == 0 { LIMIT } else { random.usize(..answer.len().max(1)) };
            recording.read_broken(&answer[..random.usize(..=answer.len())], limit);

            let mut events = recording.events();
            let doubled: Vec<_> = events.iter().flat_map(|event| vec![*event; random.usize(..=3)]).collect();
            recording.read_broken(&doubled.concat(), limit);
            random.shuffle(&mut events);
            recording.read_broken(&events.concat(), limit);

            let mut garbage = answer.clone();
            for _ in 0..random.usize(1..=20) {
                let at = random.usize(..=garbage.len());
                let bytes: Vec<u8> = (0..random.usize(..8)).map(|_| random.u8(..)).collect();
                let end = garbage.len().min(at + random.usize(..8));
                garbage.splice(at..end, bytes);
            }
            recording.read_broken(&garbage, limit);

            // Numbers are replaced by hostile values.
            let digits =
                ["18446744073709551615", "-1", "1e400", "4294967295", "0.5", "null", "\"\"", "{}", "[]"];
            let text = String::from_utf8_lossy(answer);
            let hostile: String = text
                .split_inclusive(':')
                .map(|piece| {
                    let is_number = piece.starts_with(|first: char| first.is_ascii_digit());
                    let other = random.choice(digits).unwrap();
                    let rest = piece.trim_start_matches(|first: char| first.is_ascii_digit());
                    if is_number && random.bool() { format!("{other}{rest}") } else { piece.to_owned() }
                })
                .collect();
            recording.read_broken(hostile.as_bytes(), limit);
        }
    });
}
