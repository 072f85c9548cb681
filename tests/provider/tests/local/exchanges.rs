//! Complete answers and streams of each endpoint.

use llmobs_local_provider::LocalProvider;
use serde_json::{Value, json};

use crate::support::{as_stream, request, streamed, whole, with_tools};

const CHAT: &str = "/v1/chat/completions";
const RESPONSES: &str = "/v1/responses";
const MESSAGES: &str = "/v1/messages";
const EMBEDDINGS: &str = "/v1/embeddings";

/// Returns the first answer of a new server.
fn first(path: &str, body: &Value) -> Value {
    let (status, answer) = whole(&LocalProvider::start(), path, body);
    assert_eq!(status, 200, "{answer}");
    answer
}

fn first_stream(path: &str, body: Value) -> Vec<Value> {
    streamed(&LocalProvider::start(), path, &as_stream(path, body))
}

#[test]
fn chat_returns_a_complete_answer() {
    let expected = json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_793_491_200,
        "model": "local-2026-11-01",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": "You said: Hello there", "refusal": null, "annotations": []},
            "logprobs": null,
            "finish_reason": "stop",
        }],
        "usage": chat_usage(4, 2, 4, 0),
        "service_tier": "default",
        "system_fingerprint": null,
    });
    assert_eq!(first(CHAT, &request(CHAT, "local", "Hello there")), expected);
}

#[test]
fn chat_calls_a_tool() {
    let answer = first(CHAT, &with_tools(CHAT, request(CHAT, "local", "Is the weather nice in New York?")));
    let expected = json!([{
        "index": 0,
        "message": {
            "role": "assistant",
            "content": null,
            "refusal": null,
            "annotations": [],
            "tool_calls": [{
                "id": "call_1",
                "type": "function",
                "function": {"name": "get_weather", "arguments": r#"{"city":"New York","unit":"celsius"}"#},
            }],
        },
        "logprobs": null,
        "finish_reason": "tool_calls",
    }]);
    assert_eq!(answer["choices"], expected);
    assert_eq!(answer["usage"], chat_usage(9, 2, 3, 0));
}

#[test]
fn chat_is_streamed() {
    let delta =
        |delta: Value| chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]));
    let expected = [
        delta(json!({"role": "assistant", "content": "", "refusal": null})),
        delta(json!({"content": "You"})),
        delta(json!({"content": " said:"})),
        delta(json!({"content": " Hello"})),
        chunk(json!([{"index": 0, "delta": {}, "logprobs": null, "finish_reason": "stop"}])),
        with_usage(chunk(json!([])), chat_usage(3, 2, 3, 0)),
        json!("[DONE]"),
    ];
    assert_eq!(first_stream(CHAT, request(CHAT, "local", "Hello")), expected);
}

#[test]
fn chat_streams_a_call() {
    let delta =
        |delta: Value| chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]));
    let piece = |piece: &str| delta(json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}));
    let call =
        json!({"index": 0, "id": "call_1", "type": "function", "function": {"name": "add", "arguments": ""}});
    let expected = [
        delta(json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": [call]})),
        piece(r#"{"a":1,""#),
        piece(r#"b":1}"#),
        chunk(json!([{"index": 0, "delta": {}, "logprobs": null, "finish_reason": "tool_calls"}])),
        with_usage(chunk(json!([])), chat_usage(5, 2, 2, 0)),
        json!("[DONE]"),
    ];
    assert_eq!(first_stream(CHAT, with_tools(CHAT, request(CHAT, "local", "Add these two"))), expected);
}

#[test]
fn a_chat_stream_has_usage_only_if_the_request_includes_it() {
    let mut body = request(CHAT, "local", "Hello");
    body["stream"] = json!(true);
    let events = streamed(&LocalProvider::start(), CHAT, &body);
    assert_eq!((events.len(), events.iter().filter(|event| event.get("usage").is_some()).count()), (6, 0));
}

#[test]
fn chat_streams_thoughts_and_a_call() {
    let events = first_stream(CHAT, with_tools(CHAT, request(CHAT, "thinking", "Add!")));
    let call =
        json!({"index": 0, "id": "call_1", "type": "function", "function": {"name": "add", "arguments": ""}});
    let expected = [
        json!({"role": "assistant", "content": null, "refusal": null, "reasoning_content": ""}),
        json!({"reasoning_content": "The"}),
        json!({"reasoning_content": " user"}),
        json!({"reasoning_content": " said:"}),
        json!({"reasoning_content": " Add!"}),
        json!({"tool_calls": [call]}),
        json!({"tool_calls": [{"index": 0, "function": {"arguments": r#"{"a":1,""#}}]}),
        json!({"tool_calls": [{"index": 0, "function": {"arguments": r#"b":1}"#}}]}),
        json!({}),
    ];
    let deltas = events.iter().filter_map(|event| event["choices"].get(0));
    assert_eq!(deltas.map(|choice| choice["delta"].clone()).collect::<Vec<_>>(), expected);
    assert_eq!(events[9]["usage"], chat_usage(3, 2, 6, 4));
}

#[test]
fn chat_answers_match_the_requested_schema() {
    let mut body = request(CHAT, "local", "Who lives in Rome?");
    let schema =
        json!({"type": "object", "properties": {"city": {"type": "string"}, "people": {"type": "integer"}}});
    body["response_format"] =
        json!({"type": "json_schema", "json_schema": {"name": "city", "schema": schema}});
    let answer = first(CHAT, &body);
    assert_eq!(answer["choices"][0]["message"]["content"], r#"{"city":"Rome","people":1}"#);
}

#[test]
fn responses_return_a_complete_answer() {
    let mut body = with_tools(RESPONSES, request(RESPONSES, "thinking", "Add!"));
    body["temperature"] = json!(0.5);
    let output = json!([
        {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "The user said: Add!"}]},
        {
            "id": "fc_1",
            "type": "function_call",
            "status": "completed",
            "call_id": "call_1",
            "name": "add",
            "arguments": r#"{"a":1,"b":1}"#,
        },
    ]);
    let mut expected = response("thinking-2026-11-01", "completed");
    expected["completed_at"] = json!(1_793_491_200);
    expected["output"] = output;
    expected["temperature"] = json!(0.5);
    expected["tools"] = body["tools"].clone();
    expected["usage"] = responses_usage(3, 2, 6, 4);
    assert_eq!(first(RESPONSES, &body), expected);
}

#[test]
fn responses_stop_at_the_limit() {
    let message = json!({
        "id": "msg_1",
        "type": "message",
        "status": "incomplete",
        "role": "assistant",
        "content": [text_part("You said:")],
    });
    let mut expected = response("length-2026-11-01", "incomplete");
    expected["incomplete_details"] = json!({"reason": "max_output_tokens"});
    expected["output"] = json!([message]);
    expected["usage"] = responses_usage(3, 2, 2, 0);
    assert_eq!(first(RESPONSES, &request(RESPONSES, "length", "Hello")), expected);
}

#[test]
fn responses_are_streamed() {
    let open = response("local-2026-11-01", "in_progress");
    let message = |status: &str, content: Value| json!({"id": "msg_1", "type": "message", "status": status, "role": "assistant", "content": content});
    let item = message("completed", json!([text_part("You said: Hello")]));
    let mut done = response("local-2026-11-01", "completed");
    done["completed_at"] = json!(1_793_491_200);
    done["output"] = json!([item]);
    done["usage"] = responses_usage(3, 2, 3, 0);
    let of_part = |kind: &str, key: &str, value: Value| json!({"type": kind, "item_id": "msg_1", "output_index": 0, "content_index": 0, key: value});
    let of_text = |kind: &str, key: &str, text: &str| {
        let mut event = of_part(kind, key, json!(text));
        event["logprobs"] = json!([]);
        event
    };
    let expected = [
        json!({"type": "response.created", "response": open}),
        json!({"type": "response.in_progress", "response": open}),
        json!({
            "type": "response.output_item.added",
            "output_index": 0,
            "item": message("in_progress", json!([])),
        }),
        of_part("response.content_part.added", "part", text_part("")),
        of_text("response.output_text.delta", "delta", "You"),
        of_text("response.output_text.delta", "delta", " said:"),
        of_text("response.output_text.delta", "delta", " Hello"),
        of_text("response.output_text.done", "text", "You said: Hello"),
        of_part("response.content_part.done", "part", text_part("You said: Hello")),
        json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
        json!({"type": "response.completed", "response": done}),
    ];
    assert_eq!(first_stream(RESPONSES, request(RESPONSES, "local", "Hello")), numbered(expected));
}

#[test]
fn responses_stream_thoughts_and_a_call() {
    let body = with_tools(RESPONSES, request(RESPONSES, "thinking", "Add!"));
    let mut events = first_stream(RESPONSES, body);
    assert_eq!(events.pop().map(|event| event["type"].clone()), Some(json!("response.completed")));
    let of_part = |kind: &str, key: &str, value: Value| json!({"type": kind, "item_id": "rs_1", "output_index": 0, "summary_index": 0, key: value});
    let part = |text: &str| json!({"type": "summary_text", "text": text});
    let reasoning = |summary: Value| json!({"id": "rs_1", "type": "reasoning", "summary": summary});
    let of_call = |kind: &str, key: &str, value: &str| json!({"type": kind, "item_id": "fc_1", "output_index": 1, key: value});
    let call = |status: &str, arguments: &str| {
        json!({
            "id": "fc_1",
            "type": "function_call",
            "status": status,
            "call_id": "call_1",
            "name": "add",
            "arguments": arguments,
        })
    };
    let arguments = r#"{"a":1,"b":1}"#;
    let expected = [
        json!({"type": "response.output_item.added", "output_index": 0, "item": reasoning(json!([]))}),
        of_part("response.reasoning_summary_part.added", "part", part("")),
        of_part("response.reasoning_summary_text.delta", "delta", json!("The")),
        of_part("response.reasoning_summary_text.delta", "delta", json!(" user")),
        of_part("response.reasoning_summary_text.delta", "delta", json!(" said:")),
        of_part("response.reasoning_summary_text.delta", "delta", json!(" Add!")),
        of_part("response.reasoning_summary_text.done", "text", json!("The user said: Add!")),
        of_part("response.reasoning_summary_part.done", "part", part("The user said: Add!")),
        json!({
            "type": "response.output_item.done",
            "output_index": 0,
            "item": reasoning(json!([part("The user said: Add!")])),
        }),
        json!({"type": "response.output_item.added", "output_index": 1, "item": call("in_progress", "")}),
        of_call("response.function_call_arguments.delta", "delta", r#"{"a":1,""#),
        of_call("response.function_call_arguments.delta", "delta", r#"b":1}"#),
        of_call("response.function_call_arguments.done", "arguments", arguments),
        json!({"type": "response.output_item.done", "output_index": 1, "item": call("completed", arguments)}),
    ];
    let expected: Vec<Value> = numbered([json!(null), json!(null)].into_iter().chain(expected));
    assert_eq!(events[2..], expected[2..]);
}

#[test]
fn responses_stream_a_refusal() {
    let events = first_stream(RESPONSES, request(RESPONSES, "refusal", "Hello"));
    let words = events.iter().filter(|event| event["type"] == "response.refusal.delta");
    let text: String = words.filter_map(|event| event["delta"].as_str()).collect();
    assert_eq!(text, "I'm sorry, but I can't assist with that.");
    let expected = json!({
        "type": "response.refusal.done",
        "item_id": "msg_1",
        "output_index": 0,
        "content_index": 0,
        "refusal": text,
        "sequence_number": 12,
    });
    assert_eq!(events[12], expected);
}

#[test]
fn messages_return_a_complete_answer() {
    let expected = json!({
        "model": "thinking-2026-11-01",
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "The user said: Add!", "signature": "bG9jYWw="},
            {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 1, "b": 1}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": null,
        "usage": {
            "input_tokens": 1,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 2,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            "output_tokens": 6,
            "output_tokens_details": {"thinking_tokens": 4},
            "service_tier": "standard",
        },
    });
    assert_eq!(first(MESSAGES, &with_tools(MESSAGES, request(MESSAGES, "thinking", "Add!"))), expected);
}

#[test]
fn messages_are_streamed() {
    let expected = [
        message_start("local-2026-11-01"),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "ping"}),
        block_delta(0, json!({"type": "text_delta", "text": "You"})),
        block_delta(0, json!({"type": "text_delta", "text": " said:"})),
        block_delta(0, json!({"type": "text_delta", "text": " Hello"})),
        json!({"type": "content_block_stop", "index": 0}),
        json!({
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": null},
            "usage": {
                "input_tokens": 1,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 2,
                "output_tokens": 3,
            },
        }),
        json!({"type": "message_stop"}),
    ];
    assert_eq!(first_stream(MESSAGES, request(MESSAGES, "local", "Hello")), expected);
}

#[test]
fn messages_stream_thoughts_and_a_call() {
    let tool_use = json!({"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}});
    let thinking = json!({"type": "thinking", "thinking": "", "signature": ""});
    let expected = [
        message_start("thinking-2026-11-01"),
        json!({"type": "content_block_start", "index": 0, "content_block": thinking}),
        json!({"type": "ping"}),
        block_delta(0, json!({"type": "thinking_delta", "thinking": "The"})),
        block_delta(0, json!({"type": "thinking_delta", "thinking": " user"})),
        block_delta(0, json!({"type": "thinking_delta", "thinking": " said:"})),
        block_delta(0, json!({"type": "thinking_delta", "thinking": " Add!"})),
        block_delta(0, json!({"type": "signature_delta", "signature": "bG9jYWw="})),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "content_block_start", "index": 1, "content_block": tool_use}),
        block_delta(1, json!({"type": "input_json_delta", "partial_json": ""})),
        block_delta(1, json!({"type": "input_json_delta", "partial_json": r#"{"a":1,""#})),
        block_delta(1, json!({"type": "input_json_delta", "partial_json": r#"b":1}"#})),
        json!({"type": "content_block_stop", "index": 1}),
        json!({
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": null},
            "usage": {
                "input_tokens": 1,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 2,
                "output_tokens": 6,
                "output_tokens_details": {"thinking_tokens": 4},
            },
        }),
        json!({"type": "message_stop"}),
    ];
    let body = with_tools(MESSAGES, request(MESSAGES, "thinking", "Add!"));
    assert_eq!(first_stream(MESSAGES, body), expected);
}

#[test]
fn embeddings_are_numbers_or_base64() {
    let provider = LocalProvider::start();
    let mut body = json!({"model": "local", "input": ["hello", "Hello!", "you"], "dimensions": 2});
    let expected = |embeddings: [Value; 3]| {
        let data = embeddings.into_iter().enumerate();
        let data = data
            .map(|(index, embedding)| json!({"object": "embedding", "index": index, "embedding": embedding}));
        json!({
            "object": "list",
            "data": data.collect::<Vec<_>>(),
            "model": "local-2026-11-01",
            "usage": {"prompt_tokens": 3, "total_tokens": 3},
        })
    };
    let numbers = expected([json!([0.0, 1.0]), json!([0.0, 1.0]), json!([1.0, 0.0])]);
    assert_eq!(whole(&provider, EMBEDDINGS, &body), (200, numbers));
    body["encoding_format"] = json!("base64");
    let base64 = expected([json!("AAAAAAAAgD8="), json!("AAAAAAAAgD8="), json!("AACAPwAAAAA=")]);
    assert_eq!(whole(&provider, EMBEDDINGS, &body), (200, base64));
}

#[test]
fn embeddings_take_tokens_and_have_1536_numbers() {
    let provider = LocalProvider::start();
    let sizes = |input: Value| {
        let (_, answer) = whole(&provider, EMBEDDINGS, &json!({"model": "local", "input": input}));
        let data = answer["data"].as_array().expect("data").iter();
        let sizes = data.map(|item| item["embedding"].as_array().map_or(0, Vec::len));
        (sizes.collect::<Vec<_>>(), answer["usage"]["prompt_tokens"].clone())
    };
    assert_eq!(sizes(json!("two words")), (vec![1536], json!(2)));
    assert_eq!(sizes(json!([5, 6, 7])), (vec![1536], json!(3)));
    assert_eq!(sizes(json!([[5, 6], [7]])), (vec![1536, 1536], json!(3)));
}

fn chunk(choices: Value) -> Value {
    let mut chunk = json!({
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_793_491_200,
        "model": "local-2026-11-01",
        "service_tier": "default",
        "system_fingerprint": null,
        "usage": null,
    });
    chunk["choices"] = choices;
    chunk
}

fn with_usage(mut chunk: Value, usage: Value) -> Value {
    chunk["usage"] = usage;
    chunk
}

fn chat_usage(prompt: u64, cached: u64, completion: u64, reasoning: u64) -> Value {
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}

fn responses_usage(input: u64, cached: u64, output: u64, reasoning: u64) -> Value {
    json!({
        "input_tokens": input,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": input + output,
    })
}

/// A response without output.
fn response(model: &str, status: &str) -> Value {
    json!({
        "id": "resp_1",
        "object": "response",
        "created_at": 1_793_491_200,
        "completed_at": null,
        "status": status,
        "background": false,
        "error": null,
        "incomplete_details": null,
        "instructions": "Be brief.",
        "max_output_tokens": null,
        "max_tool_calls": null,
        "metadata": {},
        "model": model,
        "output": [],
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "prompt_cache_key": null,
        "reasoning": {"effort": null, "summary": null},
        "safety_identifier": null,
        "service_tier": "default",
        "store": true,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": null,
        "user": null,
    })
}

fn text_part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

/// Numbers the events of a stream.
fn numbered(events: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let number = |(number, mut event): (usize, Value)| {
        event["sequence_number"] = json!(number);
        event
    };
    events.into_iter().enumerate().map(number).collect()
}

fn message_start(model: &str) -> Value {
    let message = json!({
        "model": model,
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "usage": {
            "input_tokens": 1,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 2,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            "output_tokens": 1,
            "service_tier": "standard",
        },
    });
    json!({"type": "message_start", "message": message})
}

fn block_delta(index: usize, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}
