//! The layer for the client of async-openai, with a service in place of its client.
#![cfg(feature = "async-openai")]
#![allow(clippy::unwrap_used, reason = "a test panics if it cannot continue")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use llmobs_http::ClientLayer;
use llmobs_runtime::testing::Collector;
use llmobs_runtime::{FutureSpanExt as _, workflow};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

/// How often a request is built if a service inside the layer builds it this many times.
async fn builds_of(times: usize) -> usize {
    let collector = Collector::new();
    let builds = Arc::new(AtomicUsize::new(0));
    let counted = builds.clone();
    // Each build has another boundary, which must be the same in the body and the header.
    let factory = HttpRequestFactory::new(move || {
        let build = counted.fetch_add(1, Ordering::Relaxed);
        async move {
            let request = reqwest::Client::new().post("http://localhost/v1/audio/transcriptions");
            Ok(request.header("boundary", build).body(build.to_string()).build()?)
        }
    });
    let inner = service_fn(move |factory: HttpRequestFactory| async move {
        for _ in 0..times {
            let request = factory.build().await?;
            let body = std::str::from_utf8(request.body().unwrap().as_bytes().unwrap()).unwrap();
            assert_eq!(request.headers()["boundary"], body);
            assert!(request.headers().contains_key("traceparent"));
        }
        Ok::<reqwest::Response, OpenAIError>(http::Response::new("").into())
    });
    let service = ServiceBuilder::new().layer(ClientLayer::new().propagate_to("*")).service(inner);
    let span = workflow("transcribe").parent(collector.context()).start();
    service.oneshot(factory).in_span(span).await.unwrap();
    builds.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_request_is_built_once_per_attempt() {
    for times in 1..=2 {
        assert_eq!(builds_of(times).await, times);
    }
}
