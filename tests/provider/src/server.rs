//! The server: reads requests and sends answers.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use axum::serve::ListenerExt as _;
use futures_util::stream;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::behaviour::Behaviour;
use crate::openai::{chat, embeddings, responses};
use crate::reply::{Exchange, Failure, Reply};
use crate::{Recorded, anthropic, bedrock, openai};

/// The shared state of a server.
#[derive(Debug)]
pub(crate) struct Shared {
    requests: Mutex<Vec<Recorded>>,
    /// The endpoints and bodies that a flaky model has refused.
    refused: Mutex<HashSet<(String, Bytes)>>,
    /// A permit for each client that disconnected before the end of its answer.
    disconnects: Semaphore,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self { requests: Mutex::default(), refused: Mutex::default(), disconnects: Semaphore::new(0) }
    }

    /// Waits until a client disconnects.
    pub(crate) async fn disconnect(&self, timeout: Duration) -> bool {
        let permit = tokio::time::timeout(timeout, self.disconnects.acquire()).await;
        permit.ok().and_then(Result::ok).map(SemaphorePermit::forget).is_some()
    }

    /// Returns whether a request arrives for the first time.
    fn is_new(&self, endpoint: &str, body: Bytes) -> bool {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert((endpoint.to_owned(), body))
    }

    pub(crate) fn requests(&self) -> MutexGuard<'_, Vec<Recorded>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until it is dropped.
pub(crate) async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>) -> io::Result<()> {
    let router = Router::new().fallback(handle).layer(DefaultBodyLimit::disable()).with_state(shared);
    // Each event of a stream is sent at once.
    let listener = TcpListener::from_std(listener)?.tap_io(|connection| drop(connection.set_nodelay(true)));
    axum::serve(listener, router).await
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let number = {
        let mut requests = shared.requests();
        requests.push(recorded(&method, &uri, &headers, &body));
        requests.len()
    };
    let mut request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let bedrock = bedrock::Target::of(uri.path());
    if let (Some(target), Some(fields)) = (&bedrock, request.as_object_mut()) {
        // Other protocols have the model in the body.
        fields.insert("model".to_owned(), target.model.clone().into());
        fields.insert("stream".to_owned(), target.is_stream.into());
    }
    let behaviour = Behaviour::of(request["model"].as_str().unwrap_or_default());
    let exchange = Exchange { number, endpoint: format!("{method} {}", uri.path()), request, behaviour };
    let is_anthropic = uri.path() == "/v1/messages";

    let mut response = match reply(&exchange, bedrock.as_ref(), &headers, body, &shared) {
        Ok(Reply::Stream(frames)) => {
            streamed("text/event-stream; charset=utf-8", frames, &exchange.behaviour, shared)
        }
        Ok(Reply::Frames(frames)) => {
            streamed("application/vnd.amazon.eventstream", frames, &exchange.behaviour, shared)
        }
        Ok(Reply::Whole(value)) => whole(&value, &exchange.behaviour, shared),
        Ok(Reply::Counted { value, input, output }) => {
            let mut response = whole(&value, &exchange.behaviour, shared);
            response.headers_mut().insert("x-amzn-bedrock-input-token-count", input.into());
            response.headers_mut().insert("x-amzn-bedrock-output-token-count", output.into());
            response
        }
        Err(failure) if bedrock.is_some() => {
            let (status, name, body) = bedrock::failure(&failure);
            let mut response = failed(&failure, (status, body));
            response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(name));
            response
        }
        Err(failure) if is_anthropic => failed(&failure, anthropic::failure(&failure, &exchange)),
        Err(failure) => failed(&failure, openai::failure(&failure, &exchange)),
    };
    let id = HeaderName::from_static(match bedrock {
        Some(_) => "x-amzn-requestid",
        None if is_anthropic => "request-id",
        None => "x-request-id",
    });
    response.headers_mut().extend(exchange.id("req").parse().map(|value| (id, value)));
    response
}

fn whole(value: &Value, behaviour: &Behaviour, shared: Arc<Shared>) -> Response<Body> {
    let text = Bytes::from(value.to_string());
    let (length, half) = (text.len(), text.len() / 2);
    let halves = vec![text.slice(..half), text.slice(half..)];
    let mut response = response("application/json", Steps::new(behaviour, halves, shared).body());
    // The length of the whole, even if only half of it is sent.
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    response
}

fn streamed(
    content_type: &'static str,
    frames: Vec<impl Into<Bytes>>,
    behaviour: &Behaviour,
    shared: Arc<Shared>,
) -> Response<Body> {
    let frames = frames.into_iter().map(Into::into).collect();
    response(content_type, Steps::new(behaviour, frames, shared).body())
}

fn recorded(method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Recorded {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Recorded {
        method: method.to_string(),
        path: uri.to_string(),
        headers: headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: body.to_vec(),
    }
}

fn reply(
    exchange: &Exchange,
    bedrock: Option<&bedrock::Target>,
    headers: &HeaderMap,
    body: Bytes,
    shared: &Shared,
) -> Result<Reply, Failure> {
    let answer: &dyn Fn(&Exchange) -> Result<Reply, Failure> = match exchange.endpoint.as_str() {
        "POST /v1/chat/completions" => &chat::reply,
        "POST /v1/responses" => &responses::reply,
        "POST /v1/embeddings" => &embeddings::reply,
        "POST /v1/messages" => {
            let has = |name| headers.contains_key(name);
            if !has("x-api-key") && !has("authorization") {
                return Err(Failure::MissingHeader("x-api-key"));
            }
            if !has("anthropic-version") {
                return Err(Failure::MissingHeader("anthropic-version"));
            }
            &anthropic::reply
        }
        _ => {
            let target = bedrock.ok_or(Failure::NoEndpoint)?;
            if !headers.contains_key("authorization") {
                return Err(Failure::MissingHeader("authorization"));
            }
            &|exchange| target.reply(exchange)
        }
    };
    if !exchange.request.is_object() {
        return Err(Failure::NotJson);
    }
    if !exchange.request["model"].is_string() {
        return Err(Failure::Missing("model"));
    }
    match &exchange.behaviour {
        Behaviour::Fail(failure) => Err(failure.clone()),
        Behaviour::Flaky if shared.is_new(&exchange.endpoint, body) => Err(Failure::RateLimit),
        Behaviour::Overloaded if !exchange.is_streamed() => Err(Failure::Overloaded),
        _ => answer(exchange),
    }
}

fn failed(failure: &Failure, (status, body): (u16, Value)) -> Response<Body> {
    let mut response = response("application/json", body.to_string().into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    if *failure == Failure::RateLimit {
        response.headers_mut().insert("retry-after", HeaderValue::from_static("0"));
        response.headers_mut().insert("retry-after-ms", HeaderValue::from_static("1"));
    }
    response
}

fn response(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The remaining steps of an answer.
struct Steps {
    steps: VecDeque<Step>,
    shared: Arc<Shared>,
}

enum Step {
    Send(Bytes),
    Wait(Duration),
    /// Closes the connection.
    Break,
    /// Does nothing, forever.
    Hang,
}

impl Steps {
    fn new(behaviour: &Behaviour, pieces: Vec<Bytes>, shared: Arc<Shared>) -> Self {
        let half = pieces.len() / 2;
        let send = pieces.into_iter().map(Step::Send);
        let steps = match behaviour {
            Behaviour::Slow(pause) => send.flat_map(|step| [Step::Wait(*pause), step]).collect(),
            Behaviour::Broken => send.take(half).chain([Step::Break]).collect(),
            Behaviour::Hang => send.take(half).chain([Step::Hang]).collect(),
            _ => send.collect(),
        };
        Self { steps, shared }
    }

    /// Returns a body that takes one step after the other.
    fn body(self) -> Body {
        Body::from_stream(stream::unfold(self, async |mut steps| {
            // Lets the earlier pieces be sent, even if the connection breaks next.
            tokio::task::yield_now().await;
            while let Some(Step::Wait(pause)) = steps.steps.front() {
                tokio::time::sleep(*pause).await;
                steps.steps.pop_front();
            }
            if let Some(Step::Hang) = steps.steps.front() {
                std::future::pending::<()>().await;
            }
            match steps.steps.pop_front()? {
                Step::Send(piece) => Some((Ok(piece), steps)),
                _ => Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), steps)),
            }
        }))
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        if !self.steps.is_empty() {
            self.shared.disconnects.add_permits(1);
        }
    }
}
