//! HTTP clients, each with the layer inside the retries.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::{Request, StatusCode};
use http_body_util::{BodyDataStream, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use llmobs::http::ClientLayer;
use llmobs::http::service::{ClientService, RequestBody};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use serde_json::Value;
use tower::retry::{Policy, Retry, RetryLayer};
use tower::{Layer as _, ServiceExt as _};

/// The bytes of an answer as they arrive.
pub(crate) type Answer = Pin<Box<dyn Stream<Item = Result<Bytes, String>>>>;

/// An HTTP client.
pub(crate) trait Transport: Sized {
    /// The error of a connection that breaks in the middle of an answer.
    const BROKEN: (&str, &str) = ("reqwest::error::Error", "request or response body error");

    fn new(layer: ClientLayer) -> Self;

    async fn send(&self, request: Request<Bytes>) -> Result<(StatusCode, Answer), String>;
}

/// A request with a body of JSON.
pub(crate) fn json_request(url: &str, body: &Value) -> Request<Bytes> {
    let request = Request::post(url).header("content-type", "application/json");
    request.body(Bytes::from(body.to_string())).unwrap()
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

/// reqwest-middleware, with its crate for retries.
pub(crate) struct ReqwestMiddleware(ClientWithMiddleware);

impl ReqwestMiddleware {
    pub(crate) fn client(layer: ClientLayer) -> ClientWithMiddleware {
        let delay = Duration::from_millis(1);
        let policy = ExponentialBackoff::builder().retry_bounds(delay, delay).build_with_max_retries(3);
        ClientBuilder::new(reqwest::Client::new())
            .with(RetryTransientMiddleware::new_with_policy(policy))
            .with(layer)
            .build()
    }
}

impl Transport for ReqwestMiddleware {
    fn new(layer: ClientLayer) -> Self {
        Self(Self::client(layer))
    }

    async fn send(&self, request: Request<Bytes>) -> Result<(StatusCode, Answer), String> {
        let answer = self.0.execute(request.try_into().unwrap()).await.map_err(text)?;
        Ok((answer.status(), Box::pin(answer.bytes_stream().map(|bytes| bytes.map_err(text)))))
    }
}

/// Retries when a rate limit is reached.
#[derive(Clone)]
pub(crate) struct RetryOnRateLimit(usize);

/// A request that can be sent again.
trait Repeatable: Sized {
    fn repeated(&self) -> Option<Self>;
}

impl Repeatable for reqwest::Request {
    fn repeated(&self) -> Option<Self> {
        self.try_clone()
    }
}

impl Repeatable for Request<Full<Bytes>> {
    fn repeated(&self) -> Option<Self> {
        Some(self.clone())
    }
}

/// The status of an answer.
trait HasStatus {
    fn code(&self) -> StatusCode;
}

impl HasStatus for reqwest::Response {
    fn code(&self) -> StatusCode {
        self.status()
    }
}

impl<B> HasStatus for http::Response<B> {
    fn code(&self) -> StatusCode {
        self.status()
    }
}

impl<R: Repeatable, A: HasStatus, E> Policy<R, A, E> for RetryOnRateLimit {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut R, answer: &mut Result<A, E>) -> Option<Ready<()>> {
        let is_refused = answer.as_ref().is_ok_and(|answer| answer.code() == StatusCode::TOO_MANY_REQUESTS);
        self.0 = self.0.checked_sub(1).filter(|_| is_refused)?;
        Some(ready(()))
    }

    fn clone_request(&mut self, request: &R) -> Option<R> {
        request.repeated()
    }
}

/// The client of reqwest as a tower service.
pub(crate) struct Reqwest(Retry<RetryOnRateLimit, ClientService<reqwest::Client>>);

impl Transport for Reqwest {
    fn new(layer: ClientLayer) -> Self {
        Self(RetryLayer::new(RetryOnRateLimit(3)).layer(layer.layer(reqwest::Client::new())))
    }

    async fn send(&self, request: Request<Bytes>) -> Result<(StatusCode, Answer), String> {
        let request = reqwest::Request::try_from(request).unwrap();
        let answer = self.0.clone().oneshot(request).await.map_err(text)?;
        Ok((answer.status(), Box::pin(answer.bytes_stream().map(|bytes| bytes.map_err(text)))))
    }
}

type HyperService = ClientService<HyperClient<HttpConnector, RequestBody<Full<Bytes>>>>;

/// The client of hyper as a tower service.
pub(crate) struct Hyper(Retry<RetryOnRateLimit, HyperService>);

impl Transport for Hyper {
    const BROKEN: (&str, &str) = ("hyper::error::Error", "error reading a body from connection");

    fn new(layer: ClientLayer) -> Self {
        let client = HyperClient::builder(TokioExecutor::new()).build_http();
        Self(RetryLayer::new(RetryOnRateLimit(3)).layer(layer.layer(client)))
    }

    async fn send(&self, request: Request<Bytes>) -> Result<(StatusCode, Answer), String> {
        let answer = self.0.clone().oneshot(request.map(Full::new)).await.map_err(text)?;
        let status = answer.status();
        Ok((status, Box::pin(BodyDataStream::new(answer.into_body()).map(|bytes| bytes.map_err(text)))))
    }
}
