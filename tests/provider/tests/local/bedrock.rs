//! Amazon Bedrock. `llmobs-bedrock/tests` calls it through the SDK of AWS, which checks the frames.

use llmobs_local_provider::LocalProvider;
use llmobs_providers::{Endpoint, Response};
use serde_json::{Value, json};
use ureq::Agent;

fn post(provider: &LocalProvider, path: &str, body: &Value) -> ureq::http::Response<ureq::Body> {
    let agent = Agent::config_builder().http_status_as_error(false).build().new_agent();
    let request = agent.post(format!("{}{path}", provider.url())).header("authorization", "none");
    request.send(body.to_string()).expect("headers of an answer")
}

/// Reads the answer of a new server.
fn read(path: &str, body: &Value) -> Response {
    let provider = LocalProvider::start();
    let mut response = post(&provider, path, body);
    let bytes = response.body_mut().read_to_vec().expect("a whole body");
    let endpoint = Endpoint::of("bedrock-runtime.us-east-1.amazonaws.com", path).expect("an endpoint");
    let mut reader = endpoint.reader().status(response.status().as_u16());
    // Odd sizes split frames anywhere.
    for piece in bytes.chunks(7) {
        reader.push(piece);
    }
    reader.finish()
}

#[test]
fn a_stream_is_read_like_a_complete_answer() {
    let user = json!([{ "role": "user", "content": [{ "text": "Hi there" }] }]);
    let converse = json!({ "system": [{ "text": "Be brief." }], "messages": user });
    let claude = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 100,
        "messages": [{ "role": "user", "content": "Hi there" }],
    });
    let titan = json!({ "inputText": "Hi there", "textGenerationConfig": {} });
    for model in ["local", "thinking", "length", "refusal"] {
        for (whole, stream, body) in [
            ("converse", "converse-stream", &converse),
            ("invoke", "invoke-with-response-stream", &claude),
            ("invoke", "invoke-with-response-stream", &titan),
        ] {
            let whole = read(&format!("/model/{model}/{whole}"), body);
            let stream = read(&format!("/model/{model}/{stream}"), body);
            assert_eq!(whole.messages, stream.messages, "{model}");
            assert_eq!(whole.finish_reasons, stream.finish_reasons, "{model}");
            assert_eq!(whole.usage.total_tokens(), stream.usage.total_tokens(), "{model}");
            assert!(!whole.messages.is_empty() && whole.error.is_none(), "{model}");
        }
    }
}

#[test]
fn a_header_has_the_name_of_an_error() {
    let provider = LocalProvider::start();
    let body = json!({ "messages": [] });
    for (model, status, name) in [
        ("error-400", 400, "ValidationException"),
        ("error-401", 403, "UnrecognizedClientException"),
        ("error-429", 429, "ThrottlingException"),
        ("error-500", 500, "InternalServerException"),
        ("overloaded", 503, "ServiceUnavailableException"),
    ] {
        let mut response = post(&provider, &format!("/model/{model}/converse"), &body);
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["x-amzn-errortype"], name);
        let body: Value =
            serde_json::from_str(&response.body_mut().read_to_string().expect("a body")).expect("JSON");
        assert!(body["message"].is_string());
    }
    let unsigned = ureq::post(format!("{}/model/local/converse", provider.url())).send("{}");
    assert!(matches!(unsigned, Err(ureq::Error::StatusCode(403))));
}

#[test]
fn tokens_are_in_headers_if_the_body_has_none() {
    let provider = LocalProvider::start();
    let body = json!({ "texts": ["A long text", "Short"] });
    let response = post(&provider, "/model/cohere.embed-english-v3/invoke", &body);
    assert_eq!(response.headers()["x-amzn-bedrock-input-token-count"], "4");
}
