//! A client that sends bytes and reads answers.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::TIMEOUT;

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// The first error in an answer of the intake.
    pub(crate) fn reason(&self) -> String {
        self.json()["errors"][0].as_str().expect("a reason").to_owned()
    }

    /// Parses an answer from all bytes that arrived.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let mut reply = Self { status, headers, body: bytes[end + 4..].to_vec() };
        if reply.header("transfer-encoding") == Some("chunked") {
            reply.body = joined(&reply.body);
        }
        Some(reply)
    }
}

fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(line) = chunks.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..line]).unwrap(), 16).unwrap();
        if length == 0 {
            break;
        }
        body.extend(&chunks[line + 2..line + 2 + length]);
        chunks = &chunks[line + 4 + length..];
    }
    body
}

/// Sends bytes, and reads until the explorer closes the connection. `None` if it closes without an answer.
pub(crate) fn exchange(port: u16, request: &[u8]) -> Option<Reply> {
    try_connect(port).map(|stream| talk(stream, request)).expect("it listens")
}

/// The same for an explorer that may have ended.
pub(crate) fn try_exchange(port: u16, request: &[u8]) -> Option<Reply> {
    talk(try_connect(port)?, request)
}

fn try_connect(port: u16) -> Option<TcpStream> {
    TcpStream::connect(("127.0.0.1", port)).ok()
}

fn talk(mut stream: TcpStream, request: &[u8]) -> Option<Reply> {
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream.set_write_timeout(Some(TIMEOUT)).unwrap();
    // The explorer may answer and close before it has read everything.
    drop(stream.write_all(request));
    let mut bytes = Vec::new();
    drop(stream.read_to_end(&mut bytes));
    Reply::parse(&bytes)
}

/// A request as SDKs send it: a wrapper around each event.
pub(crate) fn events_body<'a>(events: impl IntoIterator<Item = &'a Value>) -> Vec<u8> {
    let wrapper = |event: &Value| json!({ "_dd.stage": "raw", "_dd.tracer_version": "1", "event_type": "span", "spans": [event] });
    events.into_iter().map(wrapper).collect::<Value>().to_string().into_bytes()
}

/// A request with evaluations.
pub(crate) fn metrics_body(metrics: &Value) -> Vec<u8> {
    let body = json!({ "data": { "type": "evaluation_metric", "attributes": { "metrics": metrics } } });
    body.to_string().into_bytes()
}

/// Escapes a text for a path or a query.
pub(crate) fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
