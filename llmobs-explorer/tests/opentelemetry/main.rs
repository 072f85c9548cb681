//! Programs with OpenTelemetry, instrumented by OpenInference and by OpenLLMetry, send spans over HTTP and over gRPC. The result must
//! be the same.
//!
//! The tests are skipped if the programs are missing: see `support/programs.rs`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

#[path = "../support/explorer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod explorer;
#[path = "../support/programs.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod programs;
mod rig;

use llmobs_local_provider::LocalProvider;
use serde_json::{Value, json};

use explorer::Explorer;
use programs::{otel_python, run_silently, without_settings};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/opentelemetry/program.py");

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

/// Checks the result of the program.
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
                // OpenLLMetry does not send their number.
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
    let Some(python) = otel_python() else { return };
    let (explorer, provider) = (Explorer::start(), LocalProvider::start());
    run_silently(
        without_settings(python)
            .args([PROGRAM, how, protocol, &format!("{}/v1", provider.url())])
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", explorer.otlp(protocol)),
    );
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
