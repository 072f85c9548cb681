//! Requests from servers to clients, and the lifecycle without `initialize`.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]
#![allow(deprecated, reason = "servers still ask for roots")]

mod support;

use expect_test::expect;
use llmobs_rmcp::{Client, Server};
use llmobs_runtime::testing::Collector;
use llmobs_runtime::{inject, task};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ClientConfig, ContentBlock,
    Implementation, InputRequest, InputRequiredResult, ListRootsRequest, ListRootsResult, MetaObject,
    ProtocolVersion, RequestMetaObject, ServerRequest,
};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt as _, PeerRequestOptions, RequestContext};
use rmcp::{ClientHandler, ErrorData, RoleClient, RoleServer, ServerHandler};
use serde_json::{Value, json};

use support::{Weather, call, serve};

/// A client with a span for requests of the server.
struct Rooted;

impl ClientHandler for Rooted {
    fn get_info(&self) -> ClientConfig {
        let capabilities = ClientCapabilities::builder().enable_roots().build();
        ClientConfig::new(capabilities, Implementation::new("rooted", "0.1"))
    }

    async fn list_roots(&self, _: RequestContext<RoleClient>) -> Result<ListRootsResult, ErrorData> {
        task("find roots").start().finish();
        Ok(ListRootsResult::new(Vec::new()))
    }
}

/// A server whose tools send requests to the client.
struct Asking;

impl ServerHandler for Asking {
    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let is_answered = request.input_responses.is_some();
        match &*request.name {
            "with context" => {
                let mut meta = RequestMetaObject(MetaObject::new());
                inject(&mut **meta);
                let request = ServerRequest::ListRootsRequest(ListRootsRequest::default());
                let options = PeerRequestOptions::no_options().with_meta(meta);
                let handle = context.peer.send_request_with_option(request, options).await.unwrap();
                handle.await_response().await.unwrap();
            }
            "without" => drop(context.peer.list_roots().await.unwrap()),
            _ if !is_answered => {
                let asked = InputRequest::ListRoots(ListRootsRequest::default());
                let result = InputRequiredResult::from_input_requests([("roots".to_owned(), asked)].into());
                return Ok(CallToolResponse::InputRequired(result));
            }
            _ => {}
        }
        Ok(CallToolResult::success(vec![ContentBlock::text("done")]).into())
    }
}

#[tokio::test]
async fn requests_of_a_server_follow_their_context() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let client = Client::new(Rooted).serve(serve(Server::new(Asking))).await.unwrap();
    client.call_tool(call("with context", Value::Null)).await.unwrap();
    client.call_tool(call("without", Value::Null)).await.unwrap();
    assert_eq!(client.service().get_info().client_info.name, "rooted");
    client.cancel().await.unwrap();
    expect![[r#"
        workflow MCP Client Session
        ├─ tool MCP Client Tool Call: with context  in {}  out done
        │  └─ tool with context  in {"method":"tools/call","params":{"name":"with context"}}  out done
        │     └─ task find roots
        └─ tool MCP Client Tool Call: without  in {}  out done
           └─ tool without  in {"method":"tools/call","params":{"name":"without"}}  out done
        task find roots
    "#]]
    .assert_eq(&without_initialize(&collector));
}

#[tokio::test]
async fn each_round_of_a_call_with_input_requests_is_a_span() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let mode = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
    let transport = serve(Server::new(Asking));
    let client =
        Client::new(Rooted).serve_with(|service| service.serve_with_lifecycle(transport, mode)).await;
    let client = client.unwrap();
    client.call_tool(call("rounds", Value::Null)).await.unwrap();
    let response = client.peer().call_tool_once(call("rounds", Value::Null)).await.unwrap();
    assert!(matches!(response, CallToolResponse::InputRequired(_)));
    client.cancel().await.unwrap();
    expect![[r#"
        workflow MCP Client Session
        ├─ tool MCP Client Tool Call: rounds  in {}  out done
        │  ├─ tool rounds  in {"method":"tools/call","params":{"name":"rounds"}}  out {"resultType":"input_required","inputRequests":{"roots":{"method":"roots/list"}}}
        │  ├─ task find roots
        │  └─ tool rounds  in {"method":"tools/call","params":{"name":"rounds","inputResponses":{"roots":{"roots":[]}}}}  out done
        └─ tool MCP Client Tool Call: rounds  in {}  out {"resultType":"input_required","inputRequests":{"roots":{"method":"roots/list"}}}
           └─ tool rounds  in {"method":"tools/call","params":{"name":"rounds"}}  out {"resultType":"input_required","inputRequests":{"roots":{"method":"roots/list"}}}
        task mcp.server/discover  in {"method":"server/discover","params":{}}  out {"resultType":"complete","supportedVersions":["2024-11-05","2025-03-26","2025-06-18","2025-11-25","2026-07-28"],"capabilities":{},"ttlMs":0,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"rmcp","version":"3.11.0"}}}
    "#]].assert_eq(&without_initialize(&collector));
}

/// The tree without the initialization of the connection.
fn without_initialize(collector: &Collector) -> String {
    let tree = collector.tree();
    let is_initialize = |line: &&str| line.contains("Initialize") || line.contains("mcp.initialize");
    tree.split_inclusive('\n').filter(|line| !is_initialize(line)).collect()
}

#[tokio::test]
async fn a_session_without_initialize_is_traced() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let mode = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
    let transport = serve(Server::new(Weather::default()));
    let client =
        Client::new(()).serve_with(|service| service.serve_with_lifecycle(transport, mode)).await.unwrap();
    client.call_tool(call("forecast", json!({ "city": "Oslo" }))).await.unwrap();
    assert_eq!(client.list_all_tools_with_cache_hint().await.unwrap().items, support::tools());
    client.cancel().await.unwrap();
    expect![[r#"
        workflow MCP Client Session
        ├─ task MCP Client Initialize  out {"protocolVersion":"2026-07-28","capabilities":{"prompts":{},"tools":{}},"serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"},"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}}
        ├─ tool MCP Client Tool Call: forecast  in {"city":"Oslo"}  out sunny in Oslo
        │  └─ tool forecast  in {"method":"tools/call","params":{"name":"forecast","arguments":{"city":"Oslo"}}}  out sunny in Oslo
        │     └─ tool look_up  in {"city":"Oslo"}  out sunny in Oslo
        └─ task MCP Client list Tools  in {"cursor":null}  out {"tools":[{"description":"Forecasts","inputSchema":{"properties":{"city":{"type":"string"}},"required":["city"],"type":"object"},"name":"forecast"},{"description":"Fails","inputSchema":{"type":"object"},"name":"fail"},{"description":"Refuses","inputSchema":{"type":"object"},"name":"refuse"}]}
        task mcp.server/discover  in {"method":"server/discover","params":{}}  out {"resultType":"complete","supportedVersions":["2024-11-05","2025-03-26","2025-06-18","2025-11-25","2026-07-28"],"capabilities":{"prompts":{},"tools":{}},"ttlMs":0,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"weather","title":"Weather","version":"1.2.3"}}}
        task mcp.tools/list  in {"method":"tools/list","params":{}}  out {"resultType":"complete","nextCursor":"second","tools":[{"name":"forecast","description":"Forecasts","inputSchema":{"properties":{"city":{"type":"string"}},"required":["city"],"type":"object"}},{"name":"fail","description":"Fails","inputSchema":{"type":"object"}}]}
        task mcp.tools/list  in {"method":"tools/list","params":{"cursor":"second"}}  out {"resultType":"complete","tools":[{"name":"refuse","description":"Refuses","inputSchema":{"type":"object"}}]}
    "#]].assert_eq(&collector.tree());
    let discover = collector.event(&collector.span("mcp.server/discover"));
    let tags: Vec<_> = discover["tags"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(tags.contains(&"client_name:rmcp") && tags.contains(&"mcp_method:server/discover"), "{tags:?}");
}
