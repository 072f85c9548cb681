//! The routes for Datadog's tracers: traces, and the other requests that tracers send to an Agent.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::App;
use super::intake::{Content, Outcome, answer, of_spans, take};
use crate::intake::{ApmVersion, read_apm};

/// Texts in the form v0.5 of programs that use LLM Observability. The form does not contain the events.
const SIGNS: [&[u8]; 2] = [b"llmobs", b"gen_ai."];
const V05: &str = "traces of v0.5 carry no LLM spans: set DD_TRACE_API_VERSION=v0.4 for Python, \
    DD_TRACE_AGENT_PROTOCOL_VERSION=0.4 for Node, or DD_APM_TRACING_ENABLED=false";

/// Receives traces in the form v0.4.
pub(super) async fn v04(state: State<App>, request: Request) -> Response {
    traces(state, request, ApmVersion::V04).await
}

/// Receives traces in the form v0.7.
pub(super) async fn v07(state: State<App>, request: Request) -> Response {
    traces(state, request, ApmVersion::V07).await
}

/// Receives traces in the form v1.0.
pub(super) async fn v10(state: State<App>, request: Request) -> Response {
    traces(state, request, ApmVersion::V10).await
}

async fn traces(State(app): State<App>, request: Request, version: ApmVersion) -> Response {
    let read = move |body: &[u8]| {
        let read = read_apm(body, version)?;
        Ok(Content { passed_over: read.passed_over, ..of_spans(read.intake) })
    };
    answer_rates(take(&app, request, read).await)
}

/// Receives traces in the form v0.5. The answer accepts them, so that tracers do not send them again.
pub(super) async fn v05(State(app): State<App>, request: Request) -> Response {
    let read = |body: &[u8]| {
        let has_signs = SIGNS.iter().any(|sign| body.windows(sign.len()).any(|window| window == *sign));
        if has_signs { Err(V05.to_owned()) } else { Ok(Content::default()) }
    };
    match take(&app, request, read).await {
        Outcome::Refused((StatusCode::BAD_REQUEST, _)) => answer_rates(Outcome::Stored),
        outcome => answer_rates(outcome),
    }
}

/// Receives statistics, telemetry and requests for a configuration, and ignores them.
pub(super) async fn others(State(app): State<App>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    match app.body_budget.receive(&head.headers, body).await {
        Ok(_) => Json(json!({})).into_response(),
        Err(refusal) => answer(Outcome::Refused(refusal)),
    }
}

/// Answers that tracers should send all traces.
fn answer_rates(outcome: Outcome) -> Response {
    match outcome {
        Outcome::Stored => Json(json!({ "rate_by_service": { "service:,env:": 1.0 } })).into_response(),
        other => answer(other),
    }
}
