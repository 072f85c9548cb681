//! A replay of the spans that rmcp 3.11 (commit 165f8fd) makes itself, of which none is a call.
//!
//! The names, targets, levels and fields are those of its `src/service.rs`, `src/transport/worker.rs` and
//! `src/transport/streamable_http_server/session/local.rs`.

use tracing::{Span, debug, info, info_span, trace_span};

/// `serve_inner` in the span that is current. The session's task, and all that it handles, runs in it until it ends.
pub(crate) fn session() -> Span {
    let service = info_span!(target: "rmcp::service", "serve_inner");
    service.in_scope(|| {
        info!(target: "rmcp::service", peer_info = ?Some("client 1.0"), "Service initialized as server");
    });
    service
}

/// A request that the session handles.
pub(crate) fn handles(session: &Span, request: impl FnOnce()) {
    session.in_scope(|| {
        debug!(
            target: "rmcp::service",
            id = %1,
            request = ?"CallToolRequest { name: \"get_weather\", arguments: {\"city\": \"Paris\"} }",
            "received request"
        );
        request();
        debug!(target: "rmcp::service", id = %1, result = ?"21 degrees", "response message");
    });
}

/// A session that is started in a call of a model, and handles a request after it, in which a model is asked. Nothing of the
/// session is shown, and the second call is no part of the first.
///
/// ```text
/// llm first
/// llm second
/// ```
pub(crate) fn session_that_outlives_its_caller() {
    let call = |name: &'static str| {
        let span = info_span!(
            target: "program",
            "chat",
            otel.name = name,
            gen_ai.operation.name = "chat",
            gen_ai.request.model = "gpt-4o"
        );
        span
    };
    let first = call("first");
    let session = first.in_scope(session);
    drop(first);
    handles(&session, || drop(call("second")));
}

/// The tasks of transports, in their own spans.
///
/// ```text
/// ```
pub(crate) fn transports() {
    let worker = trace_span!(target: "rmcp::transport::worker", "transport_worker", name = "streamable-http-session-1");
    worker.in_scope(|| {
        info_span!(
            target: "rmcp::transport::streamable_http_server::session::local",
            "streamable_http_session",
            id = "00000000-0000-4000-8000-000000000001"
        )
        .in_scope(|| ());
    });
}
