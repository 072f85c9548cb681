//! The explorer in its own process, and a client that sends exact bytes.

#![allow(dead_code, reason = "each test program uses a part of it")]

mod client;

#[allow(unused_imports, reason = "each test program uses a part of it")]
pub(crate) use client::{Reply, events_body, exchange, metrics_body, percent, try_exchange};

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value as Json;
use tempfile::TempDir;

/// A timeout that no test reaches, even on a loaded machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// The path of the program.
pub(crate) const LLMOBS: &str = env!("CARGO_BIN_EXE_llmobs");

/// An explorer that listens. Dropping this kills it.
pub(crate) struct Served {
    child: Child,
    /// Such as `http://127.0.0.1:4711`.
    pub(crate) origin: String,
    /// The port in the origin.
    pub(crate) port: u16,
    /// The file of its store.
    pub(crate) store: PathBuf,
    output: Arc<Mutex<Vec<String>>>,
    /// Deleted at the end.
    folder: Option<TempDir>,
}

impl Served {
    /// Starts an explorer with a new store.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// Starts an explorer with a new store and more arguments.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut served = Self::at(&folder.path().join("traces.db"), arguments);
        served.folder = Some(folder);
        served
    }

    /// Starts an explorer with a store that may exist already.
    pub(crate) fn at(store: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(LLMOBS);
        command.arg("serve").args(["--port", "0", "--store"]).arg(store).args(arguments);
        let mut served = Self::from(command);
        served.store = store.into();
        served
    }

    /// Starts an explorer with a command, and reads its address from its output.
    pub(crate) fn from(mut command: Command) -> Self {
        let mut child = command.env_remove("LLMOBS_STORE").stderr(Stdio::piped()).spawn().expect("it starts");
        let output = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let log = Arc::clone(&output);
        // A full pipe would block the explorer.
        thread::spawn(move || lines.map_while(Result::ok).for_each(|line| log.lock().unwrap().push(line)));
        let mut served =
            Self { child, origin: String::new(), port: 0, store: PathBuf::new(), output, folder: None };
        let line = served.line("llmobs: traces at ");
        let address = line.trim_start_matches("llmobs: traces at ");
        let address = address.split_once("/?").map_or(address, |(origin, _)| origin);
        served.origin = address.into();
        served.port = address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        served
    }

    /// The line of its output with this beginning. Waits for the line.
    pub(crate) fn line(&mut self, beginning: &str) -> String {
        until(|| {
            let output = self.output.lock().unwrap();
            let found = output.iter().find(|line| line.starts_with(beginning)).cloned();
            assert!(
                found.is_some() || self.child.try_wait().unwrap().is_none(),
                "the explorer ended: {output:?}"
            );
            found
        })
    }

    /// All lines that it has printed to standard error.
    pub(crate) fn output(&self) -> String {
        self.output.lock().unwrap().join("\n")
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Whether it is still running.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// Its peak resident memory so far, in MiB.
    pub(crate) fn peak_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
        line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") / 1024
    }

    /// Whether a client is connected, according to the system.
    pub(crate) fn is_connected(&self) -> bool {
        let connections = std::fs::read_to_string(format!("/proc/{}/net/tcp", self.id())).expect("a table");
        let port = format!(":{:04X}", self.port);
        let fields = connections.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        // The explorer's side of an established connection. 01 is the state ESTABLISHED.
        let mut own =
            fields.filter(|fields| fields.len() > 3 && fields[1].ends_with(&port) && fields[3] == "01");
        own.next().is_some()
    }

    /// Sends exact bytes, and reads the answer.
    pub(crate) fn raw(&self, request: &[u8]) -> Option<Reply> {
        exchange(self.port, request)
    }

    /// Sends a request with further headers.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.try_ask(method, path, headers, body)
            .unwrap_or_else(|| panic!("no answer to {method} {path}: {}", self.output()))
    }

    fn try_ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Reply> {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n", self.port);
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if method != "GET" {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        self.raw(&[request.as_bytes(), b"\r\n", body].concat())
    }

    /// An answer, unless the connection is closed without one.
    pub(crate) fn try_get(&self, path: &str) -> Option<Reply> {
        self.try_ask("GET", path, &[], b"")
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], b"")
    }

    pub(crate) fn post(&self, path: &str, body: &[u8]) -> Reply {
        self.ask("POST", path, &[("Content-Type", "application/json")], body)
    }

    /// The event of a span, if the span exists.
    pub(crate) fn event(&self, trace_id: &str, span_id: &str) -> Option<String> {
        let path = format!("/traces/{}/spans/{}/event.json", percent(trace_id), percent(span_id));
        let reply = self.get(&path);
        (reply.status == 200).then(|| reply.text())
    }

    /// Opens its store to read.
    pub(crate) fn database(&self) -> Connection {
        let connection =
            Connection::open_with_flags(&self.store, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a store");
        connection.busy_timeout(TIMEOUT).unwrap();
        connection
    }

    /// The number of rows of a table.
    pub(crate) fn rows(&self, table: &str) -> i64 {
        self.database()
            .query_row(&format!("SELECT count(*) AS rows FROM {table}"), [], |row| row.get("rows"))
            .unwrap()
    }

    /// The content of all tables, as a text to compare.
    pub(crate) fn dump(&self) -> String {
        let database = self.database();
        let mut dump = String::new();
        for table in ["trace", "span", "facets", "attribute", "block", "evaluation", "rejection"] {
            let mut statement = database.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let values: Vec<Value> = (0..columns).map(|column| row.get(column).unwrap()).collect();
                dump.push_str(&format!("{table} {values:?}\n"));
            }
        }
        dump
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Repeats an attempt until it returns a value. Panics after [`TIMEOUT`].
pub(crate) fn until<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + TIMEOUT;
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(Instant::now() < end, "timed out");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A text of this many numbers, which cannot be compressed.
pub(crate) fn noise(seed: u64, numbers: u64) -> String {
    (1..=numbers).fold(String::new(), |mut text, at| {
        text.push_str(&format!("{:x}", (at + seed * numbers).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        text
    })
}

/// A minimal event.
pub(crate) fn span(trace_id: &str, span_id: &str) -> Json {
    serde_json::json!({
        "trace_id": trace_id, "span_id": span_id, "parent_id": "undefined", "name": "step", "status": "ok",
        "start_ns": 1_750_000_000_000_000_000_i64, "duration": 1_000_000, "meta": { "span": { "kind": "workflow" } }
    })
}
