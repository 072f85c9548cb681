//! The spans of a client and a server for their requests, in one trace and separately.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod support;

use expect_test::{Expect, expect};
use futures_util::future::join_all;
use llmobs_rmcp::{Client, Server};
use llmobs_runtime::integration::new_trace;
use llmobs_runtime::testing::Collector;
use llmobs_runtime::{Config, FutureSpanExt as _, extract, workflow};
use rmcp::model::{
    CallToolRequest, ClientRequest, GetPromptRequestParams, ListToolsRequest, PaginatedRequestParams,
};
use rmcp::service::PeerRequestOptions;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceError, ServiceExt as _};
use serde_json::{Value, json};

use support::{Weather, call, connect, serve};

/// Compares the tree of a collector.
fn check(collector: &Collector, expected: &Expect) {
    expected.assert_eq(&collector.tree());
}

fn oslo() -> rmcp::model::CallToolRequestParams {
    call("forecast", json!({ "city": "Oslo" }))
}

#[tokio::test]
async fn a_client_and_a_server_share_a_trace() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let (_, client) = connect().await;
    client.call_tool(oslo()).await.unwrap();
    assert_eq!(client.list_all_tools().await.unwrap(), support::tools());
    client.cancel().await.unwrap();
    check(
        &collector,
        &expect![[r#"
        workflow MCP Client Session
        ├─ task MCP Client Initialize  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        │  └─ task mcp.initialize  in {"method":"initialize","params":{"protocolVersion":"2026-07-28","capabilities":{},"clientInfo":{"name":"rmcp","version":"3.11.0"}}}  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        ├─ tool MCP Client Tool Call: forecast  in {"city":"Oslo"}  out sunny in Oslo
        │  └─ tool forecast  in {"method":"tools/call","params":{"name":"forecast","arguments":{"city":"Oslo"}}}  out sunny in Oslo
        │     └─ tool look_up  in {"city":"Oslo"}  out sunny in Oslo
        ├─ task MCP Client list Tools  in {"cursor":null}  out {"nextCursor":"second","tools":[{"name":"forecast","description":"Forecasts","inputSchema":{"properties":{"city":{"type":"string"}},"required":["city"],"type":"object"}},{"name":"fail","description":"Fails","inputSchema":{"type":"object"}}]}
        │  └─ task mcp.tools/list  in {"method":"tools/list","params":{}}  out {"resultType":"complete","nextCursor":"second","tools":[{"name":"forecast","description":"Forecasts","inputSchema":{"properties":{"city":{"type":"string"}},"required":["city"],"type":"object"}},{"name":"fail","description":"Fails","inputSchema":{"type":"object"}}]}
        └─ task MCP Client list Tools  in {"cursor":"second"}  out {"tools":[{"name":"refuse","description":"Refuses","inputSchema":{"type":"object"}}]}
           └─ task mcp.tools/list  in {"method":"tools/list","params":{"cursor":"second"}}  out {"resultType":"complete","tools":[{"name":"refuse","description":"Refuses","inputSchema":{"type":"object"}}]}
    "#]],
    );
}

#[tokio::test]
async fn a_client_is_traced_without_a_traced_server() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let client = Client::new(()).serve(serve(Weather::default())).await.unwrap();
    client.call_tool(call("refuse", Value::Null)).await.unwrap_err();
    client.cancel().await.unwrap();
    check(
        &collector,
        &expect![[r#"
        workflow MCP Client Session
        ├─ task MCP Client Initialize  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        └─ tool MCP Client Tool Call: refuse  in {}  error rmcp::service::ServiceError: Mcp error: -32603: not today
    "#]],
    );
}

#[tokio::test]
async fn a_server_is_traced_without_a_traced_client() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let client = ().serve(serve(Server::new(Weather::default()))).await.unwrap();
    client.call_tool(oslo()).await.unwrap();
    client.list_tools(None).await.unwrap();
    client.cancel().await.unwrap();
    check(
        &collector,
        &expect![[r#"
        task mcp.initialize  in {"method":"initialize","params":{"protocolVersion":"2026-07-28","capabilities":{},"clientInfo":{"name":"rmcp","version":"3.11.0"}}}  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        tool forecast  in {"method":"tools/call","params":{"name":"forecast","arguments":{"city":"Oslo"}}}  out sunny in Oslo
        └─ tool look_up  in {"city":"Oslo"}  out sunny in Oslo
        task mcp.tools/list  in {"method":"tools/list","params":{}}  out {"resultType":"complete","nextCursor":"second","tools":[{"name":"forecast","description":"Forecasts","inputSchema":{"properties":{"city":{"type":"string"}},"required":["city"],"type":"object"}},{"name":"fail","description":"Fails","inputSchema":{"type":"object"}}]}
    "#]],
    );
}

#[tokio::test]
async fn a_call_is_a_child_of_the_current_span() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let (_, client) = connect().await;
    let answer = async { client.call_tool(oslo()).await.unwrap() };
    answer.in_span(workflow("answer").start()).await;
    let peer = client.peer().clone();
    tokio::spawn(async move { peer.call_tool_once(oslo()).await }.in_span(workflow("task").start()))
        .await
        .unwrap()
        .unwrap();
    drop(client);
    check(
        &collector,
        &expect![[r#"
        workflow MCP Client Session
        └─ task MCP Client Initialize  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
           └─ task mcp.initialize  in {"method":"initialize","params":{"protocolVersion":"2026-07-28","capabilities":{},"clientInfo":{"name":"rmcp","version":"3.11.0"}}}  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        workflow answer
        └─ tool MCP Client Tool Call: forecast  in {"city":"Oslo"}  out sunny in Oslo
           └─ tool forecast  in {"method":"tools/call","params":{"name":"forecast","arguments":{"city":"Oslo"}}}  out sunny in Oslo
              └─ tool look_up  in {"city":"Oslo"}  out sunny in Oslo
        workflow task
        └─ tool MCP Client Tool Call: forecast  in {"city":"Oslo"}  out sunny in Oslo
           └─ tool forecast  in {"method":"tools/call","params":{"name":"forecast","arguments":{"city":"Oslo"}}}  out sunny in Oslo
              └─ tool look_up  in {"city":"Oslo"}  out sunny in Oslo
    "#]],
    );
}

#[tokio::test]
async fn a_session_in_a_span_contains_its_calls() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let program = async {
        let (_, mut client) = connect().await;
        client.call_tool(oslo()).await.unwrap();
        client.close().await.unwrap();
        assert!(client.is_closed());
    };
    program.in_span(workflow("program").start()).await;
    check(
        &collector,
        &expect![[r#"
        workflow program
        └─ workflow MCP Client Session
           ├─ task MCP Client Initialize  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
           │  └─ task mcp.initialize  in {"method":"initialize","params":{"protocolVersion":"2026-07-28","capabilities":{},"clientInfo":{"name":"rmcp","version":"3.11.0"}}}  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
           └─ tool MCP Client Tool Call: forecast  in {"city":"Oslo"}  out sunny in Oslo
              └─ tool forecast  in {"method":"tools/call","params":{"name":"forecast","arguments":{"city":"Oslo"}}}  out sunny in Oslo
                 └─ tool look_up  in {"city":"Oslo"}  out sunny in Oslo
    "#]],
    );
}

#[tokio::test]
async fn a_call_continues_an_extracted_trace() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let (_, client) = connect().await;
    let mut headers = Vec::<(String, String)>::new();
    let caller = workflow("caller").start();
    caller.inject(&mut headers);
    async { client.call_tool(oslo()).await.unwrap() }.in_context(extract(&headers)).await;
    async { client.call_tool(call("fail", Value::Null)).await.unwrap() }.in_context(new_trace()).await;
    caller.finish();
    drop(client);
    let caller = collector.span("caller");
    assert_eq!(collector.span("MCP Client Tool Call: forecast").parent_id(), Some(caller.span_id()));
    assert_eq!(collector.span("MCP Client Tool Call: fail").parent_id(), None);
}

#[tokio::test]
async fn each_kind_of_error_is_recorded() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let (weather, client) = connect().await;
    assert_eq!(client.call_tool(call("fail", Value::Null)).await.unwrap().is_error, Some(true));
    client.call_tool(call("refuse", Value::Null)).await.unwrap_err();
    client.call_tool(call("forecast", json!({}))).await.unwrap_err();
    client.call_tool(call("unheard", Value::Null)).await.unwrap_err();
    let page = PaginatedRequestParams::default().with_cursor(Some("third".to_owned()));
    client.list_tools(Some(page)).await.unwrap_err();
    // The server never answers a call whose handler panics.
    tokio::select! {
        answer = client.call_tool(call("panic", Value::Null)) => panic!("{answer:?}"),
        () = weather.waits.notified() => {}
    }
    client.cancel().await.unwrap();
    check(
        &collector,
        &expect![[r#"
        workflow MCP Client Session
        ├─ task MCP Client Initialize  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        │  └─ task mcp.initialize  in {"method":"initialize","params":{"protocolVersion":"2026-07-28","capabilities":{},"clientInfo":{"name":"rmcp","version":"3.11.0"}}}  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        ├─ tool MCP Client Tool Call: fail  in {}  out the station is down  error ToolError: the station is down
        │  └─ tool fail  in {"method":"tools/call","params":{"name":"fail"}}  out the station is down  error ToolError: tool resulted in an error
        ├─ tool MCP Client Tool Call: refuse  in {}  error rmcp::service::ServiceError: Mcp error: -32603: not today
        │  └─ tool refuse  in {"method":"tools/call","params":{"name":"refuse"}}  error rmcp::model::ErrorData: -32603: not today
        ├─ tool MCP Client Tool Call: forecast  in {}  error rmcp::service::ServiceError: Mcp error: -32602: city is missing
        │  └─ tool forecast  in {"method":"tools/call","params":{"name":"forecast","arguments":{}}}  error rmcp::model::ErrorData: -32602: city is missing
        ├─ tool MCP Client Tool Call: unheard  in {}  error rmcp::service::ServiceError: Mcp error: -32602: tool not found
        │  └─ tool unheard  in {"method":"tools/call","params":{"name":"unheard"}}  error rmcp::model::ErrorData: -32602: tool not found
        ├─ task MCP Client list Tools  in {"cursor":"third"}  error rmcp::service::ServiceError: Mcp error: -32602: no such page
        │  └─ task mcp.tools/list  in {"method":"tools/list","params":{"cursor":"third"}}  error rmcp::model::ErrorData: -32602: no such page
        └─ tool MCP Client Tool Call: panic  in {}  cancelled
           └─ tool panic  in {"method":"tools/call","params":{"name":"panic"}}  error panic: a storm
    "#]],
    );
}

#[tokio::test]
async fn calls_over_a_closed_connection_are_errors() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let (_, mut client) = connect().await;
    client.close().await.unwrap();
    let error = client.call_tool(oslo()).await.unwrap_err();
    assert!(matches!(error, ServiceError::TransportClosed), "{error:?}");
    let sent = client.send_request(ClientRequest::CallToolRequest(CallToolRequest::new(oslo()))).await;
    assert!(matches!(sent, Err(ServiceError::TransportClosed)), "{sent:?}");
    check(
        &collector,
        &expect![[r#"
        workflow MCP Client Session
        ├─ task MCP Client Initialize  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        │  └─ task mcp.initialize  in {"method":"initialize","params":{"protocolVersion":"2026-07-28","capabilities":{},"clientInfo":{"name":"rmcp","version":"3.11.0"}}}  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        ├─ tool MCP Client Tool Call: forecast  in {"city":"Oslo"}  error rmcp::service::ServiceError: Transport closed
        └─ tool MCP Client Tool Call: forecast  in {"city":"Oslo"}  error rmcp::service::ServiceError: Transport closed
    "#]],
    );
}

/// A server that rejects every client.
struct Closed;

impl ServerHandler for Closed {
    async fn initialize(
        &self,
        _: rmcp::model::InitializeRequestParams,
        _: rmcp::service::RequestContext<RoleServer>,
    ) -> Result<rmcp::model::InitializeResult, ErrorData> {
        Err(ErrorData::invalid_request("closed on Mondays", None))
    }
}

#[tokio::test]
async fn a_rejected_initialization_is_an_error() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let (here, there) = tokio::io::duplex(4096);
    let (server, client) = tokio::join!(Server::new(Closed).serve(there), Client::new(()).serve(here));
    assert!(server.is_err() && client.is_err());
    check(
        &collector,
        &expect![[r#"
        workflow MCP Client Session
        └─ task MCP Client Initialize  error rmcp::service::client::ClientInitializeError: JSON-RPC error: -32600: closed on Mondays
           └─ task mcp.initialize  in {"method":"initialize","params":{"protocolVersion":"2026-07-28","capabilities":{},"clientInfo":{"name":"rmcp","version":"3.11.0"}}}  error rmcp::model::ErrorData: -32600: closed on Mondays
    "#]],
    );
}

#[tokio::test]
async fn a_dropped_call_is_cancelled() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let (weather, client) = connect().await;
    tokio::select! {
        answer = client.call_tool(call("wait", Value::Null)) => panic!("{answer:?}"),
        () = weather.waits.notified() => {}
    }
    weather.cancelled.notified().await;
    client.cancel().await.unwrap();
    check(
        &collector,
        &expect![[r#"
        workflow MCP Client Session
        ├─ task MCP Client Initialize  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        │  └─ task mcp.initialize  in {"method":"initialize","params":{"protocolVersion":"2026-07-28","capabilities":{},"clientInfo":{"name":"rmcp","version":"3.11.0"}}}  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        └─ tool MCP Client Tool Call: wait  in {}  cancelled
           └─ tool wait  in {"method":"tools/call","params":{"name":"wait"}}  out   cancelled
    "#]],
    );
}

#[tokio::test]
async fn requests_through_handles_are_traced() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let (weather, client) = connect().await;
    let request = |params| ClientRequest::CallToolRequest(CallToolRequest::new(params));
    let options = PeerRequestOptions::no_options;
    let handle = client.send_cancellable_request(request(oslo()), options()).await.unwrap();
    handle.await_response().await.unwrap();
    let handle = client.send_cancellable_request(request(call("fail", json!({}))), options()).await.unwrap();
    handle.await_response().await.unwrap();
    let handle =
        client.send_request_with_option(request(call("refuse", Value::Null)), options()).await.unwrap();
    handle.await_response().await.unwrap_err();
    client.send_request(ClientRequest::ListToolsRequest(ListToolsRequest::default())).await.unwrap();
    let handle =
        client.send_cancellable_request(request(call("wait", Value::Null)), options()).await.unwrap();
    weather.waits.notified().await;
    handle.cancel(None).await.unwrap();
    weather.cancelled.notified().await;
    client.cancel().await.unwrap();
    check(
        &collector,
        &expect![[r#"
            workflow MCP Client Session
            ├─ task MCP Client Initialize  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
            │  └─ task mcp.initialize  in {"method":"initialize","params":{"protocolVersion":"2026-07-28","capabilities":{},"clientInfo":{"name":"rmcp","version":"3.11.0"}}}  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
            ├─ tool MCP Client Tool Call: forecast  in {"city":"Oslo"}  out sunny in Oslo
            │  └─ tool forecast  in {"method":"tools/call","params":{"name":"forecast","arguments":{"city":"Oslo"}}}  out sunny in Oslo
            │     └─ tool look_up  in {"city":"Oslo"}  out sunny in Oslo
            ├─ tool MCP Client Tool Call: fail  in {}  out the station is down  error ToolError: the station is down
            │  └─ tool fail  in {"method":"tools/call","params":{"name":"fail","arguments":{}}}  out the station is down  error ToolError: tool resulted in an error
            ├─ tool MCP Client Tool Call: refuse  in {}  error rmcp::service::ServiceError: Mcp error: -32603: not today
            │  └─ tool refuse  in {"method":"tools/call","params":{"name":"refuse"}}  error rmcp::model::ErrorData: -32603: not today
            ├─ task MCP Client list Tools  in {"cursor":null}  out {"nextCursor":"second","tools":[{"name":"forecast","description":"Forecasts","inputSchema":{"properties":{"city":{"type":"string"}},"required":["city"],"type":"object"}},{"name":"fail","description":"Fails","inputSchema":{"type":"object"}}]}
            │  └─ task mcp.tools/list  in {"method":"tools/list","params":{}}  out {"resultType":"complete","nextCursor":"second","tools":[{"name":"forecast","description":"Forecasts","inputSchema":{"properties":{"city":{"type":"string"}},"required":["city"],"type":"object"}},{"name":"fail","description":"Fails","inputSchema":{"type":"object"}}]}
            └─ tool MCP Client Tool Call: wait  in {}  cancelled
               └─ tool wait  in {"method":"tools/call","params":{"name":"wait"}}  out   cancelled
        "#]],
    );
}

#[tokio::test]
async fn concurrent_calls_have_the_right_parents() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let (_, client) = connect().await;
    let client = &client;
    let ask = |index: usize| async move {
        let city = index.to_string();
        let call = async { client.call_tool(call("forecast", json!({ "city": city }))).await.unwrap() };
        call.in_span(workflow(city.clone()).start()).await;
    };
    join_all((0..50).map(ask)).await;
    let spans = collector.spans();
    for index in 0..50_usize {
        let city = index.to_string();
        let mut parent = spans.iter().find(|span| span.name == city).unwrap();
        for name in ["MCP Client Tool Call: forecast", "forecast", "look_up"] {
            let children: Vec<_> =
                spans.iter().filter(|span| span.parent_id() == Some(parent.span_id())).collect();
            let [child] = &*children else { panic!("{} children of {}", children.len(), parent.name) };
            assert_eq!((&*child.name, child.trace_id()), (name, parent.trace_id()));
            let input = serde_json::to_string(&collector.event(child)["meta"]["input"]).unwrap();
            assert!(input.contains(&format!(r#"\"city\":\"{city}\""#)), "{input}");
            parent = child;
        }
    }
}

#[tokio::test]
async fn annotations_of_the_program_take_precedence() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let (_, client) = connect().await;
    client.call_tool(call("annotate", Value::Null)).await.unwrap();
    drop(client);
    check(
        &collector,
        &expect![[r#"
        workflow MCP Client Session
        ├─ task MCP Client Initialize  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        │  └─ task mcp.initialize  in {"method":"initialize","params":{"protocolVersion":"2026-07-28","capabilities":{},"clientInfo":{"name":"rmcp","version":"3.11.0"}}}  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        └─ tool MCP Client Tool Call: annotate  in {}  out {"temperature":21}
           └─ tool annotate  in {"method":"tools/call","params":{"name":"annotate"}}  out by hand
    "#]],
    );
}

#[tokio::test]
async fn requests_without_a_span_are_in_the_trace() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let (_, client) = connect().await;
    let ask = async { client.get_prompt(GetPromptRequestParams::new("greeting")).await.unwrap() };
    ask.in_span(workflow("ask").start()).await;
    // For a client that is not traced, the spans of a request are one trace.
    let plain = ().serve(serve(Server::new(Weather::default()))).await.unwrap();
    plain.get_prompt(GetPromptRequestParams::new("greeting")).await.unwrap();
    drop(client);
    check(
        &collector,
        &expect![[r#"
        workflow MCP Client Session
        └─ task MCP Client Initialize  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
           └─ task mcp.initialize  in {"method":"initialize","params":{"protocolVersion":"2026-07-28","capabilities":{},"clientInfo":{"name":"rmcp","version":"3.11.0"}}}  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        workflow ask
        ├─ tool look_up  in {"city":"a prompt"}  out sunny in a prompt
        └─ tool look_up  in {"city":"an example"}  out sunny in an example
        task mcp.initialize  in {"method":"initialize","params":{"protocolVersion":"2026-07-28","capabilities":{},"clientInfo":{"name":"rmcp","version":"3.11.0"}}}  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        tool look_up  in {"city":"a prompt"}  out sunny in a prompt
        tool look_up  in {"city":"an example"}  out sunny in an example
    "#]],
    );
    let spans = collector.spans();
    let roots: Vec<_> =
        spans.iter().filter(|span| span.name == "look_up" && span.parent_id().is_none()).collect();
    let [first, second] = &*roots else { panic!("two roots") };
    assert_eq!(first.trace_id(), second.trace_id());
}

#[tokio::test]
async fn content_can_be_disabled() {
    let collector = Collector::with_config(&Config::new().ml_app("test-app").capture_message_content(false));
    let _entered = collector.attach();
    let (_, client) = connect().await;
    client.call_tool(call("fail", json!({ "secret": "secret" }))).await.unwrap();
    client.call_tool(call("refuse", json!({ "secret": "secret" }))).await.unwrap_err();
    client.list_tools(None).await.unwrap();
    client.cancel().await.unwrap();
    check(
        &collector,
        &expect![[r"
        workflow MCP Client Session
        ├─ task MCP Client Initialize
        │  └─ task mcp.initialize
        ├─ tool MCP Client Tool Call: fail  error ToolError
        │  └─ tool fail  error ToolError
        ├─ tool MCP Client Tool Call: refuse  error rmcp::service::ServiceError
        │  └─ tool refuse  error rmcp::model::ErrorData
        └─ task MCP Client list Tools
           └─ task mcp.tools/list
    "]],
    );
}

#[tokio::test]
async fn content_settings_of_client_and_server_override_the_configuration() {
    let collector = Collector::with_config(&Config::new().ml_app("test-app").capture_message_content(false));
    let _entered = collector.attach();
    let server = Server::new(Weather::default()).capture_content(true);
    let client = Client::new(()).serve(serve(server)).await.unwrap();
    client.call_tool(call("fail", json!({}))).await.unwrap();
    drop(client);
    let collector_with = Collector::new();
    let _entered = collector_with.attach();
    let server = Server::new(Weather::default()).capture_content(false);
    let client = Client::new(()).capture_content(false).serve(serve(server)).await.unwrap();
    client.call_tool(call("fail", json!({}))).await.unwrap();
    drop(client);
    check(
        &collector,
        &expect![[r#"
        workflow MCP Client Session
        ├─ task MCP Client Initialize
        │  └─ task mcp.initialize  in {"method":"initialize","params":{"protocolVersion":"2026-07-28","capabilities":{},"clientInfo":{"name":"rmcp","version":"3.11.0"}}}  out {"protocolVersion":"2025-11-25","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}
        └─ tool MCP Client Tool Call: fail  error ToolError
           └─ tool fail  in {"method":"tools/call","params":{"name":"fail","arguments":{}}}  out the station is down  error ToolError: tool resulted in an error
    "#]],
    );
    check(
        &collector_with,
        &expect![[r"
        workflow MCP Client Session
        ├─ task MCP Client Initialize
        │  └─ task mcp.initialize
        └─ tool MCP Client Tool Call: fail  error ToolError
           └─ tool fail  error ToolError
    "]],
    );
}

#[tokio::test]
async fn each_span_has_its_tags() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let (_, client) = connect().await;
    client.call_tool(call("fail", Value::Null)).await.unwrap();
    client.list_tools(None).await.unwrap();
    client.cancel().await.unwrap();
    let own = |tag: &&str| {
        ["client_", "error", "integration", "mcp_", "cancelled"].iter().any(|key| tag.starts_with(key))
    };
    let mut lines = String::new();
    for event in collector.events() {
        let tags = event["tags"].as_array().unwrap().iter().filter_map(Value::as_str).filter(own);
        let tags: Vec<_> = tags.collect();
        lines += &format!("{}: {}\n", event["name"].as_str().unwrap(), tags.join(" "));
    }
    expect![[r"
        MCP Client Session: error:0 integration:mcp mcp_server_name:weather mcp_server_title:Weather mcp_server_version:1.2.3
        MCP Client Initialize: error:0 integration:mcp
        mcp.initialize: client_name:rmcp client_version:rmcp_3.11.0 error:0 integration:mcp mcp_method:initialize
        MCP Client Tool Call: fail: error:1 error_type:ToolError integration:mcp mcp_server_name:weather mcp_server_title:Weather mcp_server_version:1.2.3 mcp_tool_kind:client
        fail: error:1 error_type:ToolError integration:mcp mcp_method:tools/call mcp_tool:fail mcp_tool_kind:server
        MCP Client list Tools: error:0 integration:mcp
        mcp.tools/list: error:0 integration:mcp mcp_method:tools/list
    "]].assert_eq(&lines);
}
