//! The lines of finished traces.

use serde_json::json;

use crate::served::{LLMOBS, Served, events_body, span};
use crate::{printed, run};

/// A script that sends bodies one after another and checks each answer.
fn script(folder: &std::path::Path, bodies: &[Vec<u8>]) -> String {
    let mut script = String::new();
    for (number, body) in bodies.iter().enumerate() {
        let file = folder.join(format!("{number}.json"));
        std::fs::write(&file, body).unwrap();
        // The test program is the client, since not every machine has curl.
        script.push_str(&format!(
            "SEND_FILE={} {} --exact traces::sends_a_file --ignored --quiet >/dev/null || exit 9; ",
            file.display(),
            std::env::current_exe().unwrap().display()
        ));
    }
    script
}

#[test]
#[ignore = "a part of other tests: the program under `llmobs run`"]
fn sends_a_file() {
    let origin = std::env::var("DD_LLMOBS_OVERRIDE_ORIGIN").expect("an address");
    let port: u16 = origin.rsplit(':').next().unwrap().parse().unwrap();
    let body = std::fs::read(std::env::var("SEND_FILE").unwrap()).unwrap();
    let head = format!(
        "POST /api/v2/llmobs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    assert_eq!(crate::served::exchange(port, &[head.as_bytes(), &body].concat()).unwrap().status, 202);
}

#[test]
fn each_finished_trace_is_printed_once_with_its_link() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut root = span("T 1/x", "1");
    root["name"] = "answer\u{1b}[31m".into();
    root["duration"] = 2_400_000_000_i64.into();
    let mut call = span("T 1/x", "2");
    call["parent_id"] = "1".into();
    call["meta"]["span"]["kind"] = "llm".into();
    call["status"] = "error".into();
    call["metrics"] = json!({ "input_tokens": 1200, "output_tokens": 34 });
    let mut failed = span("T2", "1");
    failed["status"] = "error".into();
    let open = {
        let mut event = span("T3", "2");
        event["parent_id"] = "1".into();
        event
    };
    let bodies = [
        events_body([&call]),
        events_body([&root]),
        events_body([&failed]),
        events_body([&root]),
        events_body([&open]),
    ];
    let output = run(&[], &script(folder.path(), &bodies)).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = printed(&output);
    let origin = printed[0].trim_start_matches("llmobs: traces at ").to_owned();
    let traces: Vec<String> = printed[1..].iter().map(|line| line.replace(&origin, "ORIGIN")).collect();
    assert_eq!(
        traces,
        [
            "llmobs: ✓ workflow answer\\u{1b}[31m  2.40s  2 spans  1 error  1 LLM call  1\u{202f}200 → 34 tokens  ORIGIN/traces/T%201%2Fx",
            "llmobs: ✕ workflow step  1.00ms  1 span  1 error  ORIGIN/traces/T2",
        ]
    );
}

#[test]
fn a_run_that_joins_an_explorer_does_not_print_earlier_traces() {
    let folder = tempfile::TempDir::new().unwrap();
    let served = Served::new();
    assert_eq!(served.post("/api/v2/llmobs", &events_body([&span("before", "1")])).status, 202);
    let script = script(folder.path(), &[events_body([&span("now", "1")])]);
    let output = std::process::Command::new(LLMOBS)
        .args(["run", "--port", &served.port.to_string(), "--", "sh", "-c", &script])
        .output()
        .unwrap();
    let printed = printed(&output);
    assert_eq!(printed.len(), 2, "{printed:?}");
    assert!(printed[1].ends_with(&format!("{}/traces/now", served.origin)), "{printed:?}");
}
