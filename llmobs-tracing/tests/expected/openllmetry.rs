//! The spans of the replays of programs with OpenLLMetry's attributes.

use serde_json::json;

use super::contents::Library;
use crate::replay::openllmetry;

pub(crate) fn library() -> Library {
    let call = json!({ "name": "get_weather", "arguments": { "city": "Paris" }, "tool_id": "call_1", "type": "function" });
    let everything = json!([
        {
            "kind": "workflow",
            "name": "answer_question",
            "trace": 1,
            "session": "s-1",
            "tags": ["user_id:ada"],
            "input": r#"{"args":["What is the weather in Paris?"]}"#,
            "output": "It is 21 degrees in Paris.",
        },
        { "kind": "agent", "name": "weather", "parent": 1, "session": "s-1" },
        { "kind": "task", "name": "prepare", "parent": 2, "session": "s-1" },
        {
            "kind": "llm",
            "name": "openai.chat",
            "parent": 2,
            "session": "s-1",
            "model": "openai/gpt-4o-2024-08-06",
            "input": [
                { "role": "system", "content": "Answer in one sentence." },
                { "role": "user", "content": "What is the weather in Paris?" },
            ],
            "output": [{ "role": "assistant", "content": "", "tool_calls": [call] }],
            "tools": [{
                "name": "get_weather",
                "description": "Tells the weather in a city",
                "schema": { "type": "object" },
            }],
            "metadata": {
                "temperature": 0.5,
                "max_tokens": 256,
                "stream": false,
                "response_id": "chatcmpl-1",
                "finish_reason": "tool_calls",
            },
            "metrics": {
                "input_tokens": 57,
                "output_tokens": 18,
                "total_tokens": 75,
                "cache_read_input_tokens": 32,
            },
        },
        {
            "kind": "tool",
            "name": "get_weather",
            "parent": 2,
            "session": "s-1",
            "input": r#"{"city":"Paris"}"#,
            "output": "21 degrees",
        },
    ]);
    let others = json!([
        {
            "kind": "embedding",
            "name": "openai.embeddings",
            "trace": 1,
            "model": "openai/text-embedding-3-small",
            "input": [{ "text": "weather in Paris" }],
            "metrics": { "input_tokens": 3 },
        },
        {
            "kind": "llm",
            "name": "openai.completion",
            "trace": 2,
            "model": "openai/gpt-3.5-turbo-instruct",
            "input": [{ "role": "user", "content": "Once upon a time" }],
            "output": [{ "role": "assistant", "content": "there was a king." }],
        },
        { "kind": "retrieval", "name": "cohere.rerank", "trace": 3 },
    ]);
    let failure = json!([{
        "kind": "llm",
        "name": "openai.chat",
        "trace": 1,
        "model": "openai/gpt-4o",
        "error": { "type": "error", "message": "rate limit reached" },
    }]);
    Library {
        integration: "tracing",
        replays: vec![
            (openllmetry::everything as fn(), everything),
            (openllmetry::other_requests, others),
            (openllmetry::failure, failure),
        ],
    }
}
