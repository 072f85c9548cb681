//! Limits of what is kept.

use llmobs_providers::json::Json;
use llmobs_providers::{Protocol, Request, ResponseReader};
use serde_json::{Value, json};

fn request(limit: usize, body: &Value) -> Request {
    let text = body.to_string();
    Request::read(&Json::read(&text).unwrap(), Some(Protocol::OpenAiChat), limit).unwrap()
}

#[test]
fn old_messages_make_room_for_the_last_one() {
    let message = |text: &str| json!({ "role": "user", "content": text });
    let body = json!({ "messages": [message("first"), message("second"), message("0123456789")] });
    let read = |limit| -> Vec<String> {
        request(limit, &body).messages.into_iter().map(|message| message.content).collect()
    };
    assert_eq!(read(100), ["first", "second", "0123456789"]);
    assert_eq!(read(16), ["… [1 older messages left out]", "second", "0123456789"]);
    assert_eq!(read(10), ["… [2 older messages left out]", "0123456789"]);
    assert_eq!(read(0), ["… [2 older messages left out]", "… [10 bytes left out] …"]);
}

#[test]
fn tools_and_parameters_are_bounded() {
    let many: Vec<_> =
        (0..2000).map(|index| json!({ "type": "function", "name": format!("f{index}") })).collect();
    assert_eq!(request(10_000, &json!({ "messages": [], "tools": many })).tools.len(), 1024);

    let long = "x".repeat(500);
    let schema = json!({ "type": "object", "description": long });
    let body = json!({
        "messages": [],
        "tools": [{ "name": "f", "parameters": schema }],
        long.as_str(): 1,
        "text": long,
        "seed": 7,
    });
    assert_eq!(
        serde_json::to_value(request(100, &body)).unwrap(),
        json!({
            "protocol": "openai.chat", "operation": "chat",
            "tools": [{ "name": "f" }],
            "parameters": { "seed": 7, "text": "… [532 bytes left out]" },
        })
    );
}

#[test]
fn answers_are_bounded() {
    let long = "x".repeat(5000);
    let mut reader = ResponseReader::new().protocol(Protocol::OpenAiChat);
    let body = json!({ "choices": [], "provider": long, "citations": [long], "error": { "message": long } });
    reader.push(body.to_string().as_bytes());
    let found = reader.finish();
    let message = &found.error.as_ref().unwrap().message;
    assert_eq!(message.strip_prefix(&long[..4096]), Some("… [4096 of 5000 bytes]"));
    for text in [&found.facts["provider"], &found.citations[0]] {
        assert!(text.as_str().unwrap().len() < 1200, "{text}");
    }

    let results: Vec<_> = (0..2000).map(|index| json!({ "index": index, "relevance_score": 0.5 })).collect();
    let mut reader = ResponseReader::new().protocol(Protocol::CohereRerank);
    reader.push(json!({ "results": results }).to_string().as_bytes());
    assert_eq!(reader.finish().documents.len(), 1024);
}

/// Of an error that is no JSON, the first bytes are kept.
#[test]
fn errors_that_are_texts_are_cut() {
    let mut reader = ResponseReader::new().status(502);
    for _ in 0..100 {
        reader.push(&[b'x'; 100]);
    }
    let error = reader.finish().error.unwrap();
    assert_eq!((error.message, error.status), ("x".repeat(4096), Some(502)));
}
