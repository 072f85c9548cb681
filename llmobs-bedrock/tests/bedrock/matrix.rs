//! The recorded data of each operation, as in the table of `docs/model_calls.md`.

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::types::SystemContentBlock;
use llmobs::FutureSpanExt as _;
use serde_json::{Value, json};

use crate::setup::{
    self, MODEL, Setup, TIMEOUT, body, claude, converse, converse_stream, invoke_stream, weather,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Converse,
    ConverseStream,
    InvokeModel,
    InvokeModelWithResponseStream,
}

use Operation::{Converse, ConverseStream, InvokeModel, InvokeModelWithResponseStream};

impl Operation {
    const fn is_stream(self) -> bool {
        matches!(self, ConverseStream | InvokeModelWithResponseStream)
    }

    /// Asks a model, and reads the whole answer. Returns whether the call succeeded.
    async fn ask(self, client: &Client, model: &str, question: &str) -> bool {
        let brief = SystemContentBlock::Text("Be brief.".to_owned());
        let mut request = claude(question);
        request["system"] = json!("Be brief.");
        if question == WEATHER {
            let schema = json!({
                "type": "object",
                "properties": { "city": { "type": "string" } },
                "required": ["city"],
            });
            request["tools"] = json!([{ "name": "get_weather", "input_schema": schema }]);
        }
        let tools = (question == WEATHER).then(weather);
        match self {
            Converse => {
                let call = converse(client, model, question).system(brief).set_tool_config(tools);
                call.send().await.is_ok()
            }
            ConverseStream => {
                let call = converse_stream(client, model, question).system(brief).set_tool_config(tools);
                let Ok(mut answer) = call.send().await else { return false };
                loop {
                    match answer.stream.recv().await {
                        Ok(Some(_)) => {}
                        end => break end.is_ok(),
                    }
                }
            }
            InvokeModel => client.invoke_model().model_id(model).body(body(&request)).send().await.is_ok(),
            InvokeModelWithResponseStream => {
                let Ok(mut answer) = invoke_stream(client, model, &request).send().await else {
                    return false;
                };
                loop {
                    match answer.body.recv().await {
                        Ok(Some(_)) => {}
                        end => break end.is_ok(),
                    }
                }
            }
        }
    }

    /// Asks a model. Returns the event of the span.
    async fn event(self, question: &str) -> Value {
        let setup = Setup::new();
        let client = setup.client();
        assert!(self.ask(&client, MODEL, question).in_context(setup.collector.context()).await);
        setup.event()
    }
}

const WEATHER: &str = "What is the weather in Paris?";

#[llmobs::llm(skip(client))]
async fn in_a_function(operation: Operation, client: &Client) -> bool {
    operation.ask(client, MODEL, "Hi there").await
}

async fn messages(operation: Operation) {
    let meta = &operation.event("Hi there").await["meta"];
    let input =
        json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "Hi there" }]);
    assert_eq!(meta["input"]["messages"], input);
    assert_eq!(meta["output"]["messages"], json!([{ "role": "assistant", "content": "You said: Hi there" }]));
}

async fn tool_calls(operation: Operation) {
    let meta = &operation.event(WEATHER).await["meta"];
    let call = &meta["output"]["messages"][0]["tool_calls"][0];
    assert_eq!((&call["name"], &call["arguments"]), (&json!("get_weather"), &json!({ "city": "Paris" })));
    assert_eq!(meta["tool_definitions"][0]["name"], "get_weather");
    assert_eq!(meta["metadata"]["finish_reason"], "tool_use");
}

async fn tokens(operation: Operation) {
    let metrics = &operation.event("Hi there").await["metrics"];
    let tokens = ["input_tokens", "output_tokens", "total_tokens"].map(|name| metrics[name].clone());
    assert_eq!(tokens, [4, 4, 8]);
}

async fn cached_tokens(operation: Operation) {
    let metrics = &operation.event("Hi there").await["metrics"];
    let tokens = ["cache_read_input_tokens", "cache_write_input_tokens"].map(|name| metrics[name].clone());
    assert_eq!(tokens, [2, 0]);
}

async fn first_token(operation: Operation) {
    let event = operation.event("Hi there").await;
    assert_eq!(event["metrics"]["time_to_first_token"].is_number(), operation.is_stream());
}

async fn errors(operation: Operation) {
    let setup = Setup::new();
    assert!(!operation.ask(&setup.client(), "error-400", "Hi").in_context(setup.collector.context()).await);
    let error = &setup.event()["meta"]["error"];
    assert_eq!(error["type"], "ValidationException");
    assert_eq!(error["message"], "Input is too long for requested model.");

    let setup = Setup::new();
    assert!(!operation.ask(&setup.client(), "overloaded", "Hi").in_context(setup.collector.context()).await);
    let kind =
        if operation.is_stream() { "modelStreamErrorException" } else { "ServiceUnavailableException" };
    assert_eq!(setup.event()["meta"]["error"]["type"], kind);
}

async fn retries(operation: Operation) {
    let setup = Setup::new();
    let client = Client::from_conf(setup.config().retry_config(setup::retries()).build());
    assert!(operation.ask(&client, "flaky", "Hi").in_context(setup.collector.context()).await);
    let events = setup.events();
    let errors: Vec<_> = events.iter().map(|event| &event["meta"]["error"]["type"]).collect();
    assert_eq!(errors, [&json!("ThrottlingException"), &Value::Null]);
}

async fn cancelled(operation: Operation) {
    let setup = Setup::new();
    let client = setup.client();
    let sent = async {
        while setup.provider.requests().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = operation.ask(&client, "hang", "Hi").in_context(setup.collector.context()) => panic!("it hangs"),
        () = sent => {}
    }
    assert!(setup.provider.disconnected(TIMEOUT).await);
    let tags = &setup.event()["tags"];
    assert!(tags.as_array().unwrap().contains(&json!("cancelled:true")), "{tags}");
}

async fn parents(operation: Operation) {
    let setup = Setup::new();
    let task = setup.collector.enter(|| llmobs::task("step").start());
    let client = setup.client();
    let step = async {
        assert!(operation.ask(&client, MODEL, "Hi there").await);
        assert!(in_a_function(operation, &client).await);
    };
    step.in_span(task).await;
    let content = "in system: Be brief. | user: Hi there  out assistant: You said: Hi there";
    let tree =
        format!("task step\n├─ llm bedrock-runtime.command  {content}\n└─ llm in_a_function  {content}\n");
    assert_eq!(setup.collector.tree(), tree);
}

macro_rules! operations {
    ($($module:ident = $operation:ident),*) => {
        $(mod $module {
            operations!(@checks $operation: messages, tool_calls, tokens, cached_tokens, first_token, errors, retries, cancelled, parents);
        })*
    };
    (@checks $operation:ident: $($check:ident),*) => {
        $(#[tokio::test]
        async fn $check() {
            super::$check(super::$operation).await;
        })*
    };
}

operations!(
    converse_whole = Converse,
    converse_streamed = ConverseStream,
    invoke_whole = InvokeModel,
    invoke_streamed = InvokeModelWithResponseStream
);
