//! Calls inside spans, nested and concurrent calls, and the trace headers that the provider receives.

use std::collections::BTreeMap;

use async_openai::Client as OpenAi;
use async_openai::config::OpenAIConfig;
use async_openai::middleware::ReqwestService;
use async_openai::middleware::retry::OpenAIRetryLayer;
use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{FutureExt as _, StreamExt as _, future};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::TokioExecutor;
use llmobs::FutureSpanExt as _;
use llmobs::http::ClientLayer;
use llmobs::http::service::RequestBody;
use reqwest_middleware::ClientBuilder;
use tower::{Layer as _, Service, ServiceExt as _};

use crate::clients::*;
use crate::expected::ANSWER;
use crate::lockstep::Silent;
use crate::question::{Protocol, Question};
use crate::run::Run;

fn request(url: &str, is_stream: bool) -> Request<Bytes> {
    json_request(
        &format!("{url}/v1/chat/completions"),
        &Question::new("local").body(Protocol::Chat, is_stream),
    )
}

fn call() -> String {
    Protocol::Chat.line(&format!("out assistant: {ANSWER}"))
}

#[llmobs::llm(skip(program))]
async fn complete(program: impl Future<Output = ()>) {
    program.await;
}

/// Reads an answer of reqwest to its end.
async fn read<S>(service: S, request: Request<Bytes>)
where
    S: Service<reqwest::Request, Response = reqwest::Response, Error: std::fmt::Debug>,
{
    let answer = service.oneshot(request.try_into().unwrap()).await.unwrap();
    answer.bytes().await.unwrap();
}

#[test]
fn an_attribute_a_middleware_and_a_layer_make_one_span() {
    for is_stream in [false, true] {
        let run = Run::new();
        run.block_on(async {
            let middleware = ClientBuilder::new(reqwest::Client::new()).with(ClientLayer::new()).build();
            let service = ClientLayer::new().layer(ClientLayer::new().layer(middleware));
            complete(read(service.clone(), request(run.provider.url(), is_stream))).await;
            read(service, request(run.provider.url(), is_stream)).await;

            let hyper = HyperClient::builder(TokioExecutor::new()).build_http();
            let service = ClientLayer::new().layer(ClientLayer::new().layer(hyper));
            let answer =
                service.oneshot(request(run.provider.url(), is_stream).map(Full::new)).await.unwrap();
            answer.into_body().collect().await.unwrap();
        });
        let call = call();
        let completed = call.replacen("OpenAI.createChatCompletion", "complete", 1);
        assert_eq!(run.tree(), format!("{completed}{call}{call}"));
        for event in run.events() {
            assert_eq!(event["metrics"]["total_tokens"], 16);
        }
    }
}

#[test]
fn async_openai_over_a_service_with_the_layer_makes_one_span() {
    let run = Run::new();
    run.block_on(async {
        let inner = ClientLayer::new().layer(ReqwestService::new(reqwest::Client::new()));
        let service = ClientLayer::new().layer(OpenAIRetryLayer::default().layer(inner));
        let config = OpenAIConfig::new().with_api_base(format!("{}/v1", run.provider.url()));
        let client = OpenAi::with_config(config).with_http_service(service);
        let body = Question::new("local").body(Protocol::Chat, false);
        let body = serde_json::from_value(body).unwrap();
        complete(async { drop(client.chat().create(body).await.unwrap()) }).await;
    });
    assert_eq!(run.tree(), call().replacen("OpenAI.createChatCompletion", "complete", 1));
}

/// A layer outside the retries observes one call, and the failed attempts are its children.
#[test]
fn failed_attempts_are_children_of_the_call_of_an_outer_layer() {
    let run = Run::new();
    run.block_on(async {
        let client = ClientBuilder::from_client(ReqwestMiddleware::client(ClientLayer::new())).build();
        let service = ClientLayer::new().layer(client);
        let body = Question::new("flaky").body(Protocol::Chat, false);
        let url = format!("{}/v1/chat/completions", run.provider.url());
        read(service, json_request(&url, &body)).await;
    });
    let refused = Protocol::Chat.line("error HTTP 429");
    assert_eq!(run.tree(), format!("{}└─ {refused}", call()));
}

#[test]
fn concurrent_calls_have_separate_spans() {
    async fn race<C: Client>(client: &C) {
        let asked = (0..8).map(async |number: usize| {
            let question = Question::new("local");
            let answer = if number.is_multiple_of(2) {
                client.ask(&question).await
            } else {
                client.stream_all(&question).await
            };
            assert_eq!(answer.as_deref(), Ok(ANSWER));
        });
        complete(join_all(asked).map(drop)).await;
    }
    fn check<C: Client>() {
        let run = Run::new();
        let client: C = run.client();
        run.block_on(race(&client));
        let call = C::PROTOCOL.line(&format!("out assistant: {ANSWER}"));
        let children = format!("{}└─ {call}", format!("├─ {call}").repeat(7));
        assert_eq!(run.tree(), format!("llm complete\n{children}"));
    }
    check::<Chat>();
    check::<Responses>();
    check::<ByHand<ReqwestMiddleware, AnthropicMessages>>();
    check::<ByHand<Reqwest, OpenAiChat>>();
    check::<ByHand<Hyper, AnthropicMessages>>();
    check::<RigChat>();
}

#[test]
fn calls_on_many_threads_stay_in_their_spans() {
    let run = Run::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let service = ClientLayer::new().layer(reqwest::Client::new());
        let url = run.provider.url().to_owned();
        let tasks = (0..16).map(|number| {
            let (service, url) = (service.clone(), url.clone());
            let asked = complete(async move { read(service, request(&url, number % 2 == 0)).await });
            tokio::spawn(asked.in_context(run.collector.context()))
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
    let completed = call().replacen("OpenAI.createChatCompletion", "complete", 1);
    assert_eq!(run.tree(), completed.repeat(16));
}

/// A stream that outlives the function that started it has a separate span.
#[test]
fn a_stream_that_outlives_its_span_is_a_child() {
    let run = Run::new();
    run.block_on(async {
        let client: ByHand<Hyper, OpenAiChat> = run.client();
        let mut pieces = None;
        complete(async { pieces = client.stream(&Question::new("local")).await.ok() }).await;
        // The pieces of the text, the role, the end and the tokens.
        assert_eq!(pieces.unwrap().count().await, 11);
    });
    assert_eq!(run.tree(), format!("llm complete\n└─ {}", call()));
}

#[llmobs::agent(skip_all, skip_output)]
async fn agent<T>(program: impl Future<Output = T>) -> T {
    program.await
}

/// The headers of a trace.
fn trace_headers(headers: &BTreeMap<String, String>) -> Vec<&str> {
    let is_of_trace = |name: &&str| name.starts_with("x-datadog-") || name.starts_with("trace");
    headers.keys().map(String::as_str).filter(is_of_trace).collect()
}

#[test]
fn trace_headers_are_sent_only_to_configured_hosts() {
    const HEADERS: [&str; 6] = [
        "traceparent",
        "tracestate",
        "x-datadog-parent-id",
        "x-datadog-sampling-priority",
        "x-datadog-tags",
        "x-datadog-trace-id",
    ];
    async fn send<T: Transport>(layer: &ClientLayer, url: &str) {
        let client = T::new(layer.clone());
        client.send(request(url, false)).await.unwrap().1.collect::<Vec<_>>().await;
        let other = Request::get(format!("{url}/v1/models")).body(Bytes::new()).unwrap();
        client.send(other).await.unwrap().1.collect::<Vec<_>>().await;
    }

    let run = Run::new();
    let url = run.provider.url();
    let host = url.strip_prefix("http://").unwrap();
    let layer = |host| ClientLayer::new().propagate_to(host);
    run.block_on(async {
        for layer in [ClientLayer::new(), layer("localhost"), layer("127.0.0.1:1")] {
            send::<Hyper>(&layer, url).await;
            send::<Reqwest>(&layer, url).await;
            send::<ReqwestMiddleware>(&layer, url).await;
        }
    });
    let requests = run.provider.requests();
    assert_eq!(requests.len(), 18);
    for request in requests {
        assert_eq!(trace_headers(&request.headers), [""; 0]);
    }

    for layer in [layer("*"), layer("127.0.0.1"), layer(host)] {
        let run = Run { provider: llmobs_local_provider::LocalProvider::start(), ..Run::new() };
        // The layer above names the host of the other server.
        let layer = layer.propagate_to(run.provider.url().strip_prefix("http://").unwrap());
        let url = run.provider.url();
        run.block_on(agent(async {
            send::<Hyper>(&layer, url).await;
            send::<Reqwest>(&layer, url).await;
            send::<ReqwestMiddleware>(&layer, url).await;
            let config = OpenAIConfig::new().with_api_base(format!("{url}/v1"));
            let client = OpenAi::with_config(config)
                .with_http_service(layer.clone().async_openai(reqwest::Client::new()));
            let body = Question::new("local").body(Protocol::Chat, false);
            client.chat().create(serde_json::from_value(body).unwrap()).await.unwrap();
        }));
        let requests = run.provider.requests();
        let spans = run.collector.spans();
        let agent = spans[0].span_id().to_owned();
        let mut calls = spans[1..].iter().map(|span| span.span_id().to_owned());
        for request in &requests {
            assert_eq!(trace_headers(&request.headers), HEADERS, "{}", request.path);
            // A span on the server is a child of the call, or of the agent if the request is not a model call.
            let there = run.collector.enter(|| llmobs::extract(&request.headers)).enter(|| {
                let span = llmobs::task("there").start();
                let reference = span.export();
                span.finish();
                reference.unwrap().span_id
            });
            let parent = run.collector.spans().into_iter().find(|span| span.span_id() == there).unwrap();
            let expected = if request.method == "POST" { calls.next().unwrap() } else { agent.clone() };
            assert_eq!(parent.parent_id(), Some(&*expected));
        }
        assert_eq!((requests.len(), calls.next()), (7, None));
    }
}

/// The host may be only in a header, and the port may be the default of the scheme.
#[test]
fn hosts_come_from_the_uri_or_the_host_header() {
    let run = Run::new();
    run.block_on(agent(async {
        let seen = std::cell::RefCell::new(Vec::new());
        let layer = ["localhost:8080", "[::1]:80", "named:443"]
            .into_iter()
            .fold(ClientLayer::new(), ClientLayer::propagate_to);
        let send = async |uri: &str, host: Option<&str>| {
            let service = tower::service_fn(async |request: Request<RequestBody<Full<Bytes>>>| {
                seen.borrow_mut().push(request.headers().contains_key("traceparent"));
                Ok::<_, String>(http::Response::new(Full::new(Bytes::new())))
            });
            let mut request = Request::get(uri).body(Full::<Bytes>::default()).unwrap();
            if let Some(host) = host {
                request.headers_mut().insert("host", host.parse().unwrap());
            }
            layer.layer(service).oneshot(request).await.unwrap();
        };
        send("/v1", Some("localhost:8080")).await;
        send("/v1", Some("[::1]:80")).await;
        send("http://[::1]/v1", None).await;
        send("https://named/v1", Some("localhost:8080")).await;
        send("https://named:443/v1", None).await;
        assert_eq!(seen.take(), [true; 5]);
        send("/v1", None).await;
        send("/v1", Some("localhost")).await;
        send("https://[::1]/v1", None).await;
        send("http://named/v1", Some("named:443")).await;
        assert_eq!(seen.take(), [false; 4]);
    }));
}

/// A race cancels only the slower call.
#[test]
fn a_call_that_loses_a_race_is_cancelled() {
    type HyperChat = ByHand<Hyper, OpenAiChat>;
    let run = Run::new();
    let fast: HyperChat = run.client();
    let question = Question::new("local");
    run.block_on(agent(async {
        let mut server = Silent::start().await;
        let slow = HyperChat::new(&server.url, ClientLayer::new());
        let slow = std::pin::pin!(slow.ask(&question));
        let fast = std::pin::pin!(async {
            server.arrived().await;
            fast.ask(&question).await
        });
        let future::Either::Right((answer, _)) = future::select(slow, fast).await else {
            panic!("an answer")
        };
        assert_eq!(answer.as_deref(), Ok(ANSWER));
    }));
    let cancelled = Protocol::Chat.line("cancelled");
    assert_eq!(run.tree(), format!("agent agent\n├─ {cancelled}└─ {}", call()));
}
