//! The spans of the replays of goose.

use serde_json::{Value, json};

use super::contents::Library;
use crate::replay::goose;

pub(crate) fn library() -> Library {
    let mut answers = agent("goose", 1);
    answers["input"] = json!("What is the weather in Paris?");
    answers["output"] = json!("It is 21 degrees in Paris.");
    let mut runs_tool = tool();
    runs_tool["output"] = json!("21 degrees");
    let with_tool = json!([
        answers,
        chat(1, "tool_calls", [57, 18, 75]),
        runs_tool,
        hook(),
        chat(1, "stop", [93, 11, 104])
    ]);

    let mut fails = tool();
    fails["error"] = json!({ "type": "tool_error", "message": "" });
    let failed_chat = json!({
        "kind": "llm",
        "name": "chat",
        "parent": 1,
        "session": "20261126_7",
        "model": "openai/gpt-4o",
        "metadata": { "temperature": 0.5, "max_tokens": 4_096, "goose.chat.purpose": "inference" },
        "error": { "type": "rate_limit", "message": "" },
    });
    let failures =
        json!([agent("Weather report", 1), chat(1, "tool_calls", [57, 18, 75]), fails, hook(), failed_chat]);

    let sessions = json!([
        agent("goose", 1),
        chat(1, "stop", [57, 18, 75]),
        agent("goose", 2),
        chat(3, "stop", [57, 18, 75]),
    ]);

    let mut observed = chat(1, "stop", [57, 11, 68]);
    observed["metrics"]["cache_read_input_tokens"] = json!(32);
    observed["metrics"]["total_cost"] = json!(0.000_253);
    observed["metadata"]["completion_start_time"] = json!("2026-11-26T16:05:33.250+00:00");
    observed["input"] = json!([
        { "role": "system", "content": "Answer in one sentence." },
        { "role": "user", "content": "What is the weather in Paris?" },
    ]);
    observed["output"] = json!([{ "role": "assistant", "content": "It is 21 degrees in Paris." }]);
    Library {
        integration: "goose",
        replays: vec![
            (goose::agent_with_tool, with_tool),
            (goose::failures, failures),
            (goose::two_sessions, sessions),
            (goose::with_provider_generation, json!([agent("goose", 1), observed])),
            (goose::older_replies, json!([])),
        ],
    }
}

fn agent(name: &str, trace: u32) -> Value {
    json!({
        "kind": "agent",
        "name": name,
        "trace": trace,
        "session": "20261126_7",
        "tags": ["user_id:ada"],
    })
}

fn chat(parent: u32, reason: &str, [input, output, total]: [u32; 3]) -> Value {
    json!({
        "kind": "llm",
        "name": "chat",
        "parent": parent,
        "session": "20261126_7",
        "model": "openai/gpt-4o-2024-08-06",
        "metadata": {
            "temperature": 0.5,
            "max_tokens": 4_096,
            "finish_reason": reason,
            "response_id": "chatcmpl-1",
            "goose.chat.purpose": "inference",
        },
        "metrics": { "input_tokens": input, "output_tokens": output, "total_tokens": total },
    })
}

fn tool() -> Value {
    json!({
        "kind": "tool",
        "name": "weather__get_weather",
        "parent": 1,
        "session": "20261126_7",
        "input": r#"{"city":"Paris"}"#,
        "metadata": { "tool_id": "call_1" },
    })
}

/// A hook of the tool.
fn hook() -> Value {
    json!({
        "kind": "task",
        "name": "execute_hook",
        "parent": 3,
        "session": "20261126_7",
        "metadata": { "goose.hook.event": "PreToolUse", "goose.hook.plugin": "guard" },
    })
}
