//! A client of the AWS SDK, a local provider, and a collector of the spans.

use std::time::Duration;

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::{Builder, Credentials, Region};
use aws_sdk_bedrockruntime::operation::converse::builders::ConverseFluentBuilder;
use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamOutput;
use aws_sdk_bedrockruntime::operation::converse_stream::builders::ConverseStreamFluentBuilder;
use aws_sdk_bedrockruntime::operation::invoke_model_with_response_stream::builders::InvokeModelWithResponseStreamFluentBuilder;
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ContentBlockDelta, ConversationRole, ConverseStreamOutput as Event, Message, Tool,
    ToolConfiguration, ToolInputSchema, ToolSpecification,
};
use aws_smithy_types::Document;
use llmobs::bedrock::Interceptor;
use llmobs::testing::Collector;
use llmobs_local_provider::LocalProvider;
use serde_json::{Value, json};

/// The id of a model that answers.
pub(crate) const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// The timeout of a test.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) struct Setup {
    pub(crate) provider: LocalProvider,
    pub(crate) collector: Collector,
}

impl Setup {
    pub(crate) fn new() -> Self {
        Self { provider: LocalProvider::start(), collector: Collector::new() }
    }

    /// The configuration of a client that does not retry, with an interceptor.
    pub(crate) fn config(&self) -> Builder {
        config(self.provider.url()).interceptor(Interceptor::new())
    }

    pub(crate) fn client(&self) -> Client {
        Client::from_conf(self.config().build())
    }

    /// The events of all spans, none of which has a key or a signature.
    pub(crate) fn events(&self) -> Vec<Value> {
        let events = self.collector.events();
        let text = serde_json::to_string(&events).unwrap();
        for secret in ["AKIDSECRET", "SECRETKEY", "SECRETTOKEN", "AWS4-HMAC", "Signature"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        events
    }

    /// The event of the only span.
    pub(crate) fn event(&self) -> Value {
        let [event] = &*self.events() else { panic!("one span:\n{}", self.collector.tree()) };
        event.clone()
    }

    /// The data of the only span, without ids and times.
    pub(crate) fn shown(&self) -> Value {
        let event = self.event();
        let mut metrics = event["metrics"].clone();
        if let Some(first) = metrics.get_mut("time_to_first_token") {
            *first = json!(first.as_f64().unwrap() > 0.0);
        }
        json!({ "name": event["name"], "meta": event["meta"], "metrics": metrics, "tags": tags(&event) })
    }
}

/// The tags of a span that integrations set.
fn tags(event: &Value) -> Vec<&str> {
    let known = ["integration:", "source:", "error:", "error_type:", "cancelled:"];
    let tags = event["tags"].as_array().unwrap().iter().filter_map(Value::as_str);
    tags.filter(|tag| known.iter().any(|name| tag.starts_with(name))).collect()
}

/// The configuration of a client that does not retry.
pub(crate) fn config(url: &str) -> Builder {
    let credentials =
        Credentials::new("AKIDSECRET", "SECRETKEY", Some("SECRETTOKEN".to_owned()), None, "test");
    Builder::new()
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials)
        .endpoint_url(url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
}

/// Three attempts, a millisecond apart.
pub(crate) fn retries() -> RetryConfig {
    let pause = Duration::from_millis(1);
    RetryConfig::standard().with_initial_backoff(pause).with_max_backoff(pause)
}

pub(crate) fn user(text: &str) -> Message {
    let message = Message::builder().role(ConversationRole::User);
    message.content(ContentBlock::Text(text.to_owned())).build().unwrap()
}

pub(crate) fn converse(client: &Client, model: &str, text: &str) -> ConverseFluentBuilder {
    client.converse().model_id(model).messages(user(text))
}

pub(crate) fn converse_stream(client: &Client, model: &str, text: &str) -> ConverseStreamFluentBuilder {
    client.converse_stream().model_id(model).messages(user(text))
}

pub(crate) fn invoke_stream(
    client: &Client,
    model: &str,
    request: &Value,
) -> InvokeModelWithResponseStreamFluentBuilder {
    client.invoke_model_with_response_stream().model_id(model).body(body(request))
}

/// Reads a stream to its end. Returns the text.
pub(crate) async fn read(mut answer: ConverseStreamOutput) -> String {
    let mut content = String::new();
    while let Some(text) = next_text(&mut answer).await {
        content.push_str(&text);
    }
    content
}

/// The next piece of the text of a stream.
pub(crate) async fn next_text(answer: &mut ConverseStreamOutput) -> Option<String> {
    while let Some(event) = answer.stream.recv().await.unwrap() {
        if let Event::ContentBlockDelta(delta) = event
            && let Some(ContentBlockDelta::Text(text)) = delta.delta
        {
            return Some(text);
        }
    }
    None
}

/// The body of an InvokeModel.
pub(crate) fn body(json: &Value) -> Blob {
    Blob::new(json.to_string())
}

/// The body of a request to Claude.
pub(crate) fn claude(text: &str) -> Value {
    json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 100,
        "messages": [{ "role": "user", "content": text }],
    })
}

/// The body of a request to Titan.
pub(crate) fn titan(text: &str) -> Value {
    json!({ "inputText": text, "textGenerationConfig": { "maxTokenCount": 64 } })
}

/// A tool to look up the weather.
pub(crate) fn weather() -> ToolConfiguration {
    let text = |text: &str| Document::String(text.to_owned());
    let object = |fields: Vec<(&str, Document)>| {
        Document::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let city = object(vec![("type", text("string"))]);
    let schema = object(vec![
        ("type", text("object")),
        ("properties", object(vec![("city", city)])),
        ("required", Document::Array(vec![text("city")])),
    ]);
    let tool = ToolSpecification::builder()
        .name("get_weather")
        .description("The weather of a place")
        .input_schema(ToolInputSchema::Json(schema));
    ToolConfiguration::builder().tools(Tool::ToolSpec(tool.build().unwrap())).build().unwrap()
}
