//! Streams of Anthropic's messages, written for these tests.

use serde_json::{Value, json};

use super::{call, calling, folded, is_no_chat, messages, metrics, on_the_wire, output};
use crate::base::kind::Kind;

fn start(usage: &Value) -> Value {
    json!({ "type": "message_start", "message": {
        "id": "m-1", "type": "message", "role": "assistant", "content": [], "usage": usage } })
}

fn block(index: u64, block: &Value) -> Value {
    json!({ "type": "content_block_start", "index": index, "content_block": block })
}

fn delta(index: u64, delta: &Value) -> Value {
    json!({ "type": "content_block_delta", "index": index, "delta": delta })
}

fn said(index: u64, text: &str) -> Value {
    delta(index, &json!({ "type": "text_delta", "text": text }))
}

fn wrote(index: u64, json: &str) -> Value {
    delta(index, &json!({ "type": "input_json_delta", "partial_json": json }))
}

fn end(usage: &Value) -> Value {
    json!({ "type": "message_delta", "delta": { "stop_reason": "tool_use" }, "usage": usage })
}

#[test]
fn events_become_a_message_with_tool_calls_and_metrics() {
    let items = [
        start(&json!({ "input_tokens": 10, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 0,
            "cache_creation": { "ephemeral_5m_input_tokens": 100 }, "output_tokens": 1 })),
        json!({ "type": "ping" }),
        block(0, &json!({ "type": "thinking", "thinking": "", "signature": "" })),
        delta(0, &json!({ "type": "thinking_delta", "thinking": "Hm." })),
        delta(0, &json!({ "type": "signature_delta", "signature": "s" })),
        json!({ "type": "content_block_stop", "index": 0 }),
        block(1, &json!({ "type": "text", "text": "" })),
        said(1, "Let me "),
        said(1, "see."),
        block(2, &json!({ "type": "tool_use", "id": "t-1", "name": "find", "input": {} })),
        wrote(2, ""),
        wrote(2, "{\"q\":"),
        block(3, &json!({ "type": "tool_use", "id": "t-2", "name": "find", "input": {} })),
        wrote(3, "{}"),
        wrote(2, "1}"),
        json!({ "type": "an_event_of_tomorrow", "text": "?" }),
        json!({ "type": "error", "error": { "type": "overloaded_error" } }),
        end(&json!({ "cache_read_input_tokens": 1000, "input_tokens": null, "output_tokens": 57 })),
        json!({ "type": "message_stop" }),
    ];
    let counts = vec![
        ("input_tokens", 1110),
        ("output_tokens", 57),
        ("total_tokens", 1167),
        ("cache_read_input_tokens", 1000),
        ("cache_write_input_tokens", 100),
    ];
    let message = calling("Let me see.", &[call("t-1", "find", "{\"q\":1}"), call("t-2", "find", "{}")]);
    assert_eq!(folded(Kind::Llm, 1000, &items), (message, counts));
    assert_eq!(
        on_the_wire(&items),
        json!({ "messages": [{
            "role": "assistant",
            "content": "Let me see.",
            "tool_calls": [
                { "name": "find", "arguments": { "q": 1 }, "tool_id": "t-1", "type": "function" },
                { "name": "find", "arguments": {}, "tool_id": "t-2", "type": "function" },
            ],
        }] })
    );
    assert_eq!(output(&items[..9]), json!("Let me see."));
}

#[test]
fn a_chat_is_known_by_any_event_that_says_something() {
    assert_eq!(output(&[said(0, "a"), said(1, "b")]), json!("ab"));
    assert_eq!(output(&[block(0, &json!({ "type": "text", "text": "a" })), said(0, "b")]), json!("ab"));
    assert_eq!(messages(&[start(&json!({}))]), json!([{ "role": "assistant", "content": "" }]));
    // Others are as good as those of any program.
    for event in [
        json!({ "type": "ping" }),
        json!({ "type": "error", "error": "no" }),
        json!({ "type": "message_start" }),
    ] {
        assert!(is_no_chat(&event), "{event}");
    }
}

#[test]
fn what_was_not_counted_is_left_out() {
    assert_eq!(metrics(&[start(&json!({ "input_tokens": 3 }))]), [("input_tokens", 3)]);
    assert_eq!(metrics(&[end(&json!({ "output_tokens": 0 }))]), [("output_tokens", 0)]);
    let huge = json!({ "input_tokens": u64::MAX, "cache_read_input_tokens": 2, "output_tokens": 1 });
    assert_eq!(
        metrics(&[start(&huge)]),
        [
            ("input_tokens", u64::MAX),
            ("output_tokens", 1),
            ("total_tokens", u64::MAX),
            ("cache_read_input_tokens", 2),
        ]
    );
}
