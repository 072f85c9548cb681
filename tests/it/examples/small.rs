//! The small examples.

use std::env;

use llmobs_test_support::{CaptureServer, by_start, skeleton};
use serde_json::{Value, json};

use super::cargo;

/// Runs an example with these variables, and returns what it printed.
fn run_with(example: &str, variables: [(&str, &str); 3]) -> [String; 2] {
    let mut cargo = cargo();
    cargo.args(["run", "--quiet", "--example", example]);
    let own = |name: &str| name.starts_with("DD_") || name.starts_with("LLMOBS_");
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(own)) {
        cargo.env_remove(name);
    }
    let output = cargo.envs(variables).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap())
}

/// Runs an example, which reports to the server, and returns what it printed.
fn run(example: &str, server: &CaptureServer) -> String {
    let [printed, _] = run_with(
        example,
        [
            ("DD_LLMOBS_AGENTLESS_ENABLED", "1"),
            ("DD_API_KEY", "0123456789abcdef"),
            ("DD_LLMOBS_OVERRIDE_ORIGIN", &server.url()),
        ],
    );
    printed
}

#[test]
fn the_console_shows_evaluations_and_feedback_below_the_traces() {
    let console = [("LLMOBS_EXPORTER", "console"), ("_DD_LLMOBS_WRITER_INTERVAL", "3600"), ("NO_COLOR", "1")];
    let [_, shown] = run_with("sessions_and_feedback", console);
    // Numbers of words and ids vary. The first two words of each line that is not indented do not.
    let first_words = shown.lines().filter(|line| line.starts_with(|char: char| char.is_alphabetic()));
    let first_words: Vec<String> =
        first_words.map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    let turn = ["evaluation relevance", "feedback helpful"];
    assert_eq!(
        first_words,
        [&["agent turn"; 2][..], &turn, &turn, &["feedback comment"]].concat(),
        "{shown}"
    );
    assert!(
        shown.ends_with("feedback comment It only repeats what I say.  of session chat-42\n\n"),
        "{shown}"
    );
}

#[test]
fn distributed_is_one_trace_across_two_processes() {
    let server = CaptureServer::start();
    let printed = run("distributed", &server);
    assert_eq!(printed, "What is a span? A span is one step of a trace.\n");
    let posts = server.posts();
    assert_eq!(posts.len(), 2, "each process sends its part");
    let events = by_start(server.events());
    assert_eq!(skeleton(&events), "workflow ask\n  agent answer\n    retrieval look_up\n");
    assert!(events.iter().all(|event| event["trace_id"] == events[0]["trace_id"]));
    assert!(events.iter().all(|event| event["_dd"]["apm_trace_id"] == events[0]["_dd"]["apm_trace_id"]));
}

#[test]
fn sessions_and_feedback_are_two_traces_with_evaluations_and_feedback() {
    let server = CaptureServer::start();
    let printed = run("sessions_and_feedback", &server);
    assert!(printed.ends_with("9 delivered, 0 dropped, 0 pending\n"), "{printed}");
    let (evaluations, spans): (Vec<_>, Vec<_>) =
        server.posts().into_iter().partition(|post| post.path == "/api/intake/llm-obs/v2/eval-metric");
    let events = by_start(spans.iter().flat_map(llmobs_test_support::Request::events).collect());
    assert_eq!(skeleton(&events), "agent turn\n  llm complete\nagent turn\n  llm complete\n");
    assert!(events.iter().all(|event| event["session_id"] == "chat-42"));
    let metrics = evaluations.iter().flat_map(|post| {
        let body: Value = serde_json::from_slice(&post.body).unwrap();
        body["data"]["attributes"]["metrics"].as_array().unwrap().clone()
    });
    let submitted: Vec<Value> =
        metrics.map(|metric| json!([metric["event_kind"], metric["label"], metric["assessment"]])).collect();
    let turn = [json!(["evaluation", "relevance", "pass"]), json!(["feedback", "helpful", null])];
    let expected: Vec<Value> =
        turn.iter().chain(&turn).cloned().chain([json!(["feedback", "comment", null])]).collect();
    assert_eq!(submitted, expected);
    let turns: Vec<&Value> = events.iter().filter(|event| event["name"] == "turn").collect();
    let bodies: String =
        evaluations.iter().map(|post| String::from_utf8_lossy(&post.body).into_owned()).collect();
    assert!(turns.iter().all(|turn| bodies.contains(turn["span_id"].as_str().unwrap())));
}
