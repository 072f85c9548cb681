//! The behaviours of model names, and the requests and disconnects that the server reports.

use std::io::Read as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use llmobs_local_provider::{LocalProvider, Recorded};
use llmobs_providers::ResponseReader;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{CONVERSATIONS, as_stream, post, request, streamed, whole};

const PATHS: [&str; 4] = ["/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/messages"];

/// Much longer than anything on the loopback interface takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn body(path: &str, model: &str) -> Value {
    match path {
        "/v1/embeddings" => json!({"model": model, "input": "Hello there"}),
        _ => request(path, model, "Hello there"),
    }
}

/// Status, type and code of an error.
fn kind((status, body): &(u16, Value)) -> (u16, &str, Option<&str>) {
    let error = &body["error"];
    (*status, error["type"].as_str().expect("a type"), error["code"].as_str())
}

#[test]
fn errors_have_the_status_type_and_code_of_the_provider() {
    let provider = LocalProvider::start();
    for (model, openai, anthropic) in [
        (
            "error-400",
            (400, "invalid_request_error", Some("context_length_exceeded")),
            (400, "invalid_request_error", None),
        ),
        (
            "error-401",
            (401, "invalid_request_error", Some("invalid_api_key")),
            (401, "authentication_error", None),
        ),
        ("error-429", (429, "requests", Some("rate_limit_exceeded")), (429, "rate_limit_error", None)),
        ("error-500", (500, "server_error", None), (500, "api_error", None)),
        ("error-529", (503, "server_error", None), (529, "overloaded_error", None)),
        ("overloaded", (503, "server_error", None), (529, "overloaded_error", None)),
    ] {
        for path in PATHS {
            let expected = if path == "/v1/messages" { anthropic } else { openai };
            assert_eq!(kind(&whole(&provider, path, &body(path, model))), expected, "{path} {model}");
            if model != "overloaded" {
                let body = as_stream(path, body(path, model));
                assert_eq!(kind(&whole(&provider, path, &body)), expected, "{path} {model}");
            }
        }
    }
}

#[test]
fn error_bodies_have_all_fields() {
    let provider = LocalProvider::start();
    let openai = json!({"error": {
        "message": "Incorrect API key provided: local-key. \
            You can find your API key at https://platform.openai.com/account/api-keys.",
        "type": "invalid_request_error",
        "param": null,
        "code": "invalid_api_key",
    }});
    let anthropic = json!({
        "type": "error",
        "error": {"type": "authentication_error", "message": "invalid x-api-key"},
        "request_id": "req_2",
    });
    assert_eq!(whole(&provider, PATHS[0], &body(PATHS[0], "error-401")), (401, openai));
    assert_eq!(whole(&provider, PATHS[3], &body(PATHS[3], "error-401")), (401, anthropic));
}

#[test]
fn requests_must_be_complete() {
    let provider = LocalProvider::start();
    let message = |path: &str, body: Value| {
        let (status, body) = whole(&provider, path, &body);
        (status, body["error"]["message"].as_str().expect("a message").to_owned())
    };
    let model = json!({"model": "local"});
    let error = |status, message: &str| (status, message.to_owned());
    assert_eq!(message(PATHS[0], json!({})), error(400, "you must provide a model parameter"));
    let missing = |field| error(400, &format!("Missing required parameter: '{field}'."));
    assert_eq!(message(PATHS[0], model.clone()), missing("messages"));
    assert_eq!(message(PATHS[1], model.clone()), missing("input"));
    assert_eq!(message(PATHS[2], model.clone()), missing("input"));
    assert_eq!(message(PATHS[3], model), error(400, "messages: Field required"));
    let without_limit = json!({"model": "local", "messages": []});
    assert_eq!(message(PATHS[3], without_limit), error(400, "max_tokens: Field required"));
    assert!(message(PATHS[0], json!("text")).1.starts_with("We could not parse the JSON body"));
    assert_eq!(message("/v1/models", json!({})), error(404, "Invalid URL (POST /v1/models)"));
}

#[test]
fn anthropic_requires_its_headers() {
    let provider = LocalProvider::start();
    let send = |headers: &[&str]| {
        let request = ureq::post(format!("{}/v1/messages", provider.url())).config();
        let mut request = request.http_status_as_error(false).build();
        for name in headers {
            request = request.header(*name, "something");
        }
        let mut response = request.send(body("/v1/messages", "local").to_string()).expect("an answer");
        let text = response.body_mut().read_to_string().expect("a body");
        let body: Value = serde_json::from_str(&text).expect("JSON");
        (response.status().as_u16(), body["error"]["message"].as_str().map(str::to_owned))
    };
    assert_eq!(send(&["anthropic-version"]), (401, Some("x-api-key header is required".to_owned())));
    assert_eq!(send(&["x-api-key"]), (400, Some("anthropic-version: header is required".to_owned())));
    assert_eq!(send(&["x-api-key", "anthropic-version"]), (200, None));
    assert_eq!(send(&["authorization", "anthropic-version"]), (200, None));
}

#[test]
fn a_flaky_model_rejects_each_body_once() {
    let provider = LocalProvider::start();
    for path in PATHS {
        let body = body(path, "flaky");
        let refused = post(&provider, path, &body);
        let headers = ["retry-after", "retry-after-ms"].map(|name| refused.headers()[name].to_str().ok());
        assert_eq!((refused.status().as_u16(), headers), (429, [Some("0"), Some("1")]), "{path}");
        let other = as_stream(path, body.clone());
        assert_eq!(whole(&provider, path, &other).0, 429, "{path}");
        assert_eq!([&body, &body].map(|body| whole(&provider, path, body).0), [200, 200], "{path}");
    }
}

#[test]
fn a_slow_model_pauses_before_each_piece() {
    let provider = LocalProvider::start();
    for path in CONVERSATIONS {
        let start = Instant::now();
        let events = streamed(&provider, path, &as_stream(path, body(path, "slow-3")));
        let pauses = u32::try_from(events.len()).expect("few events");
        assert!(start.elapsed() >= Duration::from_millis(3) * pauses, "{path}");
    }
}

/// Returns the received part of an answer that is cut off, and the announced length.
fn broken(body: &Value, path: &str) -> (Vec<u8>, Option<String>) {
    let provider = LocalProvider::start();
    let mut response = post(&provider, path, body);
    let length =
        response.headers().get("content-length").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut bytes = Vec::new();
    response.body_mut().as_reader().read_to_end(&mut bytes).expect_err("the connection breaks");
    (bytes, length)
}

#[test]
fn a_broken_answer_has_half_of_the_announced_length() {
    for path in PATHS {
        let (bytes, length) = broken(&body(path, "broken"), path);
        let length: usize = length.expect("a length").parse().expect("a number");
        assert_eq!(bytes.len(), length / 2, "{path}");
    }
}

#[test]
fn a_broken_stream_has_content_and_no_end() {
    for path in CONVERSATIONS {
        let (bytes, length) = broken(&as_stream(path, body(path, "broken")), path);
        let progress = ResponseReader::new().push(&bytes);
        assert_eq!(length, None, "{path}");
        assert!(progress.has_content && !progress.is_end && !progress.has_error, "{path} {progress:?}");
    }
}

#[test]
fn an_overloaded_model_fails_in_the_middle_of_a_stream() {
    let openai = "The server is currently overloaded with other requests. Sorry about that! You can retry your \
        request, or contact us through our help center at help.openai.com if the error persists.";
    for path in CONVERSATIONS {
        let events = streamed(&LocalProvider::start(), path, &as_stream(path, body(path, "overloaded")));
        let (last, before) = events.split_last().expect("events");
        let mut reader = ResponseReader::new();
        let has_content = before
            .iter()
            .filter_map(|event| reader.push_event(&event.to_string()))
            .any(|progress| progress.has_content);
        assert!(has_content, "{path}");
        let error = json!({"message": openai, "type": "server_error", "param": null, "code": null});
        match path {
            "/v1/chat/completions" => assert_eq!(*last, json!({"error": error})),
            "/v1/responses" => {
                let response = &last["response"];
                let found =
                    json!([last["type"], last["sequence_number"], response["status"], response["error"]]);
                let error = json!({"code": "server_error", "message": openai});
                assert_eq!(found, json!(["response.failed", before.len(), "failed", error]));
            }
            _ => {
                let error = json!({"type": "overloaded_error", "message": "Overloaded"});
                assert_eq!(*last, json!({"type": "error", "error": error, "request_id": "req_1"}));
            }
        }
    }
}

#[test]
fn a_disconnect_is_reported() {
    let provider = LocalProvider::start();
    for path in PATHS {
        for body in [body(path, "hang"), as_stream(path, body(path, "hang"))] {
            let mut response = post(&provider, path, &body);
            let mut piece = [0; 64];
            response.body_mut().as_reader().read_exact(&mut piece).expect("the first half");
            drop(response);
            assert!(provider.wait_for_disconnect(PATIENCE), "{path}");
        }
    }
    assert!(!provider.wait_for_disconnect(Duration::ZERO), "each disconnect counts once");
    whole(&provider, PATHS[0], &body(PATHS[0], "local"));
    assert!(!provider.wait_for_disconnect(Duration::ZERO), "a complete answer is not a disconnect");
}

#[test]
fn a_disconnect_is_reported_asynchronously() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let provider = LocalProvider::start();
        let body = as_stream(PATHS[0], body(PATHS[0], "hang")).to_string();
        let address = provider.url().trim_start_matches("http://");
        let mut client = tokio::net::TcpStream::connect(address).await.expect("a connection");
        let length = body.len();
        let head =
            format!("POST {} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\n\r\n", PATHS[0]);
        client.write_all((head + &body).as_bytes()).await.expect("a request");
        let mut answer = String::new();
        while !answer.contains("You") {
            let mut piece = [0; 512];
            let length = client.read(&mut piece).await.expect("a piece");
            answer += std::str::from_utf8(&piece[..length]).expect("text");
        }
        let disconnected = provider.disconnected(PATIENCE);
        drop(client);
        assert!(disconnected.await);
    });
}

#[test]
fn requests_are_kept() {
    let provider = LocalProvider::start();
    let body = body(PATHS[0], "local");
    whole(&provider, "/v1/chat/completions?version=1", &body);
    whole(&provider, PATHS[3], &json!([]));
    let mut requests = provider.requests();
    for request in &mut requests {
        request.headers.retain(|name, _| name == "x-api-key");
    }
    let headers = [("x-api-key".to_owned(), "none".to_owned())];
    let request = |path: &str, body: &Value| Recorded {
        method: "POST".to_owned(),
        path: path.to_owned(),
        headers: headers.clone().into(),
        body: body.to_string().into_bytes(),
    };
    assert_eq!(requests, [request("/v1/chat/completions?version=1", &body), request(PATHS[3], &json!([]))]);
}

#[test]
fn a_server_stops_when_it_is_dropped() {
    let provider = LocalProvider::start();
    let address = provider.url().trim_start_matches("http://").to_owned();
    let mut client = TcpStream::connect(&address).expect("a connection");
    drop(provider);
    assert_eq!(client.read(&mut [0]).unwrap_or_default(), 0);
    assert!(TcpStream::connect(&address).is_err());
}
