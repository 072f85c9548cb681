//! What other programs ask: SDKs whether this is an Agent, pages and `llmobs run` what is new.

use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{App, Failure};
use crate::store::ended::{self, Ended};

/// How long an answer about changes waits for one.
const WAIT: Duration = Duration::from_secs(8);

/// What an Agent says of itself, as far as SDKs look at it.
pub(super) async fn info() -> Json<Value> {
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "llmobs_explorer": true,
        "endpoints": ["/evp_proxy/v2/", "/evp_proxy/v4/", "/info"],
        "client_drop_p0s": false,
    }))
}

/// What a page has seen.
#[derive(Deserialize)]
pub(super) struct Seen {
    after: Option<u64>,
}

/// How many changes there have been, once there are others than those seen.
pub(super) async fn changes(State(app): State<App>, Query(seen): Query<Seen>) -> Json<Value> {
    let mut changes = app.store.changes();
    let waited = changes.wait_for(|changes| seen.after != Some(*changes));
    // In time or not, the number is told.
    drop(tokio::time::timeout(WAIT, waited).await);
    let number = *app.store.changes().borrow();
    Json(json!({ "changes": number }))
}

/// The traces that ended.
#[derive(Serialize)]
pub(super) struct Answer {
    ended: Vec<Ended>,
    /// To be asked for next.
    last: i64,
}

/// What has been told.
#[derive(Deserialize)]
pub(super) struct Told {
    after: Option<i64>,
}

/// The traces whose root arrived after the one that was told last; without it, none.
pub(super) async fn ended(State(app): State<App>, Query(told): Query<Told>) -> Result<Json<Answer>, Failure> {
    let (ended, last) = app.store.read(move |connection| ended::ended(connection, told.after)).await?;
    Ok(Json(Answer { ended, last }))
}
