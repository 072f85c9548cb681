//! What programs send: read, stored, and answered as Datadog's intake does.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{HeaderName, RETRY_AFTER};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::App;
use crate::intake::{Intake, read_api, read_metrics, read_spans};
use crate::span::{Evaluation, Span};
use crate::store::{Batch, Rejection, StoreError, now_ms};

/// A body, or why there is none.
type Body = Result<Bytes, BytesRejection>;

/// Spans as SDKs send them.
pub(super) async fn spans(State(app): State<App>, uri: Uri, body: Body) -> Response {
    take(app, uri, body, |body| read_spans(body).map(of_spans)).await
}

/// Spans as the public HTTP API takes them.
pub(super) async fn api(State(app): State<App>, uri: Uri, body: Body) -> Response {
    take(app, uri, body, |body| read_api(body).map(of_spans)).await
}

/// Evaluations and feedback.
pub(super) async fn metrics(State(app): State<App>, uri: Uri, body: Body) -> Response {
    take(app, uri, body, |body| read_metrics(body, now_ms()).map(of_evaluations)).await
}

fn of_spans(intake: Intake<Span>) -> (Batch, Option<String>) {
    let refusal = intake.refusal();
    (Batch { spans: intake.accepted, ..Batch::default() }, refusal)
}

fn of_evaluations(intake: Intake<Evaluation>) -> (Batch, Option<String>) {
    let refusal = intake.refusal();
    (Batch { evaluations: intake.accepted, ..Batch::default() }, refusal)
}

/// Reads a body, stores what is good in it, and answers: 202, or 400 with the first mistake, or 503 where another attempt may do.
async fn take(
    app: App,
    uri: Uri,
    body: Body,
    read: impl FnOnce(&[u8]) -> Result<(Batch, Option<String>), String> + Send + 'static,
) -> Response {
    let (mut batch, refusal, status) = match body {
        Ok(body) => {
            // The reading ends by itself, so a place is always found.
            let place = app.reading.acquire_owned().await;
            let read = tokio::task::spawn_blocking(move || {
                let read = read(&body);
                drop(place);
                read
            });
            match read.await {
                Ok(Ok((batch, refusal))) => (batch, refusal, StatusCode::BAD_REQUEST),
                Ok(Err(reason)) => (Batch::default(), Some(reason), StatusCode::BAD_REQUEST),
                Err(_) => (
                    Batch::default(),
                    Some("reading it failed, which is a bug of llmobs".to_owned()),
                    StatusCode::BAD_REQUEST,
                ),
            }
        }
        Err(rejection) => {
            let status = rejection.status();
            (Batch::default(), Some(rejection.body_text()), status)
        }
    };
    if let Some(reason) = &refusal {
        batch.rejections.push(Rejection {
            at_ms: now_ms(),
            path: uri.path().to_owned(),
            reason: reason.clone(),
        });
    }
    match (app.store.write(batch).await, refusal) {
        (Ok(()), None) => (StatusCode::ACCEPTED, Json(json!({}))).into_response(),
        (Ok(()), Some(reason)) => (status, Json(json!({ "errors": [reason] }))).into_response(),
        (Err(error @ (StoreError::Unavailable(_) | StoreError::Closed)), _) => {
            let again: [(HeaderName, &str); 1] = [(RETRY_AFTER, "1")];
            (StatusCode::SERVICE_UNAVAILABLE, again, Json(json!({ "errors": [error.to_string()] })))
                .into_response()
        }
        (Err(error), _) => {
            log::error!("{error}");
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "errors": [error.to_string()] })))
                .into_response()
        }
    }
}
