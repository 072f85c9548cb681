//! The HTTP server: connection limits, timeouts, access control and security headers.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, SET_COOKIE};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Redirect, Response};
use hyper::server::conn::{http1, http2};
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::access::{self, Access, COOKIE_NAME};
use crate::arrivals::Arrivals;
use crate::connection::WriteTimeoutStream;
use crate::connection_limit::{ConnectionLimit, Place};
use crate::error::Error;
use crate::store::now_ms;

/// The most connections of one listener. A browser opens six.
const CONNECTIONS: u32 = 64;
/// How long the head of a request may take to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(8);
/// How long a whole request may take, from its head to the beginning of the answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest head of a request, in bytes.
const HEAD_BYTES: u32 = 64 * 1024;
/// The most concurrent requests of an HTTP/2 connection.
const STREAMS: u32 = 16;
/// The beginning of the HTTP/2 connection preface. No HTTP/1.1 request begins with it.
const PREFACE: &[u8] = b"PRI * HTTP/2.0";
/// How long open requests may take during shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// The security headers. With these, pages run and fetch only embedded files, and other sites can neither frame nor read pages.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src data:; connect-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ),
    (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff")),
    // With `no-referrer`, browsers would send forms with `Origin: null`, which is not allowed.
    (HeaderName::from_static("referrer-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cache-control"), HeaderValue::from_static("no-store")),
];

/// Binds a listener, which does not answer yet. Also returns its address with the actual port.
pub(crate) async fn listen(host: IpAddr, port: u16) -> Result<(TcpListener, SocketAddr), Error> {
    let address = SocketAddr::new(host, port);
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => Error::PortTaken { port },
        _ => Error::Listen { address, source },
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Answers on all listeners until `end` is ready. Each listener has its own connection limit.
pub(crate) async fn serve(
    listeners: Vec<(TcpListener, Access)>,
    routes: Router,
    arrivals: &Arrivals,
    end: impl Future<Output = ()>,
) {
    let routes = routes
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT));
    let mut accepting = JoinSet::new();
    let mut limits = Vec::new();
    for (listener, access) in listeners {
        let guard = Arc::new(Guard { access, arrivals: arrivals.clone() });
        let routes = routes.clone().layer(middleware::from_fn_with_state(guard, guarded));
        let limit = ConnectionLimit::new(CONNECTIONS);
        limits.push(limit.clone());
        accepting.spawn(async move { accept(&listener, &routes, &limit).await });
    }
    end.await;
    accepting.shutdown().await;
    let mut closing: JoinSet<()> =
        limits.into_iter().map(|limit| async move { limit.close().await }).collect();
    // Requests that wait for changes would not end in time.
    drop(tokio::time::timeout(SHUTDOWN_GRACE, async { while closing.join_next().await.is_some() {} }).await);
}

/// Accepts connections. The first connection beyond the limit waits here for a place, and further ones wait in the queue of the system.
async fn accept(listener: &TcpListener, routes: &Router, limit: &ConnectionLimit) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many files are open. Other connections will close.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        tokio::spawn(serve_connection(stream, routes.clone(), limit.place().await));
    }
}

/// Answers the requests of one connection. An error of one connection does not affect the others.
async fn serve_connection(stream: TcpStream, routes: Router, place: Place) {
    let place = Arc::new(place);
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(|request| {
        place.request_begins();
        let (place, answer) = (Arc::clone(&place), routes.call(request));
        async move {
            let mut response = answer.await?;
            if place.request_ends() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let Some(begins_http2) = begins_http2(&stream, &place).await else { return };
    let stream = TokioIo::new(WriteTimeoutStream::new(stream));
    if begins_http2 {
        let mut server = http2::Builder::new(TokioExecutor::new());
        server
            .timer(TokioTimer::new())
            .keep_alive_interval(HEAD_TIMEOUT)
            .keep_alive_timeout(HEAD_TIMEOUT)
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(HEAD_BYTES);
        until_closed(server.serve_connection(stream, service), &place).await;
    } else {
        let mut server = http1::Builder::new();
        server
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(usize::try_from(HEAD_BYTES).unwrap_or(usize::MAX));
        until_closed(server.serve_connection(stream, service), &place).await;
    }
}

/// Waits for the end of a connection. If another connection needs the place, closes this one after its current request.
async fn until_closed(connection: impl GracefulConnection, place: &Place) {
    tokio::pin!(connection);
    tokio::select! {
        _ = &mut connection => return,
        () = place.closing() => connection.as_mut().graceful_shutdown(),
    }
    drop(connection.await);
}

/// Whether a connection begins with the preface of HTTP/2, which gRPC needs. `None` if nothing arrives in time, or if another connection
/// needs the place.
async fn begins_http2(stream: &TcpStream, place: &Place) -> Option<bool> {
    let mut beginning = [0; PREFACE.len()];
    let decided = async {
        loop {
            let length = stream.peek(&mut beginning).await.ok()?;
            let arrived = beginning.get(..length)?;
            if length == 0 || length == PREFACE.len() || !PREFACE.starts_with(arrived) {
                return Some(arrived == PREFACE);
            }
            // Without a pause, `peek` would return the same bytes at once.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        decided = tokio::time::timeout(HEAD_TIMEOUT, decided) => decided.ok()?,
        () = place.closing() => None,
    }
}

/// The access rule, and the record of refused requests.
#[derive(Debug)]
struct Guard {
    access: Access,
    arrivals: Arrivals,
}

/// Checks access, and adds the security headers.
async fn guarded(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let decision = access::check(&guard.access, request.method(), request.uri(), request.headers());
    let mut response = match (decision, &guard.access) {
        (Err((status, reason)), _) => {
            // A refused read loses no data, and its client sees the answer.
            if !matches!(*request.method(), Method::GET | Method::HEAD) {
                guard.arrivals.refuse(request.uri().path(), reason, now_ms());
            }
            (status, reason).into_response()
        }
        (Ok(()), Access::Token(token))
            if request.method() == Method::GET && access::token_in(request.uri()).is_some() =>
        {
            with_cookie(token, &access::without_token(request.uri()))
        }
        (Ok(()), _) => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Stores the token in a cookie, and redirects to the address without it.
fn with_cookie(token: &str, address: &str) -> Response {
    let cookie = format!("{COOKIE_NAME}={token}; HttpOnly; SameSite=Strict; Path=/");
    let mut response = Redirect::to(address).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}
