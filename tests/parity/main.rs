//! The programs that the reference SDK was captured with, written in Rust: each runs in a process of its own, with the
//! environment of its capture, against a capture server, and what it sends is compared whole with what Python sent.
//!
//! `cargo test --test parity` lists each program as the same, or as different on purpose; the differences and their
//! reasons stand in `scenarios.rs`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, and expect-test writes its own strings"
)]

mod compare;
mod scenarios;

use std::fmt::Debug;
use std::fs;
use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};

use compare::comparable;
use libtest_mimic::{Arguments, Failed, Trial};
use llmobs_test_support::{CaptureServer, Request, by_start, masked};
use scenarios::{Agent, SCENARIOS, Scenario};
use serde_json::{Value, json};

/// Names the scenario that this process is to run, instead of all tests.
const CHILD: &str = "LLMOBS_PARITY_SCENARIO";
const API_KEY: &str = "0123456789abcdef0123456789abcdef";

#[expect(clippy::print_stdout, reason = "the parent reads what was observed from standard output")]
fn main() -> ExitCode {
    if let Ok(name) = std::env::var(CHILD) {
        let scenario =
            SCENARIOS.iter().find(|scenario| scenario.name == name).expect("a scenario of that name");
        println!("{}", (scenario.run)());
        return ExitCode::SUCCESS;
    }
    let trials = SCENARIOS.iter().map(|scenario| {
        let kind = if scenario.differences.is_empty() { "same" } else { "differs on purpose" };
        Trial::test(scenario.name, || run(scenario)).with_kind(kind)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn run(scenario: &Scenario) -> Result<(), Failed> {
    let golden =
        fs::read_to_string(format!("{}/tests/golden/{}.json", env!("CARGO_MANIFEST_DIR"), scenario.name))?;
    let golden: Value = serde_json::from_str(&golden)?;
    let server = match scenario.agent {
        Agent::None => CaptureServer::start(),
        Agent::WithEvpProxy => {
            CaptureServer::start().agent_with(&["/v0.4/traces", "/evp_proxy/v2/", "/evp_proxy/v4/"])
        }
        Agent::WithoutEvpProxy => CaptureServer::start().agent_with(&["/v0.4/traces"]),
        Agent::NotFound => CaptureServer::start().info(404, ""),
    };

    let observed = child(scenario, &golden, &server)?;
    check("observed", &observed, &(scenario.observed)())?;

    let mut expected = events_of(&golden);
    for difference in scenario.differences {
        (difference.apply)(&mut expected);
    }
    check("events", &comparable(masked(by_start(server.events()))), &comparable(masked(expected)))?;
    check("requests", &requests(&server.posts()), &requests_of(&golden))
}

/// Runs the scenario in a process with nothing but its environment, and returns what it printed.
fn child(scenario: &Scenario, golden: &Value, server: &CaptureServer) -> Result<Value, Failed> {
    let text = |value: &Value| value.as_str().unwrap_or_default().replace("<url>", &server.url());
    let variables = golden["env"].as_object().into_iter().flatten();
    let mut child = Command::new(std::env::current_exe()?)
        .env_clear()
        .envs(variables.map(|(name, value)| (name, text(value).replace("<redacted>", API_KEY))))
        // A proxy that nobody listens at: addresses of this machine are reached without it.
        .envs(["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].map(|name| (name, "http://127.0.0.1:9")))
        .env(CHILD, scenario.name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().ok_or("no standard input")?;
    for posts in 1..=scenario.awaited_posts {
        server.wait_for_posts(posts);
        stdin.write_all(b"\n")?;
    }
    drop(stdin);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("the scenario ended with {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn events_of(golden: &Value) -> Vec<Value> {
    let requests = golden["requests"].as_array().into_iter().flatten();
    let events = requests.flat_map(|request| request["events"].as_array().into_iter().flatten());
    events.map(|event| event["span"].clone()).collect()
}

/// Path and headers of each request with spans. How spans are spread over requests is not compared.
fn requests_of(golden: &Value) -> Vec<Value> {
    let requests = golden["http"].as_array().into_iter().flatten();
    let with_spans =
        requests.filter(|request| request["path"].as_str().is_some_and(|path| path.ends_with("llmobs")));
    let mut requests: Vec<Value> =
        with_spans.map(|request| json!({ "path": request["path"], "headers": request["headers"] })).collect();
    requests.dedup();
    requests
}

fn requests(posts: &[Request]) -> Vec<Value> {
    let mut requests: Vec<Value> = posts
        .iter()
        .map(|post| {
            // What every HTTP client adds by itself the captures leave out.
            let own = post.headers.iter().filter(|(name, _)| {
                !["accept", "accept-encoding", "connection", "content-length", "host", "user-agent"]
                    .contains(&name.as_str())
            });
            let masked = own.map(|(name, value)| match name.as_str() {
                "dd-api-key" => (name.clone(), json!("<redacted>")),
                _ => (name.clone(), json!(value)),
            });
            json!({ "path": post.path, "headers": masked.collect::<serde_json::Map<_, _>>() })
        })
        .collect();
    requests.dedup();
    requests
}

fn check<T: PartialEq + Debug + serde::Serialize>(
    what: &str,
    actual: &T,
    expected: &T,
) -> Result<(), Failed> {
    if actual == expected {
        return Ok(());
    }
    let pretty = |value| serde_json::to_string_pretty(value).unwrap_or_default();
    Err(format!("{what} differ\n--- sent\n{}\n--- expected\n{}", pretty(actual), pretty(expected)).into())
}
