//! Incomplete answers.

use llmobs_providers::{Protocol, Response, ResponseReader};
use serde_json::{Value, json};

fn read(protocol: Option<Protocol>, body: &[u8]) -> Response {
    let mut reader = ResponseReader::new().protocol(protocol);
    reader.push(body);
    reader.finish()
}

fn shown(body: &str) -> Value {
    serde_json::to_value(read(None, body.as_bytes())).unwrap()
}

#[test]
fn an_incomplete_whole_answer_keeps_its_data() {
    for (body, expected) in [
        (
            r#"{"id":"x","model":"m","choices":[{"message":{"role":"assistant","content":"Hel"#,
            json!({ "protocol": "openai.chat", "id": "x", "model": "m", "messages": [{ "role": "assistant", "content": "Hel" }] }),
        ),
        (
            r#"{"id":"x","object":"chat.completion","usage":{"completion_tokens":7,"prompt_tokens":12"#,
            json!({ "protocol": "openai.chat", "id": "x", "usage": { "output": 7 } }),
        ),
        (
            r#"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"sto"#,
            json!({ "protocol": "openai.chat", "id": "x", "messages": [{ "role": "assistant", "content": "Hi" }] }),
        ),
        (
            r#"{"id":"m","type":"message","role":"assistant","content":[{"type":"text","text":"Hi"},{"type":"tool_use","id":"t","name":"f","input":{"city":"Par"#,
            json!({ "protocol": "anthropic.messages", "id": "m", "messages": [{ "role": "assistant", "content": "Hi",
                "tool_calls": [{ "name": "f", "arguments": { "city": "Par" }, "tool_id": "t", "type": "tool_use" }] }] }),
        ),
        (
            r#"{"object":"response","id":"r","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"One\n\u00"#,
            json!({ "protocol": "openai.responses", "id": "r", "messages": [{ "role": "assistant", "content": "One\n" }] }),
        ),
        (
            r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi "},{"text":"the"#,
            json!({ "protocol": "gemini.generate", "messages": [{ "role": "assistant", "content": "Hi the" }] }),
        ),
        (
            r#"{"model":"m","done":false,"message":{"role":"assistant","content":"Hi"},"eval_count":12"#,
            json!({ "protocol": "ollama.chat", "model": "m", "messages": [{ "role": "assistant", "content": "Hi" }] }),
        ),
    ] {
        assert_eq!(shown(body), expected, "{body}");
    }
    // Also for an error.
    let mut reader = ResponseReader::new().status(429);
    reader.push(br#"{"error":{"type":"rate_limit_error","message":"Too many re"#);
    assert_eq!(
        serde_json::to_value(reader.finish()).unwrap(),
        json!({ "error": { "type": "rate_limit_error", "message": "Too many re", "status": 429 } })
    );
}

#[test]
fn the_last_event_of_a_stream_may_be_incomplete() {
    let expected = |protocol: &str| json!({ "protocol": protocol, "messages": [{ "role": "assistant", "content": "Hi the" }] });
    for (body, protocol) in [
        (
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi \"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"the",
            "openai.chat",
        ),
        (
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi \"}}\n\n\
             event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"the",
            "anthropic.messages",
        ),
        (
            "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hi \"}]}}]},\n{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"the",
            "gemini.generate",
        ),
    ] {
        assert_eq!(shown(body), expected(protocol), "{body}");
        // An incomplete character is left out.
        let cut = [body.as_bytes(), &"é".as_bytes()[..1]].concat();
        assert_eq!(serde_json::to_value(read(None, &cut)).unwrap(), expected(protocol), "{body}");
    }
    // In the middle of a stream, data that is not JSON is ignored.
    let body = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"the\"}}]}\n\n";
    assert_eq!(shown(body)["messages"], json!([{ "role": "assistant", "content": "the" }]));
}

/// At any position, an incomplete answer has no text, number or word that is not in the whole answer.
#[test]
fn an_incomplete_answer_has_only_data_of_the_whole_answer() {
    let usage = json!({ "prompt_tokens": 1234, "completion_tokens": 5678, "total_tokens": 6912 });
    let call = json!({ "id": "call_1", "type": "function", "function": { "name": "weather", "arguments": "{\"city\":\"Paris\"}" } });
    let chat = json!({ "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o", "choices": [{ "index": 0,
        "message": { "role": "assistant", "content": "It rains.", "tool_calls": [call] }, "finish_reason": "tool_calls" }], "usage": usage });
    let input = json!({ "city": "Paris", "days": 123 });
    let messages = json!({ "type": "message", "id": "msg_1", "role": "assistant", "model": "claude-4", "content": [
        { "type": "thinking", "thinking": "Rain?", "signature": "abc" }, { "type": "text", "text": "It rains." },
        { "type": "tool_use", "id": "toolu_1", "name": "weather", "input": input }], "stop_reason": "tool_use",
        "usage": { "input_tokens": 1234, "output_tokens": 5678 } });
    let candidates = json!({ "responseId": "r-1", "modelVersion": "gemini-2", "candidates": [{ "finishReason": "STOP", "content": {
        "role": "model", "parts": [{ "text": "It rains." }, { "functionCall": { "name": "weather", "args": input } }] } }],
        "usageMetadata": { "promptTokenCount": 1234, "candidatesTokenCount": 5678 } });
    for (protocol, body) in [
        (Protocol::OpenAiChat, chat),
        (Protocol::AnthropicMessages, messages),
        (Protocol::GeminiGenerate, candidates),
    ] {
        let text = body.to_string();
        let whole = read(Some(protocol), text.as_bytes());
        for end in 0..text.len() {
            let found = read(Some(protocol), &text.as_bytes()[..end]);
            let is_in = |found: &Option<String>, whole: &Option<String>| found.is_none() || found == whole;
            assert!(is_in(&found.id, &whole.id) && is_in(&found.model, &whole.model), "{found:?}");
            assert!(
                found.finish_reasons.is_empty() || found.finish_reasons == whole.finish_reasons,
                "{found:?}"
            );
            for message in &found.messages {
                let of_whole = whole.messages.iter().find(|other| other.role == message.role);
                let is_part = |other: &str| other.starts_with(&message.content);
                assert!(
                    message.content == "[thinking]" || of_whole.is_some_and(|other| is_part(&other.content)),
                    "{message:?}"
                );
            }
            let counts = |response: &Response| serde_json::to_value(response.usage).unwrap();
            let all = counts(&whole);
            assert!(
                counts(&found).as_object().unwrap().iter().all(|(name, count)| all[name] == *count),
                "{found:?}"
            );
        }
        assert!(!read(Some(protocol), &text.as_bytes()[..text.len() - 1]).messages.is_empty());
    }
}
