//! The messages between client and server: only the trace context is added.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod support;

use std::sync::PoisonError;

use llmobs_rmcp::{Client, RunningClient, Server};
use llmobs_runtime::testing::Collector;
use rmcp::ServiceExt as _;
use rmcp::model::{
    CallToolRequest, ClientRequest, GetPromptRequestParams, JsonObject, MetaObject,
    ReadResourceRequestParams, RequestMetaObject,
};
use rmcp::service::{PeerRequestOptions, RoleClient, RunningService};
use serde_json::{Value, json};

use support::{Traffic, Weather, call, connect, record, serve};

const CONTEXT: [&str; 3] = ["traceparent", "tracestate", "_dd_trace_context"];

/// The requests of a program, with a plain client of rmcp or a traced one.
macro_rules! ask {
    ($client:expr) => {{
        let client = $client;
        let mut answers = Vec::new();
        let call_of = |name, arguments| client.call_tool(call(name, arguments));
        answers.push(format!("{:?}", call_of("forecast", json!({ "city": "Oslo" })).await));
        answers.push(format!("{:?}", call_of("fail", Value::Null).await));
        answers.push(format!("{:?}", call_of("refuse", json!({ "telemetry": { "intent": "none" } })).await));
        answers.push(format!("{:?}", call_of("unheard", json!({})).await));
        answers.push(format!("{:?}", client.list_tools(None).await));
        answers.push(format!("{:?}", client.list_all_tools().await));
        answers.push(format!("{:?}", client.list_prompts(None).await));
        answers.push(format!("{:?}", client.list_all_prompts().await));
        answers.push(format!("{:?}", client.list_resources(None).await));
        answers.push(format!("{:?}", client.get_prompt(GetPromptRequestParams::new("greeting")).await));
        answers.push(format!("{:?}", client.read_resource(ReadResourceRequestParams::new("file://a")).await));
        answers.push(format!("{:?}", client.peer_info()));
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(call("fail", Value::Null)));
        answers.push(format!("{:?}", client.send_request(request.clone()).await));
        let options = PeerRequestOptions::no_options();
        let handle = client.send_cancellable_request(request, options).await.unwrap();
        answers.push(format!("{:?}", handle.await_response().await));
        drop(client.cancel().await);
        answers
    }};
}

fn messages(traffic: &Traffic) -> [Vec<Value>; 2] {
    traffic.each_ref().map(|seen| seen.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

async fn plain() -> (Vec<String>, [Vec<Value>; 2]) {
    let (transport, traffic) = record(serve(Weather::default()));
    let client: RunningService<RoleClient, ()> = ().serve(transport).await.unwrap();
    (ask!(client), messages(&traffic))
}

async fn traced() -> (Vec<String>, [Vec<Value>; 2]) {
    let (transport, traffic) = record(serve(Server::new(Weather::default())));
    let client: RunningClient<()> = Client::new(()).serve(transport).await.unwrap();
    (ask!(client), messages(&traffic))
}

/// Removes the trace context from a request. Returns how many fields it had.
fn without_context(message: &mut Value) -> usize {
    let Some(params) = message.get_mut("params").and_then(Value::as_object_mut) else { return 0 };
    let Some(meta) = params.get_mut("_meta").and_then(Value::as_object_mut) else { return 0 };
    let count = CONTEXT.iter().filter(|name| meta.remove(**name).is_some()).count();
    if meta.is_empty() {
        params.remove("_meta");
    }
    count
}

#[tokio::test]
async fn only_the_trace_context_is_added() {
    let (answers, expected) = plain().await;
    let collector = Collector::new();
    let _entered = collector.attach();
    let (traced_answers, mut actual) = traced().await;
    assert_eq!(traced_answers, answers);
    let with_context =
        actual[0].iter_mut().map(|message| (message["method"].clone(), without_context(message)));
    let without: Vec<_> = with_context.filter(|(_, count)| *count != 3).collect();
    // Notifications, and lists whose pages rmcp requests itself.
    let expected_without =
        [("notifications/initialized", 0), ("prompts/list", 0)].map(|(name, count)| (json!(name), count));
    assert_eq!(without, expected_without);
    assert_eq!(actual, expected);
}

#[tokio::test]
async fn nothing_is_added_without_llmobs() {
    let (answers, expected) = plain().await;
    let (traced_answers, actual) = traced().await;
    assert_eq!(traced_answers, answers);
    assert_eq!(actual, expected);
}

#[tokio::test]
async fn nothing_is_added_if_distributed_tracing_is_off() {
    let (answers, expected) = plain().await;
    let collector = Collector::new();
    let _entered = collector.attach();
    let (transport, traffic) = record(serve(Server::new(Weather::default()).distributed_tracing(false)));
    let client = Client::new(()).distributed_tracing(false).serve(transport).await.unwrap();
    let traced_answers = ask!(client);
    assert_eq!(traced_answers, answers);
    assert_eq!(messages(&traffic), expected);
    let roots = collector.spans().into_iter().filter(|span| span.parent_id().is_none()).map(|span| span.name);
    assert_eq!(roots.filter(|name| name == "fail").count(), 3, "{}", collector.tree());
}

/// The `_meta` of a program.
fn meta(value: Value) -> RequestMetaObject {
    let object: JsonObject = serde_json::from_value(value).unwrap();
    RequestMetaObject(MetaObject(object))
}

#[tokio::test]
async fn the_meta_of_the_program_is_kept() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let (weather, client) = connect().await;
    let own = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
    let mut params = call("forecast", json!({ "city": "Oslo" }));
    params.meta = Some(meta(json!({ "traceparent": own, "example.com/own": [1, 2] })));
    client.call_tool(params).await.unwrap();
    let (_, mut seen) = weather.seen.lock().unwrap().take().unwrap();
    let datadog = seen.remove("_dd_trace_context").unwrap();
    let mut names: Vec<_> = datadog.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = [
        "traceparent",
        "tracestate",
        "x-datadog-parent-id",
        "x-datadog-sampling-priority",
        "x-datadog-tags",
        "x-datadog-trace-id",
    ];
    assert_eq!(names, expected);
    seen.remove("progressToken");
    assert_eq!(*seen, *meta(json!({ "traceparent": own, "example.com/own": [1, 2] })));
    drop(client);
    // The server's span is still a child of the client's span.
    let (call, tool) = (collector.span("MCP Client Tool Call: forecast"), collector.span("forecast"));
    assert_eq!(tool.parent_id(), Some(call.span_id()));
}

#[tokio::test]
async fn a_server_continues_the_trace_of_any_client() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let client = ().serve(serve(Server::new(Weather::default()))).await.unwrap();
    let mut headers = JsonObject::new();
    let caller = llmobs_runtime::workflow("caller").start();
    caller.inject(&mut headers);
    let w3c: JsonObject = headers
        .iter()
        .filter(|(name, _)| name.starts_with("trace"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    // In the format of Datadog's SDKs, of SEP-414, and of `llmobs::inject`.
    for written in
        [json!({ "_dd_trace_context": headers.clone() }), Value::Object(w3c), Value::Object(headers)]
    {
        let mut params = call("fail", Value::Null);
        params.meta = Some(meta(written));
        client.call_tool(params).await.unwrap();
    }
    let mut params = call("refuse", Value::Null);
    params.meta = Some(meta(json!({ "_dd_trace_context": "?", "traceparent": 5, "tracestate": null })));
    client.call_tool(params).await.unwrap_err();
    caller.finish();
    drop(client);
    let tools = collector.spans_of(llmobs_runtime::Kind::Tool, "fail");
    let caller = collector.span("caller");
    assert_eq!(tools.len(), 3);
    for tool in tools {
        assert_eq!((tool.parent_id(), tool.trace_id()), (Some(caller.span_id()), caller.trace_id()));
    }
    assert_eq!(collector.span("refuse").parent_id(), None);
}
