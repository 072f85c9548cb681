//! Chunks of OpenAI's chat completions and of those who speak like them, written for these tests.

use serde_json::{Value, json};

use super::{call, calling, folded, is_no_chat, messages, metrics, on_the_wire, output};
use crate::base::kind::Kind;

/// A chunk of a chat completion with these choices.
pub(super) fn chunk(choices: &Value) -> Value {
    json!({ "id": "c-1", "object": "chat.completion.chunk", "choices": choices, "usage": null })
}

/// A chunk with one choice.
pub(super) fn delta(delta: &Value) -> Value {
    chunk(&json!([{ "index": 0, "delta": delta, "finish_reason": null }]))
}

/// A chunk that says this.
pub(super) fn said(content: &str) -> Value {
    delta(&json!({ "content": content }))
}

/// Everything that a chat can say.
fn conversation() -> Vec<Value> {
    vec![
        delta(&json!({ "role": "assistant", "content": "", "refusal": null })),
        delta(&json!({ "reasoning_content": "Hm." })),
        said("Let me \"see\""),
        said(".\n"),
        delta(&json!({ "tool_calls": [
            { "index": 0, "id": "t-1", "type": "function", "function": { "name": "find", "arguments": "" } },
            { "index": 1, "id": "t-2", "type": "function", "function": { "name": "add", "arguments": "{\"a\"" } },
        ] })),
        delta(&json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "{\"q\":\"é\"" } }] })),
        delta(&json!({ "tool_calls": [{ "index": 1, "function": { "arguments": ":1}" } }] })),
        delta(&json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "}" } }] })),
        delta(&json!({})),
        json!({ "object": "chat.completion.chunk", "choices": [], "usage": {
            "prompt_tokens": 11, "completion_tokens": 9, "total_tokens": 20,
            "prompt_tokens_details": { "cached_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 4 },
        } }),
    ]
}

#[test]
fn chunks_become_a_message_with_tool_calls_and_metrics() {
    let message = calling(
        "Let me \"see\".\n",
        &[call("t-1", "find", "{\"q\":\"é\"}"), call("t-2", "add", "{\"a\":1}")],
    );
    let counts = vec![
        ("input_tokens", 11),
        ("output_tokens", 9),
        ("total_tokens", 20),
        ("cache_read_input_tokens", 0),
        ("reasoning_output_tokens", 4),
    ];
    for kind in [Kind::Llm, Kind::Agent] {
        assert_eq!(folded(kind, 1000, &conversation()), (message.clone(), counts.clone()));
    }
    assert_eq!(
        on_the_wire(&conversation()),
        json!({ "messages": [{
            "role": "assistant",
            "content": "Let me \"see\".\n",
            "tool_calls": [
                { "name": "find", "arguments": { "q": "é" }, "tool_id": "t-1", "type": "function" },
                { "name": "add", "arguments": { "a": 1 }, "tool_id": "t-2", "type": "function" },
            ],
        }] })
    );
}

#[test]
fn a_lone_message_is_its_content_but_for_models() {
    let items = [delta(&json!({ "role": "assistant" })), said("Be"), said("cause")];
    assert_eq!(output(&items), json!("Because"));
    assert_eq!(messages(&items), json!([{ "role": "assistant", "content": "Because" }]));
    // The role that is said first is kept, and one that is not said is the assistant's.
    assert_eq!(
        messages(&[delta(&json!({ "role": "tool" })), delta(&json!({ "role": "user" }))]),
        json!([{ "role": "tool", "content": "" }])
    );
    assert_eq!(messages(&items[1..]), messages(&items));
    assert_eq!(
        output(&[delta(&json!({ "refusal": "I " })), delta(&json!({ "refusal": "won't" }))]),
        json!("I won't")
    );
}

#[test]
fn every_choice_is_a_message() {
    let choice = |index: u64, content: &str| json!({ "index": index, "delta": { "content": content } });
    let items = [
        chunk(&json!([choice(1, "b")])),
        chunk(&json!([choice(0, "a"), choice(1, "B")])),
        chunk(&json!([{ "delta": { "content": "A" } }])),
    ];
    let expected =
        json!([{ "role": "assistant", "content": "aA" }, { "role": "assistant", "content": "bB" }]);
    assert_eq!(output(&items), expected);
    assert_eq!(messages(&items), expected);
}

#[test]
fn chunks_around_a_chat_are_passed_over() {
    let first =
        json!({ "id": "", "object": "", "choices": [], "prompt_filter_results": [{ "prompt_index": 0 }] });
    let last = chunk(&json!([{ "index": 0, "content_filter_results": {} }]));
    let null = Value::Null;
    assert_eq!(
        output(&[null.clone(), first.clone(), said("Hi"), null, last.clone(), said("!")]),
        json!("Hi!")
    );
    assert_eq!(output(&[first]), Value::Null);
    // They show no chat where there is none.
    assert!(is_no_chat(&last), "{last}");
    assert!(is_no_chat(&json!({ "choices": [] })));
}

#[test]
fn the_last_usage_counts() {
    let counted = |usage: &Value| json!({ "choices": [], "usage": usage });
    let items = [
        said("a"),
        counted(&json!({ "prompt_tokens": 5, "completion_tokens": 1 })),
        counted(&json!({ "prompt_tokens": 5, "completion_tokens": 2, "total_tokens": -1 })),
        counted(&json!({ "prompt_tokens": "many", "prompt_tokens_details": 3 })),
    ];
    assert_eq!(metrics(&items), [("input_tokens", 5), ("output_tokens", 2)]);
    assert_eq!(folded(Kind::Llm, 10, &items[1..]), (Value::Null, metrics(&items)));
}
