//! Model providers that answer from fixtures, and the spans of programs that call them.
//!
//! `UPDATE_EXPECT=1` rewrites the expected values in the tests, if `CARGO_WORKSPACE_DIR` is the folder of this workspace.

use std::fs;
use std::path::Path;

use llmobs::testing::Collector;
use llmobs_test_support::{CaptureServer, masked};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A request to a provider and its answer.
#[derive(Debug)]
pub struct Exchange {
    request: Value,
    status: u16,
    answer: Value,
}

impl Exchange {
    /// An answer with status 200: a text is a stream of events, anything else is JSON.
    pub fn new(request: Value, answer: Value) -> Self {
        Self { request, status: 200, answer }
    }

    /// A fixture of llmobs-providers, such as `openai/openai_chat_tool_results`.
    pub fn of_fixture(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../llmobs-providers/tests/fixtures");
        let text = fs::read_to_string(folder.join(name).with_extension("json")).expect("a fixture");
        let mut fixture: Value = serde_json::from_str(&text).expect("JSON");
        let status = fixture["response"]["status"].as_u64().and_then(|status| status.try_into().ok());
        Self {
            request: fixture["request"]["body"].take(),
            status: status.expect("a status"),
            answer: fixture["response"]["body"].take(),
        }
    }

    /// Replaces the request.
    #[must_use]
    pub fn with_request(self, request: Value) -> Self {
        Self { request, ..self }
    }

    /// Replaces the status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The body of the request, as the type of a client.
    pub fn request<T: DeserializeOwned>(&self) -> T {
        serde_json::from_value(self.request.clone()).expect("a request of the client")
    }

    /// The body of the answer.
    pub fn answer(&self) -> Value {
        self.answer.clone()
    }

    /// A server that answers one request.
    pub fn serve(&self) -> CaptureServer {
        let (content_type, body) = match &self.answer {
            Value::String(events) => ("text/event-stream", events.clone()),
            json => ("application/json", json.to_string()),
        };
        CaptureServer::start().statuses(&[self.status]).answer(body).header("content-type", content_type)
    }
}

/// The only span of a program as it is sent, without ids, times and tags.
pub fn span(program: impl Future) -> Value {
    let collector = Collector::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    collector.enter(|| runtime.block_on(program));
    let mut events = masked(collector.events());
    assert_eq!(events.len(), 1, "{}", collector.tree());
    let event = events.swap_remove(0);
    ["name", "status", "meta", "metrics"].into_iter().map(|field| (field, event[field].clone())).collect()
}
