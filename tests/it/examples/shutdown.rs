//! A service that gets SIGTERM while a request is in flight, as in a container that is stopped: a separate process, over TCP and over
//! a Unix socket.

use std::env;
use std::io::{self, BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use llmobs_test_support::{CaptureServer, by_start, skeleton};
use serde_json::Value;

use super::cargo;

/// Builds the example, since `cargo test --test it` alone does not.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let build = ["build", "--quiet", "--example", "axum_shutdown"];
        let profile: &[&str] = if cfg!(debug_assertions) { &[] } else { &["--release"] };
        assert!(cargo().args(build).args(profile).status().unwrap().success());
        env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples/axum_shutdown")
    })
}

/// The service, which is killed at the end of the test.
struct Service {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    address: String,
}

impl Service {
    /// Starts the service with the variables that a container has.
    fn start(variables: &[(&str, &str)]) -> Self {
        let mut process = Command::new(binary())
            .env_clear()
            .envs([("DD_ENV", "staging"), ("DD_SERVICE", "answers"), ("DD_VERSION", "1.2.3")])
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.next().unwrap().unwrap().strip_prefix("listening on ").unwrap().to_owned();
        Self { process, lines, address }
    }

    /// Starts a request. When this returns, its handler waits for the body.
    fn request(&self) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream
            .write_all(
                b"POST /answer HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n",
            )
            .unwrap();
        let expected = b"HTTP/1.1 100 Continue\r\n\r\n";
        let mut answered = vec![0; expected.len()];
        stream.read_exact(&mut answered).unwrap();
        assert_eq!(answered, expected);
        stream
    }

    /// Sends SIGTERM. When this returns, the service has seen it.
    fn terminate(&mut self) {
        let kill = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().unwrap();
        assert!(kill.success());
        assert_eq!(self.lines.next().unwrap().unwrap(), "finishing the requests in flight");
    }

    /// Sends SIGTERM while a request is in flight, finishes the request, and waits for the end of the process.
    fn terminate_during_a_request(mut self) {
        let mut request = self.request();
        self.terminate();
        request.write_all(b"why?").unwrap();
        let mut answer = String::new();
        request.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("You said: why?"), "{answer}");
        assert_eq!(self.process.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // This fails if the service has exited, as it should have.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn agent() -> CaptureServer {
    CaptureServer::start().agent_with(&["/evp_proxy/v2/"])
}

/// The events that the Agent received, in one request.
fn events(agent: &CaptureServer) -> Vec<Value> {
    let posts = agent.posts();
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].path, "/evp_proxy/v2/api/v2/llmobs");
    by_start(posts[0].events())
}

#[track_caller]
fn check(agent: &CaptureServer) {
    let events = events(agent);
    assert_eq!(skeleton(&events), "workflow answer\n  llm complete\n");
    assert_eq!(events[0]["meta"]["output"]["value"], "You said: why?");
    let tags = events[0]["tags"].as_array().unwrap();
    for tag in ["env:staging", "service:answers", "version:1.2.3", "ml_app:answers"] {
        assert!(tags.contains(&tag.into()), "{tag}: {tags:?}");
    }
}

/// A Unix socket that forwards to an Agent.
fn socket_of(agent: &CaptureServer) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shutdown-{}.socket", std::process::id()));
    drop(std::fs::remove_file(&path));
    let listener = UnixListener::bind(&path).unwrap();
    let address = agent.url().strip_prefix("http://").unwrap().to_owned();
    thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            let agent = TcpStream::connect(&address).unwrap();
            let (mut answers, mut back) = (agent.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || {
                let _ = io::copy(&mut { client }, &mut { &agent });
                let _ = agent.shutdown(Shutdown::Write);
            });
            thread::spawn(move || io::copy(&mut answers, &mut back));
        }
    });
    path
}

#[test]
fn spans_of_a_request_in_flight_are_delivered_over_tcp() {
    let agent = agent();
    let url = agent.url();
    let (host, port) = url.strip_prefix("http://").unwrap().split_once(':').unwrap();
    let variables = [("DD_AGENT_HOST", host), ("DD_TRACE_AGENT_PORT", port)];
    Service::start(&variables).terminate_during_a_request();
    check(&agent);
}

#[test]
fn spans_of_a_request_in_flight_are_delivered_over_a_unix_socket() {
    let agent = agent();
    let socket = socket_of(&agent);
    let url = format!("unix://{}", socket.display());
    Service::start(&[("DD_TRACE_AGENT_URL", &url)]).terminate_during_a_request();
    check(&agent);
    drop(std::fs::remove_file(socket));
}

#[test]
fn a_request_that_takes_too_long_is_delivered_as_cancelled() {
    let agent = agent();
    let url = agent.url();
    let mut service = Service::start(&[("DD_TRACE_AGENT_URL", &url), ("SHUTDOWN_SECONDS", "0")]);
    let request = service.request();
    service.terminate();
    // The body never comes.
    assert_eq!(service.process.wait().unwrap().code(), Some(0));
    drop(request);
    let events = events(&agent);
    assert_eq!(skeleton(&events), "workflow answer\n");
    assert!(events[0]["tags"].as_array().unwrap().contains(&"cancelled:true".into()));
}
