//! Answers as `llmobs-providers` reads them: the same for a complete answer and a stream, and for each protocol.

use llmobs_local_provider::LocalProvider;
use llmobs_providers::{Endpoint, Response};
use serde_json::{Value, json};

use crate::support::{CONVERSATIONS, as_stream, post, request, with_tools};

/// Reads the answer of a new server.
fn read(path: &str, body: &Value) -> Response {
    let provider = LocalProvider::start();
    let mut response = post(&provider, path, body);
    let bytes = response.body_mut().read_to_vec().expect("a whole body");
    let mut reader = Endpoint::of("api.openai.com", path).expect("an endpoint").reader();
    reader = reader.status(response.status().as_u16());
    // Odd sizes split frames anywhere.
    for piece in bytes.chunks(7) {
        reader.push(piece);
    }
    reader.finish()
}

/// Returns an answer as it is read. That of a stream is the same.
#[track_caller]
fn reading(path: &str, body: Value) -> Value {
    let whole = read(path, &body);
    assert_eq!(whole, read(path, &as_stream(path, body)), "{path}");
    let fields = ["messages", "finish_reasons", "usage", "model", "id"];
    let whole = serde_json::to_value(whole).expect("JSON");
    fields.into_iter().map(|field| (field.to_owned(), whole[field].clone())).collect()
}

/// Returns the expected answer, with these tokens of input, cached input, output and reasoning.
fn expected(path: &str, model: &str, finish: [&str; 3], tokens: [u64; 4], messages: Value) -> Value {
    let [input, cached, output, reasoning] = tokens;
    let (id, finish, usage) = match path {
        "/v1/chat/completions" => {
            let mut usage = json!({"input_audio": 0, "output_audio": 0});
            for (name, tokens) in [
                ("input", input),
                ("cache_read", cached),
                ("output", output),
                ("reasoning", reasoning),
                ("total", input + output),
            ] {
                usage[name] = json!(tokens);
            }
            ("chatcmpl-1", finish[0], usage)
        }
        "/v1/responses" => {
            let total = input + output;
            let usage = json!({
                "input": input,
                "cache_read": cached,
                "output": output,
                "reasoning": reasoning,
                "total": total,
            });
            ("resp_1", finish[1], usage)
        }
        _ => {
            let mut usage = json!({
                "uncached": input - cached,
                "cache_read": cached,
                "cache_write": 0,
                "cache_write_5m": 0,
                "cache_write_1h": 0,
                "output": output,
            });
            if reasoning > 0 {
                usage["reasoning"] = json!(reasoning);
            }
            ("msg_1", finish[2], usage)
        }
    };
    json!({
        "messages": messages,
        "finish_reasons": [finish],
        "usage": usage,
        "model": format!("{model}-2026-11-01"),
        "id": id,
    })
}

/// A call of the tool for the weather.
fn call(path: &str) -> Value {
    let (id, kind) = match path {
        "/v1/chat/completions" => ("call_1", "function"),
        "/v1/responses" => ("call_1", "function_call"),
        _ => ("toolu_1", "tool_use"),
    };
    let arguments = json!({"city": "Paris", "unit": "celsius"});
    json!([{"name": "get_weather", "arguments": arguments, "tool_id": id, "type": kind}])
}

const STOP: [&str; 3] = ["stop", "completed", "end_turn"];
const CALL: [&str; 3] = ["tool_calls", "completed", "tool_use"];

#[test]
fn a_text() {
    for path in CONVERSATIONS {
        let messages = json!([{"role": "assistant", "content": "You said: Hi, you"}]);
        let expected = expected(path, "local", STOP, [4, 2, 4, 0], messages);
        assert_eq!(reading(path, request(path, "local", "Hi, you")), expected);
    }
}

#[test]
fn a_call() {
    for path in CONVERSATIONS {
        let body = with_tools(path, request(path, "local", "Weather in Paris, please"));
        let messages = json!([{"role": "assistant", "content": "", "tool_calls": call(path)}]);
        assert_eq!(reading(path, body), expected(path, "local", CALL, [6, 2, 2, 0], messages));
    }
}

#[test]
fn thoughts_and_a_call() {
    for path in CONVERSATIONS {
        let body = with_tools(path, request(path, "thinking", "Weather in Paris, please"));
        let messages = json!([
            {"role": "reasoning", "content": "The user said: Weather in Paris, please"},
            {"role": "assistant", "content": "", "tool_calls": call(path)},
        ]);
        assert_eq!(reading(path, body), expected(path, "thinking", CALL, [6, 2, 9, 7], messages));
    }
}

#[test]
fn an_answer_after_a_tool_result() {
    for path in CONVERSATIONS {
        let mut body = with_tools(path, request(path, "local", "Weather in Paris, please"));
        match path {
            "/v1/chat/completions" => {
                let call = json!({"id": "call_1", "type": "function", "function": {"name": "add", "arguments": "{}"}});
                let messages = body["messages"].as_array_mut().expect("messages");
                messages.push(json!({"role": "assistant", "content": null, "tool_calls": [call]}));
                messages.push(json!({"role": "tool", "tool_call_id": "call_1", "content": "21 degrees"}));
            }
            "/v1/responses" => {
                body["input"] = json!([
                    {"role": "user", "content": [{"type": "input_text", "text": "Weather in Paris, please"}]},
                    {"type": "function_call", "call_id": "call_1", "name": "add", "arguments": "{}"},
                    {"type": "function_call_output", "call_id": "call_1", "output": "21 degrees"},
                ]);
            }
            _ => {
                let call = json!({"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}});
                let result = json!({
                    "type": "tool_result",
                    "tool_use_id": "toolu_1",
                    "content": [{"type": "text", "text": "21 degrees"}],
                });
                let messages = body["messages"].as_array_mut().expect("messages");
                messages.push(json!({"role": "assistant", "content": [call]}));
                messages.push(json!({"role": "user", "content": [result]}));
            }
        }
        let messages = json!([{"role": "assistant", "content": "The result is: 21 degrees"}]);
        assert_eq!(reading(path, body), expected(path, "local", STOP, [10, 2, 5, 0], messages));
    }
}

#[test]
fn a_refusal() {
    for path in CONVERSATIONS {
        let messages = json!([{"role": "assistant", "content": "I'm sorry, but I can't assist with that."}]);
        let finish = ["stop", "completed", "refusal"];
        let expected = expected(path, "refusal", finish, [3, 2, 8, 0], messages);
        assert_eq!(reading(path, request(path, "refusal", "Hello")), expected);
    }
}

#[test]
fn a_text_cut_at_the_token_limit() {
    for path in CONVERSATIONS {
        let messages = json!([{"role": "assistant", "content": "You said:"}]);
        let finish = ["length", "incomplete", "max_tokens"];
        let expected = expected(path, "length", finish, [4, 2, 2, 0], messages);
        assert_eq!(reading(path, request(path, "length", "Hello there")), expected);
    }
}

#[test]
fn vectors() {
    for format in ["float", "base64"] {
        let body = json!({"model": "local", "input": ["one", "two words"], "encoding_format": format});
        let expected = json!({
            "protocol": "openai.embeddings",
            "provider": "openai",
            "model": "local-2026-11-01",
            "vectors": {"count": 2, "size": 1536},
            "usage": {"input": 3, "total": 3},
        });
        assert_eq!(serde_json::to_value(read("/v1/embeddings", &body)).expect("JSON"), expected);
    }
}
