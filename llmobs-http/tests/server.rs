//! Requests to an axum server continue the traces of their callers.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::routing::{Route, get, post};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use llmobs_http::{ClientLayer, ServerLayer};
use llmobs_runtime::testing::Collector;
use llmobs_runtime::{FutureSpanExt as _, inject, task, workflow};
use tower::layer::layer_fn;
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

/// Serves on a loopback socket. Returns the URL.
async fn serve(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

/// The services of the tests, whose spans go to a collector.
fn app(collector: &Collector, layer: ServerLayer) -> Router {
    let context = collector.context();
    let to_collector = layer_fn(move |inner: Route| {
        let context = context.clone();
        service_fn(move |request: Request<Body>| inner.clone().oneshot(request).in_context(&context))
    });
    Router::new()
        .route("/steps", get(steps))
        .route("/stream", post(streamed))
        .layer(layer)
        .layer(to_collector)
}

/// Two steps without an enclosing span.
async fn steps() -> &'static str {
    task("read").start().finish();
    task("write").start().finish();
    "done"
}

/// An answer whose pieces are created after the handler has returned.
async fn streamed() -> Body {
    let span = workflow("answer").start();
    let pieces = stream::iter(["a", "b"]).map(move |piece| {
        task(piece).start().finish();
        Ok::<_, Infallible>(piece)
    });
    span.finish();
    Body::from_stream(pieces)
}

/// Sends a request with these headers, and returns the body of the answer.
async fn send(method: &str, url: String, headers: HeaderMap) -> String {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let mut request = Request::builder().method(method).uri(url).body(Empty::new()).unwrap();
    *request.headers_mut() = headers;
    let answer = client.request(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

/// The headers of a request inside a span of another program.
fn headers_of_caller(collector: &Collector) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let caller = workflow("caller").parent(collector.context()).start();
    caller.enter(|| inject(&mut headers));
    caller.finish();
    headers
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.insert(*name, value.parse().unwrap());
    }
    headers
}

#[tokio::test]
async fn handler_and_streamed_body_continue_the_trace_of_the_caller() {
    let collector = Collector::new();
    let url = serve(app(&collector, ServerLayer::new())).await;
    let headers = headers_of_caller(&collector);
    assert_eq!(send("POST", url + "/stream", headers).await, "ab");
    let tree = "workflow caller\n├─ workflow answer\n├─ task a\n└─ task b\n";
    assert_eq!(collector.tree(), tree);
}

#[tokio::test]
async fn each_family_of_headers_is_sufficient() {
    for family in ["x-datadog-", "trace"] {
        let collector = Collector::new();
        let url = serve(app(&collector, ServerLayer::new())).await;
        let headers: HeaderMap = headers_of_caller(&collector)
            .into_iter()
            .filter_map(|(name, value)| Some((name.filter(|name| name.as_str().starts_with(family))?, value)))
            .collect();
        assert!(headers.len() >= 2, "{headers:?}");
        assert_eq!(send("GET", url + "/steps", headers).await, "done");
        assert_eq!(collector.tree(), "workflow caller\n├─ task read\n└─ task write\n");
    }
}

#[tokio::test]
async fn spans_of_a_request_are_one_trace_if_the_caller_has_no_span() {
    let apm = headers(&[("x-datadog-trace-id", "12"), ("x-datadog-parent-id", "34")]);
    for (sent, apm_trace) in [(HeaderMap::new(), None), (apm, Some(format!("{:032x}", 12)))] {
        let collector = Collector::new();
        let url = serve(app(&collector, ServerLayer::new())).await;
        for _ in 0..2 {
            send("GET", format!("{url}/steps"), sent.clone()).await;
        }
        let events = collector.events();
        let traces: Vec<_> = events.iter().map(|event| &event["trace_id"]).collect();
        let [read, write, next_read, next_write] = &*traces else { panic!("four spans") };
        assert_eq!((read, next_read), (write, next_write));
        assert_ne!(read, next_read, "each request has a separate trace");
        for event in &events {
            assert_eq!(event["parent_id"], "undefined");
            if let Some(apm_trace) = &apm_trace {
                assert_eq!(event["_dd"]["apm_trace_id"], *apm_trace);
            }
        }
    }
}

#[tokio::test]
async fn session_and_user_come_from_configured_headers() {
    let collector = Collector::new();
    let layer =
        ServerLayer::new().session_header("X-Conversation").user_header("x-user").user_header("x-user-id");
    let url = serve(app(&collector, layer)).await;
    let sent = headers(&[("x-conversation", "c-7"), ("x-user-id", "u-1"), ("x-user", "u-2")]);
    send("POST", url.clone() + "/stream", sent).await;
    for event in collector.events() {
        assert_eq!(event["session_id"], "c-7");
        let tags = event["tags"].to_string();
        assert!(tags.contains("\"user_id:u-1\""), "{tags}");
    }
    assert_eq!(collector.events().len(), 3);
    send("GET", url + "/steps", headers(&[("x-conversation", "")])).await;
    let event = collector.event(&collector.span("read"));
    assert_eq!(event.get("session_id"), None);
    assert!(!event["tags"].to_string().contains("user_id"), "{event}");
}

#[tokio::test]
async fn a_dropped_body_ends_its_spans_in_the_context_of_the_request() {
    struct Late;
    impl Drop for Late {
        fn drop(&mut self) {
            task("dropped").start().finish();
        }
    }
    let collector = Collector::new();
    let context = collector.context();
    let inner = service_fn(move |_: Request<Empty<Bytes>>| {
        task("taken").start().finish();
        let late = Late;
        let pieces = stream::iter([Ok::<_, Infallible>("a")]).chain(stream::pending()).map(move |piece| {
            let _ = &late;
            piece
        });
        async { Ok::<_, Infallible>(http::Response::new(Body::from_stream(pieces))) }
    });
    let service = ServiceBuilder::new().layer(ServerLayer::new()).service(inner);
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.headers_mut() = headers_of_caller(&collector);
    let mut body = service.oneshot(request).in_context(&context).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "a");
    drop(body);
    assert_eq!(collector.tree(), "workflow caller\n├─ task taken\n└─ task dropped\n");
}

#[tokio::test]
async fn a_client_layer_and_a_server_layer_make_one_trace() {
    // Unless configured, the layer sends the trace to no host.
    for (host, expected) in [
        ("127.0.0.1", "workflow ask\n├─ task read\n└─ task write\n"),
        ("127.0.0.1:1", "workflow ask\ntask read\ntask write\n"),
    ] {
        let collector = Collector::new();
        let url = serve(app(&collector, ServerLayer::new())).await;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let client = ServiceBuilder::new().layer(ClientLayer::new().propagate_to(host)).service(client);
        let request = Request::get(url + "/steps").body(Empty::<Bytes>::new()).unwrap();
        let span = workflow("ask").parent(collector.context()).start();
        let answer = client.oneshot(request).in_span(span).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "done");
        assert_eq!(collector.tree(), expected);
    }
}
