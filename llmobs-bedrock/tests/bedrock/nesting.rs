//! Calls inside spans of the program.

use std::fmt::Write as _;

use aws_sdk_bedrockruntime::Client;
use futures_util::future::join_all;
use llmobs::FutureSpanExt as _;

use serde_json::json;

use crate::setup::{MODEL, Setup, converse, converse_stream, read, retries};

#[llmobs::llm(skip(client, model))]
async fn ask(client: &Client, model: &str) -> bool {
    converse(client, model, "Hi there").send().await.is_ok()
}

#[llmobs::llm(skip(client))]
async fn ask_and_read(client: &Client) {
    read(converse_stream(client, MODEL, "Hi there").send().await.unwrap()).await;
}

#[llmobs::llm(skip(client))]
async fn ask_twice(client: &Client) {
    let (first, second) = (converse(client, MODEL, "One").send(), converse(client, MODEL, "Two").send());
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_ok() && second.is_ok());
}

#[llmobs::workflow(skip(client))]
async fn answer(client: Client, number: usize) {
    let question = format!("question {number}");
    if number.is_multiple_of(2) {
        converse(&client, MODEL, &question).send().await.unwrap();
    } else {
        read(converse_stream(&client, MODEL, &question).send().await.unwrap()).await;
    }
}

#[tokio::test]
async fn a_call_and_its_llm_function_are_one_span() {
    let setup = Setup::new();
    let context = setup.collector.context();
    ask(&setup.client(), MODEL).in_context(&context).await;
    ask_and_read(&setup.client()).in_context(&context).await;
    let tree = "llm ask  in user: Hi there  out assistant: You said: Hi there\n\
                llm ask_and_read  in user: Hi there  out assistant: You said: Hi there\n";
    assert_eq!(setup.collector.tree(), tree);
    for event in setup.events() {
        assert_eq!(
            (&event["meta"]["model_name"], &event["metrics"]["total_tokens"]),
            (&json!(MODEL), &json!(6))
        );
        assert_eq!(event["metrics"]["time_to_first_token"].is_number(), event["name"] == "ask_and_read");
    }
}

#[tokio::test]
async fn a_failed_attempt_is_a_child() {
    let setup = Setup::new();
    let client = Client::from_conf(setup.config().retry_config(retries()).build());
    ask(&client, "flaky").in_context(setup.collector.context()).await;
    let tree = "llm ask  in user: Hi there  out assistant: You said: Hi there\n\
                └─ llm bedrock-runtime.command  in user: Hi there  error ThrottlingException: \
                Too many requests, please wait before trying again.\n";
    assert_eq!(setup.collector.tree(), tree);
}

#[tokio::test]
async fn two_concurrent_calls_are_children() {
    let setup = Setup::new();
    ask_twice(&setup.client()).in_context(setup.collector.context()).await;
    let tree = "llm ask_twice\n\
                ├─ llm bedrock-runtime.command  in user: One  out assistant: You said: One\n\
                └─ llm bedrock-runtime.command  in user: Two  out assistant: You said: Two\n";
    assert_eq!(setup.collector.tree(), tree);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_calls_have_the_right_parents() {
    let setup = Setup::new();
    let client = setup.client();
    let tasks = (0..40).map(|number| {
        let call = answer(client.clone(), number).in_context(setup.collector.context());
        tokio::spawn(call)
    });
    join_all(tasks).await.into_iter().for_each(Result::unwrap);
    let mut trees: Vec<String> = Vec::new();
    for line in setup.collector.tree().lines() {
        match line.strip_prefix("└─ ") {
            Some(call) => write!(trees.last_mut().unwrap(), "{call}").unwrap(),
            None => trees.push(line.to_owned()),
        }
    }
    trees.sort();
    let mut expected: Vec<_> = (0..40)
        .map(|number| {
            let question = format!("question {number}");
            format!(
                "workflow answer  in {{\"number\":{number}}}llm bedrock-runtime.command  in user: {question}  \
                 out assistant: You said: {question}"
            )
        })
        .collect();
    expected.sort();
    assert_eq!(trees, expected);
}
