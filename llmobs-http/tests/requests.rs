//! Which requests are model calls, and which data is recorded. Services replace the clients.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{self, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full};
use llmobs_http::ClientLayer;
use llmobs_runtime::testing::Collector;
use llmobs_runtime::{Context, FutureSpanExt as _, llm};
use serde_json::{Value, json};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

/// Sends a request to a service that reads its body and returns this answer. Returns the headers that the service received.
async fn send(
    context: Context,
    layer: ClientLayer,
    request: Request<Full<Bytes>>,
    answer: Response<Full<Bytes>>,
) -> HeaderMap {
    let headers = Arc::new(Mutex::new(HeaderMap::new()));
    let (seen, answer) = (headers.clone(), Arc::new(answer));
    let service = service_fn(move |request: Request<_>| {
        let (seen, answer) = (seen.clone(), answer.clone());
        async move {
            let (parts, body): (_, llmobs_http::service::RequestBody<Full<Bytes>>) = request.into_parts();
            body.collect().await.unwrap();
            *seen.lock().unwrap() = parts.headers;
            Ok::<_, Infallible>(Response::clone(&answer))
        }
    });
    let service = ServiceBuilder::new().layer(layer).service(service);
    let answer = service.oneshot(request).in_context(context).await.unwrap();
    answer.into_body().collect().await.unwrap();
    std::mem::take(&mut *headers.lock().unwrap())
}

fn post(url: &str, body: &Value) -> Request<Full<Bytes>> {
    Request::post(url).body(body.to_string().into()).unwrap()
}

fn json_answer(body: &Value) -> Response<Full<Bytes>> {
    Response::builder().header("content-type", "application/json").body(body.to_string().into()).unwrap()
}

fn question() -> Value {
    json!({ "model": "m", "messages": [{ "role": "user", "content": "Hi" }] })
}

fn chat_answer() -> Response<Full<Bytes>> {
    json_answer(
        &json!({ "model": "m", "choices": [{ "message": { "role": "assistant", "content": "Hello" } }] }),
    )
}

#[tokio::test]
async fn requests_of_other_services_with_similar_paths_create_no_span() {
    let collector = Collector::new();
    let private = "private";
    for (url, body) in [
        ("http://localhost/api/messages", json!({ "text": private })),
        ("https://chat.example/channels/7/messages", json!({ "content": private, "tts": false })),
        ("https://forms.example/v1/responses", json!({ "model": "Golf", "answers": [private] })),
        (
            "https://shop.example/api/chat",
            json!({ "id": 1, "messages": [{ "role": "user", "text": private }] }),
        ),
        ("https://shop.example/v1/chat", json!({ "message": private })),
        ("https://ci.example/api/generate", json!({ "prompt": private })),
        ("https://ci.example/completions", json!([private])),
        ("https://ci.example/interactions", json!({ "input": private })),
        ("https://search.example/rerank", json!({ "query": private })),
        ("https://search.example/embeddings", json!({ "input": private })),
        ("https://search.example/v1/embed", json!(private)),
        ("http://kserve.example/v1/models/iris:predict", json!({ "instances": [{ "text": private }] })),
        (
            "https://x-aiplatform.googleapis.com/v1/models/i:predict",
            json!({ "instances": [{ "prompt": private }] }),
        ),
        ("https://api.openai.com/v1/threads/t/messages", json!({ "role": "user", "content": private })),
    ] {
        send(
            collector.context(),
            ClientLayer::new(),
            post(url, &body),
            json_answer(&json!({ "text": private })),
        )
        .await;
        assert_eq!(collector.tree(), "", "{url}");
    }
}

#[tokio::test]
async fn requests_of_known_protocols_are_calls_at_any_host() {
    for (path, body, expected) in [
        ("/v1/chat/completions", question(), "llm OpenAI.createChatCompletion  in user: Hi\n"),
        ("/anthropic/v1/messages", question(), "llm anthropic.request  in user: Hi\n"),
        ("/v1/responses", json!({ "model": "m", "input": "Hi" }), "llm OpenAI.createResponse  in user: Hi\n"),
        ("/v1/responses", json!({ "prompt": { "id": "p" } }), "llm OpenAI.createResponse\n"),
        (
            "/v1/completions",
            json!({ "model": "m", "prompt": "Hi" }),
            "llm OpenAI.createCompletion  in user: Hi\n",
        ),
        (
            "/v1/embeddings",
            json!({ "model": "m", "input": ["Hi"] }),
            "embedding OpenAI.createEmbedding  in Hi\n",
        ),
        (
            "/v1/models/m:predict",
            json!({ "instances": [{ "content": "Hi" }] }),
            "embedding google_genai.request  in Hi\n",
        ),
        (
            "/openai/deployments/m/embeddings",
            json!({ "input": ["Hi"] }),
            "embedding OpenAI.createEmbedding  in Hi\n",
        ),
        ("/model/m/invoke", json!({ "prompt": "Hi" }), "llm bedrock-runtime.command  in user: Hi\n"),
        ("/api/chat", question(), "llm ollama.request  in user: Hi\n"),
        ("/api/generate", json!({ "model": "m", "prompt": "Hi" }), "llm ollama.request  in user: Hi\n"),
        ("/api/embed", json!({ "model": "m", "input": "Hi" }), "embedding ollama.request  in Hi\n"),
        ("/v2/chat", question(), "llm cohere.request  in user: Hi\n"),
        ("/v1/chat", json!({ "model": "m", "message": "Hi" }), "llm cohere.request  in user: Hi\n"),
        ("/v2/embed", json!({ "model": "m", "texts": ["Hi"] }), "embedding cohere.request  in Hi\n"),
        (
            "/v2/rerank",
            json!({ "model": "m", "query": "Hi", "documents": ["a"] }),
            "retrieval cohere.request  in Hi\n",
        ),
    ] {
        let collector = Collector::new();
        let url = format!("http://models.internal:4000{path}");
        send(collector.context(), ClientLayer::new(), post(&url, &body), json_answer(&json!({}))).await;
        assert_eq!(collector.tree(), expected, "{path}");
    }
}

#[tokio::test]
async fn requests_that_are_not_calls_do_not_use_the_enclosing_span() {
    let collector = Collector::new();
    let span = llm("answer").parent(collector.context()).start();
    let other = post("http://localhost/api/messages", &json!({ "text": "private" }));
    let chat = post("http://localhost/v1/chat/completions", &question());
    for (request, answer) in [(other, json_answer(&json!({}))), (chat, chat_answer())] {
        send(span.context(), ClientLayer::new(), request, answer).await;
    }
    span.finish();
    assert_eq!(collector.tree(), "llm answer  in user: Hi  out assistant: Hello\n");
}

#[tokio::test]
async fn a_host_header_can_have_a_port() {
    for (host, named, provider) in [
        ("localhost:11434", "localhost:11434", "ollama"),
        ("[::1]:11434", "[::1]:11434", "ollama"),
        ("[::1]:11434", "[::1]", "ollama"),
        ("API.Mistral.ai", "api.mistral.ai", "mistral"),
    ] {
        let collector = Collector::new();
        let mut request = post("/v1/chat/completions", &question());
        request.headers_mut().insert("host", host.parse().unwrap());
        let headers =
            send(collector.context(), ClientLayer::new().propagate_to(named), request, chat_answer()).await;
        assert_eq!(collector.events()[0]["meta"]["model_provider"], provider, "{host}");
        assert!(headers.contains_key("traceparent"), "{host}: {headers:?}");
    }
}

#[tokio::test]
async fn a_host_has_the_default_port_of_its_scheme() {
    for (url, named, is_named) in [
        ("https://api.example/x", "api.example:443", true),
        ("http://api.example/x", "api.example:80", true),
        ("https://api.example/x", "api.example:80", false),
    ] {
        let collector = Collector::new();
        let span = llm("ask").parent(collector.context()).start();
        let layer = ClientLayer::new().propagate_to(named);
        let headers = send(span.context(), layer, post(url, &json!({})), chat_answer()).await;
        assert_eq!(headers.contains_key("traceparent"), is_named, "{url} {named}");
    }
}

#[tokio::test]
async fn a_compressed_error_is_recorded_by_its_status() {
    let collector = Collector::new();
    let answer = Response::builder().status(429).header("content-encoding", "gzip");
    let answer = answer.body(Bytes::from_static(b"\x1f\x8b\x08compressed").into()).unwrap();
    let request = post("http://localhost/v1/chat/completions", &question());
    send(collector.context(), ClientLayer::new(), request, answer).await;
    assert_eq!(collector.tree(), "llm OpenAI.createChatCompletion  in user: Hi  error HTTP 429\n");
}

#[tokio::test]
async fn only_a_stream_has_a_first_token() {
    for (path, kind, has_first) in [
        ("/upstream/v1/chat/completions", "application/json", false),
        ("/v1/chat/completions", "Application/JSON; charset=utf-8", false),
        ("/v1/chat/completions", "text/event-stream", true),
        ("/v1beta/models/m:streamGenerateContent", "application/json", true),
    ] {
        let collector = Collector::new();
        let mut answer = if path.contains("v1beta") {
            json_answer(
                &json!([{ "candidates": [{ "content": { "role": "model", "parts": [{ "text": "Hello" }] } }] }]),
            )
        } else {
            chat_answer()
        };
        if kind == "text/event-stream" {
            answer = answer.map(|body| {
                let body = futures_util::FutureExt::now_or_never(body.collect()).unwrap().unwrap().to_bytes();
                [b"data: ", &body[..], b"\n\n"].concat().into()
            });
        }
        answer.headers_mut().insert("content-type", kind.parse().unwrap());
        let request = post(&format!("http://localhost{path}"), &question());
        send(collector.context(), ClientLayer::new(), request, answer).await;
        let event = &collector.events()[0];
        assert_eq!(event["meta"]["output"]["messages"][0]["content"], "Hello", "{event}");
        assert_eq!(event["metrics"].get("time_to_first_token").is_some(), has_first, "{path} {kind}");
    }
}

#[tokio::test]
async fn texts_of_errors_are_hidden_without_content() {
    let layer = || ClientLayer::new().capture_content(false);
    let collector = Collector::new();
    let service = service_fn(|_: Request<_>| async { Err::<Response<Full<Bytes>>, _>("blocked: private") });
    let service = ServiceBuilder::new().layer(layer()).service(service);
    let request = post("http://localhost/v1/chat/completions", &question());
    assert!(service.oneshot(request).in_context(collector.context()).await.is_err());
    assert_eq!(collector.tree(), "llm OpenAI.createChatCompletion  error &str\n");
    for (error, expected) in [
        (json!({ "error": { "type": "bad_request", "message": "private" } }), "bad_request"),
        (json!({ "error": "private words", "message": "more private words" }), "HTTP 400"),
        (json!({ "error": { "code": "private words", "message": "private" } }), "HTTP 400"),
    ] {
        let collector = Collector::new();
        let mut answer = json_answer(&error);
        *answer.status_mut() = http::StatusCode::BAD_REQUEST;
        let request = post("http://localhost/v1/chat/completions", &question());
        send(collector.context(), layer(), request, answer).await;
        assert_eq!(collector.tree(), format!("llm OpenAI.createChatCompletion  error {expected}\n"));
    }
}

#[cfg(feature = "reqwest")]
#[tokio::test]
async fn reqwest_requests_are_classified_before_they_are_sent() {
    let collector = Collector::new();
    let span = llm("answer").parent(collector.context()).start();
    let service = service_fn(|request: reqwest::Request| {
        // If the request is a call, its span is current.
        llmobs_runtime::task(request.url().path().to_owned()).start().finish();
        async move {
            let answer = chat_answer().map(reqwest::Body::wrap);
            Ok::<reqwest::Response, Infallible>(answer.into())
        }
    });
    let service = ServiceBuilder::new().layer(ClientLayer::new()).service(service);
    let client = reqwest::Client::new();
    for (path, body) in [("/v1/messages", question()), ("/api/messages", json!({ "text": "private" }))] {
        let request = client.post(format!("http://localhost{path}")).body(body.to_string()).build().unwrap();
        let answer = service.clone().oneshot(request).in_context(span.context()).await.unwrap();
        answer.bytes().await.unwrap();
    }
    let stream = reqwest::Body::wrap(Full::new(Bytes::from_static(b"private")));
    let request = client.post("http://localhost/api/messages").body(stream).build().unwrap();
    service.oneshot(request).in_context(span.context()).await.unwrap();
    span.finish();
    let tree =
        "llm answer  in user: Hi\n├─ task /v1/messages\n├─ task /api/messages\n└─ task /api/messages\n";
    assert_eq!(collector.tree(), tree);
}

/// A body with trailers, which may be polled after its end.
struct WithTrailers(u32);

impl http_body::Body for WithTrailers {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0 += 1;
        Poll::Ready(match self.0 {
            1 => Some(Ok(Frame::data(Bytes::from(r#"{"choices":[{"message":{"content":"He"#)))),
            2 => Some(Ok(Frame::data(Bytes::from(r#"llo"}}]}"#)))),
            3 => Some(Ok(Frame::trailers(HeaderMap::new()))),
            _ => None,
        })
    }
}

#[tokio::test]
async fn trailers_are_forwarded_and_a_body_can_be_polled_after_its_end() {
    let collector = Collector::new();
    let service = service_fn(|_: Request<_>| async { Ok::<_, Infallible>(Response::new(WithTrailers(0))) });
    let service = ServiceBuilder::new().layer(ClientLayer::new()).service(service);
    let request = post("http://api.openai.com/v1/chat/completions", &question());
    let mut body = service.oneshot(request).in_context(collector.context()).await.unwrap().into_body();
    let mut frames = Vec::new();
    for _ in 0..5 {
        frames.push(body.frame().await.map(|frame| frame.unwrap().is_trailers()));
    }
    assert_eq!(frames, [Some(false), Some(false), Some(true), None, None]);
    assert_eq!(collector.tree(), "llm OpenAI.createChatCompletion  out assistant: Hello\n");
}

#[tokio::test]
async fn only_posts_are_calls() {
    let collector = Collector::new();
    let request = Request::get("https://api.openai.com/v1/chat/completions").body(Full::default()).unwrap();
    send(collector.context(), ClientLayer::new(), request, json_answer(&json!({ "data": [] }))).await;
    assert_eq!(collector.tree(), "");
}

/// A body with these pieces. It announces its end, or stays pending.
struct Pieces {
    left: Vec<Result<&'static str, &'static str>>,
    ends: bool,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        match self.left.pop() {
            Some(piece) => Poll::Ready(Some(piece.map(|text| Frame::data(text.into())))),
            None if self.ends => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ends && self.left.is_empty()
    }
}

#[tokio::test]
async fn a_span_ends_when_the_client_reads_the_end() {
    const HELLO: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n";
    const STOP: &str =
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}\n\n";
    const DONE: &str = "data: [DONE]\n\n";
    const JSON: &str = r#"{"choices":[{"message":{"content":"Hello"}}]}"#;
    let hello = "  out assistant: Hello";
    let lost = "  error &str: lost http://a/";
    for (pieces, ends, while_held, when_dropped) in [
        // The end of the protocol, although the connection stays open.
        (vec![Ok(HELLO), Ok(DONE)], false, Some(hello.to_owned()), hello.to_owned()),
        // The end according to the length of the body, without another poll.
        (vec![Ok(JSON)], true, Some(hello.to_owned()), hello.to_owned()),
        (vec![], true, Some(String::new()), String::new()),
        (
            vec![Ok(HELLO), Err("lost http://a/?key=SECRET")],
            false,
            Some(format!("{hello}{lost}")),
            format!("{hello}{lost}"),
        ),
        // No end was seen.
        (vec![Ok(STOP)], false, None, hello.to_owned()),
        (vec![Ok(HELLO)], false, None, format!("{hello}  cancelled")),
        (vec![], false, None, "  cancelled".to_owned()),
    ] {
        let collector = Collector::new();
        let left = Arc::new(Mutex::new(Some(pieces.iter().rev().copied().collect::<Vec<_>>())));
        let service = service_fn(move |_: Request<_>| {
            let left = left.lock().unwrap().take().unwrap();
            async move { Ok::<_, Infallible>(Response::new(Pieces { left, ends })) }
        });
        let service = ServiceBuilder::new().layer(ClientLayer::new()).service(service);
        let request = post("http://localhost/v1/chat/completions", &question());
        let mut body = service.oneshot(request).in_context(collector.context()).await.unwrap().into_body();
        for piece in &pieces {
            assert_eq!(body.frame().await.unwrap().is_ok(), piece.is_ok());
        }
        let span = |rest: String| format!("llm OpenAI.createChatCompletion{rest}\n");
        assert_eq!(collector.tree(), while_held.map(span).unwrap_or_default(), "{pieces:?}");
        drop(body);
        assert_eq!(collector.tree(), span(when_dropped), "{pieces:?}");
    }
}

#[cfg(feature = "reqwest")]
#[tokio::test]
async fn answers_and_errors_of_reqwest_are_unchanged() {
    let collector = Collector::new();
    let url: reqwest::Url = "https://api.openai.com/v1/chat/completions?key=SECRET".parse().unwrap();
    let service = service_fn(|request: reqwest::Request| {
        llmobs_runtime::task("queue").start().finish();
        async move {
            llmobs_runtime::task("connect").start().finish();
            if request.headers().contains_key("lost") {
                return Err(format!("no answer from {}", request.url()));
            }
            let mut answer = chat_answer().map(reqwest::Body::wrap);
            let url = reqwest::ResponseBuilderExt::url(Response::builder(), request.url().clone());
            *answer.extensions_mut() = url.body(()).unwrap().into_parts().0.extensions;
            Ok(reqwest::Response::from(answer))
        }
    });
    let service = ServiceBuilder::new().layer(ClientLayer::new()).service(service);
    let request = reqwest::Client::new().post(url.clone()).body(question().to_string());
    let context = collector.context();
    let lost = request.try_clone().unwrap().header("lost", "1").build().unwrap();
    let answer = service.clone().oneshot(request.build().unwrap()).in_context(&context).await.unwrap();
    assert_eq!((answer.url(), answer.content_length()), (&url, Some(76)));
    assert_eq!(answer.json::<Value>().await.unwrap()["model"], "m");
    let error = service.oneshot(lost).in_context(&context).await.unwrap_err();
    assert_eq!(error, format!("no answer from {url}"));
    let inside = "├─ task queue\n└─ task connect\n";
    let call = "llm OpenAI.createChatCompletion  in user: Hi  ";
    let lost = "error alloc::string::String: no answer from https://api.openai.com/v1/chat/completions";
    assert_eq!(collector.tree(), format!("{call}out assistant: Hello\n{inside}{call}{lost}\n{inside}"));
}
