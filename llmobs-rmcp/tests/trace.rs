//! What a client and a server show of their requests, in one trace and each by itself.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop"
)]

mod support;

use expect_test::expect;
use llmobs_rmcp::{Client, Server};
use llmobs_runtime::testing::Collector;
use serde_json::{Value, json};

use support::{Weather, call, connect, connect_plain, serve};

#[tokio::test]
async fn a_client_and_a_server_are_one_trace() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let (_, client) = connect().await;
    client.call_tool(call("forecast", json!({ "city": "Oslo" }))).await.unwrap();
    assert_eq!(client.list_all_tools().await.unwrap().len(), 3);
    client.cancel().await.unwrap();
    expect![[r#""#]].assert_eq(&collector.tree());
}
