//! Properties of all answers and requests, checked with random ones.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

#[path = "properties/answers.rs"]
mod answers;
#[path = "properties/random.rs"]
mod random;
#[path = "properties/requests.rs"]
mod requests;
mod support;

use answers::{Bodies, CHATS, bodies};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use llmobs_providers::json::Json;
use llmobs_providers::usage::Tokens;
use llmobs_providers::{Message, Protocol, Request, Response, ResponseReader};
use random::{ModelAnswer, Outline, model_answer};
use requests::{CONVERSATIONS, Turn, request, with_image};
use serde_json::{Value, json};
use support::LIMIT;

/// The size of a message in addition to its texts, for notes.
const NOTES: usize = 64 * 1024;

fn read(protocol: Protocol, body: &[u8], cuts: &[usize], limit: usize) -> Response {
    let mut reader = ResponseReader::new().protocol(protocol).limit(limit);
    let mut start = 0;
    for cut in cuts.iter().copied().chain([body.len()]) {
        reader.push(&body[start..cut]);
        start = cut;
    }
    reader.finish()
}

/// Calls `f` with random answers of each protocol.
fn for_each_answer(seed: u64, times: usize, mut f: impl FnMut(Protocol, &ModelAnswer, &Bodies, &mut Rng)) {
    for (protocol, shape) in CHATS {
        let mut random = Rng::with_seed(seed);
        for _ in 0..times {
            let model_answer = model_answer(&mut random, shape);
            let bodies = bodies(protocol, &model_answer, &mut random);
            f(protocol, &model_answer, &bodies, &mut random);
        }
    }
}

fn outline(messages: &[Message]) -> Vec<Outline> {
    let calls = |message: &Message| {
        message.tool_calls.iter().map(|call| (call.name.clone(), call.arguments.clone().into())).collect()
    };
    messages.iter().map(|message| (message.role.clone(), message.content.clone(), calls(message))).collect()
}

/// The size of texts and arguments, in bytes.
fn weight(messages: &[Message]) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(of).sum(),
            Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + of(value)).sum(),
            other => other.to_string().len(),
        }
    }
    let calls = |message: &Message| {
        message.tool_calls.iter().flat_map(|call| call.arguments.values()).map(of).sum::<usize>()
    };
    let results =
        |message: &Message| message.tool_results.iter().map(|result| result.result.len()).sum::<usize>();
    messages.iter().map(|message| message.content.len() + calls(message) + results(message)).sum()
}

#[test]
fn an_answer_is_read_exactly() {
    for_each_answer(1, 200, |protocol, model_answer, bodies, _| {
        for body in bodies.whole.iter().chain([&bodies.stream]) {
            let found = read(protocol, body, &[], LIMIT);
            let text = String::from_utf8_lossy(body);
            assert_eq!(outline(&found.messages), model_answer.messages(), "{protocol}: {text}");
            if bodies.has_usage {
                let tokens = [found.usage.input_tokens(), found.usage.output_tokens()];
                let tokens = tokens.map(|tokens| tokens.map(Tokens::get));
                assert_eq!(
                    tokens,
                    [Some(model_answer.input), Some(model_answer.output)],
                    "{protocol}: {text}"
                );
            }
        }
    });
}

#[test]
fn a_stream_is_read_like_the_whole_answer() {
    for_each_answer(2, 200, |protocol, _, bodies, _| {
        if let Some(whole) = &bodies.whole {
            let stream = read(protocol, &bodies.stream, &[], LIMIT);
            assert_eq!(stream, read(protocol, whole, &[], LIMIT), "{protocol}");
        }
    });
}

#[test]
fn cuts_do_not_change_the_result() {
    for_each_answer(3, 10, |protocol, _, bodies, random| {
        for body in bodies.whole.iter().chain([&bodies.stream]) {
            // Also with a budget that is too small.
            for limit in [LIMIT, random.usize(..=body.len())] {
                let whole = read(protocol, body, &[], limit);
                let each: Vec<_> = (0..body.len()).collect();
                assert_eq!(read(protocol, body, &each, limit), whole, "{protocol} byte by byte, {limit}");
                for _ in 0..20 {
                    let mut cuts = [0; 5].map(|_: usize| random.usize(..=body.len()));
                    cuts.sort_unstable();
                    assert_eq!(
                        read(protocol, body, &cuts, limit),
                        whole,
                        "{protocol} cut at {cuts:?}, {limit}"
                    );
                }
            }
        }
    });
}

/// Limits from zero to more than the size.
fn limits(random: &mut Rng) -> [usize; 8] {
    [0, 1, 2, random.usize(..64), random.usize(..512), random.usize(..4096), random.usize(..4096), LIMIT]
}

#[test]
fn a_whole_answer_keeps_its_structure_within_any_budget() {
    for_each_answer(4, 100, |protocol, model_answer, bodies, random| {
        let Some(whole) = &bodies.whole else { return };
        let text = std::str::from_utf8(whole).unwrap();
        let json = Json::read(text).unwrap();
        let expected = model_answer.messages();
        for limit in limits(random) {
            let found = Response::read(&json, Some(protocol), limit).unwrap();
            assert!(weight(&found.messages) <= 2 * limit + NOTES, "{protocol} {limit}");
            let found = outline(&found.messages);
            let roles = |messages: &[Outline]| -> Vec<_> {
                let names = |calls: &[(String, Value)]| calls.iter().map(|(name, _)| name.clone()).collect();
                messages
                    .iter()
                    .map(|(role, _, calls)| (role.clone(), names(calls)))
                    .collect::<Vec<(_, Vec<_>)>>()
            };
            assert_eq!(roles(&found), roles(&expected), "{protocol} {limit}: {text}");
            // Texts and arguments are unchanged, or note that something is missing.
            let is_cut = |text: &str| text.contains(" bytes left out] …");
            for (found, expected) in found.iter().zip(&expected) {
                assert!(found.1 == expected.1 || is_cut(&found.1), "{protocol} {limit}: {found:?}");
                for ((_, found), (_, expected)) in found.2.iter().zip(&expected.2) {
                    assert!(found == expected || is_cut(&found.to_string()), "{protocol} {limit}: {found}");
                }
            }
        }
    });
}

#[test]
fn a_stream_stays_within_its_budget() {
    for_each_answer(5, 40, |protocol, model_answer, bodies, random| {
        for body in bodies.whole.iter().chain([&bodies.stream]) {
            for limit in limits(random) {
                let found = read(protocol, body, &[], limit);
                assert!(weight(&found.messages) <= 2 * limit + NOTES, "{protocol} {limit}");
                let calls =
                    |messages: &[Outline]| messages.iter().map(|message| message.2.len()).sum::<usize>();
                assert!(
                    calls(&outline(&found.messages)) <= calls(&model_answer.messages()),
                    "{protocol} {limit}"
                );
            }
        }
    });
}

fn read_request(protocol: Protocol, body: &Value, limit: usize) -> Request {
    Request::read(&Json::read(&body.to_string()).unwrap(), Some(protocol), limit).unwrap()
}

#[test]
fn the_last_message_of_a_request_is_always_kept() {
    for (protocol, shape) in CONVERSATIONS {
        let mut random = Rng::with_seed(6);
        for _ in 0..100 {
            let turns = requests::turns(&mut random, shape);
            let body = request(protocol, &turns);
            let all = read_request(protocol, &body, LIMIT).messages;
            assert_eq!(all.len(), turns.len(), "{protocol}: {body}");
            for (message, turn) in all.iter().zip(&turns) {
                let (role, text) = turn.shown();
                assert_eq!(
                    (message.role.as_str(), message.content.as_str()),
                    (role, text),
                    "{protocol}: {body}"
                );
            }
            let Some(Turn::User(last)) = turns.last() else { panic!("the last turn is not a user's") };
            for limit in limits(&mut random) {
                let found = read_request(protocol, &body, limit).messages;
                assert!(weight(&found) <= 2 * limit + NOTES, "{protocol} {limit}");
                let message = found.last().unwrap();
                assert_eq!(message.role, "user", "{protocol} {limit}: {found:?}");
                let is_cut = message.content.contains(" bytes left out] …");
                assert!(message.content == *last || is_cut, "{protocol} {limit}: {found:?}");
                // The system prompt and the newest messages are kept.
                let kept = |message: &&Message| !message.role.is_empty() && message.role != "system";
                let roles = |messages: &[Message]| -> Vec<String> {
                    messages.iter().filter(kept).map(|message| message.role.clone()).collect()
                };
                assert!(roles(&all).ends_with(&roles(&found)), "{protocol} {limit}: {found:?}");
            }
        }
    }
}

#[test]
fn many_tools_do_not_displace_messages() {
    let turns = [Turn::System("Be brief.".into()), Turn::User("Hi".into())];
    for (protocol, key) in [
        (Protocol::OpenAiChat, "parameters"),
        (Protocol::OpenAiResponses, "parameters"),
        (Protocol::AnthropicMessages, "input_schema"),
        (Protocol::OllamaChat, "parameters"),
        (Protocol::CohereChat, "parameters"),
    ] {
        let mut body = request(protocol, &turns);
        let tool = json!({ "name": "tool", "description": "x".repeat(500), key: { "type": "object", "title": "y".repeat(500) } });
        body["tools"] = json!(vec![tool; 1500]);
        for limit in [0, 10_000, LIMIT] {
            let found = read_request(protocol, &body, limit);
            let last = found.messages.last().unwrap();
            assert!(last.content == "Hi" || limit == 0, "{protocol} {limit}: {last:?}");
            let kept = serde_json::to_string(&found).unwrap().len();
            assert!(kept <= 2 * limit + 4 * NOTES, "{protocol} {limit}: {kept}");
        }
    }
}

/// Bytes that are random, or all the same.
fn bytes(random: &mut Rng, length: usize) -> Vec<u8> {
    let same = random.bool().then(|| random.u8(..));
    (0..length).map(|_| same.unwrap_or_else(|| random.u8(..))).collect()
}

#[test]
fn images_of_any_size_become_notes() {
    for (protocol, _) in CONVERSATIONS {
        let mut random = Rng::with_seed(7);
        for _ in 0..20 {
            let bits = random.usize(1..18);
            let length = random.usize(1..1 << bits);
            let image = STANDARD.encode(bytes(&mut random, length));
            let Some(body) = with_image(protocol, &image) else { continue };
            for limit in limits(&mut random) {
                let found = read_request(protocol, &body, limit).messages;
                let note = format!(" {length} bytes]");
                let is_noted = found.iter().any(|message| {
                    message.content.lines().any(|line| line.starts_with("[image: ") && line.ends_with(&note))
                });
                assert!(is_noted, "{protocol} {limit}: {found:?}");
            }
        }
    }
}

/// Images in responses, which are larger than the kept part of an event.
#[test]
fn images_in_large_answers_become_notes() {
    let mut random = Rng::with_seed(8);
    for length in [1, 2, 3, 4000, 8000, 50_000, 50_001, 50_002, 300_000] {
        for _ in 0..2 {
            let image = STANDARD.encode(bytes(&mut random, length));
            let uri = format!("data:image/png;base64,{image}");
            for (protocol, body) in [
                (
                    Protocol::OpenAiChat,
                    json!({ "choices": [{ "message": { "images": [{ "type": "image_url", "image_url": { "url": uri } }] } }] }),
                ),
                (
                    Protocol::OpenAiResponses,
                    json!({ "object": "response", "output": [{ "type": "image_generation_call", "id": "1", "result": image }] }),
                ),
                (
                    Protocol::GeminiGenerate,
                    json!({ "candidates": [{ "content": { "parts": [{ "inlineData": { "mimeType": "image/png", "data": image } }] } }] }),
                ),
                (
                    Protocol::BedrockConverse,
                    json!({ "stopReason": "x", "output": { "message": { "role": "assistant", "content": [
                        { "image": { "format": "png", "source": { "bytes": image } } }] } } }),
                ),
            ] {
                let body = body.to_string();
                for body in [format!("data: {body}\n\n"), body] {
                    for limit in [7000, 20_000, LIMIT] {
                        let found = read(protocol, body.as_bytes(), &[], limit).messages;
                        let note = format!("{length} bytes]");
                        let texts = |message: &Message| {
                            let results = message.tool_results.iter().map(|result| result.result.clone());
                            results.chain([message.content.clone()]).any(|text| text.ends_with(&note))
                        };
                        assert!(found.iter().any(texts), "{protocol} {length} {limit}: {found:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn large_vectors_are_counted() {
    let numbers: Vec<f64> = (0..3072).map(|index| f64::from(index) / -7.0).collect();
    for (protocol, body) in [
        (Protocol::OpenAiEmbeddings, json!({ "data": [{ "embedding": numbers }, { "embedding": numbers }] })),
        (Protocol::GeminiEmbed, json!({ "embeddings": [{ "values": numbers }, { "values": numbers }] })),
        (Protocol::OllamaEmbed, json!({ "model": "m", "embeddings": [numbers, numbers] })),
        (Protocol::CohereEmbed, json!({ "id": "1", "embeddings": { "float": [numbers, numbers] } })),
        (Protocol::BedrockInvoke, json!({ "embeddings": { "float": [numbers, numbers] } })),
    ] {
        for body in [body.to_string(), serde_json::to_string_pretty(&body).unwrap()] {
            for limit in [1000, 30_000, LIMIT] {
                let vectors = read(protocol, body.as_bytes(), &[], limit).vectors;
                let found = vectors.map(|vectors| (vectors.count, vectors.size));
                assert_eq!(found, Some((2, 3072)), "{protocol} {limit}");
            }
        }
    }
}

/// Data after an event that is too large is still read.
#[test]
fn a_too_large_event_does_not_affect_others() {
    let mut random = Rng::with_seed(9);
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let wide = format!("[{}1]", "\"x\",".repeat(100_000));
    let unclosed = "[".repeat(100_000);
    for (large, shown) in [(&deep, "\n[unknown]"), (&wide, "x")] {
        let large = format!("{{\"choices\":[{{\"delta\":{{\"content\":{large}}}}}]}}");
        let event = |text: &str| json!({ "choices": [{ "delta": { "content": text } }] }).to_string();
        let sse = format!("data: {}\n\ndata: {large}\n\ndata: {}\n\n", event("a"), event("b"));
        let lines = format!("{}\n{large}\n{}\n", event("a"), event("b"));
        for body in [sse, lines] {
            let mut cuts: Vec<_> = (0..50).map(|_| random.usize(..=body.len())).collect();
            cuts.sort_unstable();
            for limit in [1000, 100_000] {
                let found = read(Protocol::OpenAiChat, body.as_bytes(), &cuts, limit);
                let content = &found.messages[0].content;
                assert!(
                    content.starts_with('a') && content.contains('b') && content.contains(shown),
                    "{limit}: {content}"
                );
            }
        }
    }
    let broken =
        format!("data: {unclosed}\n\ndata: {{\"choices\":[{{\"delta\":{{\"content\":\"b\"}}}}]}}\n\n");
    let content = "… [what was too large is left out]\nb";
    assert_eq!(read(Protocol::OpenAiChat, broken.as_bytes(), &[], 1000).messages[0].content, content);
}

/// Embeddings and reranks, which are never streamed.
#[test]
fn cuts_do_not_change_answers_without_messages() {
    let mut random = Rng::with_seed(10);
    for _ in 0..20 {
        let (count, size) = (random.usize(1..5), random.usize(1..50));
        let vectors: Vec<Vec<f64>> =
            (0..count).map(|_| (0..size).map(|_| random.f64() - 0.5).collect()).collect();
        let listed = |key: &str| vectors.iter().map(|vector| json!({ key: vector })).collect::<Vec<_>>();
        let scores: Vec<f64> = (0..count).map(|_| random.f64()).collect();
        let results: Vec<_> = (0..count)
            .map(|index| {
                let document = json!({ "text": random::text(&mut random, 5) });
                json!({ "index": index, "relevance_score": scores[index], "document": document })
            })
            .collect();
        for (protocol, body) in [
            (Protocol::OpenAiEmbeddings, json!({ "data": listed("embedding") })),
            (Protocol::GeminiEmbed, json!({ "embeddings": listed("values") })),
            (Protocol::OllamaEmbed, json!({ "model": "m", "embeddings": vectors })),
            (Protocol::CohereEmbed, json!({ "id": "1", "embeddings": vectors, "response_type": "x" })),
            (Protocol::CohereRerank, json!({ "id": "1", "results": results })),
        ] {
            let body = serde_json::to_string_pretty(&body).unwrap().into_bytes();
            let whole = read(protocol, &body, &[], LIMIT);
            if protocol == Protocol::CohereRerank {
                let found = whole.documents.iter().map(|document| document.score.as_ref()?.as_f64());
                assert_eq!(found.collect::<Option<Vec<_>>>().as_ref(), Some(&scores), "{protocol}");
            } else {
                let found = whole.vectors.map(|vectors| (vectors.count, vectors.size));
                assert_eq!(found, Some((count, size)), "{protocol}");
            }
            let each: Vec<_> = (0..body.len()).collect();
            assert_eq!(read(protocol, &body, &each, LIMIT), whole, "{protocol} byte by byte");
            for _ in 0..20 {
                let mut cuts = [0; 3].map(|_: usize| random.usize(..=body.len()));
                cuts.sort_unstable();
                assert_eq!(read(protocol, &body, &cuts, LIMIT), whole, "{protocol} cut at {cuts:?}");
            }
        }
    }
}
