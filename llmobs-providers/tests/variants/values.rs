//! Answers among the values of a program.

use llmobs_providers::Response;
use llmobs_providers::json::Json;
use serde_json::{Value, json};

fn recognized(value: &Value) -> Option<Value> {
    let text = value.to_string();
    let read = Response::recognize(&Json::read(&text).unwrap(), 100_000)?;
    Some(serde_json::to_value(read).unwrap())
}

fn gemini(id: Option<&str>, text: &str, reason: Option<&str>) -> Value {
    let candidate =
        json!({ "content": { "role": "model", "parts": [{ "text": text }] }, "finishReason": reason });
    json!({ "candidates": [candidate], "responseId": id, "modelVersion": "m",
        "usageMetadata": { "promptTokenCount": 3, "candidatesTokenCount": text.len() } })
}

fn chat(id: &str, text: &str) -> Value {
    json!({ "id": id, "object": "chat.completion.chunk", "model": "m", "choices": [{ "index": 0, "delta": { "content": text } }] })
}

#[test]
fn a_list_of_the_events_of_an_answer_is_the_answer() {
    let answer = |protocol: &str, id: Option<&str>, rest: Value| {
        let mut expected = json!({ "protocol": protocol, "provider": rest["provider"], "model": "m", "id": id,
            "messages": [{ "role": "assistant", "content": "Hi the" }] });
        expected.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        expected.as_object_mut().unwrap().retain(|_, field| !field.is_null());
        expected
    };
    let usage = json!({ "finish_reasons": ["STOP"], "usage": { "input": 3, "visible_output": 3 } });
    for id in [Some("r"), None] {
        let list = json!([gemini(id, "Hi ", None), gemini(id, "the", Some("STOP"))]);
        assert_eq!(recognized(&list), Some(answer("gemini.generate", id, usage.clone())));
    }
    let list = json!([chat("c", "Hi "), chat("c", "the")]);
    assert_eq!(recognized(&list), Some(answer("openai.chat", Some("c"), json!({}))));
    let delta = |text: &str| json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": text } });
    let start = json!({ "type": "message_start", "message": { "id": "a", "model": "m", "role": "assistant", "content": [] } });
    let list = json!([start, delta("Hi "), { "type": "ping" }, delta("the"), { "type": "message_stop" }]);
    assert_eq!(recognized(&list), Some(answer("anthropic.messages", Some("a"), json!({}))));
    // An error after output, and an error without output.
    let failed = json!({ "error": { "code": 503, "message": "Overloaded", "status": "UNAVAILABLE" } });
    let error = json!({ "type": "UNAVAILABLE", "code": "503", "message": "Overloaded", "status": 503 });
    let list = json!([gemini(Some("r"), "Hi the", None), failed]);
    let rest = json!({ "error": error, "usage": { "input": 3, "visible_output": 6 } });
    assert_eq!(recognized(&list), Some(answer("gemini.generate", Some("r"), rest)));
    assert_eq!(recognized(&json!([failed])), Some(json!({ "error": error })));
}

#[test]
fn lists_of_separate_answers_are_not_recognized() {
    let whole = |id: &str| json!({ "id": id, "object": "chat.completion", "choices": [{ "message": { "role": "assistant", "content": "Hi" } }] });
    let vectors =
        json!({ "object": "list", "model": "m", "data": [{ "object": "embedding", "embedding": [1, 2] }] });
    for list in [
        json!([]),
        json!([whole("a"), whole("b")]),
        json!([gemini(None, "Hi", Some("STOP")), gemini(None, "the", Some("STOP"))]),
        json!([gemini(Some("r"), "Hi", None), chat("r", "the")]),
        json!([gemini(Some("r"), "Hi", None), { "id": "r", "note": "the" }]),
        json!([gemini(Some("r"), "Hi", None), "the"]),
        json!([vectors, vectors]),
        json!([{ "name": "Ann" }, { "name": "Bob" }]),
    ] {
        assert_eq!(recognized(&list), None, "{list}");
    }
}
