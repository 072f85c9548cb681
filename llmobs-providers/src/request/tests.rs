use serde_json::json;

use super::{Request, RequestDraft};
use crate::json::Json;
use crate::protocol::Protocol;

#[test]
fn credentials_are_no_parameters_at_any_depth() {
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
fn the_last_question_stays_behind_many_parts_and_behind_a_long_one() {
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
