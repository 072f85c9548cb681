//! Variants of requests.

use llmobs_providers::json::Json;
use llmobs_providers::{McpResult, Protocol, Request};
use serde_json::{Value, json};

/// The data of a request, without its protocol and operation.
fn read(protocol: Protocol, body: &Value) -> Value {
    let text = body.to_string();
    let request = Request::read(&Json::read(&text).unwrap(), Some(protocol), 10_000).unwrap();
    let mut read = serde_json::to_value(request).unwrap();
    for name in ["protocol", "operation"] {
        read.as_object_mut().unwrap().remove(name);
    }
    read
}

/// The content of a user message with one part, in OpenAI's chat.
fn content(part: &Value) -> Value {
    let body = json!({ "messages": [{ "role": "user", "content": [part] }] });
    read(Protocol::OpenAiChat, &body)["messages"][0]["content"].take()
}

#[test]
fn notes_describe_files() {
    let cases = [
        (
            json!({ "type": "video_url", "video_url": { "url": "https://a.example/v" } }),
            "[video: https://a.example/v]",
        ),
        (json!({ "type": "image_url", "image_url": "https:;base64,AAAA" }), "[image: https:;base64,AAAA]"),
        (
            json!({ "type": "image_url", "image_url": "data:image/png;base64,AAAA" }),
            "[image: image/png, 3 bytes]",
        ),
        (
            json!({ "type": "image_url", "image_url": "data:image/svg+xml;charset=utf8,%3Csvg%3E" }),
            "[image: data:image/svg+xml;charset=utf8,%3Csvg%3E]",
        ),
        (
            json!({ "type": "input_file", "file_url": "https://a.example/f", "filename": "f.pdf" }),
            "[file: f.pdf, https://a.example/f]",
        ),
        // A part that was cut, an unknown part, and a value that is not a part.
        (json!({ "…": "… [7 fields left out]" }), "… [7 fields left out]"),
        (json!({ "hologram": 1 }), "[hologram]"),
        (json!({}), "[unknown]"),
        (Value::Null, ""),
    ];
    for (part, expected) in cases {
        assert_eq!(content(&part), expected, "{part}");
    }
}

#[test]
fn chat_variants_are_read() {
    let body = json!({
        "messages": [
            "… [2 items left out]",
            { "role": "assistant", "thinking": "Rain?", "content": "Yes" },
            { "role": "assistant", "reasoning_details": [
                { "type": "reasoning.text", "index": 1, "text": "second" },
                { "type": "reasoning.text", "index": 0, "text": "first" },
            ] },
            { "role": "assistant", "audio": { "id": "a1" } },
            { "role": "assistant", "audio": { "id": "a2", "expires_at": 1 } },
        ],
        "tools": [{ "name": "f", "input_schema": { "type": "object" } }],
    });
    assert_eq!(
        read(Protocol::OpenAiChat, &body),
        json!({
            "messages": [
                { "role": "", "content": "… [2 items left out]" },
                { "role": "reasoning", "content": "Rain?" },
                { "role": "assistant", "content": "Yes" },
                { "role": "reasoning", "content": "first\n\nsecond" },
                { "role": "assistant", "content": "[audio: a1]" },
                { "role": "assistant", "content": "" },
            ],
            "tools": [{ "name": "f", "schema": { "type": "object" } }],
        })
    );
}

#[test]
fn embeddings_of_token_ids_are_read() {
    let read = |input: Value| read(Protocol::OpenAiEmbeddings, &json!({ "input": input }));
    assert_eq!(read(json!([1, 2])), json!({ "documents": [{ "text": "[1,2]" }] }));
    assert_eq!(read(json!([[1], [2]])), json!({ "documents": [{ "text": "[1]" }, { "text": "[2]" }] }));
}

#[test]
fn responses_variants_are_read() {
    let body = json!({ "input": [
        { "role": "assistant", "content": [{ "type": "refusal", "refusal": "No." }] },
        { "type": "web_search_call", "id": "w", "action": null, "query": "rain" },
    ] });
    let call = json!({ "name": "web_search", "arguments": { "query": "rain" }, "tool_id": "w", "type": "web_search_call" });
    assert_eq!(
        read(Protocol::OpenAiResponses, &body),
        json!({ "messages": [{ "role": "assistant", "content": "No.", "tool_calls": [call] }] })
    );
}

#[test]
fn anthropic_variants_are_read() {
    let result =
        json!({ "type": "tool_result", "tool_use_id": "t", "content": { "type": "text", "text": "12 °C" } });
    let body = json!({ "messages": [{ "content": [{ "type": "text", "text": "Hi" }] }, { "role": "user", "content": [result] }] });
    let results = json!([{ "result": "12 °C", "tool_id": "t", "type": "tool_result" }]);
    assert_eq!(
        read(Protocol::AnthropicMessages, &body),
        json!({ "messages": [
            { "role": "user", "content": "Hi" },
            { "role": "user", "content": "", "tool_results": results },
        ] })
    );
}

#[test]
fn gemini_variants_are_read() {
    let sound = json!({ "mimeType": "audio/wav", "data": "AAAA", "displayName": "rain.wav" });
    let body = json!({ "contents": [{ "parts": [
        { "inlineData": sound }, { "thoughtSignature": "x" }, { "text": "What is it?" },
    ] }] });
    assert_eq!(
        read(Protocol::GeminiGenerate, &body),
        json!({ "messages": [{ "role": "user", "content": "[audio: rain.wav, audio/wav, 3 bytes]\nWhat is it?" }] })
    );
    let one = |model: &str| json!({ "model": format!("models/{model}"), "content": { "parts": [{ "text": model }] } });
    assert_eq!(
        read(Protocol::GeminiEmbed, &json!({ "requests": [one("a"), one("b")] })),
        json!({ "model": "a", "documents": [{ "text": "a" }, { "text": "b" }] })
    );
}

#[test]
fn cohere_variants_are_read() {
    let body = json!({ "chat_history": [{ "role": "TOOL", "tool_results": [
        { "call": { "name": "a" }, "outputs": [1] },
        { "call": { "name": "b" }, "outputs": [2] },
    ] }] });
    let results = json!([{ "name": "a", "result": "[1]" }, { "name": "b", "result": "[2]" }]);
    assert_eq!(
        read(Protocol::CohereChatV1, &body),
        json!({ "messages": [{ "role": "tool", "content": "", "tool_results": results }] })
    );

    let document = json!({ "type": "document", "document": { "data": "rain" } });
    let body = json!({
        "documents": [{ "id": true, "data": { "text": "It rains." } }, { "data": { "text": "x", "title": "y" } }],
        "messages": [{ "role": "tool", "tool_call_id": "t", "content": [document] }],
    });
    let results = json!([{ "result": json!([document]).to_string(), "tool_id": "t" }]);
    assert_eq!(
        read(Protocol::CohereChat, &body),
        json!({
            "messages": [{ "role": "tool", "content": "", "tool_results": results }],
            "documents": [{ "text": "It rains.", "id": "true" }, { "text": "{\"text\":\"x\",\"title\":\"y\"}" }],
        })
    );

    let image = json!({ "type": "image_url", "image_url": { "url": "https://a.example/i" } });
    let body = json!({ "inputs": [{ "content": [{ "type": "text", "text": "Hi" }, image] }] });
    assert_eq!(
        read(Protocol::CohereEmbed, &body),
        json!({ "documents": [{ "text": "Hi\n[image: https://a.example/i]" }] })
    );
}

#[test]
fn ollama_variants_are_read() {
    let body = json!({ "messages": [{ "role": "tool", "name": "f", "content": "1" }] });
    let results = json!([{ "name": "f", "result": "1" }]);
    assert_eq!(
        read(Protocol::OllamaChat, &body),
        json!({ "messages": [{ "role": "tool", "content": "", "tool_results": results }] })
    );
}

#[test]
fn bedrock_variants_are_read() {
    let image = json!({ "format": "png", "source": { "bytes": "AAAA" } });
    let body = json!({
        "messages": [{ "role": "user", "content": [{ "guardContent": { "image": image } }] }],
        "toolConfig": { "tools": [], "toolChoice": { "any": {} } },
    });
    assert_eq!(
        read(Protocol::BedrockConverse, &body),
        json!({
            "messages": [{ "role": "user", "content": "[image: png, 3 bytes]" }],
            "parameters": { "toolChoice": { "any": {} } },
        })
    );
    let body = json!({ "prompt": "What is it?", "images": ["AAAA"] });
    assert_eq!(
        read(Protocol::BedrockInvoke, &body),
        json!({ "messages": [{ "role": "user", "content": "[image: 3 bytes]\nWhat is it?" }] })
    );
}

#[test]
fn rig_variants_are_read() {
    let function = json!({ "name": "f", "arguments": {}, "invalid_arguments": "{\"x\":1" });
    let body =
        json!({ "role": "assistant", "content": [{ "type": "toolcall", "id": "t", "function": function }] });
    let calls =
        json!([{ "name": "f", "arguments": { "value": "{\"x\":1" }, "tool_id": "t", "type": "function" }]);
    assert_eq!(
        read(Protocol::Rig, &body),
        json!({ "messages": [{ "role": "assistant", "content": "", "tool_calls": calls }] })
    );
}

#[test]
fn results_of_mcp_servers_may_be_in_json_rpc() {
    let read = |body: Value| {
        let text = body.to_string();
        McpResult::read(&Json::read(&text).unwrap(), 1000).map(|read| (read.result.result, read.is_error))
    };
    let result = json!({ "content": [{ "type": "text", "text": "12 °C" }], "isError": true });
    let expected = Some(("12 °C".to_owned(), true));
    assert_eq!(read(json!({ "jsonrpc": "2.0", "id": 1, "result": result })), expected);
    assert_eq!(read(result), expected);
    // An image without its type is not a known part.
    let image = json!([{ "type": "image", "data": "AAAA" }]);
    assert_eq!(read(json!({ "content": image })), Some((image.to_string(), false)));
}

#[test]
fn results_are_marked_as_failed() {
    let text = json!([{ "type": "text", "text": "no tape" }]);
    let cases = [
        (
            Protocol::AnthropicMessages,
            json!({ "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "t", "is_error": true, "content": text },
            ] }),
            json!({ "role": "user", "result": "[error]\nno tape", "type": "tool_result" }),
        ),
        (
            Protocol::BedrockConverse,
            json!({ "role": "user", "content": [
                { "toolResult": { "toolUseId": "t", "status": "error", "content": [{ "text": "no tape" }] } },
            ] }),
            json!({ "role": "user", "result": "[error]\nno tape", "type": "toolResult" }),
        ),
        // A result of MCP, and one of a library, as messages of OpenAI.
        (
            Protocol::OpenAiChat,
            json!({ "role": "tool", "tool_call_id": "t", "isError": true, "content": text }),
            json!({ "role": "tool", "result": "[error]\nno tape" }),
        ),
        (
            Protocol::OllamaChat,
            json!({ "role": "tool", "tool_call_id": "t", "status": "error", "content": "" }),
            json!({ "role": "tool", "result": "[error]" }),
        ),
        // Results that did not fail, and one that contains its own failure.
        (
            Protocol::BedrockConverse,
            json!({ "role": "user", "content": [
                { "toolResult": { "toolUseId": "t", "status": "success", "content": [{ "text": "tape" }] } },
            ] }),
            json!({ "role": "user", "result": "tape", "type": "toolResult" }),
        ),
        (
            Protocol::AnthropicMessages,
            json!({ "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "t", "is_error": false, "content": text },
            ] }),
            json!({ "role": "user", "result": "no tape", "type": "tool_result" }),
        ),
    ];
    for (protocol, message, expected) in cases {
        let mut result = json!({ "result": expected["result"], "tool_id": "t" });
        if let Some(kind) = expected.get("type") {
            result["type"] = kind.clone();
        }
        assert_eq!(
            read(protocol, &json!({ "messages": [message] })),
            json!({ "messages": [{ "role": expected["role"], "content": "", "tool_results": [result] }] })
        );
    }
    let part = json!({ "functionResponse": { "id": "t", "name": "f", "response": { "error": "no tape" } } });
    let found = read(Protocol::GeminiGenerate, &json!({ "contents": [{ "role": "user", "parts": [part] }] }));
    assert_eq!(found["messages"][0]["tool_results"][0]["result"], "{\"error\":\"no tape\"}");
}

/// Results in Datadog's format, and results of MCP in the same place.
#[test]
fn results_of_programs_are_marked_as_failed() {
    let text = json!([{ "type": "text", "text": "no tape" }]);
    for result in [
        json!({ "result": "no tape", "tool_id": "t", "is_error": true }),
        json!({ "content": text, "tool_id": "t", "isError": true }),
        json!({ "result": "no tape", "tool_id": "t", "status": "error" }),
    ] {
        let message = json!({ "role": "tool", "tool_results": [result] }).to_string();
        let messages = llmobs_providers::conversation::annotated(&Json::read(&message).unwrap()).unwrap();
        let results = json!([{ "result": "[error]\nno tape", "tool_id": "t" }]);
        assert_eq!(
            serde_json::to_value(messages).unwrap(),
            json!([{ "role": "tool", "content": "", "tool_results": results }])
        );
    }
}

/// Tools that the provider ran in an earlier turn.
#[test]
fn executed_tools_of_earlier_turns_are_read() {
    let tool = json!({ "index": 0, "type": "search", "arguments": "{}", "output": "Wet" });
    let message = json!({ "role": "assistant", "content": "It rains.", "executed_tools": [tool] });
    let calls = json!([{ "name": "search", "arguments": {}, "type": "search" }]);
    let results = json!([{ "result": "Wet", "name": "search", "type": "search" }]);
    assert_eq!(
        read(Protocol::OpenAiChat, &json!({ "messages": [message] })),
        json!({ "messages": [
            { "role": "assistant", "content": "", "tool_calls": calls },
            { "role": "tool", "content": "", "tool_results": results },
            { "role": "assistant", "content": "It rains." },
        ] })
    );
}
