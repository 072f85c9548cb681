//! LLM spans have the trace id of the tracer in the same process, and requests continue its trace. One test, since there is one tracer.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

use std::collections::HashMap;
use std::time::Duration;

use llmobs_test_support::CaptureServer;
use opentelemetry::trace::{TraceContextExt as _, Tracer as _, TracerProvider as _};
use rmpv::Value;
use tracing_subscriber::layer::SubscriberExt as _;

/// Returns the value of a key in a MessagePack map.
fn member<'a>(map: &'a Value, key: &str) -> &'a Value {
    let pairs = map.as_map().unwrap();
    &pairs
        .iter()
        .find(|(name, _)| name.as_str() == Some(key))
        .unwrap_or_else(|| panic!("no {key} in {map}"))
        .1
}

#[test]
fn llm_spans_have_the_trace_id_of_the_tracer() {
    let server = CaptureServer::start().agent_with(&["/evp_proxy/v2/", "/v0.4/traces"]);
    let mut config = datadog_opentelemetry::configuration::Config::builder();
    config.set_trace_agent_url(server.url());
    let provider = datadog_opentelemetry::tracing().with_config(config.build()).init();
    let tracer = provider.tracer("test");
    let config = llmobs::Config::new().ml_app("app").agent_url(server.url()).agentless(false);
    let guard = config.apm_context(llmobs::opentelemetry_context!()).init().unwrap();

    // A span of OpenTelemetry's own API, with LLM spans inside.
    let mut headers: HashMap<String, String> = HashMap::new();
    tracer.in_span("request", |request| {
        let answer = llmobs::workflow("answer").start();
        answer.enter(|| {
            llmobs::llm("same trace").start().finish();
            llmobs::inject(&mut headers);
        });
        answer.finish();
        let ids = request.span().span_context().clone();
        let traceparent = format!("00-{}-{}-01", ids.trace_id(), ids.span_id());
        assert_eq!(headers["traceparent"], traceparent);
        let low = u64::from_be_bytes(ids.trace_id().to_bytes()[8..].try_into().unwrap());
        assert_eq!(headers["x-datadog-trace-id"], low.to_string());
        let span_id = u64::from_be_bytes(ids.span_id().to_bytes());
        assert_eq!(headers["x-datadog-parent-id"], span_id.to_string());
        assert!(headers["x-datadog-tags"].contains("_dd.p.llmobs_parent_id="));
    });

    // The LLM trace starts outside of the tracer's spans, and one of its spans is inside a trace of the tracer.
    let batch = llmobs::workflow("batch").start();
    batch.enter(|| {
        tracer.in_span("job", |_| llmobs::llm("other trace").start().finish());
    });
    batch.finish();

    // A span of `tracing`.
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("tracing"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        tracing::info_span!("handler").in_scope(|| llmobs::llm("by tracing").start().finish());
    });

    // A span of `tracing` that both layers record.
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("tracing"));
    let both = tracing_subscriber::registry().with(layer).with(llmobs::tracing::layer());
    tracing::subscriber::with_default(both, || {
        let service = tracing::info_span!("service");
        service.in_scope(|| tracing::info_span!("by both", gen_ai.operation.name = "chat").in_scope(|| ()));
    });

    assert_eq!(llmobs::flush(Duration::from_secs(60)).delivered, 6);
    drop(guard);
    provider.shutdown_with_timeout(Duration::from_secs(30)).unwrap();

    // The trace ids that the tracer sent, by the names of their spans.
    let requests = server.requests();
    let sent = requests.iter().filter(|request| request.path == "/v0.4/traces" && !request.body.is_empty());
    let mut traces = HashMap::new();
    for request in sent {
        let chunks = rmpv::decode::read_value(&mut &*request.body).unwrap();
        for span in chunks.as_array().unwrap().iter().flat_map(|chunk| chunk.as_array().unwrap()) {
            let name = member(span, "resource").as_str().unwrap().to_owned();
            traces.insert(name, member(member(span, "meta"), "otel.trace_id").as_str().unwrap().to_owned());
        }
    }
    assert_eq!(traces.len(), 5, "{traces:?}");
    assert_eq!(traces["by both"], traces["service"]);

    let posts = requests.iter().filter(|request| request.path.starts_with("/evp_proxy"));
    let events: Vec<serde_json::Value> = posts.flat_map(llmobs_test_support::Request::events).collect();
    let event = |name: &str| events.iter().find(|event| event["name"] == name).unwrap();
    for (name, trace) in [
        ("answer", "request"),
        ("same trace", "request"),
        ("other trace", "job"),
        ("by tracing", "handler"),
        ("by both", "service"),
    ] {
        let event = event(name);
        assert_eq!(event["_dd"]["apm_trace_id"], traces[trace], "{name}");
        assert_eq!(event["_dd"]["trace_id"], traces[trace], "{name}");
        assert_eq!(event["_dd"]["span_id"], event["span_id"], "{name}");
        assert_ne!(event["trace_id"], traces[trace], "{name}");
    }
    // Without a current span of the tracer, the trace has a different id.
    let batch = event("batch");
    assert!(traces.values().all(|trace| batch["_dd"]["apm_trace_id"] != **trace));
    assert_eq!(batch["trace_id"], event("other trace")["trace_id"]);
}
