//! The layer changes neither requests nor answers.

use std::fmt::Debug;
use std::time::Duration;

use async_openai::Client as OpenAi;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::CreateChatCompletionRequest;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::TokioExecutor;
use llmobs::http::ClientLayer;
use llmobs_local_provider::LocalProvider;
use reqwest_middleware::ClientBuilder;
use tower::{Layer as _, Service, ServiceExt as _};

use crate::clients::json_request;
use crate::lockstep::{Lockstep, TIMEOUT};
use crate::question::{Protocol, Question};
use crate::run::{Run, WHOLE_AND_STREAMED};

const CHAT: &str = "/v1/chat/completions";

/// A chat request with additional headers.
fn request(url: &str, model: &'static str, is_stream: bool) -> Request<Bytes> {
    let body = Question::of_tool(model).body(Protocol::Chat, is_stream);
    let mut request = json_request(&format!("{url}{CHAT}?tier=1&tier=2"), &body);
    for (name, value) in [("authorization", "Bearer k"), ("x-own", "a"), ("x-own", "b")] {
        request.headers_mut().append(name, value.parse().unwrap());
    }
    request
}

/// The text without the port, which differs from server to server.
fn without_port(text: &str, url: &str) -> String {
    text.replace(url.rsplit(':').next().unwrap().split('/').next().unwrap(), "PORT")
}

fn without_date(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    assert!(headers.remove("date").is_some());
    headers
}

/// The requests that the provider received.
fn sent(provider: &LocalProvider) -> String {
    let requests = provider.requests();
    without_port(&format!("{requests:?}"), provider.url())
}

/// Runs a program with the layer and without it, each with a separate provider, and compares the results and the requests. Only the
/// run with the layer has a span.
fn same<T: Debug + PartialEq>(program: impl AsyncFn(Option<ClientLayer>, &str) -> T) -> T {
    let (with, without) = (Run::new(), Run::new());
    let seen = with.block_on(program(Some(ClientLayer::new()), with.provider.url()));
    let expected = without.block_on(program(None, without.provider.url()));
    assert_eq!(seen, expected);
    assert_eq!(sent(&with.provider), sent(&without.provider));
    assert_eq!((with.collector.spans().len(), without.collector.spans().len()), (1, 0));
    expected
}

/// The properties of an error that a program can read.
#[derive(Debug, PartialEq)]
struct Failure {
    text: String,
    kinds: Vec<bool>,
    status: Option<u16>,
    path: Option<String>,
}

trait IsReqwest {
    fn failure(&self, url: &str) -> Failure;
}

impl IsReqwest for reqwest::Error {
    fn failure(&self, url: &str) -> Failure {
        Failure {
            text: without_port(&self.to_string(), url),
            kinds: vec![
                self.is_timeout(),
                self.is_connect(),
                self.is_decode(),
                self.is_body(),
                self.is_request(),
                self.is_status(),
                self.is_builder(),
                self.is_redirect(),
            ],
            status: self.status().map(|status| status.as_u16()),
            path: self.url().map(|url| url.path().to_owned()),
        }
    }
}

impl IsReqwest for reqwest_middleware::Error {
    fn failure(&self, url: &str) -> Failure {
        let Self::Reqwest(error) = self else { panic!("an error of reqwest, not {self:?}") };
        assert_eq!(self.to_string(), error.to_string());
        error.failure(url)
    }
}

/// The properties of an answer of reqwest that a program can read.
type Seen = Result<(String, HeaderMap, bool, Result<Vec<u8>, Failure>), Failure>;

async fn see<S>(service: S, request: reqwest::Request, url: &str, is_stream: bool) -> Seen
where
    S: Service<reqwest::Request, Response = reqwest::Response, Error: IsReqwest>,
{
    let answer = service.oneshot(request).await.map_err(|error| error.failure(url))?;
    let facts = format!(
        "{} {:?} {} {:?}",
        answer.status(),
        answer.version(),
        without_port(answer.url().as_str(), url),
        answer.content_length(),
    );
    let (headers, has_address) = (without_date(answer.headers()), answer.remote_addr().is_some());
    let body = if is_stream {
        let mut stream = answer.bytes_stream();
        let mut bytes = Ok(Vec::new());
        while let (Ok(read), Some(piece)) = (&mut bytes, stream.next().await) {
            match piece {
                Ok(piece) => read.extend_from_slice(&piece),
                Err(error) => bytes = Err(error.failure(url)),
            }
        }
        bytes
    } else {
        answer.bytes().await.map(|bytes| bytes.to_vec()).map_err(|error| error.failure(url))
    };
    Ok((facts, headers, has_address, body))
}

/// Sends a request with reqwest as a tower service and with reqwest-middleware, and compares the results.
fn same_by_reqwest(request: impl Fn(&str) -> reqwest::Request, is_stream: bool) -> Seen {
    let by_tower = same(async |layer, url| {
        let client = reqwest::Client::new();
        match layer {
            Some(layer) => see(layer.layer(client), request(url), url, is_stream).await,
            None => see(client, request(url), url, is_stream).await,
        }
    });
    let by_middleware = same(async |layer, url| {
        let client = ClientBuilder::new(reqwest::Client::new());
        let client = layer.into_iter().fold(client, ClientBuilder::with).build();
        see(client, request(url), url, is_stream).await
    });
    assert_eq!(by_middleware, by_tower);
    by_tower
}

#[test]
fn answers_of_reqwest() {
    for is_stream in WHOLE_AND_STREAMED {
        for (model, status) in [("local", 200), ("thinking", 200), ("error-401", 401), ("error-529", 503)] {
            let request = |url: &str| request(url, model, is_stream).try_into().unwrap();
            let (facts, headers, has_address, body) = same_by_reqwest(request, is_stream).unwrap();
            assert!(
                facts.starts_with(&status.to_string()) && headers.contains_key("x-request-id"),
                "{facts}"
            );
            assert!(has_address);
            let body = String::from_utf8(body.unwrap()).unwrap();
            assert_eq!(body.contains("data: [DONE]"), is_stream && status == 200, "{body}");
        }
    }
}

#[test]
fn broken_answers_of_reqwest() {
    for is_stream in WHOLE_AND_STREAMED {
        let request = |url: &str| request(url, "broken", is_stream).try_into().unwrap();
        let (_, _, _, body) = same_by_reqwest(request, is_stream).unwrap();
        assert!(body.unwrap_err().text.starts_with("error decoding response body"));
    }
}

#[test]
fn timeouts_of_reqwest() {
    for is_stream in WHOLE_AND_STREAMED {
        let request = |url: &str| {
            let mut request = reqwest::Request::try_from(request(url, "hang", is_stream)).unwrap();
            *request.timeout_mut() = Some(Duration::from_secs(1));
            request
        };
        let (_, _, _, body) = same_by_reqwest(request, is_stream).unwrap();
        assert!(body.unwrap_err().kinds[0], "a timeout");
    }
}

#[test]
fn refused_connections_of_reqwest() {
    let failure =
        same_by_reqwest(|_| request("http://127.0.0.1:1", "local", false).try_into().unwrap(), false)
            .unwrap_err();
    assert!(failure.kinds[1], "a connection: {failure:?}");
}

#[test]
fn decode_and_status_errors_of_reqwest_middleware() {
    let decoded = same(async |layer, url| {
        let client = ClientBuilder::new(reqwest::Client::new());
        let client = layer.into_iter().fold(client, ClientBuilder::with).build();
        let answer = client.execute(request(url, "local", false).try_into().unwrap()).await.unwrap();
        answer.json::<Vec<u8>>().await.unwrap_err().failure(url)
    });
    assert!(decoded.kinds[2], "{decoded:?}");
    let refused = same(async |layer, url| {
        let client = ClientBuilder::new(reqwest::Client::new());
        let client = layer.into_iter().fold(client, ClientBuilder::with).build();
        let answer = client.execute(request(url, "error-401", false).try_into().unwrap()).await.unwrap();
        answer.error_for_status().unwrap_err().failure(url)
    });
    assert_eq!(refused.status, Some(401));
    assert!(refused.text.starts_with("HTTP status client error (401 Unauthorized) for url"), "{refused:?}");
}

async fn see_by_hyper<S, B>(
    service: S,
    request: Request<Bytes>,
    url: &str,
) -> Result<(HeaderMap, String), String>
where
    S: Service<Request<Full<Bytes>>, Response = http::Response<B>, Error: ToString>,
    B: http_body::Body<Data = Bytes, Error: Debug + ToString>,
{
    let text = |error: String| without_port(&error, url);
    let answer = service.oneshot(request.map(Full::new)).await.map_err(|error| text(error.to_string()))?;
    let facts = format!("{} {:?} {:?}", answer.status(), answer.version(), answer.body().size_hint());
    let headers = without_date(answer.headers());
    match answer.into_body().collect().await {
        Ok(body) => Ok((headers, format!("{facts} {:?}", body.to_bytes()))),
        Err(error) => Err(format!("{facts} {error:?} {}", text(error.to_string()))),
    }
}

fn same_by_hyper(request: impl Fn(&str) -> Request<Bytes>) -> Result<(HeaderMap, String), String> {
    same(async |layer, url| {
        let builder = HyperClient::builder(TokioExecutor::new());
        match layer {
            Some(layer) => see_by_hyper(layer.layer(builder.build_http()), request(url), url).await,
            None => see_by_hyper(builder.build_http(), request(url), url).await,
        }
    })
}

#[test]
fn answers_of_hyper() {
    for is_stream in WHOLE_AND_STREAMED {
        for model in ["local", "thinking", "error-401"] {
            same_by_hyper(|url| request(url, model, is_stream)).unwrap();
        }
        same_by_hyper(|url| request(url, "broken", is_stream)).unwrap_err();
    }
    same_by_hyper(|_| request("http://127.0.0.1:1", "local", false)).unwrap_err();
}

#[test]
fn answers_of_async_openai() {
    let client = |layer: Option<ClientLayer>, url: &str| {
        let config = OpenAIConfig::new().with_api_base(format!("{url}/v1")).with_api_key("k");
        let client = OpenAi::with_config(config);
        match layer {
            Some(layer) => client.with_http_service(layer.async_openai(reqwest::Client::new())),
            None => client,
        }
    };
    let ask = |model: &'static str, is_stream| -> CreateChatCompletionRequest {
        serde_json::from_value(Question::of_tool(model).body(Protocol::Chat, is_stream)).unwrap()
    };
    let text = |error: &OpenAIError, url: &str| {
        let kinds =
            if let OpenAIError::Reqwest(error) = error { error.failure(url).kinds } else { Vec::new() };
        (without_port(&format!("{error} {:?}", std::mem::discriminant(error)), url), kinds)
    };
    for model in ["local", "error-400", "broken"] {
        let answer = same(async |layer, url| {
            let answer = client(layer, url).chat().create(ask(model, false)).await;
            answer.map(|answer| format!("{answer:?}")).map_err(|error| text(&error, url))
        });
        assert_eq!(answer.is_ok(), model == "local");
        let stream =
            same(async |layer, url| match client(layer, url).chat().create_stream(ask(model, true)).await {
                Ok(stream) => Ok(stream
                    .map(|chunk| chunk.map(|chunk| format!("{chunk:?}")).map_err(|error| text(&error, url)))
                    .collect::<Vec<_>>()
                    .await),
                Err(error) => Err(text(&error, url)),
            });
        assert_eq!(stream.is_ok(), model != "error-400");
    }
}

/// Requests other than model calls create no span and are unchanged.
#[test]
fn other_requests() {
    for (method, path) in [("GET", "/v1/models"), ("GET", CHAT), ("POST", "/v1/files"), ("POST", "/chat")] {
        let run = Run::new();
        let url = run.provider.url().to_owned();
        let request = || {
            let request =
                Request::builder().method(method).uri(format!("{url}{path}?a=b")).header("x-own", "a");
            request.body(Bytes::from_static(br#"{"model":"local"}"#)).unwrap()
        };
        let [with, without] = run.block_on(async {
            let client = reqwest::Client::new();
            let layer = ClientLayer::new();
            let with =
                see(layer.clone().layer(client.clone()), request().try_into().unwrap(), &url, false).await;
            let hyper = HyperClient::builder(TokioExecutor::new()).build_http();
            see_by_hyper(layer.layer(hyper), request(), &url).await.unwrap();
            let without = see(client, request().try_into().unwrap(), &url, false).await;
            [with, without].map(|seen| (seen.as_ref().unwrap().0.clone(), seen.unwrap().3))
        });
        assert_eq!(with.0, without.0);
        let requests = run.provider.requests();
        assert_eq!(requests.len(), 3);
        assert_eq!(requests[0], requests[2]);
        assert_eq!(run.tree(), "");
    }
}

/// Each piece arrives before the next one is sent.
#[test]
fn streams_are_not_buffered() {
    async fn check<S, B>(service: S)
    where
        S: Service<Request<Full<Bytes>>, Response = http::Response<B>, Error: Debug>,
        B: http_body::Body<Data = Bytes, Error: Debug>,
    {
        let server = Lockstep::start().await;
        let body = Question::new("local").body(Protocol::Chat, true);
        let answer = service.oneshot(json_request(&server.url, &body).map(Full::new));
        let answer = tokio::time::timeout(TIMEOUT, answer).await.unwrap().unwrap();
        let mut body = std::pin::pin!(answer.into_body());
        // Pieces end in the middle of an event, or have several events.
        for piece in [
            "d",
            "ata: {\"choices\":[{\"del",
            "ta\":{\"content\":\"Hi\"}}]}\n\n",
            ": ping\n\ndata: {}\n\n",
            "data: [DONE]\n\n",
        ] {
            server.send(piece);
            let frame = tokio::time::timeout(TIMEOUT, body.frame()).await.unwrap().unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), piece);
        }
        drop(server);
        assert!(body.frame().await.is_none());
    }

    let run = Run::new();
    run.block_on(async {
        let builder = HyperClient::builder(TokioExecutor::new());
        check(ClientLayer::new().layer(builder.build_http())).await;

        let to_reqwest = |request: Request<Full<Bytes>>| {
            let (parts, body) = request.into_parts();
            reqwest::Request::try_from(Request::from_parts(parts, reqwest::Body::wrap(body))).unwrap()
        };
        let to_http = http::Response::<reqwest::Body>::from;
        let service = ClientLayer::new().layer(reqwest::Client::new());
        check(service.map_request(to_reqwest).map_response(to_http)).await;
        let service = ClientBuilder::new(reqwest::Client::new()).with(ClientLayer::new()).build();
        check(service.map_request(to_reqwest).map_response(to_http)).await;
    });
    // A streamed request body of reqwest is not captured.
    let call = "llm OpenAI.createChatCompletion";
    let asked = "in system: Be brief. | user: What is the weather in Paris?";
    assert_eq!(
        run.tree(),
        format!("{call}  {asked}  out assistant: Hi\n{call}  out assistant: Hi\n{call}  out assistant: Hi\n")
    );
}
