//! The answers for unknown addresses: a page for people, and a text with the right setting for programs.

use axum::extract::{Request, State};
use axum::http::header::ACCEPT;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::intake::refuse_at;
use super::{App, RouteError, grpc};

/// Prefixes of addresses to which programs send spans for other servers, and the right settings.
const HINTS: [(&str, &str); 8] = [
    ("/api/v2/spans", "spans of Zipkin are not supported: set OTEL_TRACES_EXPORTER=otlp"),
    ("/api/traces", "spans of Jaeger are not supported: set OTEL_TRACES_EXPORTER=otlp"),
    (
        "/v1/",
        "OpenTelemetry sends spans to /v1/traces: set OTEL_EXPORTER_OTLP_ENDPOINT to the address without a path",
    ),
    (
        "/opentelemetry.",
        "only the spans of OpenTelemetry are stored: set OTEL_METRICS_EXPORTER=none and OTEL_LOGS_EXPORTER=none",
    ),
    ("/v0.", "tracers send traces to /v0.4/traces: set DD_TRACE_API_VERSION=v0.4"),
    ("/evp_proxy/", "SDKs send LLM spans to /evp_proxy/v2/api/v2/llmobs: set DD_LLMOBS_AGENTLESS_ENABLED=0"),
    (
        "/api/v2/llmobs",
        "SDKs send LLM spans to this address with POST: set DD_TRACE_AGENT_URL to the address without a path",
    ),
    ("/", "set DD_TRACE_AGENT_URL for Datadog's SDKs, or OTEL_EXPORTER_OTLP_ENDPOINT for OpenTelemetry"),
];
/// The longest path to show, in characters.
const SHOWN_CHARS: usize = 100;
/// The name that all such addresses are counted under.
const PATH: &str = "other addresses";

/// Answers a request to an unknown address.
pub(super) async fn address(State(app): State<App>, request: Request) -> Response {
    respond(&app, &request.into_parts().0, StatusCode::NOT_FOUND).await
}

/// Answers a request with a method that the address does not support.
pub(super) async fn method(State(app): State<App>, request: Request) -> Response {
    respond(&app, &request.into_parts().0, StatusCode::METHOD_NOT_ALLOWED).await
}

async fn respond(app: &App, head: &Parts, status: StatusCode) -> Response {
    let is_read = head.method == Method::GET || head.method == Method::HEAD;
    if is_read && status == StatusCode::NOT_FOUND && wants_page(&head.headers) {
        return RouteError::NotFound("page").into_response();
    }
    let path: String = head.uri.path().chars().take(SHOWN_CHARS).collect();
    let hint = HINTS.iter().find(|(beginning, _)| path.starts_with(beginning)).map_or("", |(_, hint)| hint);
    let reason = match status {
        StatusCode::METHOD_NOT_ALLOWED => format!("{path} does not support {}; {hint}", head.method),
        _ => format!("there is nothing at {path}; {hint}"),
    };
    // A refused read loses no data.
    if !is_read {
        drop(refuse_at(app, PATH, &path, (status, &reason)).await);
    }
    if grpc::is_grpc(&head.headers) {
        return grpc::unknown(&reason);
    }
    (status, format!("{reason}\n")).into_response()
}

/// Whether the client is a browser that expects a page.
fn wants_page(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter().filter_map(|kinds| kinds.to_str().ok());
    accepted.any(|kinds| kinds.contains("text/html"))
}
