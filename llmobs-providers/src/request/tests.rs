use serde_json::json;

use super::{Request, RequestDraft};
use crate::json::Json;
use crate::protocol::Protocol;

#[test]
fn credentials_are_removed_from_parameters_at_any_depth() {
    let body = json!({
        "api_key": "s", "Authorization": "s", "max_tokens": 9, "stop_token_ids": [7],
        "servers": [{ "name": "parcels", "authorization_token": "s", "headers": { "X-Api-Key": "s" } }],
        "data_sources": [{ "authentication": { "type": "api_key", "key": "s" }, "index": "kites" }],
        "format": { "schema": { "properties": { "password": { "type": "string" }, "token": "s" } } },
    });
    let mut draft = RequestDraft::new(4096);
    draft.parameters(&Json::read(&body.to_string()).unwrap(), &[]);
    assert_eq!(
        serde_json::Value::Object(draft.finish(Protocol::OpenAiChat).parameters),
        json!({
            "max_tokens": 9, "stop_token_ids": [7],
            "servers": [{ "name": "parcels" }],
            "data_sources": [{ "index": "kites" }],
            "format": { "schema": { "properties": { "password": { "type": "string" } } } },
        })
    );
}

#[test]
fn a_large_system_prompt_leaves_room_for_the_last_message() {
    let body = json!({
        "model": "claude-sonnet-4-5", "max_tokens": 1, "system": "s".repeat(4000),
        "messages": [{ "role": "user", "content": "old ".repeat(500) }, { "role": "user", "content": "The last question?" }],
    })
    .to_string();
    let request = Request::read(&Json::read(&body).unwrap(), None, 1000).unwrap();
    let roles: Vec<&str> = request.messages.iter().map(|message| message.role.as_str()).collect();
    assert_eq!(roles, ["system", "user", "user"]);
    assert_eq!(request.messages[2].content, "The last question?");
    assert!(request.messages[0].content.starts_with(&"s".repeat(500)));
    assert!(request.messages.iter().map(|message| message.content.len()).sum::<usize>() < 1500);
}

#[test]
fn the_last_question_is_kept_after_many_parts_and_a_long_part() {
    let part = |text: &str| json!({ "type": "text", "text": text });
    let question = part("THE QUESTION");
    let many: Vec<_> =
        (0..1100).map(|page| part(&format!("page {page}"))).chain([question.clone()]).collect();
    let long: Vec<_> = [part(&"x".repeat(9_000))]
        .into_iter()
        .chain((0..20).map(|page| part(&format!("page {page}"))))
        .chain([question])
        .collect();
    for (content, limit) in [(many, 1 << 20), (long, 8_000)] {
        let body = json!({ "model": "m", "messages": [{ "role": "user", "content": content }] }).to_string();
        let request = Request::read(&Json::read(&body).unwrap(), None, limit).unwrap();
        let content = &request.messages.last().unwrap().content;
        assert!(content.ends_with("THE QUESTION"), "{content}");
        assert!(content.contains("page 19"), "{content}");
    }
}

fn parameters_of(body: &serde_json::Value, limit: usize) -> serde_json::Value {
    let request = Request::read(&Json::read(&body.to_string()).unwrap(), None, limit).unwrap();
    request.parameters.into()
}

/// Tokens of an earlier response and similar numbers.
#[test]
fn many_numbers_are_counted() {
    let numbers = |count: u32| (0..count).collect::<Vec<_>>();
    let biases = |count: u32| {
        let biases = (0..count).map(|token| (token.to_string(), json!(-100)));
        serde_json::Value::Object(biases.collect())
    };
    let cases = [
        (
            json!({ "model": "m", "prompt": "Hi", "raw": true, "context": numbers(5000), "options": { "stop_ids": numbers(65) } }),
            json!({ "raw": true, "context": "… [5000 numbers]", "stop_ids": "… [65 numbers]" }),
        ),
        (
            json!({ "model": "m", "messages": [], "logit_bias": biases(300), "stop_token_ids": numbers(64) }),
            json!({ "logit_bias": "… [300 numbers]", "stop_token_ids": numbers(64) }),
        ),
        (
            json!({ "contents": [], "generationConfig": { "vectors": [numbers(100), numbers(2)], "logitBias": biases(2) } }),
            json!({ "vectors": ["… [100 numbers]", [0, 1]], "logitBias": biases(2) }),
        ),
        // A list that was shortened while it was received.
        (
            json!({ "model": "m", "messages": [], "context": [1, 2, "… [998 of 1000 items left out]"] }),
            json!({ "context": "… [1000 numbers]" }),
        ),
    ];
    for (body, parameters) in cases {
        assert_eq!(parameters_of(&body, 1 << 20), parameters);
    }
}

#[test]
fn a_parameter_without_room_becomes_a_note() {
    let schema: serde_json::Map<_, _> =
        (0..1000).map(|index| (format!("field_{index}"), json!({ "type": "string" }))).collect();
    let format = json!({ "type": "json_schema", "schema": { "properties": schema } });
    let cases = [
        (json!({ "model": "m", "messages": [], "response_format": format, "top_p": 1 }), "response_format"),
        (
            json!({ "model": "m", "input": [{ "role": "user" }], "text": { "format": format }, "top_p": 1 }),
            "text",
        ),
        (json!({ "model": "m", "messages": [], "options": {}, "format": format, "top_p": 1 }), "format"),
    ];
    for (body, name) in cases {
        let parameters = parameters_of(&body, 10_000);
        let note = parameters[name].as_str().unwrap();
        assert!(note.starts_with("… [") && note.ends_with(" bytes left out]"), "{note}");
        assert_eq!(parameters, json!({ name: note, "top_p": 1 }));
    }
}

#[test]
fn urls_are_shown_without_credentials() {
    let url = "https://ann:SECRET@a.example/x?api_key=SECRET&page=2";
    let clean = "https://a.example/x?api_key=…&page=2";
    let signed = "https://b.example/i.png?X-Amz-Expires=9&X-Amz-Signature=SECRET";
    let shown = "https://b.example/i.png?X-Amz-Expires=9&X-Amz-Signature=…";
    let user = |content: serde_json::Value| json!([{ "role": "user", "content": content }]);
    let cases = [
        (
            json!({ "model": "m", "mcp_servers": [{ "type": "url", "url": url }], "messages": user(json!([
                { "type": "image", "source": { "type": "url", "url": signed } },
            ])) }),
            json!({ "mcp_servers": [{ "type": "url", "url": clean }] }),
            format!("[image: {shown}]"),
        ),
        (
            json!({ "model": "m", "web": { "proxy": url }, "messages": user(json!([
                { "type": "image_url", "image_url": { "url": signed } },
                { "type": "file", "file": { "filename": "f", "file_url": url } },
            ])) }),
            json!({ "web": { "proxy": clean } }),
            format!("[image: {shown}]\n[file: f, {clean}]"),
        ),
        (
            json!({ "labels": [url], "contents": [{ "role": "user", "parts": [
                { "fileData": { "mimeType": "image/png", "fileUri": signed } },
            ] }] }),
            json!({ "labels": [clean] }),
            format!("[image: image/png, {shown}]"),
        ),
        (
            json!({ "model": "m", "metadata": { "from": url }, "input": user(json!([
                { "type": "input_file", "file_url": signed },
            ])) }),
            json!({ "metadata": { "from": clean } }),
            format!("[file: {shown}]"),
        ),
    ];
    for (body, parameters, content) in cases {
        let request = Request::read(&Json::read(&body.to_string()).unwrap(), None, 10_000).unwrap();
        assert_eq!(serde_json::Value::from(request.parameters), parameters);
        assert_eq!(serde_json::to_value(request.messages).unwrap(), user(content.into()));
    }
    // Credentials are removed before the middle of a long text is left out.
    let long = format!("{} https://a.example/?sig={}", "x".repeat(900), "SECRET".repeat(300));
    let body = json!({ "model": "m", "messages": [], "note": long });
    assert_eq!(
        parameters_of(&body, 10_000),
        json!({ "note": format!("{} https://a.example/?sig=…", "x".repeat(900)) })
    );
}
