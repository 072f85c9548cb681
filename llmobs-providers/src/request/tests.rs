use serde_json::json;

use super::RequestDraft;
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
            "servers": [{ "name": "parcels", "headers": {} }],
            "data_sources": [{ "index": "kites" }],
            "format": { "schema": { "properties": { "password": { "type": "string" } } } },
        })
    );
}
