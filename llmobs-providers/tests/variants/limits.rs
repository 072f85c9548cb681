//! The limits of the data that is kept.

use llmobs_providers::json::Json;
use llmobs_providers::{Protocol, Request, Response, ResponseReader};
use serde_json::{Value, json};

/// Smaller than the default budget, like the answers of these tests.
const LIMIT: usize = 128 * 1024;

fn request(limit: usize, body: &Value) -> Request {
    let text = body.to_string();
    Request::read(&Json::read(&text).unwrap(), Some(Protocol::OpenAiChat), limit).unwrap()
}

#[test]
fn old_messages_are_dropped_before_the_last_one() {
    let message = |text: &str| json!({ "role": "user", "content": text });
    let body = json!({ "messages": [message("first"), message("second"), message("0123456789")] });
    let read = |limit| -> Vec<String> {
        request(limit, &body).messages.into_iter().map(|message| message.content).collect()
    };
    assert_eq!(read(100), ["first", "second", "0123456789"]);
    assert_eq!(read(16), ["… [1 older messages left out]", "second", "0123456789"]);
    assert_eq!(read(10), ["… [2 older messages left out]", "0123456789"]);
    assert_eq!(read(0), ["… [2 older messages left out]", "… [10 bytes left out] …"]);
}

#[test]
fn tools_and_parameters_are_bounded() {
    let many: Vec<_> =
        (0..2000).map(|index| json!({ "type": "function", "name": format!("f{index}") })).collect();
    assert_eq!(request(10_000, &json!({ "messages": [], "tools": many })).tools.len(), 1024);

    let long = "x".repeat(500);
    let schema = json!({ "type": "object", "description": long });
    let body = json!({
        "messages": [],
        "tools": [{ "name": "f", "parameters": schema }],
        long.as_str(): 1,
        "text": long,
        "seed": 7,
    });
    assert_eq!(
        serde_json::to_value(request(100, &body)).unwrap(),
        json!({
            "protocol": "openai.chat", "operation": "chat",
            "tools": [{ "name": "f" }],
            "parameters": { "seed": 7, "text": "… [532 bytes left out]" },
        })
    );
}

#[test]
fn answers_are_bounded() {
    let long = "x".repeat(5000);
    let mut reader = ResponseReader::new().protocol(Protocol::OpenAiChat);
    let body = json!({ "choices": [], "provider": long, "citations": [long], "error": { "message": long } });
    reader.push(body.to_string().as_bytes());
    let found = reader.finish();
    let message = &found.error.as_ref().unwrap().message;
    assert_eq!(message.strip_prefix(&long[..4096]), Some("… [4096 of 5000 bytes]"));
    for text in [&found.facts["provider"], &found.citations[0]] {
        assert!(text.as_str().unwrap().len() < 1200, "{text}");
    }

    let results: Vec<_> = (0..2000).map(|index| json!({ "index": index, "relevance_score": 0.5 })).collect();
    let mut reader = ResponseReader::new().protocol(Protocol::CohereRerank);
    reader.push(json!({ "results": results }).to_string().as_bytes());
    assert_eq!(reader.finish().documents.len(), 1024);
}

/// If an error is not JSON, its first bytes are kept.
#[test]
fn errors_that_are_texts_are_truncated() {
    let mut reader = ResponseReader::new().status(502);
    for _ in 0..100 {
        reader.push(&[b'x'; 100]);
    }
    let error = reader.finish().error.unwrap();
    assert_eq!((error.message, error.status), ("x".repeat(4096), Some(502)));
}

/// Reads an answer, whole and as one event of a stream.
fn read_both(protocol: Protocol, body: &Value, limit: usize) -> [Response; 2] {
    [body.to_string(), format!("data: {body}\n\n")].map(|text| {
        let mut reader = ResponseReader::new().protocol(protocol).limit(limit);
        text.as_bytes().chunks(1000).for_each(|piece| {
            reader.push(piece);
        });
        reader.finish()
    })
}

/// Lists that are not read do not affect other data, at any position.
#[test]
fn probabilities_do_not_use_the_budget() {
    let top = |bytes: bool| {
        let bytes = if bytes { json!([32, 116, 104, 101]) } else { Value::Null };
        vec![json!({ "token": " the", "logprob": -0.123_456_789, "bytes": bytes }); 20]
    };
    let token =
        json!({ "token": " the", "logprob": -0.123_456_789, "bytes": [32], "top_logprobs": top(true) });
    let tokens = vec![token; 200];
    let call = |id: &str| json!({ "id": id, "type": "function", "function": { "name": "f", "arguments": "{\"x\":1}" } });
    let choice = |index: usize, logprobs: &Value| {
        let message = json!({ "role": "assistant", "content": "Hi", "tool_calls": [call("a"), call("b")] });
        json!({ "index": index, "logprobs": logprobs, "message": message, "finish_reason": "stop" })
    };
    let of_chat = |logprobs: Value| {
        json!({ "prompt_logprobs": logprobs, "id": "c", "object": "chat.completion", "model": "m",
            "choices": [choice(0, &json!({ "content": logprobs })), choice(1, &json!({ "content": logprobs }))],
            "usage": { "prompt_tokens": 3, "completion_tokens": 4 }, "service_tier": "default" })
    };
    // vLLM uses token ids as keys.
    let ranks = |token: usize| {
        let named = |id| {
            (format!("{}", token * 20 + id), json!({ "logprob": -1.5, "rank": id, "decoded_token": " a" }))
        };
        Value::Object((0..20).map(named).collect())
    };
    let of_responses = |logprobs: Value| {
        let text = |text: &str| {
            json!({ "type": "output_text", "text": text, "logprobs": logprobs,
            "annotations": [{ "type": "url_citation", "url": text }] })
        };
        let call = json!({ "type": "function_call", "call_id": "c", "name": "f", "arguments": "{}" });
        json!({ "object": "response", "id": "r", "model": "m", "status": "completed",
            "output": [{ "type": "message", "role": "assistant", "content": [text("One"), text("Two")] }, call],
            "usage": { "input_tokens": 3, "output_tokens": 4 } })
    };
    let of_gemini = |candidates: Value| {
        json!({ "candidates": [{ "logprobsResult": { "topCandidates": candidates, "chosenCandidates": candidates },
            "content": { "role": "model", "parts": [{ "text": "Hi" }, { "functionCall": { "name": "f", "args": { "x": [1, 2] } } }] },
            "finishReason": "STOP" }],
            "usageMetadata": { "promptTokenCount": 3, "candidatesTokenCount": 4 }, "modelVersion": "m", "responseId": "r" })
    };
    let candidate = json!({ "candidate": "the", "tokenId": 5, "logProbability": -0.123_456_789 });
    let candidates = vec![json!({ "candidates": vec![candidate; 20] }); 200];
    let of_vllm: Vec<_> = (0..200).map(ranks).collect();
    for (protocol, large, small) in [
        (Protocol::OpenAiChat, of_chat(json!(tokens)), of_chat(json!([]))),
        (Protocol::OpenAiChat, of_chat(json!(of_vllm)), of_chat(json!([]))),
        (Protocol::OpenAiResponses, of_responses(json!(tokens)), of_responses(json!([]))),
        (Protocol::GeminiGenerate, of_gemini(json!(candidates)), of_gemini(json!([]))),
    ] {
        assert!(large.to_string().len() > 2 * LIMIT, "{protocol}");
        let expected = read_both(protocol, &small, LIMIT);
        assert!(!expected[0].messages.is_empty(), "{protocol}");
        assert_eq!(read_both(protocol, &large, LIMIT), expected, "{protocol}");
    }
}

/// Texts that are too large are shortened, and none of them is lost.
#[test]
fn large_texts_do_not_displace_others() {
    let long = "word ".repeat(200_000);
    let text = |text: &str| json!({ "type": "text", "text": text });
    let body = json!({ "type": "message", "id": "m", "model": "claude", "role": "assistant",
        "content": [text(&long), { "type": "tool_use", "id": "t", "name": "f", "input": { "x": long } }, text("End")],
        "stop_reason": "end_turn", "usage": { "input_tokens": 3, "output_tokens": 4 } });
    let read = read_both(Protocol::AnthropicMessages, &body, 1024 * 1024);
    assert_eq!(read[0], read[1]);
    let short = format!("{}… [994880 bytes left out] …{}", &long[..4096], &long[long.len() - 1024..]);
    assert_eq!(
        serde_json::to_value(&read[0]).unwrap(),
        json!({
            "protocol": "anthropic.messages", "id": "m", "model": "claude",
            "messages": [
                { "role": "assistant", "content": short,
                    "tool_calls": [{ "name": "f", "arguments": { "x": short }, "tool_id": "t", "type": "tool_use" }] },
                { "role": "assistant", "content": "End" },
            ],
            "finish_reasons": ["end_turn"],
            "usage": { "uncached": 3, "output": 4 },
        })
    );
}

#[test]
fn vectors_of_a_large_batch_are_counted() {
    let numbers: Vec<f64> = (0..300).map(|index| f64::from(index) / -70_000.0).collect();
    let base64 = "qr8Mu2".repeat(342);
    let many = |vector: Value| json!(vec![vector; 256]);
    for (protocol, body, size) in [
        (
            Protocol::OpenAiEmbeddings,
            json!({ "data": many(json!({ "object": "embedding", "index": 1000, "embedding": numbers })) }),
            300,
        ),
        (
            Protocol::OpenAiEmbeddings,
            json!({ "data": many(json!({ "object": "embedding", "index": 1000, "embedding": base64 })) }),
            384,
        ),
        (Protocol::OllamaEmbed, json!({ "model": "m", "embeddings": many(json!(numbers)) }), 300),
        (Protocol::GeminiEmbed, json!({ "embeddings": many(json!({ "values": numbers })) }), 300),
    ] {
        for read in read_both(protocol, &body, LIMIT) {
            let vectors = read.vectors.map(|vectors| (vectors.count, vectors.size));
            assert_eq!(vectors, Some((256, size)), "{protocol}");
        }
    }
}

/// Values nested too deep are replaced by a note, and the rest is read.
#[test]
fn deeply_nested_values_become_a_note() {
    let nested = |depth: usize, inside: &str| -> String {
        format!("{}{inside}{}", "{\"a\":".repeat(depth), "}".repeat(depth))
    };
    let deep = nested(300, "1");
    let of_chat = |arguments: &str| {
        let arguments = serde_json::to_string(arguments).unwrap();
        format!(
            "{{\"id\":\"c\",\"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\"tool_calls\":[{{\"id\":\"t\",\"function\":{{\"name\":\"f\",\"arguments\":{arguments}}}}}]}}}}]}}"
        )
    };
    let of_messages = |input: &str| {
        format!(
            "{{\"type\":\"message\",\"id\":\"c\",\"role\":\"assistant\",\"content\":[{{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{input}}}]}}"
        )
    };
    let of_gemini = |args: &str| {
        format!(
            "{{\"responseId\":\"c\",\"candidates\":[{{\"content\":{{\"role\":\"model\",\"parts\":[{{\"functionCall\":{{\"id\":\"t\",\"name\":\"f\",\"args\":{args}}}}}]}}}}]}}"
        )
    };
    let note = "\"… [nested too deep]\"";
    for (protocol, body, around) in [
        (Protocol::OpenAiChat, of_chat(&deep), 0),
        (Protocol::AnthropicMessages, of_messages(&deep), 3),
        (Protocol::GeminiGenerate, of_gemini(&deep), 7),
    ] {
        let bodies = [body.clone(), format!("data: {body}\n\n")];
        for body in bodies {
            let mut reader = ResponseReader::new().protocol(protocol);
            reader.push(body.as_bytes());
            let read = reader.finish();
            assert_eq!(read.id.as_deref(), Some("c"), "{protocol}");
            let call = &read.messages[0].tool_calls[0];
            let arguments = serde_json::to_string(&call.arguments).unwrap();
            assert_eq!((call.name.as_str(), call.tool_id.as_str()), ("f", "t"), "{protocol}");
            assert_eq!(arguments, nested(128 - around, note), "{protocol}");
        }
    }
    let request = format!("{{\"messages\":[{{\"role\":\"user\",\"content\":\"Hi\"}}],\"metadata\":{deep}}}");
    let request = Request::read(&Json::read(&request).unwrap(), None, 100_000).unwrap();
    assert_eq!(request.messages[0].content, "Hi");
    assert_eq!(serde_json::to_string(&request.parameters["metadata"]).unwrap(), nested(127, note));
}

/// Some streams have all citations in each event, others only a new one.
#[test]
fn each_citation_is_kept_once() {
    let citation = |index: usize| json!({ "url": format!("https://example.com/{index}"), "index": index });
    let all: Vec<_> = (0..1500).map(citation).collect();
    let of_perplexity =
        |from: usize, to: usize| json!({ "id": "c", "choices": [], "citations": all[from..to] });
    let of_responses = |index: usize| json!({ "type": "response.output_text.annotation.added", "output_index": 0, "annotation": all[index] });
    let of_messages = |index: usize| json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "citations_delta", "citation": all[index] } });
    let repeated = (0..10).flat_map(|_| (0..1500).step_by(100)).map(|to| of_perplexity(0, to));
    let cases: [(Protocol, Vec<Value>); 4] = [
        (Protocol::OpenAiChat, repeated.chain([of_perplexity(0, 1500)]).collect()),
        (Protocol::OpenAiChat, (0..1500).map(|index| of_perplexity(index, index + 1)).collect()),
        (
            Protocol::OpenAiResponses,
            (0..1500).flat_map(|index| [of_responses(index), of_responses(index / 2)]).collect(),
        ),
        (Protocol::AnthropicMessages, (0..1500).map(of_messages).collect()),
    ];
    for (protocol, events) in cases {
        let mut reader = ResponseReader::new().protocol(protocol);
        for event in events {
            reader.push(format!("data: {event}\n\n").as_bytes());
        }
        let found = reader.finish().citations;
        assert_eq!(found, all[..found.len()], "{protocol}");
        assert!((1022..=1024).contains(&found.len()), "{protocol} {}", found.len());
    }
}
