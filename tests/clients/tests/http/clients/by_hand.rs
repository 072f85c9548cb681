//! Hand-written clients of protocols, over any HTTP client.

use std::collections::VecDeque;
use std::marker::PhantomData;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::Request;
use llmobs::http::ClientLayer;
use serde_json::Value;

use super::transport::{Answer, Transport, json_request};
use super::{Client, KEY, Pieces};
use crate::question::{Protocol, Question};

/// The part of a hand-written client that depends on the protocol.
pub(crate) trait WireProtocol {
    const PROTOCOL: Protocol;
    const PATH: &str;

    /// Adds the headers that the provider requires.
    fn authorize(request: &mut Request<Bytes>);

    /// The text of a whole answer.
    fn text(answer: &Value) -> String;

    /// The text of an event.
    fn piece(event: &Value) -> String;

    /// Whether an event is the last one.
    fn is_end(data: &str) -> bool;
}

/// Chat completions of OpenAI.
pub(crate) struct OpenAiChat;

impl WireProtocol for OpenAiChat {
    const PROTOCOL: Protocol = Protocol::Chat;
    const PATH: &str = "/v1/chat/completions";

    fn authorize(request: &mut Request<Bytes>) {
        request.headers_mut().insert("authorization", format!("Bearer {KEY}").parse().unwrap());
    }

    fn text(answer: &Value) -> String {
        answer["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
    }

    fn piece(event: &Value) -> String {
        event["choices"][0]["delta"]["content"].as_str().unwrap_or_default().to_owned()
    }

    fn is_end(data: &str) -> bool {
        data == "[DONE]"
    }
}

/// Messages of Anthropic.
pub(crate) struct AnthropicMessages;

impl WireProtocol for AnthropicMessages {
    const PROTOCOL: Protocol = Protocol::Anthropic;
    const PATH: &str = "/v1/messages";

    fn authorize(request: &mut Request<Bytes>) {
        request.headers_mut().insert("x-api-key", KEY.parse().unwrap());
        request.headers_mut().insert("anthropic-version", "2023-06-01".parse().unwrap());
    }

    fn text(answer: &Value) -> String {
        answer["content"].as_array().unwrap().iter().filter_map(|block| block["text"].as_str()).collect()
    }

    fn piece(event: &Value) -> String {
        event["delta"]["text"].as_str().unwrap_or_default().to_owned()
    }

    fn is_end(data: &str) -> bool {
        data.contains("message_stop")
    }
}

/// A client that implements a protocol over an HTTP client.
pub(crate) struct ByHand<T, S> {
    transport: T,
    url: String,
    protocol: PhantomData<S>,
}

impl<T: Transport, S: WireProtocol> ByHand<T, S> {
    /// Sends a request. An answer that is an error is returned as its body.
    async fn send(&self, question: &Question, is_stream: bool) -> Result<Answer, String> {
        let mut request = json_request(&self.url, &question.body(S::PROTOCOL, is_stream));
        S::authorize(&mut request);
        let (status, answer) = self.transport.send(request).await?;
        if status.is_success() { Ok(answer) } else { Err(read(answer).await?) }
    }
}

async fn read(mut answer: Answer) -> Result<String, String> {
    let mut bytes = Vec::new();
    while let Some(piece) = answer.next().await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(String::from_utf8(bytes).unwrap())
}

impl<T: Transport, S: WireProtocol> Client for ByHand<T, S> {
    const PROTOCOL: Protocol = S::PROTOCOL;
    const BROKEN: (&str, &str) = T::BROKEN;

    fn new(url: &str, layer: ClientLayer) -> Self {
        let url = format!("{}{}", url, S::PATH);
        Self { transport: T::new(layer), url, protocol: PhantomData }
    }

    async fn ask(&self, question: &Question) -> Result<String, String> {
        let answer = read(self.send(question, false).await?).await?;
        Ok(S::text(&serde_json::from_str(&answer).unwrap()))
    }

    async fn stream(&self, question: &Question) -> Result<Pieces, String> {
        let events =
            Events { answer: self.send(question, true).await?, partial: Vec::new(), ready: VecDeque::new() };
        Ok(Box::pin(stream::unfold(events, async |mut events| {
            let data = match events.next().await? {
                Ok(data) => data,
                Err(error) => return Some((Err(error), events)),
            };
            // Like other clients, it stops reading after the last event.
            if S::is_end(&data) {
                return None;
            }
            let event: Value = serde_json::from_str(&data).unwrap();
            let error = event["error"]["message"].as_str().map(str::to_owned);
            Some((error.map_or_else(|| Ok(S::piece(&event)), Err), events))
        })))
    }
}

/// The events of a stream.
struct Events {
    answer: Answer,
    /// The bytes of an incomplete event.
    partial: Vec<u8>,
    ready: VecDeque<String>,
}

impl Events {
    /// The data of the next event.
    async fn next(&mut self) -> Option<Result<String, String>> {
        loop {
            if let Some(data) = self.ready.pop_front() {
                return Some(Ok(data));
            }
            match self.answer.next().await? {
                Ok(bytes) => self.partial.extend_from_slice(&bytes),
                Err(error) => return Some(Err(error)),
            }
            while let Some(end) = self.partial.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = self.partial.drain(..end + 2).collect();
                let event = String::from_utf8(event).unwrap();
                self.ready
                    .extend(event.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned));
            }
        }
    }
}
