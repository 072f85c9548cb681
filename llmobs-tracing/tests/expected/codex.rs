//! The spans of the replays of codex.

use serde_json::{Value, json};

use super::contents::Library;
use crate::replay::codex;

pub(crate) fn library() -> Library {
    // The sums of both calls.
    let sums = json!({
        "input_tokens": 11_630,
        "output_tokens": 222,
        "total_tokens": 11_852,
        "cache_read_input_tokens": 8_832,
        "reasoning_output_tokens": 128,
    });
    let client = json!({
        "kind": "llm",
        "name": "model_client.stream_responses_api",
        "parent": 1,
        "session": "019ab3c2-thread",
        "model": "unknown/gpt-5.5",
        "metadata": {
            "wire_api": "responses",
            "transport": "responses_http",
            "http.method": "POST",
            "api.path": "responses",
            "turn.has_metadata_header": true,
        },
    });
    let at_info = json!([with(turn("session_task.turn", 1), "metrics", sums), client, client]);
    let interrupted = json!([
        turn("session_task.turn", 1),
        attempt(1),
        attempt(1),
        with(tool(3), "tags", json!(["cancelled:true"])),
    ]);
    let others = json!([
        turn("session_task.compact", 1),
        counted(attempt(1), [900, 0, 60, 0]),
        turn("session_task.review", 2),
        counted(attempt(3), [900, 0, 60, 0]),
    ]);
    let with_tool = json!([
        turn("session_task.turn", 1),
        counted(attempt(1), [5_700, 3_200, 180, 128]),
        tool(2),
        counted(attempt(1), [5_930, 5_632, 42, 0]),
    ]);
    Library {
        integration: "codex",
        replays: vec![
            (codex::turn_with_tool, with_tool),
            (codex::turn_at_info, at_info),
            (codex::interrupted_turn, interrupted),
            (codex::other_tasks, others),
        ],
    }
}

fn with(mut span: Value, field: &str, value: Value) -> Value {
    span[field] = value;
    span
}

fn turn(name: &str, trace: u32) -> Value {
    json!({
        "kind": "agent",
        "name": name,
        "trace": trace,
        "session": "019ab3c2-thread",
        "metadata": { "turn.id": "019ab3c2-turn", "model": "gpt-5.5", "codex.turn.reasoning_effort": "medium" },
    })
}

/// An attempt at a call, whose tokens are on the span of the last event of its stream.
fn attempt(parent: u32) -> Value {
    json!({
        "kind": "llm",
        "name": "try_run_sampling_request",
        "parent": parent,
        "session": "019ab3c2-thread",
        "model": "unknown/gpt-5.5",
        "metadata": {
            "turn_id": "019ab3c2-turn",
            "reasoning_effort": "medium",
            "wire_api": "responses",
            "transport": "responses_http",
            "http.method": "POST",
            "api.path": "responses",
            "turn.has_metadata_header": true,
        },
    })
}

fn counted(attempt: Value, [input, cached, output, reasoning]: [u32; 4]) -> Value {
    let metrics = json!({
        "input_tokens": input,
        "output_tokens": output,
        "total_tokens": input + output,
        "cache_read_input_tokens": cached,
        "reasoning_output_tokens": reasoning,
    });
    with(attempt, "metrics", metrics)
}

fn tool(parent: u32) -> Value {
    json!({
        "kind": "tool",
        "name": "shell",
        "parent": parent,
        "session": "019ab3c2-thread",
        "metadata": { "tool_id": "call_1" },
    })
}
