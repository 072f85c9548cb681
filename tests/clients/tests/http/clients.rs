//! Model clients, each with the layer at the place where users put it.

mod async_openai;
mod by_hand;
mod rig;
mod transport;

use std::pin::Pin;

use futures_util::{Stream, StreamExt as _};
use llmobs::http::ClientLayer;
use serde_json::{Value, json};

use crate::question::{Protocol, Question};

pub(crate) use async_openai::{Chat, Responses};
pub(crate) use by_hand::{AnthropicMessages, ByHand, OpenAiChat};
pub(crate) use rig::{RigAnthropic, RigChat};
pub(crate) use transport::{Answer, Hyper, Reqwest, ReqwestMiddleware, Transport, json_request};

/// A client of a provider that retries when a rate limit is reached.
pub(crate) trait Client: Sized {
    const PROTOCOL: Protocol;

    /// Whether the client reads the body of an answer before it retries.
    const READS_REFUSALS: bool = false;

    /// The error of a connection that breaks in the middle of an answer.
    const BROKEN: (&str, &str) = ("reqwest::error::Error", "request or response body error");

    fn new(url: &str, layer: ClientLayer) -> Self;

    /// The parameters of a request that a span shows.
    fn parameters(question: &Question, is_stream: bool) -> Value {
        let _ = question;
        parameters(Self::PROTOCOL, is_stream)
    }

    /// Asks for a whole answer, and returns its text.
    async fn ask(&self, question: &Question) -> Result<String, String>;

    /// Asks for a stream, and returns the pieces of its text as they arrive.
    async fn stream(&self, question: &Question) -> Result<Pieces, String>;

    /// Asks for a stream, and reads it to its end.
    async fn stream_all(&self, question: &Question) -> Result<String, String> {
        let mut pieces = self.stream(question).await?;
        let mut text = String::new();
        while let Some(piece) = pieces.next().await {
            text += &piece?;
        }
        Ok(text)
    }
}

/// The parameters of requests of a protocol.
fn parameters(protocol: Protocol, is_stream: bool) -> Value {
    let mut parameters = json!({ "temperature": 0.5 });
    if protocol == Protocol::Anthropic {
        parameters["max_tokens"] = json!(100);
    }
    if is_stream {
        parameters["stream"] = json!(true);
    }
    if is_stream && protocol == Protocol::Chat {
        parameters["stream_options"] = json!({ "include_usage": true });
    }
    parameters
}

/// The pieces of the text of an answer.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Result<String, String>>>>;

/// An API key, which must appear nowhere.
pub(crate) const KEY: &str = "zq9xwvkj7pxmnbq4hg8dp2xa0ykq5rwz";
