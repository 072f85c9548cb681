//! The layer for the client of async-openai.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use async_openai::error::OpenAIError;
use async_openai::middleware::retry::{OpenAIRetry, OpenAIRetryLayer};
use async_openai::middleware::{HttpRequestFactory, ReqwestService};
use reqwest::Response;
use tower_layer::Layer as _;
use tower_service::Service;

use super::ClientLayer;
use super::reqwest::observed;
use super::tower::ClientService;

impl ClientLayer {
    /// Returns the service for `async_openai::Client::with_http_service`: a client of reqwest inside this layer, inside the retries that
    /// async-openai makes by default.
    #[must_use]
    pub fn async_openai(self, client: reqwest::Client) -> OpenAIRetry<ClientService<ReqwestService>> {
        OpenAIRetryLayer::default().layer(self.layer(ReqwestService::new(client)))
    }
}

impl<S> Service<HttpRequestFactory> for ClientService<S>
where
    S: Service<HttpRequestFactory, Response = Response, Error = OpenAIError> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        // The service that is ready moves into the future.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let layer = self.layer.clone();
        Box::pin(async move {
            let mut request = factory.build().await?;
            let before = request.headers().clone();
            let exchange = layer.begin_reqwest(&mut request);
            let mut added = request.headers().clone();
            before.keys().for_each(|name| drop(added.remove(name)));
            // The first request is the one that was built. Layers inside may build the request again.
            let built = Mutex::new(Some(request));
            let factory = HttpRequestFactory::new(move || {
                let built = built.lock().unwrap_or_else(PoisonError::into_inner).take();
                let (factory, added) = (factory.clone(), added.clone());
                async move {
                    if let Some(request) = built {
                        return Ok(request);
                    }
                    let mut request = factory.build().await?;
                    request.headers_mut().extend(added);
                    Ok(request)
                }
            });
            observed(inner.call(factory), exchange).await
        })
    }
}
