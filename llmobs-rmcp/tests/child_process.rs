//! A server in a separate process, which is configured by environment variables.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod support;

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use llmobs_rmcp::{Client, Server};
use llmobs_runtime::testing::Collector;
use rmcp::ServiceExt as _;
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tokio::process::Command;

use support::{Weather, call};

/// This program is also the server.
fn main() {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        drop(block_on(serve()));
    } else {
        let tests = vec![
            Trial::test("by_default", || block_on(by_default())),
            Trial::test("with_variables", || block_on(with_variables())),
        ];
        libtest_mimic::run(&Arguments::from_args(), tests).exit();
    }
}

fn block_on(future: impl Future<Output = ()>) -> Result<(), Failed> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future);
    Ok(())
}

async fn serve() {
    let _llmobs = llmobs_runtime::init();
    let server = Server::new(Weather::default()).serve(rmcp::transport::stdio()).await.unwrap();
    server.waiting().await.unwrap();
}

fn file(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&path);
    path
}

/// Calls a tool of a server with these variables. Returns the tool's entry in the tool list, and the event of the call.
async fn run(collector: &Collector, exported: &Path, variables: &[(&str, &str)]) -> (Value, Value) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("serve").env("LLMOBS_EXPORTER", format!("file:{}", exported.display()));
    command.env("DD_LLMOBS_ML_APP", "weather").envs(variables.iter().copied());
    let client = async {
        let client = Client::new(()).serve(TokioChildProcess::new(command).unwrap()).await.unwrap();
        let tools = client.list_all_tools().await.unwrap();
        client.call_tool(call("fail", json!({ "telemetry": { "intent": "to see" } }))).await.unwrap();
        client.cancel().await.unwrap();
        tools
    };
    let _entered = collector.attach();
    let tools = client.await;
    let events = support::exported(exported);
    let called: Vec<_> = events.iter().filter(|event| event["name"] == "fail").collect();
    let [event] = &*called else { panic!("{events:?}") };
    (json!(tools[1].input_schema), (*event).clone())
}

async fn by_default() {
    let collector = Collector::new();
    let (schema, event) = run(&collector, &file("by_default.json"), &[]).await;
    let call = collector.span("MCP Client Tool Call: fail");
    assert_eq!(event["parent_id"], call.span_id().to_string());
    assert_eq!(event["trace_id"], call.trace_id().to_string());
    // The server uses the application name of the client.
    assert!(event["tags"].as_array().unwrap().contains(&json!("ml_app:test-app")), "{event}");
    assert_eq!(schema, json!({ "type": "object" }));
    assert_eq!(event["meta"].get("intent"), None);
}

async fn with_variables() {
    let collector = Collector::new();
    let variables = [("DD_MCP_CAPTURE_INTENT", "True"), ("DD_MCP_DISTRIBUTED_TRACING", "0")];
    let (schema, event) = run(&collector, &file("with_variables.json"), &variables).await;
    assert_eq!(event["parent_id"], "undefined");
    assert_eq!(schema["required"], json!(["telemetry"]));
    assert_eq!(event["meta"]["intent"], "to see");
}
