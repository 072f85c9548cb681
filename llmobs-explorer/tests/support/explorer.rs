//! An explorer of its own for each test: the real binary on a free port, with a store in memory.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

#[derive(Debug)]
pub(crate) struct Explorer {
    child: Child,
    /// Such as `http://127.0.0.1:1234`.
    pub(crate) origin: String,
    /// Where it listens for OpenTelemetry over HTTP and over gRPC.
    otlp: [String; 2],
    agent: ureq::Agent,
}

impl Explorer {
    pub(crate) fn start() -> Self {
        Self::with_store(":memory:")
    }

    pub(crate) fn with_store(store: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_llmobs"))
            .args(["serve", "--port", "0", "--store", store])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("llmobs starts");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut told = |what: &str| {
            let address = lines.find_map(|line| line.unwrap().strip_prefix(what).map(str::to_owned));
            address.expect("llmobs says where it listens")
        };
        let origin = told("llmobs: traces at ");
        let otlp = [told("llmobs: OpenTelemetry over HTTP at "), told("llmobs: OpenTelemetry over gRPC at ")];
        // What else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(60)))
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .into();
        Self { child, origin, otlp, agent }
    }

    /// Where it listens for OpenTelemetry over `http` or `grpc`.
    pub(crate) fn otlp(&self, protocol: &str) -> &str {
        &self.otlp[usize::from(protocol == "grpc")]
    }

    /// Sends spans as an SDK does.
    pub(crate) fn send(&self, spans: &[Value]) {
        let events: Vec<_> =
            spans.iter().map(|span| json!({ "event_type": "span", "spans": [span] })).collect();
        assert_eq!(self.post("/api/v2/llmobs", &events.into()), (202, "{}".to_owned()));
    }

    /// Sends a span as the text that it is, with its keys in their order.
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

impl Drop for Explorer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
