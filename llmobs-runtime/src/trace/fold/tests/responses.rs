//! Events of OpenAI's responses, written for these tests.

use serde_json::{Value, json};

use super::{call, calling, folded, is_no_chat, messages, output};
use crate::base::kind::Kind;

/// An event of a response.
fn event(name: &str, fields: &Value) -> Value {
    let mut event = json!({ "type": format!("response.{name}"), "sequence_number": 1 });
    event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    event
}

#[test]
fn events_of_a_response_become_a_message_with_tool_calls_and_metrics() {
    let items = [
        event("created", &json!({ "response": { "output": [], "usage": null } })),
        event("output_item.added", &json!({ "output_index": 0, "item": { "type": "reasoning", "id": "r" } })),
        event(
            "output_item.added",
            &json!({ "output_index": 1, "item": { "type": "message", "role": "assistant" } }),
        ),
        event("content_part.added", &json!({ "part": { "type": "output_text", "text": "" } })),
        event("output_text.delta", &json!({ "output_index": 1, "delta": "Be" })),
        event("output_text.delta", &json!({ "output_index": 1, "delta": "cause" })),
        event("output_text.done", &json!({ "output_index": 1, "text": "Because" })),
        event(
            "output_item.added",
            &json!({ "output_index": 2, "item": {
            "type": "function_call", "id": "fc", "call_id": "a", "name": "f", "arguments": "" } }),
        ),
        event(
            "output_item.added",
            &json!({ "output_index": 3, "item": {
            "type": "custom_tool_call", "id": "ct", "call_id": "b", "name": "g", "input": "" } }),
        ),
        event("function_call_arguments.delta", &json!({ "output_index": 2, "delta": "{\"x\"" })),
        event("custom_tool_call_input.delta", &json!({ "output_index": 3, "delta": "ls" })),
        event("function_call_arguments.delta", &json!({ "output_index": 2, "delta": ":1}" })),
        event("function_call_arguments.done", &json!({ "output_index": 2, "arguments": "{\"x\":1}" })),
        json!({ "type": "keepalive", "sequence_number": 2 }),
        event(
            "incomplete",
            &json!({ "response": { "usage": {
            "input_tokens": 27, "input_tokens_details": { "cached_tokens": 3 },
            "output_tokens": 50, "output_tokens_details": { "reasoning_tokens": 0 }, "total_tokens": 77,
        } } }),
        ),
    ];
    let counts = vec![
        ("input_tokens", 27),
        ("output_tokens", 50),
        ("total_tokens", 77),
        ("cache_read_input_tokens", 3),
        ("reasoning_output_tokens", 0),
    ];
    let message = calling("Because", &[call("a", "f", "{\"x\":1}"), call("b", "g", "ls")]);
    assert_eq!(folded(Kind::Llm, 1000, &items), (message, counts));
    assert_eq!(output(&items[..7]), json!("Because"));
    assert_eq!(
        messages(&[event("refusal.delta", &json!({ "delta": "No" }))]),
        json!([{ "role": "assistant", "content": "No" }])
    );
    // An event that is not known shows no chat.
    let unknown = event("drawn", &json!({ "picture": "…" }));
    assert!(is_no_chat(&unknown), "{unknown}");
}
