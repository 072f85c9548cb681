//! The protocols of similar bodies.

use llmobs_providers::json::Json;
use llmobs_providers::{Protocol, Response};
use serde_json::json;

#[test]
fn protocols_of_requests_are_recognized() {
    let user = json!([{ "role": "user", "content": "Hi" }]);
    let function = json!([{ "type": "function", "function": { "name": "f" } }]);
    let cases = [
        (
            json!({ "model": "m", "messages": user, "thinking": { "budget_tokens": 1 } }),
            Some(Protocol::AnthropicMessages),
        ),
        (
            json!({ "messages": [{ "role": "assistant", "content": [{ "type": "redacted_thinking", "data": "x" }] }] }),
            Some(Protocol::AnthropicMessages),
        ),
        (
            json!({ "model": "claude-x", "max_tokens": 1, "messages": user }),
            Some(Protocol::AnthropicMessages),
        ),
        (
            json!({ "model": "claude-x", "max_tokens": 1, "messages": user, "tools": function }),
            Some(Protocol::OpenAiChat),
        ),
        (json!({ "model": "m", "messages": user, "format": "json" }), Some(Protocol::OllamaChat)),
        (
            json!({ "model": "m", "messages": [{ "role": "tool", "tool_name": "f", "content": "1" }] }),
            Some(Protocol::OllamaChat),
        ),
        (json!({ "model": "m", "prompt": "Hi", "context": [1] }), Some(Protocol::OllamaGenerate)),
        (json!({ "model": "m", "prompt": "Hi", "seed": 1 }), Some(Protocol::OpenAiCompletions)),
        (json!({ "model": "m", "input": [1, 2], "user": "u" }), Some(Protocol::OpenAiEmbeddings)),
        (json!({ "model": "m", "input": [{ "text": "Hi" }] }), None),
        (
            json!({ "chat_history": [{ "role": "user", "content": "Hi" }], "message": "Bye" }),
            Some(Protocol::CohereChatV1),
        ),
        (
            json!({ "chat_history": [{ "role": "user", "content": [{ "type": "text", "text": "Hi" }] }], "additional_params": null }),
            Some(Protocol::Rig),
        ),
        (
            json!({ "role": "assistant", "content": [{ "type": "opaque", "item": { "type": "x" } }] }),
            Some(Protocol::Rig),
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(Protocol::of_request(&Json::read(&body.to_string()).unwrap()), expected, "{body}");
    }
}

#[test]
fn protocols_of_responses_are_recognized() {
    let cases = [
        (json!({ "choices": [{ "text": "", "message": { "content": "Hi" } }] }), Some(Protocol::OpenAiChat)),
        (json!({ "choices": [{ "text": "Hi", "index": 0 }] }), Some(Protocol::OpenAiCompletions)),
        (json!({ "choices": [{ "text": "Hi" }] }), None),
        (
            json!({ "type": "error", "error": { "type": "api_error", "message": "m" } }),
            Some(Protocol::AnthropicMessages),
        ),
        (json!({ "type": "error", "error": { "type": "api_error", "message": "m", "code": "c" } }), None),
        (json!({ "metadata": { "usage": {} } }), Some(Protocol::BedrockConverse)),
        (json!({ "metadata": { "author": "me" } }), None),
        (json!({ "embeddings": [[1, 2]], "texts": ["Hi"] }), Some(Protocol::CohereEmbed)),
        (json!({ "embeddings": [[1, 2]] }), None),
        (json!({ "data": [{ "relevance_score": 1, "index": 0 }] }), Some(Protocol::CohereRerank)),
    ];
    for (body, expected) in cases {
        assert_eq!(Protocol::of_answer("", &Json::read(&body.to_string()).unwrap()), expected, "{body}");
    }
}

/// An error needs no protocol, and earlier data determines its own.
#[test]
fn whole_answers_are_read_without_a_protocol() {
    let read = |body: &serde_json::Value| {
        let text = body.to_string();
        Response::read(&Json::read(&text).unwrap(), None, 1000)
            .map(|read| serde_json::to_value(read).unwrap())
    };
    let error = json!({ "error": { "type": "overloaded", "message": "Try later" } });
    assert_eq!(read(&error), Some(error));
    assert_eq!(read(&json!({ "message": "Hi" })), None);
    let own = json!({
        "protocol": "openai.chat",
        "provider": "groq",
        "model": "m",
        "id": "c1",
        "input": [{ "role": "system", "content": "Be brief." }],
        "messages": [{ "role": "assistant", "content": "Hi" }],
        "documents": [{ "text": "It rains.", "id": "7" }],
        "vectors": { "count": 2, "size": 3 },
        "citations": ["https://weather.example"],
        "finish_reasons": ["stop"],
        "usage": { "uncached": 1, "cache_write_1h": 2, "output_audio": 3 },
        "error": { "message": "cut", "type": "t", "code": "c" },
        "facts": { "service_tier": "flex" },
    });
    assert_eq!(read(&own), Some(own));
}
