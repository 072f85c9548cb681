//! A server over HTTP, with sessions.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod support;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::{HeaderName, HeaderValue};
use llmobs_rmcp::{Client, Server};
use llmobs_runtime::{Config, Exporter, FutureSpanExt as _, flush, inject, workflow};
use rmcp::ServiceExt as _;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpClientTransport, StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Value, json};

use support::{Weather, call};

/// Serves on a loopback socket. Returns the URL.
async fn serve_http(config: StreamableHttpServerConfig) -> String {
    let sessions = Arc::<LocalSessionManager>::default();
    let service = StreamableHttpService::new(|| Ok(Server::new(Weather::default())), sessions, config);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().nest_service("/mcp", service)).await });
    format!("http://{address}/mcp")
}

/// The values of a tag in events.
fn tags(events: &[&Value], key: &str) -> Vec<String> {
    let tags = events.iter().flat_map(|event| event["tags"].as_array().unwrap()).filter_map(Value::as_str);
    tags.filter_map(|tag| Some(tag.strip_prefix(key)?.strip_prefix(':')?.to_owned())).collect()
}

/// The handlers run in tasks of the server, on other threads: spans go to the client of the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sessions_and_traces_over_http() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("streamable_http.json");
    let _ = std::fs::remove_file(&path);
    let guard = Config::new().ml_app("test-app").exporter(Exporter::File(path.clone())).init().unwrap();
    let url = serve_http(StreamableHttpServerConfig::default()).await;

    // Two sessions of traced clients, with concurrent calls.
    for name in ["first", "second"] {
        let client =
            Client::new(()).serve(StreamableHttpClientTransport::from_uri(url.clone())).await.unwrap();
        let ask = |city: String| {
            let client = &client;
            async move { client.call_tool(call("forecast", json!({ "city": city }))).await.unwrap() }
        };
        let both = futures_util::future::join_all((0..20).map(|index| {
            let city = format!("{name}-{index}");
            ask(city.clone()).in_span(workflow(city).start())
        }));
        both.await;
        client.cancel().await.unwrap();
    }

    // An untraced client whose HTTP requests carry a trace context.
    let caller = workflow("caller").start();
    let mut headers = http::HeaderMap::new();
    caller.enter(|| inject(&mut headers));
    let headers: HashMap<HeaderName, HeaderValue> =
        headers.into_iter().filter_map(|(name, value)| Some((name?, value))).collect();
    let transport = StreamableHttpClientTransport::from_config(
        StreamableHttpClientTransportConfig::with_uri(url).custom_headers(headers),
    );
    let client = ().serve(transport).await.unwrap();
    client.call_tool(call("fail", Value::Null)).await.unwrap();
    client.cancel().await.unwrap();
    caller.finish();

    // A server without sessions.
    let url = serve_http(StreamableHttpServerConfig::default().with_legacy_session_mode(false)).await;
    let client = Client::new(()).serve(StreamableHttpClientTransport::from_uri(url)).await.unwrap();
    client.call_tool(call("refuse", Value::Null)).await.unwrap_err();
    client.cancel().await.unwrap();

    flush(Duration::from_secs(10));
    let events = support::exported(&path);
    let named = |name: &str| events.iter().filter(|event| event["name"] == name).collect::<Vec<_>>();
    let parent = |event: &Value| events.iter().find(|other| other["span_id"] == event["parent_id"]).unwrap();

    let calls = named("forecast");
    assert_eq!(calls.len(), 40);
    let mut sessions = HashMap::<String, BTreeSet<String>>::new();
    for call in calls {
        let input: Value = serde_json::from_str(call["meta"]["input"]["value"].as_str().unwrap()).unwrap();
        let city = input["params"]["arguments"]["city"].as_str().unwrap();
        let client = parent(call);
        assert_eq!(client["name"], "MCP Client Tool Call: forecast");
        assert_eq!(parent(client)["name"], city);
        let [session] = &*tags(&[call], "mcp_session_id") else { panic!("{call}") };
        sessions.entry(city.split('-').next().unwrap().to_owned()).or_default().insert(session.clone());
    }
    let ids: BTreeSet<_> = sessions.values().flatten().collect();
    assert_eq!((sessions["first"].len(), sessions["second"].len(), ids.len()), (1, 1, 2));

    let [fail] = &*named("fail") else { panic!("{events:?}") };
    assert_eq!(parent(fail)["name"], "caller");
    let [refuse] = &*named("refuse") else { panic!("{events:?}") };
    assert_eq!(parent(refuse)["name"], "MCP Client Tool Call: refuse");
    assert_eq!(tags(&[refuse], "mcp_session_id"), [""; 0]);
    drop(guard);
}
