//! The HTTP server: limits of connections, timeouts, access control and security headers.

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
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::access::{self, Access, COOKIE_NAME};
use crate::connection::WriteTimeoutStream;
use crate::connection_limit::{ConnectionLimit, Place};
use crate::error::Error;

/// The limit of connections. A browser opens six.
const CONNECTIONS: u32 = 64;
/// How long the head of a request may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(8);
/// How long a whole request may take, from its head to the beginning of the answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest head of a request, in bytes.
const HEAD_BYTES: usize = 64 * 1024;
/// How long open requests may take during shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// The security headers: pages run and fetch only embedded files, and other sites can neither frame nor read them.
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

/// Listens, but does not answer yet. Returns the address too, with the port that was chosen.
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

/// Answers until `end` is ready.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Router,
    access: Access,
    end: impl Future<Output = ()>,
) {
    let routes = routes
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT))
        .layer(middleware::from_fn_with_state(Arc::new(access), guarded));
    let limit = ConnectionLimit::new(CONNECTIONS);
    tokio::select! {
        () = accept(&listener, &routes, &limit) => {}
        () = end => {}
    }
    drop(listener);
    // Requests that wait for changes would not end.
    drop(tokio::time::timeout(SHUTDOWN_GRACE, limit.close()).await);
}

/// Accepts connections. One beyond the limit is held until there is a place for it, and the system lets others wait behind it.
async fn accept(listener: &TcpListener, routes: &Router, limit: &ConnectionLimit) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files. Other connections will end.
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
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_BYTES);
    let connection = server.serve_connection(TokioIo::new(WriteTimeoutStream::new(stream)), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = &mut connection => return,
        () = place.closing() => connection.as_mut().graceful_shutdown(),
    }
    drop(connection.await);
}

/// Checks access, and adds the security headers.
async fn guarded(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    let decision = access::check(&access, request.method(), request.uri(), request.headers());
    let mut response = match (decision, &*access) {
        (Err(refusal), _) => refusal.into_response(),
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
