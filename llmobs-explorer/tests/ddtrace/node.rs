//! The SDK for Node.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use serde_json::{Value, json};

use crate::explorer::Explorer;
use crate::{alone, said_of_arrivals, skip, spans};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ddtrace/program.mjs");
const VERSION: &str = "5.132.0";

/// The folder with the packages, or nothing where there is none.
fn packages() -> Option<PathBuf> {
    let folder = env::var_os("LLMOBS_DDTRACE_NODE").map(PathBuf::from);
    let package = folder.as_ref().map(|folder| folder.join("node_modules/dd-trace/package.json"));
    let text = package.and_then(|package| fs::read_to_string(package).ok()).unwrap_or_default();
    let package: Value = serde_json::from_str(&text).unwrap_or_default();
    if package["version"] == VERSION {
        return folder;
    }
    skip("dd-trace", &format!("npm install dd-trace@{VERSION}"));
    None
}

/// Nothing is set but where the Agent is, and that there is LLM Observability.
#[test]
fn a_program_of_node_reports_as_to_an_agent() {
    let Some(packages) = packages() else { return };
    let explorer = Explorer::start();
    // Modules are looked for beside the program.
    let program = packages.join(format!("program-{}.mjs", std::process::id()));
    fs::copy(PROGRAM, &program).unwrap();
    let mut command: Command = alone("node");
    let output = command
        .arg(&program)
        .env_remove("DD_INSTRUMENTATION_TELEMETRY_ENABLED")
        .env_remove("DD_REMOTE_CONFIGURATION_ENABLED")
        .env("DD_LLMOBS_ENABLED", "1")
        .env("DD_LLMOBS_ML_APP", "node-app")
        .env("DD_TRACE_AGENT_URL", &explorer.origin)
        .output()
        .unwrap();
    fs::remove_file(&program).unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!((output.status.success(), said.as_str()), (true, ""));
    let seen: Vec<Value> = spans(&explorer)
        .iter()
        .map(|span| {
            json!([
                span["name"],
                span["parent_id"],
                span["meta"]["span.kind"],
                span["meta"]["output"],
                span["metrics"]
            ])
        })
        .collect();
    let answer = json!({ "messages": [{ "role": "assistant", "content": "At 20:10. ⛴" }] });
    let metrics = json!({ "input_tokens": 412, "output_tokens": 28, "total_tokens": 440 });
    assert_eq!(
        seen,
        [
            json!(["answer", "undefined", "workflow", { "value": "At 20:10. ⛴" }, {}]),
            json!(["complete", "answer", "llm", answer, metrics]),
        ]
    );
    let arrivals = said_of_arrivals(&explorer);
    // The traces of the tracer have these spans too, without their events.
    for part in ["/evp_proxy/v2/api/v2/llmobs 1 2 0 0", "/v0.4/traces 1 0 2 0", "Nothing was refused."] {
        assert!(arrivals.contains(part), "{arrivals}");
    }
}
