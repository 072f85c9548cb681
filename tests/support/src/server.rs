//! A real HTTP server on the loopback interface that keeps its requests.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::serve::Listener;
use serde_json::Value;
use tokio::net::TcpListener as AsyncListener;

#[cfg(feature = "tls")]
use crate::tls::Identity;

/// Much longer than anything on the loopback interface takes, even on a loaded machine. Waits end as soon as their condition holds.
const PATIENCE: Duration = Duration::from_secs(60);

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as it was sent.
    pub body: Vec<u8>,
}

impl Request {
    /// Returns the wrapper objects in the body of a request with spans.
    pub fn wrappers(&self) -> Vec<Value> {
        serde_json::from_slice(&self.body).expect("a JSON array of wrapper objects")
    }

    /// Returns the span events in the wrappers.
    pub fn events(&self) -> Vec<Value> {
        let spans = |wrapper: &Value| wrapper["spans"].as_array().expect("a list of spans").clone();
        self.wrappers().iter().flat_map(spans).collect()
    }
}

/// Keeps requests, answers `GET /info` like an Agent, and `POST` with the configured statuses, then 202.
#[derive(Debug)]
pub struct CaptureServer {
    origin: String,
    certificate: String,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    kept: Mutex<Kept>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Kept {
    requests: Vec<Request>,
    info: Option<(u16, String)>,
    statuses: Vec<u16>,
    headers: Vec<(HeaderName, HeaderValue)>,
    answer: Option<String>,
}

impl CaptureServer {
    /// Starts a server on a free port.
    pub fn start() -> Self {
        let (listener, address) = listener();
        let shared = Arc::<Shared>::default();
        serve(listener, Arc::clone(&shared), |listener| listener);
        Self { origin: format!("http://{address}"), certificate: String::new(), shared }
    }

    /// Starts a server at an address.
    pub fn start_at(address: SocketAddr) -> Self {
        let shared = Arc::<Shared>::default();
        serve(listener_at(address).0, Arc::clone(&shared), |listener| listener);
        Self { origin: format!("http://{address}"), certificate: String::new(), shared }
    }

    /// Starts a server with TLS on a free port, as `localhost`.
    #[cfg(feature = "tls")]
    pub fn start_tls() -> Self {
        let (listener, address) = listener();
        let shared = Arc::<Shared>::default();
        let identity = Identity::generate();
        let certificate = identity.certificate();
        serve(listener, Arc::clone(&shared), move |listener| identity.listener(listener));
        Self { origin: format!("https://localhost:{}", address.port()), certificate, shared }
    }

    /// The certificate that clients have to trust, in PEM. Empty without TLS.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Answers `GET /info` like an Agent with these endpoints.
    pub fn agent_with(self, endpoints: &[&str]) -> Self {
        let body = serde_json::json!({ "version": "7.70.0", "endpoints": endpoints }).to_string();
        self.info(200, body)
    }

    /// Sets the answer to `GET /info`.
    pub fn info(self, status: u16, body: impl Into<String>) -> Self {
        self.shared.kept.lock().unwrap().info = Some((status, body.into()));
        self
    }

    /// Answers the next `POST`s with these statuses.
    pub fn statuses(self, statuses: &[u16]) -> Self {
        self.shared.kept.lock().unwrap().statuses = statuses.to_vec();
        self
    }

    /// Answers `POST`s with this body.
    pub fn answer(self, body: String) -> Self {
        self.shared.kept.lock().unwrap().answer = Some(body);
        self
    }

    /// Sets this header of each answer.
    pub fn header(self, name: &str, value: &str) -> Self {
        let header = (name.parse().expect("a name"), value.parse().expect("a value"));
        self.shared.kept.lock().unwrap().headers.push(header);
        self
    }

    /// `http://127.0.0.1:PORT` or `https://localhost:PORT`
    pub fn url(&self) -> String {
        self.origin.clone()
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.kept.lock().unwrap().requests.clone()
    }

    /// The requests so far that carried spans.
    pub fn posts(&self) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.method == "POST").collect()
    }

    /// All span events so far, in the order of arrival.
    pub fn events(&self) -> Vec<Value> {
        self.posts().iter().flat_map(Request::events).collect()
    }

    /// Waits until this many `POST`s have arrived.
    pub fn wait_for_posts(&self, count: usize) {
        let few =
            |kept: &mut Kept| kept.requests.iter().filter(|request| request.method == "POST").count() < count;
        let kept = self.shared.kept.lock().unwrap();
        let (_kept, waited) = self.shared.changed.wait_timeout_while(kept, PATIENCE, few).unwrap();
        assert!(!waited.timed_out(), "{count} POSTs did not arrive");
    }
}

fn listener() -> (TcpListener, SocketAddr) {
    listener_at(SocketAddr::from(([127, 0, 0, 1], 0)))
}

fn listener_at(address: SocketAddr) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(address).expect("a free port");
    listener.set_nonblocking(true).expect("a non-blocking socket");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// Serves on a separate thread.
fn serve<L>(
    listener: TcpListener,
    shared: Arc<Shared>,
    wrap: impl FnOnce(AsyncListener) -> L + Send + 'static,
) where
    L: Listener<Addr = SocketAddr>,
{
    let router = Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(shared);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        runtime.block_on(async {
            let listener = wrap(AsyncListener::from_std(listener).expect("a listener"));
            axum::serve(listener, router).await.expect("a server");
        });
    });
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut kept = shared.kept.lock().unwrap();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    kept.requests.push(Request {
        method: method.to_string(),
        path: uri.to_string(),
        headers: headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: body.to_vec(),
    });
    shared.changed.notify_all();
    let (status, body) = match (method, &kept.info) {
        (Method::GET, Some(info)) => info.clone(),
        (Method::GET, None) => (404, String::new()),
        _ if kept.statuses.is_empty() => (202, kept.answer.clone().unwrap_or_else(|| "{}".to_owned())),
        _ => (kept.statuses.remove(0), kept.answer.clone().unwrap_or_default()),
    };
    let headers: HeaderMap = kept.headers.iter().cloned().collect();
    (StatusCode::from_u16(status).expect("a status"), headers, body).into_response()
}
