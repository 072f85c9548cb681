//! async-openai, with the layer inside its retries.

use async_openai::Client as OpenAi;
use async_openai::config::OpenAIConfig;
use async_openai::types::responses::ResponseStreamEvent;
use futures_util::StreamExt as _;
use llmobs::http::ClientLayer;
use serde::de::DeserializeOwned;

use super::{Client, KEY, Pieces};
use crate::question::{Protocol, Question};

fn client(url: &str, layer: ClientLayer) -> OpenAi<OpenAIConfig> {
    let config = OpenAIConfig::new().with_api_base(format!("{}/v1", url)).with_api_key(KEY);
    OpenAi::with_config(config).with_http_service(layer.async_openai(reqwest::Client::new()))
}

fn request<T: DeserializeOwned>(question: &Question, protocol: Protocol, is_stream: bool) -> T {
    serde_json::from_value(question.body(protocol, is_stream)).unwrap()
}

/// Chat completions.
pub(crate) struct Chat(OpenAi<OpenAIConfig>);

impl Client for Chat {
    const PROTOCOL: Protocol = Protocol::Chat;
    const READS_REFUSALS: bool = true;

    fn new(url: &str, layer: ClientLayer) -> Self {
        Self(client(url, layer))
    }

    async fn ask(&self, question: &Question) -> Result<String, String> {
        let answer = self.0.chat().create(request(question, Self::PROTOCOL, false)).await;
        let mut choices = answer.map_err(|error| error.to_string())?.choices;
        Ok(choices.swap_remove(0).message.content.unwrap_or_default())
    }

    async fn stream(&self, question: &Question) -> Result<Pieces, String> {
        let stream = self.0.chat().create_stream(request(question, Self::PROTOCOL, true)).await;
        let pieces = stream.map_err(|error| error.to_string())?.map(|chunk| {
            let choices = chunk.map_err(|error| error.to_string())?.choices;
            Ok(choices.into_iter().filter_map(|choice| choice.delta.content).collect())
        });
        Ok(Box::pin(pieces))
    }
}

/// Responses.
pub(crate) struct Responses(OpenAi<OpenAIConfig>);

impl Client for Responses {
    const PROTOCOL: Protocol = Protocol::Responses;
    const READS_REFUSALS: bool = true;

    fn new(url: &str, layer: ClientLayer) -> Self {
        Self(client(url, layer))
    }

    async fn ask(&self, question: &Question) -> Result<String, String> {
        let answer = self.0.responses().create(request(question, Self::PROTOCOL, false)).await;
        Ok(answer.map_err(|error| error.to_string())?.output_text().unwrap_or_default())
    }

    async fn stream(&self, question: &Question) -> Result<Pieces, String> {
        let stream = self.0.responses().create_stream(request(question, Self::PROTOCOL, true)).await;
        let pieces = stream.map_err(|error| error.to_string())?.map(|event| match event {
            Ok(ResponseStreamEvent::ResponseOutputTextDelta(event)) => Ok(event.delta),
            Ok(ResponseStreamEvent::ResponseFailed(event)) => {
                Err(event.response.error.map(|error| error.message).unwrap_or_default())
            }
            Ok(_) => Ok(String::new()),
            Err(error) => Err(error.to_string()),
        });
        Ok(Box::pin(pieces))
    }
}
