//! An explorer with a store in memory, and requests as SDKs send them.

#[path = "../served/mod.rs"]
mod served;

use std::ops::Deref;
use std::path::Path;

use serde_json::{Value, json};

use served::{Served, TIMEOUT};

pub(crate) struct Explorer {
    served: Served,
    /// The addresses for OpenTelemetry over HTTP and over gRPC.
    otlp: [String; 2],
    agent: ureq::Agent,
}

impl Deref for Explorer {
    type Target = Served;

    fn deref(&self) -> &Served {
        &self.served
    }
}

impl Explorer {
    pub(crate) fn start() -> Self {
        Self::with_store(":memory:")
    }

    pub(crate) fn with_store(store: &str) -> Self {
        let mut served = Served::at(Path::new(store), &[]);
        let otlp = ["HTTP", "gRPC"].map(|protocol| {
            let beginning = format!("llmobs: OpenTelemetry over {protocol} at ");
            served.line(&beginning).split_off(beginning.len())
        });
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .into();
        Self { served, otlp, agent }
    }

    /// The address for OpenTelemetry over `http` or `grpc`.
    pub(crate) fn otlp(&self, protocol: &str) -> &str {
        &self.otlp[usize::from(protocol == "grpc")]
    }

    /// Sends spans as an SDK does.
    pub(crate) fn send(&self, spans: &[Value]) {
        let events: Vec<_> =
            spans.iter().map(|span| json!({ "event_type": "span", "spans": [span] })).collect();
        assert_eq!(self.post("/api/v2/llmobs", &events.into()), (202, "{}".to_owned()));
    }

    /// Sends the JSON text of a span unchanged, with its keys in their order.
    pub(crate) fn send_text(&self, span: &str) {
        let body = format!(r#"[{{"event_type": "span", "spans": [{span}]}}]"#);
        let answer = self.agent.post(format!("{}/api/v2/llmobs", self.origin)).send(body).unwrap();
        assert_eq!(answer.status(), 202);
    }

    /// Sends evaluations as an SDK does.
    pub(crate) fn judge(&self, metrics: &[Value]) {
        let body = json!({ "data": { "type": "evaluation_metric", "attributes": { "metrics": metrics } } });
        assert_eq!(self.post("/api/intake/llm-obs/v2/eval-metric", &body), (202, "{}".to_owned()));
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, String) {
        let mut answer = self.agent.post(format!("{}{path}", self.origin)).send_json(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    /// The headers and the body of a page.
    pub(crate) fn get(&self, path: &str) -> (ureq::http::response::Parts, String) {
        let answer = self.agent.get(format!("{}{path}", self.origin)).call().unwrap();
        let (parts, mut body) = answer.into_parts();
        (parts, body.read_to_string().unwrap())
    }
}
