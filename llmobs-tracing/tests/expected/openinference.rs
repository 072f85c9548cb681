//! The spans of the replays of programs with OpenInference's attributes.

use serde_json::json;

use super::contents::Library;
use crate::replay::openinference;

pub(crate) fn library() -> Library {
    let call = json!({ "name": "get_weather", "arguments": { "city": "Paris" }, "tool_id": "call_1", "type": "function" });
    let everything = json!([
        {
            "kind": "agent",
            "name": "weather",
            "trace": 1,
            "session": "s-1",
            "tags": ["user_id:ada"],
            "input": "What is the weather in Paris?",
            "output": "It is 21 degrees in Paris.",
            "metadata": { "tier": "gold", "tags": ["beta"] },
        },
        {
            "kind": "task",
            "name": "check",
            "parent": 1,
            "session": "s-1",
            "input": "What is the weather in Paris?",
        },
        {
            "kind": "retrieval",
            "name": "search",
            "parent": 1,
            "session": "s-1",
            "input": "weather in Paris",
            "output": [
                { "id": "d1", "text": "mild", "score": 0.9 },
                { "id": "d2", "text": "rainy", "score": 0.4 },
            ],
        },
        {
            "kind": "retrieval",
            "name": "rerank",
            "parent": 1,
            "session": "s-1",
            "metadata": { "top_k": 1 },
        },
        {
            "kind": "llm",
            "name": "ChatCompletion",
            "parent": 1,
            "session": "s-1",
            "model": "openai/gpt-4o",
            "input": [
                { "role": "system", "content": "Answer in one sentence." },
                { "role": "user", "content": "What is the weather in Paris?" },
            ],
            "output": [{ "role": "assistant", "content": "", "tool_calls": [call] }],
            "tools": [{ "name": "get_weather" }],
            "metadata": { "temperature": 0.5, "max_tokens": 256 },
            "metrics": {
                "input_tokens": 57,
                "output_tokens": 18,
                "total_tokens": 75,
                "cache_read_input_tokens": 32,
                "reasoning_output_tokens": 7,
            },
        },
        {
            "kind": "tool",
            "name": "get_weather",
            "parent": 1,
            "session": "s-1",
            "input": r#"{"city":"Paris"}"#,
            "output": "21 degrees",
            "metadata": { "tool_id": "call_1", "tool_description": "Tells the weather in a city" },
        },
        {
            "kind": "embedding",
            "name": "embed",
            "parent": 1,
            "session": "s-1",
            "model": "unknown/text-embedding-3-small",
            "input": [{ "text": "weather in Paris" }],
            "output": "[1 embedding(s) returned with size 3]",
            "metrics": { "input_tokens": 3 },
        },
    ]);
    let failed = json!([{
        "kind": "llm",
        "name": "llm mistral-small",
        "trace": 1,
        "model": "mistral.rs/mistral-small",
        "integration": "mistralrs",
        "metadata": { "temperature": 0.5, "finish_reason": "error" },
        "metrics": { "input_tokens": 57, "output_tokens": 18, "total_tokens": 75 },
        "error": { "type": "error", "message": "out of memory" },
    }]);
    Library {
        integration: "tracing",
        replays: vec![(openinference::everything as fn(), everything), (openinference::by_mistralrs, failed)],
    }
}
