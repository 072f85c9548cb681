//! The program and the provider receive the same data with and without the interceptor.

use std::collections::BTreeMap;
use std::fmt::Debug;

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use llmobs::FutureSpanExt as _;
use llmobs::bedrock::Interceptor;
use serde_json::{Value, json};

use crate::setup::{Setup, body, claude, config, converse, converse_stream, invoke_stream, titan};

const MODELS: [&str; 8] =
    ["local", "error-400", "error-429", "flaky", "overloaded", "broken", "thinking", "length"];

/// The properties of an error, without its headers, which contain the time.
fn shown<E: Debug + ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    let service = error.as_service_error();
    format!("{error} {service:?} {:?} {:?}", error.code(), error.message())
}

/// The answers of a model to each operation.
async fn answers(client: &Client, model: &str) -> Vec<String> {
    let mut answers = Vec::new();
    answers.push(match converse(client, model, "Hi there").send().await {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => shown(&error),
    });
    match converse_stream(client, model, "Hi there").send().await {
        Ok(mut answer) => loop {
            match answer.stream.recv().await {
                Ok(None) => break,
                Ok(event) => answers.push(format!("{event:?}")),
                Err(error) => break answers.push(shown(&error)),
            }
        },
        Err(error) => answers.push(shown(&error)),
    }
    let embedding = json!({ "inputText": "Hi there", "dimensions": 8 });
    for request in [claude("Hi there"), titan("Hi there"), embedding] {
        let call = client.invoke_model().model_id(model).body(body(&request)).send();
        answers.push(match call.await {
            Ok(answer) => format!("{answer:?}"),
            Err(error) => shown(&error),
        });
    }
    for request in [claude("Hi there"), titan("Hi there")] {
        match invoke_stream(client, model, &request).send().await {
            Ok(mut answer) => loop {
                match answer.body.recv().await {
                    Ok(None) => break,
                    Ok(event) => answers.push(format!("{event:?}")),
                    Err(error) => break answers.push(shown(&error)),
                }
            },
            Err(error) => answers.push(shown(&error)),
        }
    }
    answers
}

/// The requests at the provider, without headers that depend on the time.
fn requests(setup: &Setup) -> Vec<(String, Value, BTreeMap<String, String>)> {
    let recorded = setup.provider.requests().into_iter();
    recorded
        .map(|mut request| {
            for name in ["amz-sdk-invocation-id", "authorization", "host", "x-amz-date"] {
                assert!(request.headers.remove(name).is_some(), "{name}");
            }
            (request.path, serde_json::from_slice(&request.body).unwrap(), request.headers)
        })
        .collect()
}

#[tokio::test]
async fn programs_and_providers_see_no_difference() {
    for model in MODELS {
        let plain = Setup::new();
        let without = answers(&Client::from_conf(config(plain.provider.url()).build()), model).await;

        let setup = Setup::new();
        let with = answers(&setup.client(), model).in_context(setup.collector.context()).await;
        assert_eq!(with, without, "{model}");
        assert_eq!(requests(&setup), requests(&plain), "{model}");
        assert_eq!(setup.events().len(), 7, "{model}");

        // Without a collector, nothing is recorded.
        let without_collector = Setup::new();
        assert_eq!(answers(&without_collector.client(), model).await, without, "{model}");
        assert_eq!(without_collector.collector.tree(), "");
    }
}

#[tokio::test]
async fn content_is_left_out_if_the_program_disables_it() {
    let setup = Setup::new();
    let interceptor = Interceptor::new().capture_content(false);
    let client = Client::from_conf(config(setup.provider.url()).interceptor(interceptor).build());
    answers(&client, "local").in_context(setup.collector.context()).await;
    answers(&client, "overloaded").in_context(setup.collector.context()).await;
    let events = setup.events();
    assert_eq!(events.len(), 14);
    let text = serde_json::to_string(&events).unwrap();
    for content in ["Hi there", "You said", "overloaded."] {
        assert!(!text.contains(content), "{content} in {text}");
    }
    assert_eq!(events[0]["metrics"]["total_tokens"], 6);
    assert_eq!(events[0]["meta"]["metadata"]["finish_reason"], "end_turn");
}
