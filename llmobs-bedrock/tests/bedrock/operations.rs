//! The whole span of each operation.

use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, ConverseOutput, ConverseTokensRequest, CountTokensInput,
    InferenceConfiguration, Message, ResponseStream, SystemContentBlock, ToolResultBlock,
    ToolResultContentBlock,
};
use llmobs::FutureSpanExt as _;
use serde_json::{Value, json};

use crate::setup::{
    MODEL, Setup, body, claude, converse, converse_stream, invoke_stream, read, titan, user, weather,
};

/// The expected span of a successful call of `model`.
fn llm(model: &str, input: &Value, answer: &str, metadata: &Value, metrics: &Value) -> Value {
    json!({
        "name": "bedrock-runtime.command",
        "meta": {
            "span": { "kind": "llm" },
            "model_name": model,
            "model_provider": "amazon_bedrock",
            "input": { "messages": input },
            "output": { "messages": [{ "role": "assistant", "content": answer }] },
            "metadata": metadata,
        },
        "metrics": metrics,
        "tags": ["error:0", "integration:bedrock", "source:integration"],
    })
}

fn brief() -> SystemContentBlock {
    SystemContentBlock::Text("Be brief.".to_owned())
}

#[tokio::test]
async fn converse_is_a_span() {
    let setup = Setup::new();
    let call = converse(&setup.client(), MODEL, "Hi there")
        .system(brief())
        .inference_config(InferenceConfiguration::builder().temperature(0.5).max_tokens(64).build())
        .send();
    let answer = call.in_context(setup.collector.context()).await.unwrap();
    assert_eq!(answer.usage.unwrap().total_tokens, 8);
    let expected = llm(
        MODEL,
        &json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "Hi there" }]),
        "You said: Hi there",
        &json!({ "finish_reason": "end_turn", "maxTokens": 64, "temperature": 0.5 }),
        &json!({
            "input_tokens": 4,
            "cache_read_input_tokens": 2,
            "cache_write_input_tokens": 0,
            "output_tokens": 4,
            "total_tokens": 8,
        }),
    );
    assert_eq!(setup.shown(), expected);
}

#[tokio::test]
async fn converse_stream_is_a_span() {
    let setup = Setup::new();
    let call = async {
        let call = converse_stream(&setup.client(), MODEL, "Hi there").system(brief()).send();
        read(call.await.unwrap()).await
    };
    assert_eq!(call.in_context(setup.collector.context()).await, "You said: Hi there");
    let expected = llm(
        MODEL,
        &json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "Hi there" }]),
        "You said: Hi there",
        &json!({ "finish_reason": "end_turn" }),
        &json!({
            "input_tokens": 4,
            "cache_read_input_tokens": 2,
            "cache_write_input_tokens": 0,
            "output_tokens": 4,
            "total_tokens": 8,
            "time_to_first_token": true,
        }),
    );
    assert_eq!(setup.shown(), expected);
}

/// Calls InvokeModel. Returns the answer.
async fn invoke(setup: &Setup, model: &str, request: &Value) -> Value {
    let call = setup.client().invoke_model().model_id(model).body(body(request)).send();
    let answer = call.in_context(setup.collector.context()).await.unwrap();
    serde_json::from_slice(answer.body.as_ref()).unwrap()
}

/// Calls InvokeModelWithResponseStream. Returns the events.
async fn stream(setup: &Setup, model: &str, request: &Value) -> Vec<Value> {
    let call = async {
        let mut answer = invoke_stream(&setup.client(), model, request).send().await.unwrap();
        let mut events = Vec::new();
        while let Some(event) = answer.body.recv().await.unwrap() {
            let ResponseStream::Chunk(chunk) = event else { panic!("{event:?}") };
            events.push(serde_json::from_slice(chunk.bytes.as_ref().map_or(&[], Blob::as_ref)).unwrap());
        }
        events
    };
    call.in_context(setup.collector.context()).await
}

#[tokio::test]
async fn invoke_model_of_claude_is_a_span() {
    let metadata = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "finish_reason": "end_turn",
        "max_tokens": 100,
        "response_id": "msg_1",
        "service_tier": "standard",
    });
    let mut metrics = json!({
        "input_tokens": 2,
        "cache_read_input_tokens": 0,
        "cache_write_input_tokens": 0,
        "ephemeral_5m_input_tokens": 0,
        "ephemeral_1h_input_tokens": 0,
        "output_tokens": 4,
        "total_tokens": 6,
    });
    let input = json!([{ "role": "user", "content": "Hi there" }]);

    let setup = Setup::new();
    let answer = invoke(&setup, MODEL, &claude("Hi there")).await;
    assert_eq!(answer["content"][0]["text"], "You said: Hi there");
    assert_eq!(setup.shown(), llm(MODEL, &input, "You said: Hi there", &metadata, &metrics));

    let setup = Setup::new();
    let events = stream(&setup, MODEL, &claude("Hi there")).await;
    assert_eq!(events.last().unwrap()["type"], "message_stop");
    metrics["time_to_first_token"] = json!(true);
    assert_eq!(setup.shown(), llm(MODEL, &input, "You said: Hi there", &metadata, &metrics));
}

#[tokio::test]
async fn invoke_model_of_titan_is_a_span() {
    let model = "amazon.titan-text-express-v1";
    let metadata = json!({ "finish_reason": "FINISH", "textGenerationConfig": { "maxTokenCount": 64 } });
    let input = json!([{ "role": "user", "content": "Hi there" }]);

    let setup = Setup::new();
    let answer = invoke(&setup, model, &titan("Hi there")).await;
    assert_eq!(answer["results"][0]["outputText"], "You said: Hi there");
    let metrics = json!({ "input_tokens": 2, "output_tokens": 4, "total_tokens": 6 });
    assert_eq!(setup.shown(), llm(model, &input, "You said: Hi there", &metadata, &metrics));

    let setup = Setup::new();
    assert_eq!(stream(&setup, model, &titan("Hi there")).await.len(), 4);
    let metrics = json!({
        "input_tokens": 2,
        "cache_read_input_tokens": 0,
        "cache_write_input_tokens": 0,
        "output_tokens": 4,
        "total_tokens": 6,
        "time_to_first_token": true,
    });
    assert_eq!(setup.shown(), llm(model, &input, "You said: Hi there", &metadata, &metrics));
}

/// The expected span of an embedding.
fn embedding(model: &str, texts: &[&str], value: &str, metadata: &Value, tokens: u64) -> Value {
    let documents: Vec<_> = texts.iter().map(|text| json!({ "text": text })).collect();
    json!({
        "name": "bedrock-runtime.command",
        "meta": {
            "span": { "kind": "embedding" },
            "model_name": model,
            "model_provider": "amazon_bedrock",
            "input": { "documents": documents },
            "output": { "value": value },
            "metadata": metadata,
        },
        "metrics": { "input_tokens": tokens },
        "tags": ["error:0", "integration:bedrock", "source:integration"],
    })
}

#[tokio::test]
async fn embeddings_are_spans() {
    let setup = Setup::new();
    let model = "amazon.titan-embed-text-v2:0";
    invoke(&setup, model, &json!({ "inputText": "A long text", "dimensions": 256 })).await;
    let value = "[1 embedding(s) returned with size 256]";
    assert_eq!(setup.shown(), embedding(model, &["A long text"], value, &json!({ "dimensions": 256 }), 3));

    // The tokens are only in a header.
    let setup = Setup::new();
    let model = "cohere.embed-english-v3";
    let request = json!({ "texts": ["A long text", "Short"], "input_type": "search_document" });
    invoke(&setup, model, &request).await;
    let value = "[2 embedding(s) returned with size 1024]";
    let metadata = json!({ "input_type": "search_document", "response_id": "embedding_1" });
    assert_eq!(setup.shown(), embedding(model, &["A long text", "Short"], value, &metadata, 4));
}

#[tokio::test]
async fn tools_and_their_results_are_recorded() {
    let question = "What is the weather in Paris?";
    let setup = Setup::new();
    let client = setup.client();
    let call = async {
        let answer = converse(&client, MODEL, question).tool_config(weather()).send().await.unwrap();
        let Some(ConverseOutput::Message(message)) = answer.output else { panic!("a message") };
        let [ContentBlock::ToolUse(call)] = message.content() else { panic!("a call") };
        let result = ToolResultBlock::builder()
            .tool_use_id(call.tool_use_id())
            .content(ToolResultContentBlock::Text("21 degrees".to_owned()))
            .build()
            .unwrap();
        let result =
            Message::builder().role(ConversationRole::User).content(ContentBlock::ToolResult(result));
        let conversation = converse_stream(&client, MODEL, question).messages(message);
        let call = conversation.messages(result.build().unwrap()).tool_config(weather()).send();
        read(call.await.unwrap()).await
    };
    assert_eq!(call.in_context(setup.collector.context()).await, "The result is: 21 degrees");

    let [asks, answers] = &*setup.events() else { panic!("two spans:\n{}", setup.collector.tree()) };
    let call = json!({
        "name": "get_weather",
        "arguments": { "city": "Paris" },
        "tool_id": "tooluse_1",
        "type": "toolUse",
    });
    let calls = json!({ "role": "assistant", "content": "", "tool_calls": [call] });
    assert_eq!(asks["meta"]["output"], json!({ "messages": [calls] }));
    assert_eq!(asks["meta"]["metadata"], json!({ "finish_reason": "tool_use" }));
    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string" } },
        "required": ["city"],
    });
    let tools = json!([{ "name": "get_weather", "description": "The weather of a place", "schema": schema }]);
    assert_eq!((&asks["meta"]["tool_definitions"], &answers["meta"]["tool_definitions"]), (&tools, &tools));
    let result = json!({
        "result": "21 degrees",
        "tool_id": "tooluse_1",
        "type": "toolResult",
    });
    let conversation = json!([
        { "role": "user", "content": question },
        calls,
        { "role": "user", "content": "", "tool_results": [result] },
    ]);
    assert_eq!(answers["meta"]["input"]["messages"], conversation);

    // A call in a stream.
    let setup = Setup::new();
    let call = async {
        let call = converse_stream(&setup.client(), MODEL, question).tool_config(weather()).send();
        read(call.await.unwrap()).await
    };
    assert_eq!(call.in_context(setup.collector.context()).await, "");
    assert_eq!(setup.event()["meta"]["output"], json!({ "messages": [calls] }));
}

#[tokio::test]
async fn arns_are_model_names() {
    let setup = Setup::new();
    let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0";
    converse(&setup.client(), arn, "Hi").send().in_context(setup.collector.context()).await.unwrap();
    assert_eq!(setup.event()["meta"]["model_name"], arn);
}

#[tokio::test]
async fn other_operations_have_no_span() {
    let setup = Setup::new();
    let tokens = ConverseTokensRequest::builder().messages(user("Hi")).build();
    let call = setup.client().count_tokens().model_id(MODEL).input(CountTokensInput::Converse(tokens)).send();
    call.in_context(setup.collector.context()).await.unwrap_err();
    assert_eq!(setup.provider.requests().len(), 1);
    assert_eq!(setup.collector.tree(), "");
}
