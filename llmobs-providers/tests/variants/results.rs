//! Results of tools.

use llmobs_providers::json::Json;
use llmobs_providers::{Protocol, Request};
use serde_json::{Value, json};

/// The results of tools in a request. Each is a text, or JSON.
fn results(request: &Value) -> Vec<String> {
    let text = request.to_string();
    let read = Request::read(&Json::read(&text).unwrap(), None, 1024 * 1024).unwrap();
    read.messages.into_iter().flat_map(|message| message.tool_results).map(|result| result.result).collect()
}

fn of_protocols(result: &Value) -> [(Protocol, Value); 3] {
    [
        (
            Protocol::AnthropicMessages,
            json!({ "model": "m", "max_tokens": 1, "messages": [{ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "t", "content": result }] }] }),
        ),
        (
            Protocol::OpenAiResponses,
            json!({ "model": "m", "input": [{ "type": "function_call_output", "call_id": "t", "output": result }] }),
        ),
        (
            Protocol::OpenAiChat,
            json!({ "model": "m", "messages": [{ "role": "tool", "tool_call_id": "t", "content": result }] }),
        ),
    ]
}

#[test]
fn media_in_results_are_notes() {
    let base64 = "iVBORw0KGgo9Zm9vYmFy+/8A".repeat(20);
    let uri = format!("data:image/png;base64,{base64}=");
    let note = "[image: image/png, 360 bytes]";
    let bare = "… [480 bytes of base64]";
    for (result, expected) in [
        (json!({ "screenshot": uri, "n": 1 }), json!({ "screenshot": note, "n": 1 })),
        (json!({ "a": [{ "data": base64 }, 1.50, null] }), json!({ "a": [{ "data": bare }, 1.50, null] })),
        (json!([[uri], [base64]]), json!([[note], [bare]])),
        (
            json!({ "sound": "data:audio/wav;base64,AAAA", "text": "Hi" }),
            json!({ "sound": "[audio: audio/wav, 3 bytes]", "text": "Hi" }),
        ),
        (
            json!({ "pdf": "data:application/pdf;base64,AAAA", "uri": "data:text/plain,Hi" }),
            json!({ "pdf": "[file: application/pdf, 3 bytes]", "uri": "data:text/plain,Hi" }),
        ),
        (
            json!({ "id": "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "text": "word ".repeat(100) }),
            json!({ "id": "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "text": "word ".repeat(100) }),
        ),
    ] {
        let expected = expected.to_string();
        for (protocol, request) in of_protocols(&result) {
            assert_eq!(results(&request), [expected.as_str()], "{protocol}");
        }
        // The same value as a text, and as a text part.
        let text = result.to_string();
        for given in [json!(text), json!([{ "type": "text", "text": text }])] {
            for (protocol, request) in of_protocols(&given) {
                assert_eq!(results(&request), [expected.as_str()], "{protocol}");
            }
        }
    }
    for (text, expected) in [
        (uri.as_str(), note),
        (&base64, bare),
        ("{\"a\": \"b\" }", "{\"a\": \"b\" }"),
        ("see data:image/png;base64,AAAA", "see data:image/png;base64,AAAA"),
    ] {
        for (protocol, request) in of_protocols(&json!(text)) {
            assert_eq!(results(&request), [expected], "{protocol}");
        }
    }
    let response = json!({ "name": "f", "response": { "screenshot": uri } });
    let gemini = json!({ "contents": [{ "role": "user", "parts": [{ "functionResponse": response }] }] });
    assert_eq!(results(&gemini), [json!({ "screenshot": note }).to_string()]);
    let content = json!([{ "toolResult": { "toolUseId": "t", "content": [{ "json": { "screenshot": uri } }, { "text": "Hi" }] } }]);
    let converse = json!({ "messages": [{ "role": "user", "content": content }], "inferenceConfig": {} });
    assert_eq!(results(&converse), [format!("{}\nHi", json!({ "screenshot": note }))]);
}
