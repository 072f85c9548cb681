//! The SDK for Node.

use std::fs;

use serde_json::{Value, json};

use crate::explorer::Explorer;
use crate::programs::{ddtrace_node, run_silently};
use crate::{arrivals_of, spans, traced};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ddtrace/program.mjs");

/// Only the address of the Agent and LLM Observability are set.
#[test]
fn a_node_program_uses_the_explorer_as_an_agent() {
    let Some(packages) = ddtrace_node() else { return };
    let explorer = Explorer::start();
    // Node looks for modules beside the program.
    let program = packages.join(format!("program-{}.mjs", std::process::id()));
    fs::copy(PROGRAM, &program).unwrap();
    run_silently(
        traced("node")
            .arg(&program)
            .env("DD_LLMOBS_ENABLED", "1")
            .env("DD_LLMOBS_ML_APP", "node-app")
            .env("DD_TRACE_AGENT_URL", &explorer.origin),
    );
    fs::remove_file(&program).unwrap();
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
    let arrivals = arrivals_of(&explorer);
    // The traces of the tracer contain these spans too, without their events.
    for part in ["/evp_proxy/v2/api/v2/llmobs 1 2 0 0", "/v0.4/traces 1 0 2 0", "Nothing was refused."] {
        assert!(arrivals.contains(part), "{arrivals}");
    }
}
