//! The routes of the intake: reads and stores what programs send, and answers as Datadog's intake does.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{ACCEPT_ENCODING, HeaderName, RETRY_AFTER};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::App;
use super::body::{ReceivedBody, Refusal};
use crate::intake::{Intake, read_api, read_metrics, read_spans};
use crate::report::Report;
use crate::span::{Evaluation, Span};
use crate::store::{Batch, Rejection, StoreError, now_ms};

/// The events of a body that are valid, and the reason if others are not.
type Read = (Batch, Option<Refusal>);

/// Spans in the format of the SDKs.
pub(super) async fn spans(State(app): State<App>, request: Request) -> Response {
    take(app, request, |body| read_spans(body).map(of_spans)).await
}

/// Spans in the format of the public HTTP API.
pub(super) async fn api(State(app): State<App>, request: Request) -> Response {
    take(app, request, |body| read_api(body).map(of_spans)).await
}

/// Evaluations and feedback.
pub(super) async fn metrics(State(app): State<App>, request: Request) -> Response {
    take(app, request, |body| read_metrics(body, now_ms()).map(of_evaluations)).await
}

fn of_spans(intake: Intake<Span>) -> (Batch, Option<String>) {
    let refusal = intake.refusal();
    (Batch { spans: intake.accepted, ..Batch::default() }, refusal)
}

fn of_evaluations(intake: Intake<Evaluation>) -> (Batch, Option<String>) {
    let refusal = intake.refusal();
    (Batch { evaluations: intake.accepted, ..Batch::default() }, refusal)
}

/// Stores the valid events of a body, and answers 202, or 400 with the first error, or 503 if a retry may succeed.
async fn take(
    app: App,
    request: Request,
    read: impl FnOnce(&[u8]) -> Result<(Batch, Option<String>), String> + Send + 'static,
) -> Response {
    let (head, body) = request.into_parts();
    // The body keeps its part of the budget until the batch is stored.
    let (mut batch, refusal, _budget) = match app.body_budget.receive(&head.headers, body).await {
        Ok(sent) => {
            let ((batch, refusal), budget) = read_on_blocking_thread(&app, sent, read).await;
            (batch, refusal, budget)
        }
        Err(refusal) => (Batch::default(), Some(refusal), None),
    };
    if let Some((_, reason)) = &refusal {
        let path = head.uri.path().to_owned();
        batch.rejections.push(Rejection { at_ms: now_ms(), path, reason: reason.clone() });
    }
    let written = app.store.write(batch).await;
    answer(written, refusal)
}

/// Reads a body on a thread where it may block. Returns its part of the budget too.
async fn read_on_blocking_thread(
    app: &App,
    sent: ReceivedBody,
    read: impl FnOnce(&[u8]) -> Result<(Batch, Option<String>), String> + Send + 'static,
) -> (Read, Option<OwnedSemaphorePermit>) {
    // Each parse ends, so that a permit becomes free.
    let permit = Arc::clone(&app.parsing).acquire_owned().await;
    let store = app.store.clone();
    let task = tokio::task::spawn_blocking(move || {
        let bad = |reason| (StatusCode::BAD_REQUEST, reason);
        let mut read = match sent.inflated().map(|body| read(&body)) {
            Ok(Ok((batch, refusal))) => (batch, refusal.map(bad)),
            Ok(Err(reason)) => (Batch::default(), Some(bad(reason))),
            Err(refusal) => (Batch::default(), Some(refusal)),
        };
        store.encode(&mut read.0);
        // Others are read while this one waits to be stored.
        drop(permit);
        (read, Some(sent.permit))
    });
    task.await.unwrap_or_else(|_| {
        let reason = "reading it failed, which is a bug of llmobs".to_owned();
        ((Batch::default(), Some((StatusCode::BAD_REQUEST, reason))), None)
    })
}

fn answer(written: Result<(), StoreError>, refusal: Option<Refusal>) -> Response {
    let errors = |reason: String| Json(json!({ "errors": [reason] }));
    match (written, refusal) {
        (Ok(()), None) => (StatusCode::ACCEPTED, Json(json!({}))).into_response(),
        (Ok(()), Some((status @ StatusCode::UNSUPPORTED_MEDIA_TYPE, reason))) => {
            (status, [(ACCEPT_ENCODING, "gzip, deflate, zstd, identity")], errors(reason)).into_response()
        }
        (Ok(()), Some((status, reason))) => (status, errors(reason)).into_response(),
        (Err(error), _) => {
            let text = Report(&error).to_string();
            log::error!("{text}");
            let again: [(HeaderName, &str); 1] = [(RETRY_AFTER, "1")];
            let errors = errors(text);
            if matches!(error, StoreError::Unavailable(_) | StoreError::Closed) {
                (StatusCode::SERVICE_UNAVAILABLE, again, errors).into_response()
            } else {
                (StatusCode::INTERNAL_SERVER_ERROR, errors).into_response()
            }
        }
    }
}
