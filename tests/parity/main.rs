//! The programs of the captures of the reference SDK, in Rust. Each runs in a separate process, with the environment of its
//! capture, against a capture server. All events are compared with those of the Python program.
//!
//! `cargo test --test parity` prints a table at its end: each program is the same, has intended differences, or fails. The
//! intended differences are listed in `docs/differences.md`, which `UPDATE_EXPECT=1` writes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue, and expect-test writes its own strings"
)]

mod beyond;
mod compare;
mod scenarios;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};

use beyond::BEYOND;
use compare::comparable;
use libtest_mimic::{Arguments, Failed, Trial};
use llmobs_test_support::{CaptureServer, Request, by_start, masked};
use scenarios::{Agent, SCENARIOS, Scenario};
use serde_json::{Value, json};

/// The scenario that this process runs, instead of all tests.
const CHILD: &str = "LLMOBS_PARITY_SCENARIO";
const API_KEY: &str = "0123456789abcdef0123456789abcdef";

#[expect(
    clippy::print_stdout,
    reason = "the parent reads the observed values from standard output, and a person the table"
)]
fn main() -> ExitCode {
    if let Ok(name) = std::env::var(CHILD) {
        let scenario =
            SCENARIOS.iter().find(|scenario| scenario.name == name).expect("a scenario with this name");
        println!("{}", (scenario.run)());
        return ExitCode::SUCCESS;
    }
    let outcomes: Arc<Mutex<BTreeMap<&str, bool>>> = Arc::default();
    let trials = SCENARIOS.iter().map(|scenario| {
        let outcomes = Arc::clone(&outcomes);
        Trial::test(scenario.name, move || {
            let outcome = run(scenario);
            outcomes.lock().expect("outcomes").insert(scenario.name, outcome.is_ok());
            outcome
        })
    });
    let every_capture = Trial::test("every_capture_has_a_program", every_capture_has_a_program);
    let documented = Trial::test("differences_are_documented", || {
        differences_are_documented();
        Ok(())
    });
    let conclusion =
        libtest_mimic::run(&Arguments::from_args(), trials.chain([every_capture, documented]).collect());
    for (name, same) in &*outcomes.lock().expect("outcomes") {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.name == *name).expect("a scenario");
        let names: Vec<&str> = scenario.differences.iter().map(|difference| difference.name).collect();
        match (same, names.as_slice()) {
            (false, _) => println!("{name:28} FAILS"),
            (true, []) => println!("{name:28} same"),
            (true, names) => println!("{name:28} intended differences: {}", names.join("; ")),
        }
    }
    conclusion.exit_code()
}

fn every_capture_has_a_program() -> Result<(), Failed> {
    let mut captures = Vec::new();
    for file in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"))? {
        let name = file?.file_name().into_string().map_err(|_| "a name that is not UTF-8")?;
        captures.push(name.trim_end_matches(".json").to_owned());
    }
    captures.sort();
    let mut programs: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    programs.sort_unstable();
    check("captures", &captures, &programs.into_iter().map(str::to_owned).collect())
}

/// The page is generated from the differences that the tests apply.
fn differences_are_documented() {
    let mut page = "# Differences from the Python SDK\n\nllmobs sends the same data as Datadog's Python SDK (ddtrace 4.16.0), the reference. \
                    These differences are intended:\n\n| difference | why | seen in |\n|---|---|---|\n"
        .to_owned();
    let mut rows: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for scenario in SCENARIOS {
        for difference in scenario.differences {
            rows.entry((difference.name, difference.reason)).or_default().push(scenario.name);
        }
    }
    for ((name, reason), scenarios) in rows {
        page.push_str(&format!("| {name} | {reason} | `{}` |\n", scenarios.join("`, `")));
    }
    page.push_str(
        "\nThese are not visible in the captured data of the reference:\n\n| difference | why |\n|---|---|\n",
    );
    for (name, reason) in BEYOND {
        page.push_str(&format!("| {name} | {reason} |\n"));
    }
    expect_test::expect_file!["../../docs/differences.md"].assert_eq(&page);
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

    let server = server.statuses(scenario.statuses);

    let observed = child(scenario, &golden, &server)?;
    check("observed", &observed, &(scenario.observed)())?;

    let mut expected = events_of(&golden, scenario.keeps_rejected);
    for difference in scenario.differences {
        (difference.apply)(&mut expected);
    }
    let delivered: Vec<Request> = server.posts().into_iter().skip(scenario.statuses.len()).collect();
    let (evaluations, spans): (Vec<_>, Vec<_>) =
        delivered.into_iter().partition(|post| post.path.ends_with("eval-metric"));
    let events = by_start(spans.iter().flat_map(Request::events).collect());
    let metrics: Vec<Value> = evaluations.iter().flat_map(metrics).collect();
    let mut expected_metrics = metrics_of(&golden);
    (scenario.metrics)(&mut expected_metrics);
    let both =
        |events: &[Value], metrics: &[Value]| comparable(masked_with(events.to_vec(), metrics.to_vec()));
    check("events and metrics", &both(&events, &metrics), &both(&expected, &expected_metrics))?;
    check("requests", &requests(&server.posts()), &requests_of(&golden))
}

/// The evaluations in a request.
fn metrics(request: &Request) -> Vec<Value> {
    let body: Value = serde_json::from_slice(&request.body).expect("JSON");
    assert_eq!(body["data"]["type"], "evaluation_metric");
    body["data"]["attributes"]["metrics"].as_array().expect("a list of metrics").clone()
}

/// Masks events and evaluations together, because evaluations contain ids of events.
fn masked_with(events: Vec<Value>, metrics: Vec<Value>) -> Vec<Value> {
    let ids: Vec<(Value, Value)> =
        events.iter().map(|event| (event["span_id"].clone(), event["trace_id"].clone())).collect();
    let events = masked(events);
    let metrics = metrics.into_iter().map(|mut metric| {
        if let Some(span) = metric.pointer_mut("/join_on/span")
            && let Some(index) = ids.iter().position(|(id, _)| *id == span["span_id"])
        {
            assert_eq!(span["trace_id"], ids[index].1);
            span["span_id"] = events[index]["span_id"].clone();
            span["trace_id"] = events[index]["trace_id"].clone();
        }
        // Only a time that the program sets is kept.
        if metric["timestamp_ms"] != 1_700_000_000_000_u64 {
            metric["timestamp_ms"] = json!(0);
        }
        for tag in metric["tags"].as_array_mut().into_iter().flatten() {
            if tag.as_str().is_some_and(|tag| tag.starts_with("ddtrace.version:")) {
                *tag = json!("ddtrace.version:<v>");
            }
        }
        metric
    });
    let metrics: Vec<Value> = metrics.collect();
    events.into_iter().chain(metrics).collect()
}

/// The evaluations in the capture.
fn metrics_of(golden: &Value) -> Vec<Value> {
    let requests = golden["requests"].as_array().into_iter().flatten();
    requests.flat_map(|request| request["metrics"].as_array().cloned().unwrap_or_default()).collect()
}

/// Runs the scenario in a process with only its environment, and returns its output.
fn child(scenario: &Scenario, golden: &Value, server: &CaptureServer) -> Result<Value, Failed> {
    let text = |value: &Value| value.as_str().unwrap_or_default().replace("<url>", &server.url());
    let variables = golden["env"].as_object().into_iter().flatten();
    let mut child = Command::new(std::env::current_exe()?)
        .env_clear()
        .envs(variables.map(|(name, value)| (name, text(value).replace("<redacted>", API_KEY))))
        // A proxy without a listener: addresses of this machine are reached without a proxy.
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

/// The events in the accepted requests, and also in the rejected ones if these are kept.
fn events_of(golden: &Value, keeps_rejected: bool) -> Vec<Value> {
    let posts = golden["http"].as_array().into_iter().flatten().filter(|request| request["method"] == "POST");
    let replies = posts.map(|request| &request["reply_status"]);
    let requests = golden["requests"].as_array().into_iter().flatten();
    let accepted = requests
        .zip(replies)
        .filter(|(_, status)| keeps_rejected || **status == 202)
        .map(|(request, _)| request);
    let events = accepted.flat_map(|request| request["events"].as_array().into_iter().flatten());
    let mut events: Vec<Value> = events.map(|event| event["span"].clone()).collect();
    events.dedup_by_key(|event| event["span_id"].clone());
    events
}

/// Path and headers of each request. Neither the distribution of events over requests nor the number of attempts is compared.
fn requests_of(golden: &Value) -> Vec<Value> {
    let requests = golden["http"].as_array().into_iter().flatten();
    let posts = requests.filter(|request| request["method"] == "POST");
    let mut requests: Vec<Value> =
        posts.map(|request| json!({ "path": request["path"], "headers": request["headers"] })).collect();
    requests.dedup();
    requests
}

fn requests(posts: &[Request]) -> Vec<Value> {
    let mut requests: Vec<Value> = posts
        .iter()
        .map(|post| {
            // The captures omit the headers that every HTTP client adds.
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
