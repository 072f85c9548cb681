//! MCP tool calls by rmcp: its parameters and results as arguments and returned values.

#![allow(
    clippy::needless_raw_string_hashes,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue, and expect-test writes its own strings"
)]

use expect_test::{Expect, expect};
use llmobs_clients_tests::span;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, InitializeResult,
};
use rmcp::service::{RequestContext, RunningService, ServiceError, serve_directly};
use rmcp::{RoleClient, RoleServer, ServerHandler};
use serde_json::{Value, json};

struct Weather;

impl ServerHandler for Weather {
    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let city = request.arguments.as_ref().and_then(|arguments| arguments.get("city")?.as_str());
        match city {
            Some("Paris") => Ok(CallToolResult::success(vec![
                ContentBlock::text("It rains."),
                ContentBlock::image("iVBORw0KGgo=", "image/png"),
            ])
            .into()),
            Some(_) => Ok(CallToolResult::error(vec![ContentBlock::text("no such city")]).into()),
            None => Err(ErrorData::invalid_params("a city is missing", None)),
        }
    }
}

#[llmobs::tool(skip(client))]
async fn call(
    client: &RunningService<RoleClient, ()>,
    params: CallToolRequestParams,
) -> Result<CallToolResult, ServiceError> {
    client.call_tool(params).await
}

fn ask(arguments: Value) -> Value {
    span(async {
        let (ours, theirs) = tokio::io::duplex(4096);
        let _server = serve_directly::<RoleServer, _, _, _, _>(Weather, theirs, None);
        let peer = InitializeResult::default().into();
        let client = serve_directly::<RoleClient, _, _, _, _>((), ours, Some(peer));
        let arguments = arguments.as_object().unwrap().clone();
        let _ = call(&client, CallToolRequestParams::new("weather").with_arguments(arguments)).await;
    })
}

fn check(event: &Value, expected: &Expect) {
    expected.assert_eq(&format!("{event:#}\n"));
}

#[test]
fn the_result_of_a_tool_is_its_output() {
    check(
        &ask(json!({ "city": "Paris" })),
        &expect![[r#"
            {
              "name": "call",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "tool"
                },
                "metadata": {},
                "input": {
                  "value": "{\"params\":{\"name\":\"weather\",\"arguments\":{\"city\":\"Paris\"}}}"
                },
                "output": {
                  "value": "It rains.\n[image: image/png, 8 bytes]"
                }
              },
              "metrics": {}
            }
        "#]],
    );
}

#[test]
fn a_failure_reported_by_a_tool_is_an_error() {
    check(
        &ask(json!({ "city": "Atlantis" })),
        &expect![[r#"
            {
              "name": "call",
              "status": "error",
              "meta": {
                "span": {
                  "kind": "tool"
                },
                "metadata": {},
                "error": {
                  "type": "tool_error",
                  "message": "no such city",
                  "stack": "<stack>"
                },
                "input": {
                  "value": "{\"params\":{\"name\":\"weather\",\"arguments\":{\"city\":\"Atlantis\"}}}"
                },
                "output": {
                  "value": "no such city"
                }
              },
              "metrics": {}
            }
        "#]],
    );
}

#[test]
fn a_rejected_call_is_an_error() {
    check(
        &ask(json!({})),
        &expect![[r#"
            {
              "name": "call",
              "status": "error",
              "meta": {
                "span": {
                  "kind": "tool"
                },
                "metadata": {},
                "error": {
                  "type": "rmcp::service::ServiceError",
                  "message": "Mcp error: -32602: a city is missing",
                  "stack": "<stack>"
                },
                "input": {
                  "value": "{\"params\":{\"name\":\"weather\",\"arguments\":{}}}"
                }
              },
              "metrics": {}
            }
        "#]],
    );
}
