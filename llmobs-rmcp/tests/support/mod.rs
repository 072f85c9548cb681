//! A server with tools for each outcome, and connections to it.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]
#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use llmobs_rmcp::{Client, RunningClient, Server};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, Implementation, JsonObject, ListToolsResult, PaginatedRequestParams,
    RequestMetaObject, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, Service};
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::Notify;

/// The arguments and the `_meta` of a call.
pub(crate) type Seen = (Option<JsonObject>, RequestMetaObject);

/// A server with a tool for weather forecasts, and tools that fail in different ways.
#[derive(Clone, Default)]
pub(crate) struct Weather {
    /// Notified when the tool `wait` runs.
    pub(crate) waits: Arc<Notify>,
    /// Notified when the tool `wait` was cancelled.
    pub(crate) cancelled: Arc<Notify>,
    /// The arguments and the `_meta` of the last call.
    pub(crate) seen: Arc<Mutex<Option<Seen>>>,
}

/// Notifies when it is dropped.
struct NotifyOnDrop(Arc<Notify>);

impl Drop for NotifyOnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[llmobs_macros::tool(crate = llmobs_runtime)]
async fn look_up(city: &str) -> String {
    tokio::task::yield_now().await;
    format!("sunny in {city}")
}

fn schema(value: Value) -> JsonObject {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn tools() -> Vec<Tool> {
    let city = schema(
        json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] }),
    );
    let empty = || schema(json!({ "type": "object" }));
    vec![
        Tool::new("forecast", "Forecasts", city),
        Tool::new("fail", "Fails", empty()),
        Tool::new("refuse", "Refuses", empty()),
    ]
}

impl ServerHandler for Weather {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_prompts().build())
            .with_server_info(Implementation::new("weather", "1.2.3").with_title("Weather"))
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut first = tools();
        let second = first.split_off(2);
        match request.and_then(|request| request.cursor).as_deref() {
            None => {
                let mut page = ListToolsResult::with_all_items(first);
                page.next_cursor = Some("second".to_owned());
                Ok(page)
            }
            Some("second") => Ok(ListToolsResult::with_all_items(second)),
            Some(_) => Err(ErrorData::invalid_params("no such page", None)),
        }
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        *self.seen.lock().unwrap() = Some((request.arguments.clone(), context.meta.clone()));
        let text = |text: String| vec![ContentBlock::text(text)];
        match &*request.name {
            "forecast" => {
                let arguments = request.arguments.unwrap_or_default();
                let Some(city) = arguments.get("city").and_then(Value::as_str) else {
                    return Err(ErrorData::invalid_params("city is missing", None));
                };
                Ok(CallToolResult::success(text(look_up(city).await)).into())
            }
            "annotate" => {
                llmobs_runtime::annotate(|note| {
                    note.output("by hand");
                });
                Ok(CallToolResult::structured(json!({ "temperature": 21 })).into())
            }
            "fail" => Ok(CallToolResult::error(text("the station is down".to_owned())).into()),
            "refuse" => Err(ErrorData::internal_error("not today", None)),
            "panic" => {
                let _notify = NotifyOnDrop(Arc::clone(&self.waits));
                panic!("a storm")
            }
            "wait" => {
                self.waits.notify_one();
                context.ct.cancelled().await;
                self.cancelled.notify_one();
                Ok(CallToolResult::success(Vec::new()).into())
            }
            _ => Err(ErrorData::invalid_params("tool not found", None)),
        }
    }

    async fn get_prompt(
        &self,
        _: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        look_up("a prompt").await;
        look_up("an example").await;
        Ok(GetPromptResult::new(Vec::new()).into())
    }
}

/// Serves on one end of a pipe. Returns the other end.
pub(crate) fn serve(server: impl Service<RoleServer>) -> DuplexStream {
    let (here, there) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move { drop(server.serve(there).await.unwrap().waiting().await) });
    here
}

/// A client and a server that are both traced.
pub(crate) async fn connect() -> (Weather, RunningClient<()>) {
    let weather = Weather::default();
    let client = Client::new(()).serve(serve(Server::new(weather.clone()))).await.unwrap();
    (weather, client)
}

/// The parameters of a call.
pub(crate) fn call(name: &'static str, arguments: Value) -> CallToolRequestParams {
    let params = CallToolRequestParams::new(name);
    match arguments {
        Value::Object(arguments) => params.with_arguments(arguments),
        _ => params,
    }
}

/// The messages on a connection, by direction: to the server, and to the client.
pub(crate) type Traffic = [Arc<Mutex<Vec<Value>>>; 2];

/// A pipe that records its messages.
pub(crate) fn record(server: DuplexStream) -> (DuplexStream, Traffic) {
    let (client, here) = tokio::io::duplex(64 * 1024);
    let traffic = Traffic::default();
    let (from_client, to_client) = tokio::io::split(here);
    let (from_server, to_server) = tokio::io::split(server);
    tokio::spawn(copy(from_client, to_server, Arc::clone(&traffic[0])));
    tokio::spawn(copy(from_server, to_client, Arc::clone(&traffic[1])));
    (client, traffic)
}

async fn copy(from: ReadHalf<DuplexStream>, mut to: WriteHalf<DuplexStream>, seen: Arc<Mutex<Vec<Value>>>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        seen.lock().unwrap().push(serde_json::from_str(&line).unwrap());
        to.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }
    let _ = to.shutdown().await;
}

/// The events in a file of the exporter.
pub(crate) fn exported(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let wrappers = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    wrappers.flat_map(|wrapper| wrapper["spans"].as_array().unwrap().clone()).collect()
}
