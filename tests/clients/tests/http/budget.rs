//! Requests that are larger than the budget for their capture.

use futures_util::StreamExt as _;
use llmobs::http::ClientLayer;
use serde_json::{Value, json};

use crate::clients::{Hyper, Reqwest, ReqwestMiddleware, Transport, json_request};
use crate::run::Run;

/// Far above the budget, which is 1 MiB.
const BYTES: usize = 3 * 1024 * 1024;

fn send<T: Transport>(messages: &Value) -> Value {
    let run = Run::new();
    let body = json!({ "model": "local", "messages": messages, "temperature": 0.5 });
    run.block_on(async {
        let client = T::new(ClientLayer::new());
        let url = format!("{}/v1/chat/completions", run.provider.url());
        let (status, mut answer) = client.send(json_request(&url, &body)).await.unwrap();
        assert_eq!(status, 200);
        while let Some(piece) = answer.next().await {
            piece.unwrap();
        }
    });
    // The provider receives the whole body.
    assert_eq!(run.provider.requests()[0].body, body.to_string().into_bytes());
    let [event] = run.events().try_into().unwrap();
    assert!(event.to_string().len() < BYTES / 2, "{}", event.to_string().len());
    assert_eq!(event["status"], "ok");
    assert_eq!(event["meta"]["model_name"], "local-2026-11-01");
    event
}

#[test]
fn a_large_image_is_recorded_by_its_size() {
    fn check<T: Transport>() {
        let image = format!("data:image/png;base64,{}", "iVBORw0KGgoA".repeat(BYTES / 12));
        let event = send::<T>(&json!([
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": [
                { "type": "text", "text": "What is this?" },
                { "type": "image_url", "image_url": { "url": image } },
            ] },
            { "role": "user", "content": "Say it." },
        ]));
        assert_eq!(
            event["meta"]["input"]["messages"],
            json!([
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "What is this?\n[image: image/png, 2359296 bytes]" },
                { "role": "user", "content": "Say it." },
            ])
        );
        assert_eq!(
            event["meta"]["output"]["messages"],
            json!([{ "role": "assistant", "content": "You said: Say it." }])
        );
        assert_eq!(event["meta"]["metadata"]["temperature"], 0.5);
    }
    check::<Hyper>();
    check::<Reqwest>();
    check::<ReqwestMiddleware>();
}

#[test]
fn a_large_conversation_keeps_its_last_message() {
    fn check<T: Transport>() {
        let turn = |number: usize| {
            let role = if number.is_multiple_of(2) { "user" } else { "assistant" };
            json!({ "role": role, "content": format!("turn {number} {}", "word ".repeat(200)) })
        };
        let mut messages: Vec<Value> = (0..BYTES / 1024).map(turn).collect();
        messages.insert(0, json!({ "role": "system", "content": "Be brief." }));
        messages.push(json!({ "role": "user", "content": "The last question" }));
        let event = send::<T>(&json!(messages));
        let shown = event["meta"]["input"]["messages"].as_array().unwrap();
        // Old messages are left out first, the last one never.
        let left_out = shown[0]["content"].as_str().unwrap();
        assert!(left_out.ends_with(" older messages left out]"), "{left_out}");
        let last = json!({ "role": "user", "content": "The last question" });
        assert_eq!(shown.last(), Some(&last));
        assert_eq!(
            event["meta"]["output"]["messages"],
            json!([{ "role": "assistant", "content": "You said: The last question" }])
        );
        // The tokens are those that the provider counted.
        assert_eq!(event["metrics"]["input_tokens"], 2 + (BYTES / 1024) * 202 + 3);
    }
    check::<Hyper>();
    check::<Reqwest>();
    check::<ReqwestMiddleware>();
}
