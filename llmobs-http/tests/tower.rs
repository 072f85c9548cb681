//! Model calls by a client that is a tower service, to a local provider.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use llmobs_http::ClientLayer;
use llmobs_http::service::AnswerBody;
use llmobs_local_provider::LocalProvider;
use llmobs_runtime::testing::Collector;
use llmobs_runtime::{FutureSpanExt as _, task};
use serde_json::{Value, json};
use tower::{ServiceBuilder, ServiceExt as _};

type Answer = Response<AnswerBody<hyper::body::Incoming>>;

/// A local provider, and a collector of the spans of its clients.
struct Setup {
    provider: LocalProvider,
    collector: Collector,
}

impl Setup {
    fn new() -> Self {
        Self { provider: LocalProvider::start(), collector: Collector::new() }
    }

    /// Sends a request with a client inside the layer.
    async fn send(&self, layer: ClientLayer, path: &str, body: Value) -> Answer {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let client = ServiceBuilder::new().layer(layer).service(client);
        let request = Request::post(format!("{}{path}?key=SECRET", self.provider.url()))
            .header("authorization", "Bearer SECRET")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        client.oneshot(request).in_context(self.collector.context()).await.unwrap()
    }

    /// Asks a model with OpenAI's chat API.
    async fn chat(&self, model: &str, stream: bool) -> Answer {
        let body = json!({ "model": model, "stream": stream, "messages": [{ "role": "user", "content": "Hi there" }] });
        self.send(ClientLayer::new(), "/v1/chat/completions", body).await
    }

    fn event(&self) -> Value {
        let [event] = &*self.collector.events() else { panic!("one span:\n{}", self.collector.tree()) };
        assert!(!event.to_string().contains("SECRET"));
        event.clone()
    }
}

async fn text(answer: Answer) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

const SPAN: &str = "llm OpenAI.createChatCompletion  in user: Hi there";

#[tokio::test]
async fn a_whole_answer_is_a_span() {
    let setup = Setup::new();
    let answer = setup.chat("local", false).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(text(answer).await.contains("You said: Hi there"));
    assert_eq!(setup.collector.tree(), format!("{SPAN}  out assistant: You said: Hi there\n"));
    let event = setup.event();
    let counted: Vec<_> =
        ["input_tokens", "output_tokens", "total_tokens"].map(|name| &event["metrics"][name]).into();
    assert_eq!(counted, [2, 4, 6]);
}

#[tokio::test]
async fn a_stream_is_a_span_with_a_first_token() {
    let setup = Setup::new();
    assert!(text(setup.chat("local", true).await).await.ends_with("data: [DONE]\n\n"));
    assert_eq!(setup.collector.tree(), format!("{SPAN}  out assistant: You said: Hi there\n"));
    assert!(setup.event()["metrics"]["time_to_first_token"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn an_error_status_is_recorded_without_reading_the_body() {
    let setup = Setup::new();
    drop(setup.chat("error-429", false).await);
    assert_eq!(setup.collector.tree(), format!("{SPAN}  error HTTP 429\n"));
}

#[tokio::test]
async fn a_dropped_stream_keeps_the_partial_answer() {
    let setup = Setup::new();
    let mut body = setup.chat("hang", true).await.into_body();
    let mut seen = String::new();
    while !seen.contains("You") {
        seen.push_str(
            std::str::from_utf8(&body.frame().await.unwrap().unwrap().into_data().unwrap()).unwrap(),
        );
    }
    drop(body);
    assert!(setup.provider.disconnected(Duration::from_secs(30)).await);
    let tree = setup.collector.tree();
    assert!(
        tree.starts_with(&format!("{SPAN}  out assistant: You")) && tree.ends_with("  cancelled\n"),
        "{tree}"
    );
}

#[tokio::test]
async fn other_requests_create_no_span() {
    let setup = Setup::new();
    let answer = setup.send(ClientLayer::new(), "/v1/models", json!({})).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    text(answer).await;
    assert_eq!(setup.collector.tree(), "");
}

#[tokio::test]
async fn content_can_be_left_out() {
    let setup = Setup::new();
    let body = json!({ "model": "local", "temperature": 0.5, "user": "Ann", "messages": [{ "role": "user", "content": "Hi there" }] });
    text(setup.send(ClientLayer::new().capture_content(false), "/v1/chat/completions", body).await).await;
    let event = setup.event();
    assert_eq!(event["meta"]["model_name"], "local-2026-11-01");
    assert_eq!(event["meta"]["metadata"]["temperature"], 0.5);
    assert_eq!(event["metrics"]["input_tokens"], 2);
    for secret in ["Hi there", "You said", "Ann"] {
        assert!(!event.to_string().contains(secret), "{event}");
    }
}

#[tokio::test]
async fn spans_of_inner_services_are_children_of_the_call() {
    let collector = Collector::new();
    let client = tower::service_fn(|_: Request<_>| {
        task("queue").start().finish();
        async {
            task("connect").start().finish();
            Err::<Response<Full<Bytes>>, _>("no route to http://user:SECRET@host/?key=SECRET")
        }
    });
    let client = ServiceBuilder::new().layer(ClientLayer::new()).service(client);
    let request =
        Request::post("http://api.anthropic.com/v1/messages").body(Full::new(Bytes::new())).unwrap();
    assert!(client.oneshot(request).in_context(collector.context()).await.is_err());
    let tree =
        "llm anthropic.request  error &str: no route to http://host/\n├─ task queue\n└─ task connect\n";
    assert_eq!(collector.tree(), tree);
}

#[tokio::test]
async fn the_last_message_of_a_large_request_is_kept() {
    let setup = Setup::new();
    let old =
        (0..1500).map(|turn| json!({ "role": "user", "content": format!("{turn} {}", "word ".repeat(200)) }));
    let last = json!({ "role": "user", "content": "The last question" });
    let messages: Vec<Value> = old.chain([last.clone()]).collect();
    let body = json!({ "model": "local", "temperature": 0.5, "messages": messages });
    text(setup.send(ClientLayer::new(), "/v1/chat/completions", body).await).await;
    let event = setup.event();
    let shown = event["meta"]["input"]["messages"].as_array().unwrap();
    assert_eq!(shown.last(), Some(&last));
    assert!(event.to_string().len() < 1_200_000, "{}", event.to_string().len());
    assert_eq!(event["meta"]["metadata"]["temperature"], 0.5);
}
