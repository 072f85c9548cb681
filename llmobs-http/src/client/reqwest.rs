//! Requests and responses of reqwest.

use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::response::Parts;
use llmobs_runtime::FutureSpanExt as _;
use reqwest::{Body, Request, Response, ResponseBuilderExt as _};
use tower_service::Service;

use super::tower::ClientService;
use super::{ClientLayer, answered};
use crate::exchange::{AnswerBody, Exchange};

impl<S> Service<Request> for ClientService<S>
where
    S: Service<Request, Response = Response, Error: Display + 'static>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let exchange = self.layer.begin_reqwest(&mut request);
        let enter = || self.inner.call(request);
        let answer = match &exchange {
            Some(exchange) => exchange.context().enter(enter),
            None => enter(),
        };
        Box::pin(observed(answer, exchange))
    }
}

/// Runs a request, which may be a model call.
pub(super) async fn observed<E: Display + 'static>(
    answer: impl Future<Output = Result<Response, E>>,
    exchange: Option<Exchange>,
) -> Result<Response, E> {
    let Some(exchange) = exchange else { return answer.await };
    match answer.in_context(exchange.context()).await {
        Ok(response) => Ok(observed_answer(response, exchange)),
        Err(error) => {
            exchange.fail_by(&error);
            Err(error)
        }
    }
}

impl ClientLayer {
    /// Begins a model call, if a request is one, and writes the headers of the trace.
    pub(super) fn begin_reqwest(&self, request: &mut Request) -> Option<Exchange> {
        let (method, url) = (request.method().clone(), request.url().clone());
        let place = (url.host_str().unwrap_or_default(), url.port_or_known_default());
        let mut headers = std::mem::take(request.headers_mut());
        // A body that is a stream is not inspected.
        let body = request.body().map(|body| body.as_bytes().unwrap_or_default());
        let exchange = self.begin(&method, place, url.path(), body, &mut headers);
        *request.headers_mut() = headers;
        exchange
    }
}

/// Returns the response, with a body that is inspected while it is read.
fn observed_answer(response: Response, mut exchange: Exchange) -> Response {
    answered(&mut exchange, response.status(), response.headers());
    let url = response.url().clone();
    let (mut parts, body) = http::Response::<Body>::from(response).into_parts();
    add_url(&mut parts, url);
    http::Response::from_parts(parts, Body::wrap(AnswerBody::new(body, Some(exchange)))).into()
}

/// Adds the URL, which `http::Response` has no field for.
fn add_url(parts: &mut Parts, url: reqwest::Url) {
    if let Ok(with_url) = http::Response::builder().url(url).body(()) {
        parts.extensions.extend(with_url.into_parts().0.extensions);
    }
}
