//! The spans of the replay of programs with `gen_ai.*` spans.

use serde_json::{Value, json};

use super::contents::Library;
use crate::replay::otel;

pub(crate) fn library() -> Library {
    let everything = json!([
        { "kind": "workflow", "name": "answer_question", "trace": 1, "session": "conv_1" },
        {
            "kind": "agent",
            "name": "weather",
            "parent": 1,
            "session": "conv_1",
            "input": "What is the weather in Paris?",
            "output": "It is 21 degrees in Paris.",
            "metadata": {
                "agent_id": "agent_1",
                "agent_version": "1.4.0",
                "agent_description": "Knows the weather",
                "finish_reason": "stop",
            },
        },
        {
            "kind": "task",
            "name": "plan weather",
            "parent": 2,
            "session": "conv_1",
            "metadata": { "agent_name": "weather" },
        },
        chat(),
        {
            "kind": "tool",
            "name": "get_weather",
            "parent": 2,
            "session": "conv_1",
            "input": r#"{"city":"Paris"}"#,
            "output": "21 degrees",
            "metadata": {
                "tool_id": "call_1",
                "tool_type": "function",
                "tool_description": "Tells the weather in a city",
            },
        },
        {
            "kind": "retrieval",
            "name": "retrieval climate",
            "parent": 2,
            "session": "conv_1",
            "input": "weather in Paris",
            "output": [
                { "id": "d1", "text": "mild", "score": 0.9 },
                { "id": "d2", "text": "rainy", "score": 0.4 },
            ],
            "metadata": { "data_source_id": "climate" },
        },
        {
            "kind": "embedding",
            "name": "embeddings text-embedding-3-small",
            "parent": 2,
            "session": "conv_1",
            "model": "openai/text-embedding-3-small",
            "metadata": { "embeddings.dimension.count": 512 },
            "metrics": { "input_tokens": 8 },
        },
    ]);
    let failures = json!([
        failed(1, "typed", "rate_limit", "slow down"),
        failed(2, "numbered", "HTTP 429", ""),
        failed(3, "by_status", "error", "slow down"),
        failed(4, "by_attribute", "error", "slow down"),
        failed(5, "by_exception", "RateLimited", "slow down"),
    ]);
    Library {
        integration: "tracing",
        replays: vec![(otel::everything as fn(), everything), (otel::failures, failures)],
    }
}

fn failed(trace: u32, name: &str, kind: &str, message: &str) -> Value {
    json!({
        "kind": "llm",
        "name": name,
        "trace": trace,
        "model": "unknown/gpt-4o",
        "error": { "type": kind, "message": message },
    })
}

fn chat() -> Value {
    let call = json!({ "name": "get_weather", "arguments": { "city": "Paris" }, "tool_id": "call_1", "type": "tool_call" });
    json!({
        "kind": "llm",
        "name": "chat gpt-4o",
        "parent": 2,
        "session": "conv_1",
        "model": "openai/gpt-4o-2024-08-06",
        "input": [
            { "role": "system", "content": "Answer in one sentence." },
            { "role": "user", "content": "What is the weather in Paris?" },
        ],
        "output": [{ "role": "assistant", "content": "", "tool_calls": [call] }],
        "tools": [{ "name": "get_weather", "description": "Tells the weather in a city" }],
        "metadata": {
            "stream": true,
            "temperature": 0.5,
            "max_tokens": 256,
            "stop_sequences": ["END"],
            "output.type": "text",
            "response_id": "chatcmpl-1",
            "finish_reason": "tool_calls",
        },
        "metrics": {
            "input_tokens": 57,
            "output_tokens": 18,
            "total_tokens": 75,
            "cache_read_input_tokens": 32,
            "cache_write_input_tokens": 8,
            "reasoning_output_tokens": 7,
            "time_to_first_token": 0.25,
        },
    })
}
