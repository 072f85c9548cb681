//! The layer for clients that are tower services.

use std::fmt;
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::HOST;
use http::uri::Authority;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use llmobs_runtime::FutureSpanExt as _;
use llmobs_runtime::wrap::InContext;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{ClientLayer, answered};
use crate::exchange::{AnswerBody, Exchange, SentBody};

impl<S> Layer<S> for ClientLayer {
    type Service = ClientService<S>;

    fn layer(&self, inner: S) -> ClientService<S> {
        ClientService { inner, layer: self.clone() }
    }
}

/// A client whose model calls are spans. Created by [`ClientLayer`].
#[derive(Clone, Debug)]
pub struct ClientService<S> {
    pub(super) inner: S,
    pub(super) layer: ClientLayer,
}

impl<S, B, A> Service<Request<B>> for ClientService<S>
where
    S: Service<Request<RequestBody<B>>, Response = Response<A>, Error: fmt::Display + 'static>,
    A: Body,
{
    type Response = Response<AnswerBody<A>>;
    type Error = S::Error;
    type Future = ClientFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        // A client of HTTP/1 may give the host only in the header.
        let in_header = || parts.headers.get(HOST)?.to_str().ok()?.parse().ok();
        let authority: Option<Authority> = parts.uri.authority().cloned().or_else(in_header);
        let of_scheme = || match parts.uri.scheme_str()? {
            "https" => Some(443),
            "http" => Some(80),
            _ => None,
        };
        let host = authority.as_ref().map_or("", Authority::host);
        let port = authority.as_ref().and_then(Authority::port_u16).or_else(of_scheme);
        let path = parts.uri.path();
        let exchange = self.layer.begin(&parts.method, (host, port), path, None, &mut parts.headers);
        let body = RequestBody::new(body, exchange.as_ref().map(|exchange| exchange.sent().clone()));
        let context = exchange.as_ref().map(Exchange::context);
        let enter = || self.inner.call(Request::from_parts(parts, body));
        let future = match &context {
            Some(context) => context.enter(enter),
            None => enter(),
        };
        ClientFuture { future: future.in_context(context), exchange }
    }
}

pin_project! {
    /// The future response of a [`ClientService`].
    pub struct ClientFuture<F> {
        #[pin]
        future: InContext<F>,
        exchange: Option<Exchange>,
    }
}

impl<F, A, E> Future for ClientFuture<F>
where
    F: Future<Output = Result<Response<A>, E>>,
    A: Body,
    E: fmt::Display + 'static,
{
    type Output = Result<Response<AnswerBody<A>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.future.poll(cx));
        let exchange = this.exchange.take();
        Poll::Ready(match answer {
            Ok(response) => {
                let exchange = exchange.map(|mut exchange| {
                    answered(&mut exchange, response.status(), response.headers());
                    exchange
                });
                Ok(response.map(|body| AnswerBody::new(body, exchange)))
            }
            Err(error) => {
                if let Some(exchange) = exchange {
                    exchange.fail_by(&error);
                }
                Err(error)
            }
        })
    }
}

impl<F> fmt::Debug for ClientFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientFuture").finish_non_exhaustive()
    }
}

pin_project! {
    /// The body of a request, which is inspected while it is sent.
    pub struct RequestBody<B> {
        #[pin]
        body: B,
        sent: Option<SentBody>,
    }
}

impl<B> RequestBody<B> {
    pub(super) fn new(body: B, sent: Option<SentBody>) -> Self {
        Self { body, sent }
    }
}

impl<B: Body<Data = Bytes>> Body for RequestBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        if let (Some(sent), Some(Ok(frame))) = (this.sent, &frame)
            && let Some(bytes) = frame.data_ref()
        {
            let is_last = this.body.is_end_stream();
            sent.lock().unwrap_or_else(PoisonError::into_inner).push(bytes, is_last);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: Default> Default for RequestBody<B> {
    fn default() -> Self {
        Self { body: B::default(), sent: None }
    }
}

/// Omits the body, which may be secret.
impl<B> fmt::Debug for RequestBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").finish_non_exhaustive()
    }
}
