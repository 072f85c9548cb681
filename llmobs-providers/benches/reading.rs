//! How long reading takes beside `serde_json::from_slice` to a `Value` of the same bytes, as a median of ratios in one run, and how
//! long a chunk of a stream takes: `cargo bench -p llmobs-providers`.
//!
//! The goals are 1.5 for a whole answer, and 1 µs for a chunk of 300 bytes. The prediction was 1.0 for whole answers, from a tree that
//! borrows its texts and costs half of a `Value`, and 0.6 µs for a chunk. On two shared Zen 4 cores with Rust 1.95:
//!
//! | | goal | first | now |
//! |---|--:|--:|--:|
//! | chat, short | 1.5 | 1.8 | 1.1 to 1.15 |
//! | chat, 16 kB of text with an escape in every 15 bytes | 1.5 | 3.3 | 1.4 to 1.5 |
//! | messages, 2 blocks | 1.5 | | 1.3 |
//! | messages, 60 blocks | 1.5 | | 1.3 |
//! | generateContent | 1.5 | 1.3 | 1.2 |
//! | chunk of a chat, 332 bytes, the fastest of 400 rounds | 1.1 µs | | 1.06 to 1.09 µs |
//!
//! The first version looked for the ends of strings and lines byte by byte, and kept facts that each chunk repeats anew. A chunk takes
//! 0.65 µs to parse, of 1.33 to 1.44 µs that a `Value` takes.

#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use llmobs_providers::{Protocol, ResponseReader};
use serde_json::{Value, json};

const ROUNDS: usize = 41;

/// The duration of one call, from calls that take about five milliseconds.
fn time(f: &mut dyn FnMut(), once: Duration) -> Duration {
    let times = u32::try_from(5_000_000 / once.as_nanos().max(1)).unwrap_or(1).clamp(1, 100_000);
    let start = Instant::now();
    (0..times).for_each(|_| f());
    start.elapsed() / times
}

fn once(f: &mut dyn FnMut()) -> Duration {
    f();
    let start = Instant::now();
    f();
    start.elapsed().max(Duration::from_nanos(20))
}

/// The median of the ratios of two functions that take turns.
fn ratio(name: &str, bytes: &[u8], protocol: Protocol) {
    let mut ours = || {
        let mut reader = ResponseReader::new().protocol(protocol);
        reader.push(black_box(bytes));
        black_box(reader.finish());
    };
    let mut theirs = || {
        black_box(serde_json::from_slice::<Value>(black_box(bytes)).unwrap_or_default());
    };
    let (one, other) = (once(&mut ours), once(&mut theirs));
    let mut rounds: Vec<(f64, Duration, Duration)> = (0..ROUNDS)
        .map(|_| {
            let (ours, theirs) = (time(&mut ours, one), time(&mut theirs, other));
            (ours.as_secs_f64() / theirs.as_secs_f64(), ours, theirs)
        })
        .collect();
    rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((ratio, ours, theirs)) = rounds.get(ROUNDS / 2) {
        println!("{name:<44} {ratio:>6.2} (goal 1.50)   {ours:>10.1?} / {theirs:.1?}");
    }
}

/// The median duration of one chunk in a stream of many.
fn chunk(name: &str, chunk: &[u8], protocol: Protocol) {
    const CHUNKS: u32 = 1_000;
    let mut rounds: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let mut reader = ResponseReader::new().protocol(protocol);
            let start = Instant::now();
            (0..CHUNKS).for_each(|_| {
                reader.push(black_box(chunk));
            });
            let took = start.elapsed() / CHUNKS;
            black_box(reader.finish());
            took
        })
        .collect();
    rounds.sort();
    if let Some(median) = rounds.get(ROUNDS / 2) {
        println!("{name:<44} {:>10.1?} for {} bytes (goal 1 µs for 300)", median, chunk.len());
    }
}

/// The median duration of one of many events that have a citation each.
fn citations(name: &str) {
    const EVENTS: u32 = 1_000;
    let event = |index: u32| {
        let annotation = json!({ "type": "url_citation", "url": format!("https://example.com/{index}"), "title": "A page" });
        let event = json!({ "type": "response.output_text.annotation.added", "output_index": 0, "annotation": annotation });
        format!("data: {event}\n\n").into_bytes()
    };
    let events: Vec<_> = (0..EVENTS).map(event).collect();
    let mut rounds: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let mut reader = ResponseReader::new().protocol(Protocol::OpenAiResponses);
            let start = Instant::now();
            for event in &events {
                reader.push(black_box(event));
            }
            let took = start.elapsed() / EVENTS;
            black_box(reader.finish());
            took
        })
        .collect();
    rounds.sort();
    if let Some(median) = rounds.get(ROUNDS / 2) {
        println!("{name:<44} {median:>10.1?}");
    }
}

/// How long an answer takes that is larger than the budget.
fn too_large(name: &str) {
    let top = vec![json!({ "token": " the", "logprob": -0.123_456_789, "bytes": [32, 116, 104, 101] }); 20];
    let token = json!({ "token": " the", "logprob": -0.5, "bytes": [32], "top_logprobs": top });
    let choice = json!({ "message": { "content": "Hi" }, "logprobs": { "content": vec![token; 1500] } });
    let body = json!({ "choices": [choice] }).to_string();
    ratio(name, body.as_bytes(), Protocol::OpenAiChat);
}

fn openai(words: usize) -> Vec<u8> {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_760_000_000, "model": "gpt-4o-2024-08-06",
        "choices": [{
            "index": 0, "logprobs": null, "finish_reason": "tool_calls",
            "message": {
                "role": "assistant", "content": "It rains in Paris,\n\"they\" say. ".repeat(words), "refusal": null,
                "tool_calls": [{
                    "id": "call_1", "type": "function",
                    "function": { "name": "weather", "arguments": "{\"city\":\"Paris\",\"days\":3}" },
                }],
            },
        }],
        "usage": {
            "prompt_tokens": 82, "completion_tokens": 17, "total_tokens": 99,
            "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0 },
        },
        "service_tier": "default", "system_fingerprint": "fp_1",
    })
    .to_string()
    .into_bytes()
}

fn anthropic(blocks: usize) -> Vec<u8> {
    let call = json!({ "type": "tool_use", "id": "toolu_1", "name": "weather", "input": { "city": "Paris", "days": [1, 2, 3] } });
    let text = json!({ "type": "text", "text": "I will look at the weather of each of these days.", "citations": null });
    let content: Vec<Value> = (0..blocks).flat_map(|_| [text.clone(), call.clone()]).collect();
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": content,
        "stop_reason": "tool_use", "stop_sequence": null,
        "usage": { "input_tokens": 472, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 89 },
    })
    .to_string()
    .into_bytes()
}

fn gemini() -> Vec<u8> {
    let part = json!({ "text": "It rains in Paris, they say. ".repeat(20) });
    json!({
        "candidates": [{ "content": { "role": "model", "parts": [part] }, "finishReason": "STOP", "index": 0 }],
        "usageMetadata": { "promptTokenCount": 8, "candidatesTokenCount": 140, "totalTokenCount": 148 },
        "modelVersion": "gemini-2.5-flash", "responseId": "r-1",
    })
    .to_string()
    .into_bytes()
}

fn main() {
    ratio("chat, short", &openai(1), Protocol::OpenAiChat);
    ratio("chat, 16 kB of text", &openai(500), Protocol::OpenAiChat);
    ratio("messages, 2 blocks", &anthropic(1), Protocol::AnthropicMessages);
    ratio("messages, 60 blocks", &anthropic(30), Protocol::AnthropicMessages);
    ratio("generateContent", &gemini(), Protocol::GeminiGenerate);
    too_large("chat, 1,500 tokens with 20 probabilities each");
    citations("event with another citation");
    let of_chat = json!({
        "id": "chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012", "object": "chat.completion.chunk", "created": 1_760_000_000,
        "model": "gpt-4o-2024-08-06", "service_tier": "default", "system_fingerprint": "fp_0123456789",
        "choices": [{ "index": 0, "delta": { "content": " rains" }, "logprobs": null, "finish_reason": null }],
        "usage": null, "obfuscation": "Zk3x9",
    });
    chunk("chunk of a chat", format!("data: {of_chat}\n\n").as_bytes(), Protocol::OpenAiChat);
    let of_messages = json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": " rains" } });
    chunk(
        "event of messages",
        format!("event: content_block_delta\ndata: {of_messages}\n\n").as_bytes(),
        Protocol::AnthropicMessages,
    );
}
