//! Programs with OpenTelemetry report here, instrumented by OpenInference and by OpenLLMetry, over HTTP and over gRPC. In all ways the
//! same must be seen.
//!
//! Python is the one that `LLMOBS_OTEL_PYTHON` names, else `python3`. Where it lacks the packages of `requirements.txt` the tests are
//! skipped, unless `LLMOBS_REQUIRE_OTEL=1`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop"
)]

#[path = "../support/explorer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod explorer;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{env, io};

use llmobs_local_provider::LocalProvider;
use serde_json::{Value, json};

use explorer::Explorer;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/opentelemetry/program.py");

/// Python with the packages, or nothing where there is none.
fn python() -> Option<&'static OsString> {
    static PYTHON: OnceLock<Option<OsString>> = OnceLock::new();
    PYTHON
        .get_or_init(|| {
            let python = env::var_os("LLMOBS_OTEL_PYTHON").unwrap_or_else(|| "python3".into());
            let ask = "import openinference.instrumentation.openai, opentelemetry.instrumentation.openai\n\
                import opentelemetry.exporter.otlp.proto.grpc, opentelemetry.exporter.otlp.proto.http, openai";
            let status = Command::new(&python).args(["-c", ask]).stderr(Stdio::null()).status();
            if status.is_ok_and(|status| status.success()) {
                return Some(python);
            }
            let line = "skipped: the tests with OpenTelemetry need its packages; install them with: \
                pip install -r tests/opentelemetry/requirements.txt";
            assert!(env::var_os("LLMOBS_REQUIRE_OTEL").is_none_or(|value| value != "1"), "{line}");
            // Not through `eprintln!`, which is shown for failed tests alone.
            io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
            None
        })
        .as_ref()
}

/// The events of all spans, in order.
fn events(explorer: &Explorer) -> Vec<Value> {
    let list = explorer.get("/traces?view=spans&sort=start&order=asc").1;
    let links = list.split("data-href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let event = |link: &str| {
        let address = format!("{}/event.json", link.replace("?span=", "/spans/"));
        serde_json::from_str(&explorer.get(&address).1).unwrap()
    };
    links.map(event).collect()
}

/// What the program must be seen to have done, whoever tells it.
fn check(explorer: &Explorer, how: &str) {
    let events = events(explorer);
    let trace = &events[0]["trace_id"];
    let seen: Vec<Value> = events
        .iter()
        .map(|event| {
            assert_eq!(
                (&event["trace_id"], &event["parent_id"], &event["status"]),
                (trace, &json!("undefined"), &json!("ok"))
            );
            let (meta, metrics) = (&event["meta"], &event["metrics"]);
            let mut output = meta["output"].clone();
            if let Some(call) = output.pointer_mut("/messages/0/tool_calls/0") {
                // The conventions have different types.
                call.as_object_mut().unwrap().remove("type").unwrap();
            }
            let tokens = ["input_tokens", "output_tokens", "total_tokens"].map(|name| metrics[name].clone());
            if meta["span"]["kind"] == "embedding" {
                // OpenLLMetry does not say how many there are.
                output = Value::Null;
            }
            json!({
                "ml_app": event["ml_app"], "kind": meta["span"]["kind"], "model": meta["model_name"],
                "provider": meta["model_provider"], "input": meta["input"], "output": output,
                "temperature": meta["metadata"]["temperature"], "tools": meta["tool_definitions"],
                "tokens": tokens,
            })
        })
        .collect();
    let schema = json!({ "type": "object", "properties": { "place": { "type": "string" } } });
    let call = json!({ "name": "sea_state", "arguments": { "place": "Capri" }, "tool_id": "call_1" });
    let expected = [
        json!({
            "ml_app": how, "kind": "llm", "model": "gpt-4o-mini-2026-11-01", "provider": "openai",
            "input": { "messages": [
                { "role": "system", "content": "You help travellers." },
                { "role": "user", "content": "How is the sea_state at Capri?" },
            ] },
            "output": { "messages": [{ "role": "assistant", "content": "", "tool_calls": [call] }] },
            "temperature": 0.5, "tools": [{ "name": "sea_state", "schema": schema }], "tokens": [9, 2, 11],
        }),
        json!({
            "ml_app": how, "kind": "embedding", "model": "text-embedding-3-small-2026-11-01", "provider": "openai",
            "input": { "documents": [{ "text": "Capri" }, { "text": "Ischia" }] },
            "output": null, "temperature": null, "tools": null, "tokens": [2, null, 2],
        }),
    ];
    assert_eq!(seen, expected, "{}", serde_json::to_string_pretty(&events).unwrap());
    let setup = explorer.get("/setup").1;
    assert!(setup.contains("Nothing was refused."), "{setup}");
}

fn report(how: &str, protocol: &str) {
    let Some(python) = python() else { return };
    let (explorer, provider) = (Explorer::start(), LocalProvider::start());
    let output = Command::new(python)
        .args([PROGRAM, how, protocol, &format!("{}/v1", provider.url())])
        .env_clear()
        .envs(["PATH", "HOME", "TMPDIR"].into_iter().filter_map(|name| Some((name, env::var_os(name)?))))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", explorer.otlp(protocol))
        .output()
        .unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert_eq!(said, "");
    check(&explorer, how);
}

#[test]
fn openinference_reports_over_http() {
    report("openinference", "http");
}

#[test]
fn openinference_reports_over_grpc() {
    report("openinference", "grpc");
}

#[test]
fn openllmetry_reports_over_http() {
    report("openllmetry", "http");
}

#[test]
fn openllmetry_reports_over_grpc() {
    report("openllmetry", "grpc");
}
