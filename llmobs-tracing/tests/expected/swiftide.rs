//! The spans of the replays of swiftide.

use serde_json::{Value, json};

use super::contents::Library;
use crate::replay::swiftide;

const QUESTION: &str = "What is the weather in Paris?";

pub(crate) fn library() -> Library {
    let call = || {
        let call = json!({ "name": "get_weather", "arguments": { "city": "Paris" }, "tool_id": "call_1", "type": "function" });
        json!({ "role": "assistant", "content": "", "tool_calls": [call] })
    };
    let mut calls_tool = llm("complete", 2);
    calls_tool["input"] = question();
    calls_tool["output"] = json!([call()]);
    calls_tool["tools"] = tools();
    calls_tool["metadata"] = json!({ "response_id": "00000000-0000-4000-8000-000000000001" });
    calls_tool["metrics"] = json!({
        "input_tokens": 57,
        "output_tokens": 18,
        "total_tokens": 75,
        "cache_read_input_tokens": 32,
    });
    let mut answering_call = answers(llm("complete", 5));
    let result = json!({ "role": "tool", "content": "", "tool_results": [{ "result": "21 degrees", "tool_id": "call_1" }] });
    answering_call["input"] = json!([{ "role": "user", "content": QUESTION }, call(), result]);
    let with_tool = json!([
        {
            "kind": "agent",
            "name": "agent.query",
            "trace": 1,
            "input": QUESTION,
            "output": "NoNewMessages",
        },
        inside(1, step(0)),
        calls_tool,
        inside(2, tool("21 degrees")),
        inside(1, step(1)),
        answering_call,
    ]);

    let without_events = json!([
        { "kind": "agent", "name": "agent.query", "trace": 1 },
        inside(1, step(0)),
        { "kind": "llm", "name": "complete", "parent": 2, "model": "unknown/unknown" },
        { "kind": "tool", "name": "get_weather", "parent": 2 },
    ]);

    let mut streams = answers(llm("stream", 2));
    streams["input"] = question();
    streams["tools"] = tools();
    let streamed = json!([{ "kind": "agent", "name": "agent.run", "trace": 1 }, inside(1, step(0)), streams]);

    let failed = json!({ "type": "error", "message": "completions failed: rate limit reached" });
    let mut failed_step = inside(1, step(0));
    failed_step["error"] = failed.clone();
    let failed_call = json!([
        { "kind": "agent", "name": "agent.query", "trace": 1, "input": QUESTION, "error": failed },
        failed_step,
        {
            "kind": "llm",
            "name": "complete",
            "parent": 2,
            "model": "unknown/unknown",
            "error": { "type": "error", "message": "rate limit reached" },
        },
    ]);

    let bedrock = json!([{
        "kind": "llm",
        "name": "complete",
        "trace": 1,
        "model": "amazon_bedrock/anthropic.claude-sonnet-4",
        "input": [{ "role": "user", "content": QUESTION }],
        "error": { "type": "error", "message": "ThrottlingException: too many tokens" },
    }]);

    let failed_tool = json!([first(step(0)), inside(1, tool("Tool call failed: no such city"))]);

    let embeddings = json!([{ "kind": "agent", "name": "agent.query", "trace": 1, "input": QUESTION }]);

    let mut prompt = first(answers(llm("prompt", 0)));
    prompt["input"] = json!([{ "role": "user", "content": QUESTION }]);

    let mut of_program = first(llm("answer", 0));
    of_program["integration"] = json!("tracing");
    of_program["model"] = json!("unknown/unknown");
    of_program["input"] = json!([{ "role": "user", "content": "Hi" }]);
    of_program["output"] = json!([{ "role": "", "content": "Hello" }]);
    of_program["metrics"] = json!({ "input_tokens": 5, "output_tokens": 9, "total_tokens": 14 });

    Library {
        integration: "swiftide",
        replays: vec![
            (swiftide::agent_with_tool, with_tool),
            (swiftide::agent_without_events, without_events),
            (swiftide::agent_streamed, streamed),
            (swiftide::failed_call, failed_call),
            (swiftide::failed_bedrock_call, bedrock),
            (swiftide::failed_tool, failed_tool),
            (swiftide::embeddings, embeddings),
            (swiftide::simple_prompt, json!([prompt])),
            (swiftide::fields_on_the_span, json!([of_program])),
        ],
    }
}

fn inside(parent: u32, mut span: Value) -> Value {
    span["parent"] = json!(parent);
    span
}

fn first(mut span: Value) -> Value {
    span.as_object_mut().unwrap().remove("parent");
    span["trace"] = json!(1);
    span
}

fn step(count: u32) -> Value {
    json!({ "kind": "workflow", "name": format!("step-{count}"), "metadata": { "step_count": count } })
}

fn tool(output: &str) -> Value {
    json!({ "kind": "tool", "name": "get_weather", "input": r#"{"city":"Paris"}"#, "output": output })
}

fn llm(name: &str, parent: u32) -> Value {
    json!({ "kind": "llm", "name": name, "parent": parent, "model": "openai/gpt-4o" })
}

/// A call with a text as its answer.
fn answers(mut call: Value) -> Value {
    call["output"] = json!([{ "role": "assistant", "content": "It is 21 degrees in Paris." }]);
    call["metadata"] = json!({ "response_id": "00000000-0000-4000-8000-000000000002" });
    call["metrics"] = json!({ "input_tokens": 93, "output_tokens": 11, "total_tokens": 104 });
    call
}

fn question() -> Value {
    json!([{ "role": "system", "content": "Answer in one sentence." }, { "role": "user", "content": QUESTION }])
}

fn tools() -> Value {
    json!([{ "name": "get_weather", "description": "Tells the weather in a city", "schema": { "type": "object" } }])
}
