//! rig, whose transport is a client of reqwest-middleware.

use futures_util::StreamExt as _;
use llmobs::http::ClientLayer;
use rig_core::DynModel;
use rig_core::completion::{CompletionRequest, Message, ToolDefinition};
use rig_core::message::{AssistantContent, AssistantMessage, ToolName, ToolResultContent};
use rig_core::operation::Completion;
use rig_core::providers::anthropic::AnthropicConfig;
use rig_core::providers::openai::OpenAIConfig;
use rig_core::streaming::{Item, StreamEvent};
use rig_reqwest::ReqwestMiddlewareClient;
use serde_json::{Value, json};

use super::{Client, KEY, Pieces, ReqwestMiddleware};
use crate::question::{CALL, Protocol, Question, RESULT, SYSTEM, TOOL, USER};

fn request(question: &Question) -> CompletionRequest {
    let name = ToolName::new(TOOL.0).unwrap();
    let mut request = CompletionRequest::new(USER);
    if question.with_result {
        let call = AssistantContent::tool_call(CALL, name.clone(), json!({ "city": "Paris" }));
        let AssistantContent::ToolCall(called) = &call else { panic!("a tool call") };
        let result = called.result(vec![ToolResultContent::text(RESULT)]);
        let history = [Message::user(USER), Message::Assistant(AssistantMessage::new(vec![call.clone()]))];
        request = CompletionRequest::new(Message::tool_results(vec![result])).messages(history);
    }
    request = request.preamble(SYSTEM).temperature(0.5).max_tokens(100);
    if question.with_tool {
        let tool = ToolDefinition { name, description: TOOL.1.to_owned(), parameters: Question::schema() };
        request = request.tools(vec![tool]);
    }
    request
}

/// The fields that rig adds.
fn parameters(protocol: Protocol, question: &Question, is_stream: bool) -> Value {
    let mut parameters = super::parameters(protocol, is_stream);
    parameters["max_tokens"] = json!(100);
    if protocol == Protocol::Anthropic && question.with_tool && is_stream {
        parameters["tool_choice"] = json!({ "type": "auto" });
    }
    parameters
}

async fn ask(model: &DynModel<Completion>, question: &Question) -> Result<String, String> {
    let answer = model.call(request(question)).await.map_err(|error| error.to_string())?;
    Ok(answer.text())
}

fn stream(model: &DynModel<Completion>, question: &Question) -> Result<Pieces, String> {
    let stream = model.stream(request(question)).map_err(|error| error.to_string())?;
    Ok(Box::pin(stream.map(|item| match item {
        Ok(Item::Event(StreamEvent::Text { text, .. })) => Ok(text),
        Ok(_) => Ok(String::new()),
        Err(error) => Err(error.to_string()),
    })))
}

fn transport(layer: ClientLayer) -> ReqwestMiddlewareClient {
    ReqwestMiddleware::client(layer).into()
}

/// Chat completions of OpenAI.
pub(crate) struct RigChat {
    url: String,
    layer: ClientLayer,
}

impl RigChat {
    fn model(&self, question: &Question) -> DynModel<Completion> {
        let config = OpenAIConfig::new(KEY).with_base_url(format!("{}/v1", self.url));
        config.connect(transport(self.layer.clone())).chat(question.model).erase()
    }
}

impl Client for RigChat {
    const PROTOCOL: Protocol = Protocol::Chat;

    fn parameters(question: &Question, is_stream: bool) -> Value {
        parameters(Self::PROTOCOL, question, is_stream)
    }

    fn new(url: &str, layer: ClientLayer) -> Self {
        Self { url: url.to_owned(), layer }
    }

    async fn ask(&self, question: &Question) -> Result<String, String> {
        ask(&self.model(question), question).await
    }

    async fn stream(&self, question: &Question) -> Result<Pieces, String> {
        stream(&self.model(question), question)
    }
}

/// Messages of Anthropic.
pub(crate) struct RigAnthropic {
    url: String,
    layer: ClientLayer,
}

impl RigAnthropic {
    fn model(&self, question: &Question) -> DynModel<Completion> {
        let config = AnthropicConfig::new(KEY).with_base_url(self.url.clone());
        config.connect(transport(self.layer.clone())).completion(question.model).erase()
    }
}

impl Client for RigAnthropic {
    const PROTOCOL: Protocol = Protocol::Anthropic;

    fn parameters(question: &Question, is_stream: bool) -> Value {
        parameters(Self::PROTOCOL, question, is_stream)
    }

    fn new(url: &str, layer: ClientLayer) -> Self {
        Self { url: url.to_owned(), layer }
    }

    async fn ask(&self, question: &Question) -> Result<String, String> {
        ask(&self.model(question), question).await
    }

    async fn stream(&self, question: &Question) -> Result<Pieces, String> {
        stream(&self.model(question), question)
    }
}
