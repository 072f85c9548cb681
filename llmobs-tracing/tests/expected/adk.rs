//! The spans of the replay of ADK for Rust.

use serde_json::{Value, json};

use super::contents::Library;
use crate::replay::adk;

pub(crate) fn library() -> Library {
    let call = json!({ "name": "get_weather", "arguments": { "city": "Paris" }, "tool_id": "call_1", "type": "function_call" });
    let mut tool_with_result = tool();
    tool_with_result["output"] = json!("21 degrees");
    let with_tool = json!([
        agent(),
        llm(&json!({ "role": "assistant", "content": "", "tool_calls": [call] })),
        tool_with_result,
        llm(&json!({ "role": "assistant", "content": "It is 21 degrees in Paris." })),
    ]);
    let failed = json!({
        "kind": "llm",
        "name": "call_llm",
        "parent": 1,
        "session": "s-1",
        "model": "unknown/gemini-2.5-flash",
        "input": [{ "role": "user", "content": "What is the weather in Paris?" }],
        "metadata": {
            "gcp.vertex.agent.event_id": "inv-1_llm_1",
            "gcp.vertex.agent.invocation_id": "inv-1",
            "temperature": 0.5,
        },
        "error": { "type": "RESOURCE_EXHAUSTED", "message": "slow down" },
    });
    let replays =
        vec![(adk::agent_with_tool as fn(), with_tool), (adk::failures, json!([agent(), tool(), failed]))];
    Library { integration: "adk", replays }
}

fn agent() -> Value {
    json!({
        "kind": "agent",
        "name": "weather",
        "trace": 1,
        "session": "s-1",
        "tags": ["user_id:ada"],
        "metadata": {
            "gcp.vertex.agent.invocation_id": "inv-1",
            "gcp.vertex.agent.event_id": "inv-1",
            "adk.app_name": "weather_app",
        },
    })
}

fn tool() -> Value {
    json!({
        "kind": "tool",
        "name": "get_weather",
        "parent": 1,
        "session": "s-1",
        "input": r#"{"city":"Paris"}"#,
        "metadata": {
            "gcp.vertex.agent.event_id": "inv-1_get_weather",
            "gcp.vertex.agent.invocation_id": "inv-1",
            "attempt": 0,
        },
    })
}

/// A call whose tokens are on the nested span.
fn llm(answer: &Value) -> Value {
    json!({
        "kind": "llm",
        "name": "call_llm",
        "parent": 1,
        "session": "s-1",
        "model": "google/gemini-2.5-flash",
        "input": [{ "role": "user", "content": "What is the weather in Paris?" }],
        "output": [answer],
        "metadata": {
            "gcp.vertex.agent.event_id": "inv-1_llm_1",
            "gcp.vertex.agent.invocation_id": "inv-1",
            "stream": true,
            "temperature": 0.5,
        },
        "metrics": {
            "input_tokens": 57,
            "output_tokens": 18,
            "total_tokens": 75,
            "cache_read_input_tokens": 32,
            "reasoning_output_tokens": 7,
        },
    })
}
