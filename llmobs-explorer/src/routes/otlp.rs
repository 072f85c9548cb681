//! The routes for OpenTelemetry over HTTP.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::App;
use super::intake::{Content, Outcome, failure, of_spans, refuse, take, with_hints};
use crate::intake::wire::{Answered, message};
use crate::intake::{OtlpEncoding, SpanUpdate, read_otlp};

/// The header that names the application.
const ML_APP: &str = "dd-ml-app";
const UNKNOWN_TYPE: (StatusCode, &str) = (
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "the `Content-Type` is unknown: expected application/x-protobuf or application/json",
);

/// Receives spans.
pub(super) async fn traces(State(app): State<App>, request: Request) -> Response {
    let headers = request.headers();
    match encoding(headers) {
        Some(encoding) => {
            let read = reader(&app, headers, encoding);
            answer(take(&app, request, read).await, encoding)
        }
        None => answer(refuse(&app, request, UNKNOWN_TYPE).await, OtlpEncoding::Json),
    }
}

/// Receives metrics and logs, and ignores them.
pub(super) async fn others(request: Request) -> Response {
    success(None, encoding(request.headers()).unwrap_or(OtlpEncoding::Json))
}

fn encoding(headers: &HeaderMap) -> Option<OtlpEncoding> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/json" => Some(OtlpEncoding::Json),
        "application/x-protobuf" | "application/protobuf" => Some(OtlpEncoding::Protobuf),
        _ => None,
    }
}

/// Returns a function that reads a body.
pub(super) fn reader(
    app: &App,
    headers: &HeaderMap,
    encoding: OtlpEncoding,
) -> impl FnOnce(&[u8]) -> Result<Content, String> + Send + 'static + use<> {
    let ancestry = Arc::clone(&app.ancestry);
    let ml_app = headers.get(ML_APP).and_then(|name| name.to_str().ok()).map(str::to_owned);
    move |body| {
        let read = read_otlp(body, encoding, ml_app.as_deref(), &ancestry)?;
        let moved = read.moved.into_iter().map(SpanUpdate::from);
        Ok(Content { updates: moved.collect(), passed_over: read.passed_over, ..of_spans(read.intake) })
    }
}

fn answer(outcome: Outcome, encoding: OtlpEncoding) -> Response {
    let (status, reason) = match outcome {
        Outcome::Stored => return success(None, encoding),
        Outcome::Partly(rejected) => return success(Some((rejected.events, &rejected.reason)), encoding),
        Outcome::Refused(refusal) => refusal,
        Outcome::Failed(error) => failure(&error),
    };
    with_hints(status, body(encoding, &json!({ "message": reason }), || status_message(&reason)))
}

/// Returns the answer to a request that was accepted completely or in part.
fn success(rejected: Option<(usize, &str)>, encoding: OtlpEncoding) -> Response {
    let json = match rejected {
        Some((spans, reason)) => json!({
            "partialSuccess": { "rejectedSpans": spans.to_string(), "errorMessage": reason }
        }),
        None => json!({}),
    };
    with_hints(StatusCode::OK, body(encoding, &json, || partial_success(rejected)))
}

fn body(encoding: OtlpEncoding, json: &serde_json::Value, protobuf: impl FnOnce() -> Vec<u8>) -> Response {
    let (kind, bytes) = match encoding {
        OtlpEncoding::Json => ("application/json", json.to_string().into_bytes()),
        OtlpEncoding::Protobuf => ("application/x-protobuf", protobuf()),
    };
    ([(CONTENT_TYPE, HeaderValue::from_static(kind))], bytes).into_response()
}

/// Encodes `google.rpc.Status`.
fn status_message(reason: &str) -> Vec<u8> {
    message(&[(2, Answered::Bytes(reason.as_bytes()))])
}

/// Encodes `ExportTraceServiceResponse`.
pub(super) fn partial_success(rejected: Option<(usize, &str)>) -> Vec<u8> {
    let Some((spans, reason)) = rejected else { return Vec::new() };
    let spans = u64::try_from(spans).unwrap_or(u64::MAX);
    let partial = message(&[(1, Answered::Number(spans)), (2, Answered::Bytes(reason.as_bytes()))]);
    message(&[(1, Answered::Bytes(&partial))])
}
