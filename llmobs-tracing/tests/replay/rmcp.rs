//! A replay of the spans that rmcp 3.11 (commit 165f8fd) creates. None of them is a model call.
//!
//! The names, targets, levels and fields are those of its `src/service.rs`, `src/transport/worker.rs` and
//! `src/transport/streamable_http_server/session/local.rs`.

use tracing::{Span, debug, info, info_span, trace_span};

/// `serve_inner` in the current span. The session's task and its requests run in it until it ends.
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

/// A session that is started in a model call, and later handles a request with another model call. The session has no span, and
/// the second call is not a child of the first.
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
