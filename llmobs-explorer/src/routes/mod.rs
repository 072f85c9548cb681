//! The HTTP routes. Each handler reads the request, queries the store, and renders a page or JSON.

mod api;
mod apm;
mod body;
mod export;
mod grpc;
mod intake;
mod otlp;
mod pages;
mod unknown;
mod update;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use maud::Markup;

use crate::arrivals::Arrivals;
use crate::intake::Ancestry;
use crate::page::layout;
use crate::report::Report;
use crate::store::Store;
use crate::traces::StoreError;

/// The state that all handlers share.
#[derive(Clone, Debug)]
pub(crate) struct App {
    store: Store,
    /// The address of the explorer, such as `http://127.0.0.1:8126`.
    origin: Arc<str>,
    /// The other addresses for OpenTelemetry, with the names of their protocols.
    otlp: Arc<[(&'static str, SocketAddr)]>,
    /// The key that forms send, which prevents cross-site requests.
    form_key: Arc<str>,
    body_budget: body::BodyBudget,
    /// Limits the number of bodies that are parsed at the same time. A parsed body takes several times the memory of its text.
    parsing: Arc<tokio::sync::Semaphore>,
    /// The spans between steps in traces of OpenTelemetry, which arrive in parts.
    ancestry: Arc<std::sync::Mutex<Ancestry>>,
    /// The counts of recent requests.
    arrivals: Arrivals,
    /// Held while spans are read, changed and written.
    updating: Arc<tokio::sync::Mutex<()>>,
}

/// The paths of the other requests that tracers send to an Agent.
const AGENT_PATHS: [&str; 8] = [
    "/debugger/{*rest}",
    "/dogstatsd/v2/proxy",
    "/profiling/v1/input",
    "/telemetry/proxy/{*rest}",
    "/tracer_flare/v1",
    "/v0.1/pipeline_stats",
    "/v0.6/stats",
    "/v0.7/config",
];

/// All routes.
pub(crate) fn routes(
    store: Store,
    origin: &str,
    otlp: &[(&'static str, SocketAddr)],
    form_key: &str,
    arrivals: Arrivals,
) -> Router {
    let app = App {
        store,
        origin: origin.into(),
        otlp: otlp.into(),
        form_key: form_key.into(),
        body_budget: body::BodyBudget::new(),
        parsing: Arc::new(tokio::sync::Semaphore::new(2)),
        ancestry: Arc::default(),
        arrivals,
        updating: Arc::default(),
    };
    let mut intake_routes = Router::new();
    for prefix in ["", "/evp_proxy/v2", "/evp_proxy/v4"] {
        let at = |path: &str| format!("{prefix}{path}");
        intake_routes = intake_routes
            .route(&at("/api/v2/llmobs"), post(intake::spans))
            .route(&at("/api/v2/llmobs/update"), post(intake::updates))
            .route(&at("/api/intake/llm-obs/v1/trace/spans"), post(intake::api))
            .route(&at("/api/intake/llm-obs/v1/eval-metric"), post(intake::metrics))
            .route(&at("/api/intake/llm-obs/v2/eval-metric"), post(intake::metrics));
    }
    intake_routes = intake_routes
        .route("/v1/traces", post(otlp::traces))
        // The SDKs of Langfuse append this path to the address of their server.
        .route("/api/public/otel/v1/traces", post(otlp::traces))
        .route("/v1/metrics", post(otlp::others))
        .route("/v1/logs", post(otlp::others))
        .route(grpc::TRACES, post(grpc::traces))
        .route(grpc::METRICS, post(grpc::others))
        .route(grpc::LOGS, post(grpc::others))
        .route("/v0.4/traces", post(apm::v04).put(apm::v04))
        .route("/v0.5/traces", post(apm::v05).put(apm::v05))
        .route("/v0.7/traces", post(apm::v07).put(apm::v07))
        .route("/v1.0/traces", post(apm::v10).put(apm::v10));
    for path in AGENT_PATHS {
        intake_routes = intake_routes.route(path, post(apm::others).put(apm::others));
    }
    Router::new()
        .route("/", get(pages::home))
        .route("/traces", get(pages::list))
        .route("/traces/{trace_id}", get(pages::trace))
        .route("/traces/{trace_id}/rows", get(pages::rows))
        .route("/traces/{trace_id}/spans/{span_id}", get(pages::span))
        .route("/traces/{trace_id}/spans/{span_id}/event.json", get(pages::event))
        .route("/sessions", get(pages::sessions))
        .route("/sessions/{session_id}", get(pages::session))
        .route("/evaluations", get(pages::evaluations))
        .route("/setup", get(pages::setup))
        .route("/sample", post(pages::sample))
        .route("/assets/{name}", get(asset))
        .route("/info", get(api::info))
        .route("/api/v2/llm-obs/v1/spans/events", get(export::spans))
        .route("/api/changes", get(api::changes))
        .route("/api/ended", get(api::ended))
        .merge(intake_routes)
        .fallback(unknown::address)
        .method_not_allowed_fallback(unknown::method)
        .with_state(app)
}

/// The error of a request.
pub(crate) enum RouteError {
    /// There is no such page or file.
    NotFound(&'static str),
    /// The store has no such trace, span or session.
    NotStored(&'static str),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for RouteError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for RouteError {
    fn into_response(self) -> Response {
        let (status, title, text) = match self {
            Self::Store(error @ StoreError::TooLong) => {
                (StatusCode::SERVICE_UNAVAILABLE, "The query took too long", Report(&error).to_string())
            }
            Self::Store(error @ (StoreError::Full(_) | StoreError::Unavailable(_) | StoreError::Closed)) => {
                let text = format!("{}. Reload the page to try again.", Report(&error));
                let page = page(layout::notice("The store is busy", &text));
                return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], page).into_response();
            }
            Self::NotFound(what) => (StatusCode::NOT_FOUND, "Not found", format!("There is no such {what}.")),
            Self::NotStored(what) => {
                let text = format!("There is no such {what}. It may have been deleted: see --keep-days.");
                (StatusCode::NOT_FOUND, "Not found", text)
            }
            Self::Store(error) => {
                let text = Report(&error).to_string();
                log::error!("{text}");
                (StatusCode::INTERNAL_SERVER_ERROR, "The store failed", text)
            }
        };
        (status, page(layout::notice(title, &text))).into_response()
    }
}

/// Returns a page as an answer.
fn page(markup: Markup) -> Html<String> {
    Html(markup.into_string())
}

/// Returns an embedded file. No other files are served.
async fn asset(axum::extract::Path(name): axum::extract::Path<String>) -> Result<Response, RouteError> {
    let (kind, text) = match name.as_str() {
        "style.css" => ("text/css; charset=utf-8", include_str!("../assets/style.css")),
        "page.js" => ("text/javascript; charset=utf-8", include_str!("../assets/page.js")),
        "trace.js" => ("text/javascript; charset=utf-8", include_str!("../assets/trace.js")),
        "live.js" => ("text/javascript; charset=utf-8", include_str!("../assets/live.js")),
        "theme.js" => ("text/javascript; charset=utf-8", include_str!("../assets/theme.js")),
        "icon.svg" => ("image/svg+xml", include_str!("../assets/icon.svg")),
        _ => return Err(RouteError::NotFound("file")),
    };
    Ok(([(CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::traces::EngineError;

    #[test]
    fn temporary_errors_differ_from_permanent_ones() {
        let error = || EngineError("database is locked".to_owned());
        for (error, status, again) in [
            (StoreError::TooLong, 503, false),
            (StoreError::Unavailable(error()), 503, true),
            (StoreError::Full(error()), 503, true),
            (StoreError::Closed, 503, true),
            (StoreError::Damaged { path: PathBuf::from("traces.db"), source: error() }, 500, false),
            (StoreError::Failed(error()), 500, false),
        ] {
            let text = error.to_string();
            let response = RouteError::Store(error).into_response();
            let found = (response.status().as_u16(), response.headers().contains_key(RETRY_AFTER));
            assert_eq!(found, (status, again), "{text}");
        }
    }
}
