//! The intents of tool calls: required by the schemas of a server, recorded on its spans, and removed from the arguments.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod support;

use expect_test::expect;
use llmobs_rmcp::Server;
use llmobs_runtime::testing::Collector;
use llmobs_runtime::{Config, Kind};
use rmcp::model::{JsonObject, ListToolsResult, MetaObject, PaginatedRequestParams, Tool};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt as _};
use serde_json::{Value, json};

use support::{Weather, call, serve};

fn object(value: Value) -> JsonObject {
    serde_json::from_value(value).unwrap()
}

/// A server with these tools.
struct Listed(Vec<Tool>);

impl ServerHandler for Listed {
    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.0.clone()))
    }
}

/// The tools that a server lists if it asks for intents.
async fn listed(tools: Vec<Tool>) -> Vec<Tool> {
    let client = ().serve(serve(Server::new(Listed(tools)).capture_intent(true))).await.unwrap();
    client.list_all_tools().await.unwrap()
}

fn tool(schema: Value) -> Tool {
    Tool::new("search", "Searches", object(schema))
}

fn visible_to(who: &str) -> Tool {
    tool(json!({ "type": "object" })).with_meta(MetaObject(object(json!({ "ui": { "visibility": [who] } }))))
}

#[tokio::test]
async fn schemas_ask_for_the_intent() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let tools = vec![
        tool(
            json!({ "type": "object", "properties": { "q": { "type": "string" } }, "required": ["q"], "additionalProperties": false }),
        ),
        tool(json!({})),
        visible_to("model"),
    ];
    let schemas: Vec<_> = listed(tools).await.into_iter().map(|tool| tool.input_schema).collect();
    let telemetry = json!({
        "type": "object",
        "properties": { "intent": {
            "type": "string",
            "description": "Briefly describe the wider context task, and why this tool was chosen. Omit argument values, PII/secrets. Use English.",
        } },
        "required": ["intent"],
        "additionalProperties": false,
    });
    let alone =
        json!({ "type": "object", "properties": { "telemetry": telemetry }, "required": ["telemetry"] });
    let expected = json!([
        {
            "type": "object",
            "properties": { "q": { "type": "string" }, "telemetry": telemetry },
            "required": ["q", "telemetry"],
            "additionalProperties": false,
        },
        alone,
        alone,
    ]);
    assert_eq!(json!(schemas), expected);
}

#[tokio::test]
async fn some_tools_do_not_ask_for_the_intent() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let tools = vec![
        visible_to("app"),
        tool(json!({ "type": "object", "properties": { "telemetry": { "type": "string" } } })),
        tool(json!({ "properties": 5 })),
    ];
    let seen = listed(tools.clone()).await;
    assert_eq!(seen[..2], tools[..2]);
    assert_eq!(json!(seen[2].input_schema), json!({ "type": "object", "properties": 5 }));
}

#[tokio::test]
async fn the_intent_is_recorded_and_removed_from_the_arguments() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let weather = Weather::default();
    let client = ().serve(serve(Server::new(weather.clone()).capture_intent(true))).await.unwrap();
    let telemetry = json!({ "intent": "The user plans a trip." });
    client.call_tool(call("fail", json!({ "days": 2, "telemetry": telemetry }))).await.unwrap();
    let (arguments, _) = weather.seen.lock().unwrap().take().unwrap();
    assert_eq!(arguments, Some(object(json!({ "days": 2 }))));
    let event = collector.event(&collector.span("fail"));
    assert_eq!(event["meta"]["intent"], "The user plans a trip.");
    let input = r#"{"method":"tools/call","params":{"name":"fail","arguments":{"days":2}}}"#;
    assert_eq!(event["meta"]["input"]["value"], input);
}

#[tokio::test]
async fn invalid_intents_are_not_recorded() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let weather = Weather::default();
    let client = ().serve(serve(Server::new(weather.clone()).capture_intent(true))).await.unwrap();
    let mut lines = String::new();
    for telemetry in [
        json!({}),
        json!({ "intent": 5 }),
        json!({ "intent": "" }),
        json!("own"),
        json!({ "intent": "", "own": 1 }),
    ] {
        client.call_tool(call("fail", json!({ "telemetry": telemetry }))).await.unwrap();
        let (arguments, _) = weather.seen.lock().unwrap().take().unwrap();
        lines += &format!("{telemetry} -> {}\n", Value::Object(arguments.unwrap()));
    }
    expect![[r#"
        {} -> {}
        {"intent":5} -> {}
        {"intent":""} -> {}
        "own" -> {"telemetry":"own"}
        {"intent":"","own":1} -> {"telemetry":{"intent":"","own":1}}
    "#]]
    .assert_eq(&lines);
    let spans = collector.spans_of(Kind::Tool, "fail");
    assert!(spans.iter().all(|span| collector.event(span)["meta"].get("intent").is_none()));
}

#[tokio::test]
async fn arguments_are_unchanged_without_capture_of_intents() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let weather = Weather::default();
    let client = ().serve(serve(Server::new(weather.clone()))).await.unwrap();
    assert_eq!(client.list_all_tools().await.unwrap(), support::tools());
    client.call_tool(call("fail", json!({ "telemetry": { "intent": "own" } }))).await.unwrap();
    let (arguments, _) = weather.seen.lock().unwrap().take().unwrap();
    assert_eq!(arguments, Some(object(json!({ "telemetry": { "intent": "own" } }))));
}

#[tokio::test]
async fn an_intent_is_hidden_like_other_content() {
    let collector = Collector::with_config(&Config::new().ml_app("test-app").capture_message_content(false));
    let _entered = collector.attach();
    let weather = Weather::default();
    let client = ().serve(serve(Server::new(weather.clone()).capture_intent(true))).await.unwrap();
    client.call_tool(call("fail", json!({ "telemetry": { "intent": "secret" } }))).await.unwrap();
    let (arguments, _) = weather.seen.lock().unwrap().take().unwrap();
    assert_eq!(arguments, Some(JsonObject::new()));
    assert!(!format!("{:?}", collector.events()).contains("secret"));
}
