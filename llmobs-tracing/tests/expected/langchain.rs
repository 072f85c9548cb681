//! The spans of the replays of langchain-rust.

use serde_json::{Value, json};

use super::contents::Library;
use crate::replay::langchain;

pub(crate) fn library() -> Library {
    let mut calls_tool = llm(2, false, [57, 18, 75]);
    calls_tool["metadata"]["tool_calls"] = json!(1);
    let agent = json!([
        { "kind": "agent", "name": "agent.run", "trace": 1, "metadata": { "max_iterations": 10, "steps": 1 } },
        { "kind": "task", "name": "agent.plan", "parent": 1, "metadata": { "step": 0 } },
        calls_tool,
        { "kind": "tool", "name": "get_weather", "parent": 1 },
        { "kind": "task", "name": "agent.plan", "parent": 1, "metadata": { "step": 1 } },
        llm(5, false, [93, 11, 104]),
    ]);
    let chains = json!([
        { "kind": "workflow", "name": "router", "trace": 1, "metadata": { "destination": "weather" } },
        llm(1, false, [40, 3, 43]),
        { "kind": "workflow", "name": "llm_chain", "parent": 1 },
        llm(3, true, [21, 11, 32]),
    ]);
    let failures = json!([
        {
            "kind": "workflow",
            "name": "llm_chain",
            "trace": 1,
            "error": { "type": "error", "message": "LLM error: rate limit reached" },
        },
        {
            "kind": "llm",
            "name": "llm.generate",
            "parent": 1,
            "model": "openai/gpt-4o",
            "metadata": { "stream": false },
            "error": { "type": "error", "message": "rate limit reached" },
        },
        { "kind": "agent", "name": "agent.run", "trace": 2, "metadata": { "max_iterations": 10 } },
        {
            "kind": "tool",
            "name": "get_weather",
            "parent": 3,
            "error": { "type": "error", "message": "no such city" },
        },
    ]);
    let embedding = |name, trace, count| {
        json!({
            "kind": "embedding",
            "name": name,
            "trace": trace,
            "model": "openai/text-embedding-3-small",
            "metadata": { "count": count },
        })
    };
    let embeddings = json!([embedding("embed.documents", 1, 3), embedding("embed.query", 2, 1)]);
    Library {
        integration: "langchain_rust",
        replays: vec![
            (langchain::agent_with_tool, agent),
            (langchain::chains, chains),
            (langchain::failures, failures),
            (langchain::embeddings, embeddings),
            (langchain::spans_of_the_program, json!([])),
        ],
    }
}

fn llm(parent: u32, stream: bool, [input, output, total]: [u32; 3]) -> Value {
    json!({
        "kind": "llm",
        "name": "llm.generate",
        "parent": parent,
        "model": "openai/gpt-4o",
        "metadata": { "stream": stream },
        "metrics": { "input_tokens": input, "output_tokens": output, "total_tokens": total },
    })
}
