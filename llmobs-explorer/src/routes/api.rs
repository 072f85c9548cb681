//! The routes for other programs. SDKs ask for the features of an Agent, and pages and `llmobs run` ask for changes.

use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{App, RouteError};
use crate::traces::FinishedTrace;

/// How long a request waits for a change.
const WAIT: Duration = Duration::from_secs(8);

/// Returns the part of an Agent's `/info` that SDKs read.
pub(super) async fn info() -> Json<Value> {
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "llmobs_explorer": true,
        "endpoints": [
            "/evp_proxy/v2/", "/evp_proxy/v4/", "/info", "/telemetry/proxy/", "/v0.4/traces", "/v0.7/traces",
        ],
        "client_drop_p0s": false,
    }))
}

/// The number of changes that a page has seen.
#[derive(Deserialize)]
pub(super) struct Seen {
    after: Option<u64>,
}

/// Returns the number of changes as soon as it differs from the number that the page has seen.
pub(super) async fn changes(State(app): State<App>, Query(seen): Query<Seen>) -> Json<Value> {
    let mut changes = app.store.changes();
    let waited = changes.wait_for(|changes| seen.after != Some(*changes));
    // After the timeout, the number is unchanged.
    drop(tokio::time::timeout(WAIT, waited).await);
    let number = *app.store.changes().borrow();
    Json(json!({ "changes": number }))
}

/// Finished traces.
#[derive(Serialize)]
pub(super) struct Answer {
    ended: Vec<FinishedTrace>,
    /// The position for the next request.
    last: i64,
}

/// The position of the last finished trace that the caller knows.
#[derive(Deserialize)]
pub(super) struct Position {
    after: Option<i64>,
}

/// Returns the traces whose root arrived after a position. Without a position, returns no traces.
pub(super) async fn ended(
    State(app): State<App>,
    Query(position): Query<Position>,
) -> Result<Json<Answer>, RouteError> {
    let (ended, last) = app.store.read(move |traces| traces.finished(position.after)).await?;
    Ok(Json(Answer { ended, last }))
}
