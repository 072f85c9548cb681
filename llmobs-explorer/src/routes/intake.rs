//! The routes of the intake. They read and store the requests of programs, and answer as Datadog's intake does.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_ENCODING, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::body::{ReceivedBody, Refusal};
use super::{App, update};
use crate::arrivals::Arrived;
use crate::intake::{Intake, SpanUpdate, read_api, read_metrics, read_spans, read_updates};
use crate::report::Report;
use crate::span::{Evaluation, Span};
use crate::store::{Batch, now_ms};
use crate::traces::{Rejection, StoreError};

/// The content of a request.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// The valid events.
    pub(super) batch: Batch,
    /// Changes of spans that arrived earlier.
    pub(super) updates: Vec<SpanUpdate>,
    /// The invalid events.
    pub(super) rejected: Option<Rejected>,
    /// The number of spans that are not steps of an LLM application.
    pub(super) passed_over: usize,
}

/// Invalid events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejected {
    /// The number of invalid events.
    pub(super) events: usize,
    /// The reason for the first one.
    pub(super) reason: String,
}

/// The outcome of a request.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Everything is stored.
    Stored,
    /// Only the valid events are stored.
    Partly(Rejected),
    /// Nothing is stored.
    Refused(Refusal),
    /// The store failed.
    Failed(StoreError),
}

/// Receives spans in the format of the SDKs.
pub(super) async fn spans(State(app): State<App>, request: Request) -> Response {
    answer(take(&app, request, |body| read_spans(body).map(of_spans)).await)
}

/// Receives changes of spans in the format of the SDKs.
pub(super) async fn updates(State(app): State<App>, request: Request) -> Response {
    let read = |body: &[u8]| Ok(Content { updates: read_updates(body)?, ..Content::default() });
    answer(take(&app, request, read).await)
}

/// Receives spans in the format of the public HTTP API.
pub(super) async fn api(State(app): State<App>, request: Request) -> Response {
    answer(take(&app, request, |body| read_api(body).map(of_spans)).await)
}

/// Receives evaluations and feedback.
pub(super) async fn metrics(State(app): State<App>, request: Request) -> Response {
    answer(take(&app, request, |body| read_metrics(body, now_ms()).map(of_evaluations)).await)
}

/// Returns the content of a request with spans.
pub(super) fn of_spans(intake: Intake<Span>) -> Content {
    let rejected = Rejected::of(&intake);
    Content { batch: Batch { spans: intake.accepted, ..Batch::default() }, rejected, ..Content::default() }
}

fn of_evaluations(intake: Intake<Evaluation>) -> Content {
    let rejected = Rejected::of(&intake);
    let batch = Batch { evaluations: intake.accepted, ..Batch::default() };
    Content { batch, rejected, ..Content::default() }
}

impl Rejected {
    pub(super) fn of<T>(intake: &Intake<T>) -> Option<Self> {
        intake.refusal().map(|reason| Self { events: intake.rejected.len(), reason })
    }
}

/// Reads the body of a request with `read`, and stores the valid events.
pub(super) async fn take(
    app: &App,
    request: Request,
    read: impl FnOnce(&[u8]) -> Result<Content, String> + Send + 'static,
) -> Outcome {
    let (head, body) = request.into_parts();
    // The body keeps its part of the budget until the batch is stored.
    let (read, _budget) = match app.body_budget.receive(&head.headers, body).await {
        Ok(sent) => read_on_blocking_thread(app, sent, read).await,
        Err(refusal) => (Err(refusal), None),
    };
    store(app, head.uri.path(), head.uri.path(), read).await
}

/// Refuses a request whose body is not read.
pub(super) async fn refuse(app: &App, request: Request, refusal: (StatusCode, &str)) -> Outcome {
    refuse_at(app, request.uri().path(), request.uri().path(), refusal).await
}

/// Refuses a request to any path. Counts it as a request to `route`.
pub(super) async fn refuse_at(
    app: &App,
    route: &str,
    path: &str,
    (status, reason): (StatusCode, &str),
) -> Outcome {
    store(app, route, path, Err((status, reason.to_owned()))).await
}

/// Stores the content of a request to this path, or the reason for its refusal.
async fn store(app: &App, route: &str, path: &str, read: Result<Content, Refusal>) -> Outcome {
    let (Content { mut batch, updates, rejected, passed_over }, refusal) = match read {
        Ok(content) => (content, None),
        Err(refusal) => (Content::default(), Some(refusal)),
    };
    // Held until the batch is stored.
    let mut changed = match update::merge(app, updates).await {
        Ok(changed) => changed,
        Err(error) => return failed(app, path, error),
    };
    let rejected = rejected.or_else(|| Rejected::of(&changed.intake));
    batch.spans.append(&mut changed.intake.accepted);
    let reason = refusal.as_ref().map(|(_, reason)| reason);
    if let Some(reason) = reason.or(rejected.as_ref().map(|rejected| &rejected.reason)) {
        let path = path.to_owned();
        batch.rejections.push(Rejection { at_ms: now_ms(), path, reason: reason.clone() });
    }
    let refused =
        count(rejected.as_ref().map_or(0, |rejected| rejected.events)) + u64::from(refusal.is_some());
    let events = count(batch.spans.len() + batch.evaluations.len());
    let arrived = Arrived { requests: 1, events, passed_over: count(passed_over), refused };
    app.arrivals.count(route, arrived, now_ms());
    match (app.store.write(batch).await, refusal, rejected) {
        (Err(error), ..) => failed(app, path, error),
        (Ok(()), Some(refusal), _) => Outcome::Refused(refusal),
        (Ok(()), None, Some(rejected)) => Outcome::Partly(rejected),
        (Ok(()), None, None) => Outcome::Stored,
    }
}

/// Records why the store failed. The record is in memory, so pages can show it meanwhile.
fn failed(app: &App, path: &str, error: StoreError) -> Outcome {
    app.arrivals.refuse(path, &Report(&error).to_string(), now_ms());
    Outcome::Failed(error)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Reads a body on a thread where it may block. Also returns the part of the budget of the body.
async fn read_on_blocking_thread(
    app: &App,
    sent: ReceivedBody,
    read: impl FnOnce(&[u8]) -> Result<Content, String> + Send + 'static,
) -> (Result<Content, Refusal>, Option<OwnedSemaphorePermit>) {
    // Every parse ends, so a permit will become free.
    let permit = Arc::clone(&app.parsing).acquire_owned().await;
    let store = app.store.clone();
    let task = tokio::task::spawn_blocking(move || {
        let bad = |reason| (StatusCode::BAD_REQUEST, reason);
        let mut read = sent.decompressed().and_then(|body| read(&body).map_err(bad));
        if let Ok(content) = &mut read {
            store.encode(&mut content.batch);
        }
        // Other bodies are read while this one waits to be stored.
        drop(permit);
        (read, Some(sent.permit))
    });
    task.await.unwrap_or_else(|_| {
        let reason = "reading the body failed, which is a bug in llmobs".to_owned();
        (Err((StatusCode::BAD_REQUEST, reason)), None)
    })
}

/// Answers as Datadog's intake does: 202, or 400 with the first error, or 503 if a retry may succeed.
pub(super) fn answer(outcome: Outcome) -> Response {
    let errors = |reason: String| Json(json!({ "errors": [reason] }));
    match outcome {
        Outcome::Stored => (StatusCode::ACCEPTED, Json(json!({}))).into_response(),
        Outcome::Partly(rejected) => (StatusCode::BAD_REQUEST, errors(rejected.reason)).into_response(),
        Outcome::Refused((status, reason)) => with_hints(status, errors(reason).into_response()),
        Outcome::Failed(error) => {
            let (status, text) = failure(&error);
            with_hints(status, errors(text).into_response())
        }
    }
}

/// Logs an error of the store. Returns its status and its text.
pub(super) fn failure(error: &StoreError) -> (StatusCode, String) {
    let text = Report(error).to_string();
    log::error!("{text}");
    let is_temporary = matches!(error, StoreError::Full(_) | StoreError::Unavailable(_) | StoreError::Closed);
    (if is_temporary { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR }, text)
}

/// Sets the status of an answer, and headers that tell the client how to proceed.
pub(super) fn with_hints(status: StatusCode, mut response: Response) -> Response {
    *response.status_mut() = status;
    let hint = match status {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (ACCEPT_ENCODING, "gzip, deflate, zstd, identity"),
        StatusCode::SERVICE_UNAVAILABLE => (RETRY_AFTER, "1"),
        _ => return response,
    };
    response.headers_mut().insert(hint.0, HeaderValue::from_static(hint.1));
    response
}
