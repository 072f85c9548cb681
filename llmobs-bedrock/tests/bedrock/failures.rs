//! Calls that fail, are retried, time out, or are dropped.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::config::{Builder, Region};
use aws_sdk_bedrockruntime::error::ProvideErrorMetadata as _;
use llmobs::FutureSpanExt as _;
use llmobs::bedrock::Interceptor;
use serde_json::{Value, json};

use crate::setup::{
    MODEL, Setup, TIMEOUT, claude, config, converse, converse_stream, invoke_stream, next_text, read, retries,
};

/// The error of a span.
fn error(event: &Value) -> Value {
    let error = &event["meta"]["error"];
    json!({ "type": error["type"], "message": error["message"], "status": event["status"] })
}

fn failed(kind: &str, message: &str) -> Value {
    json!({ "type": kind, "message": message, "status": "error" })
}

#[tokio::test]
async fn errors_have_the_names_of_bedrock() {
    let throttled = "Too many requests, please wait before trying again.";
    for (model, kind, message) in [
        ("error-429", "ThrottlingException", throttled),
        ("error-400", "ValidationException", "Input is too long for requested model."),
        ("error-500", "InternalServerException", "Internal server error"),
    ] {
        let setup = Setup::new();
        let answer =
            converse(&setup.client(), model, "Hi").send().in_context(setup.collector.context()).await;
        assert_eq!(answer.unwrap_err().code(), Some(kind));
        assert_eq!(error(&setup.event()), failed(kind, message));
        assert_eq!(setup.event()["meta"]["input"]["messages"], json!([{ "role": "user", "content": "Hi" }]));
        assert_eq!(setup.event()["meta"]["model_name"], model);

        let setup = Setup::new();
        let call = invoke_stream(&setup.client(), model, &claude("Hi")).send();
        assert_eq!(call.in_context(setup.collector.context()).await.unwrap_err().code(), Some(kind));
        assert_eq!(error(&setup.event()), failed(kind, message));
    }
}

#[tokio::test]
async fn an_exception_in_a_stream_is_the_error_of_the_call() {
    let setup = Setup::new();
    let call = async {
        let mut answer = converse_stream(&setup.client(), "overloaded", "Hi there").send().await.unwrap();
        loop {
            match answer.stream.recv().await {
                Ok(event) => assert!(event.is_some()),
                Err(error) => break error,
            }
        }
    };
    let thrown = call.in_context(setup.collector.context()).await;
    assert!(thrown.into_service_error().is_model_stream_error_exception());
    let event = setup.event();
    assert_eq!(error(&event), failed("modelStreamErrorException", "The model is overloaded."));
    assert_eq!(
        event["meta"]["output"]["messages"],
        json!([{ "role": "assistant", "content": "You said: Hi" }])
    );

    let setup = Setup::new();
    let call = async {
        let mut answer =
            invoke_stream(&setup.client(), "overloaded", &claude("Hi there")).send().await.unwrap();
        loop {
            match answer.body.recv().await {
                Ok(event) => assert!(event.is_some()),
                Err(error) => break error,
            }
        }
    };
    let thrown = call.in_context(setup.collector.context()).await;
    assert!(thrown.into_service_error().is_model_stream_error_exception());
    assert_eq!(error(&setup.event()), failed("modelStreamErrorException", "The model is overloaded."));
}

/// The type of the error of the only span.
fn kind(setup: &Setup) -> Value {
    let event = setup.event();
    assert_eq!(event["status"], "error", "{}", setup.collector.tree());
    assert_ne!(event["meta"]["error"]["message"], "");
    event["meta"]["error"]["type"].clone()
}

#[tokio::test]
async fn lost_connections_are_errors() {
    let setup = Setup::new();
    let call = converse(&setup.client(), "broken", "Hi there").send();
    call.in_context(setup.collector.context()).await.unwrap_err();
    assert_eq!(kind(&setup), "ResponseError");

    let setup = Setup::new();
    let call = async {
        let mut answer = converse_stream(&setup.client(), "broken", "Hi there").send().await.unwrap();
        loop {
            match answer.stream.recv().await {
                Ok(event) => assert!(event.is_some()),
                Err(error) => break error,
            }
        }
    };
    call.in_context(setup.collector.context()).await;
    assert_eq!(kind(&setup), "DispatchFailure");
    let text = &setup.event()["meta"]["output"]["messages"][0]["content"];
    assert!(text.as_str().is_some_and(|text| "You said: Hi there".starts_with(text)), "{text}");

    // No server listens on this port.
    let setup = Setup::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = config(&format!("http://127.0.0.1:{port}")).interceptor(Interceptor::new());
    let call = converse(&Client::from_conf(refused.build()), MODEL, "Hi").send();
    call.in_context(setup.collector.context()).await.unwrap_err();
    assert_eq!(kind(&setup), "DispatchFailure");
    let message = setup.event()["meta"]["error"]["message"].clone();
    assert!(message.as_str().unwrap().contains("refused"), "{message}");
}

#[tokio::test]
async fn an_answer_that_the_sdk_cannot_read_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        assert_ne!(connection.read(&mut [0; 16 * 1024]).unwrap(), 0);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n";
        connection.write_all(format!("{head}no JSON!").as_bytes()).unwrap();
        connection
    });
    let setup = Setup::new();
    let client = Client::from_conf(config(&url).interceptor(Interceptor::new()).build());
    let call = converse(&client, MODEL, "Hi").send();
    call.in_context(setup.collector.context()).await.unwrap_err();
    assert_eq!(kind(&setup), "ServiceError");
    server.join().unwrap();
}

#[tokio::test]
async fn each_attempt_is_a_span() {
    let setup = Setup::new();
    let client = Client::from_conf(setup.config().retry_config(retries()).build());
    let call = converse(&client, "flaky", "Hi there").send();
    call.in_context(setup.collector.context()).await.unwrap();
    let throttled = "Too many requests, please wait before trying again.";
    let tree = format!(
        "llm bedrock-runtime.command  in user: Hi there  error ThrottlingException: {throttled}\n\
         llm bedrock-runtime.command  in user: Hi there  out assistant: You said: Hi there\n"
    );
    assert_eq!(setup.collector.tree(), tree);

    let setup = Setup::new();
    let client = Client::from_conf(setup.config().retry_config(retries()).build());
    let call = converse_stream(&client, "error-429", "Hi").send();
    call.in_context(setup.collector.context()).await.unwrap_err();
    let attempt =
        format!("llm bedrock-runtime.command  in user: Hi  error ThrottlingException: {throttled}\n");
    assert_eq!(setup.collector.tree(), attempt.repeat(3));
}

/// A timeout for answers that never come.
const SHORT: Duration = Duration::from_millis(500);

fn attempt_timeout() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(SHORT).build()
}

#[tokio::test]
async fn timeouts_are_errors() {
    let whole = TimeoutConfig::builder().operation_timeout(SHORT).build();
    let first_byte = TimeoutConfig::builder().read_timeout(SHORT).build();
    // The system accepts connections to this listener, but no server answers them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    for timeouts in [attempt_timeout(), whole, first_byte.clone()] {
        let setup = Setup::new();
        let config = setup.config().timeout_config(timeouts.clone());
        let config = if timeouts == first_byte { config.endpoint_url(&silent) } else { config };
        let call = converse(&Client::from_conf(config.build()), "hang", "Hi there").send();
        call.in_context(setup.collector.context()).await.unwrap_err();
        assert_eq!(kind(&setup), "TimeoutError", "{timeouts:?}");
        assert!(!setup.collector.tree().contains("cancelled"));
    }
}

#[tokio::test]
async fn each_attempt_that_times_out_is_a_span() {
    let setup = Setup::new();
    let config =
        setup.config().timeout_config(attempt_timeout()).retry_config(retries().with_max_attempts(2));
    let call = converse(&Client::from_conf(config.build()), "hang", "Hi").send();
    call.in_context(setup.collector.context()).await.unwrap_err();
    let events = setup.events();
    let kinds: Vec<_> = events.iter().map(|event| &event["meta"]["error"]["type"]).collect();
    assert_eq!(kinds, ["TimeoutError", "TimeoutError"]);
}

#[tokio::test]
async fn a_call_that_is_not_sent_has_no_span() {
    let setup = Setup::new();
    let config = Builder::new()
        .region(Region::new("us-east-1"))
        .endpoint_url(setup.provider.url())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .interceptor(Interceptor::new());
    let call = converse(&Client::from_conf(config.build()), MODEL, "Hi").send();
    call.in_context(setup.collector.context()).await.unwrap_err();
    assert_eq!((setup.provider.requests().len(), setup.collector.tree()), (0, String::new()));
}

#[tokio::test]
async fn a_dropped_future_is_cancelled() {
    let setup = Setup::new();
    let client = setup.client();
    let sent = async {
        while setup.provider.requests().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = converse(&client, "hang", "Hi there").send().in_context(setup.collector.context()) => {
            panic!("{answer:?}")
        }
        () = sent => {}
    }
    assert!(setup.provider.disconnected(TIMEOUT).await);
    let tree = "llm bedrock-runtime.command  in user: Hi there  cancelled\n";
    assert_eq!(setup.collector.tree().replace("  cancelled:true", "  cancelled"), tree);
}

#[tokio::test]
async fn a_dropped_stream_is_cancelled() {
    let setup = Setup::new();
    let call = async {
        let mut answer = converse_stream(&setup.client(), "hang", "Hi there").send().await.unwrap();
        assert_eq!(next_text(&mut answer).await.as_deref(), Some("You"));
    };
    call.in_context(setup.collector.context()).await;
    assert!(setup.provider.disconnected(TIMEOUT).await);
    let shown = setup.shown();
    assert_eq!(
        shown["tags"],
        json!(["cancelled:true", "error:0", "integration:bedrock", "source:integration"])
    );
    assert_eq!(shown["metrics"]["time_to_first_token"], true);
    let text = &shown["meta"]["output"]["messages"][0]["content"];
    assert!(text.as_str().is_some_and(|text| text.starts_with("You")), "{text}");
}

#[tokio::test]
async fn the_first_token_comes_before_the_end() {
    let setup = Setup::new();
    let call =
        async { read(converse_stream(&setup.client(), "slow-20", "Hi there").send().await.unwrap()).await };
    assert_eq!(call.in_context(setup.collector.context()).await, "You said: Hi there");
    let event = setup.event();
    let first = event["metrics"]["time_to_first_token"].as_f64().unwrap();
    let whole = Duration::from_nanos(event["duration"].as_u64().unwrap()).as_secs_f64();
    // The second of eight events has the first token.
    assert!(first >= 0.04 && first + 0.1 <= whole, "{first} of {whole}");
}
