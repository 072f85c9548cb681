//! The SDKs for Python and Node send spans in every supported way. The result must be the same.
//!
//! The tests are skipped if ddtrace or dd-trace is missing: see `support/programs.rs`.

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
mod node;
#[path = "../support/programs.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod programs;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use explorer::Explorer;
use programs::{DDTRACE, ddtrace_python, run, run_silently, text_of, without_settings};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ddtrace/program.py");

/// A program without telemetry and remote configuration, which would send other requests to an Agent.
fn without_telemetry(program: impl AsRef<OsStr>) -> Command {
    let mut command = traced(program);
    command.envs([
        ("DD_INSTRUMENTATION_TELEMETRY_ENABLED", "false"),
        ("DD_REMOTE_CONFIGURATION_ENABLED", "false"),
    ]);
    command
}

/// A program with a fixed service name.
fn traced(program: impl AsRef<OsStr>) -> Command {
    let mut command = without_settings(program);
    command.env("DD_SERVICE", "travel").env("DD_TRACE_GIT_METADATA_ENABLED", "false");
    command
}

/// All spans from their pages, in order, with names instead of ids and without values that differ between runs.
fn spans(explorer: &Explorer) -> Vec<Value> {
    let list = explorer.get("/traces?view=spans&sort=start&order=asc").1;
    let links = list.split("data-href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let mut events: Vec<Value> = links
        .map(|link| {
            let address = format!("{}/event.json", link.replace("?span=", "/spans/"));
            let (head, body) = explorer.get(&address);
            assert_eq!(head.status, 200, "{address}");
            serde_json::from_str(&body).unwrap()
        })
        .collect();
    let names: BTreeMap<String, String> =
        events.iter().map(|event| (text(&event["span_id"]), text(&event["name"]))).collect();
    let traces: Vec<_> = events.iter().map(|event| text(&event["trace_id"])).collect();
    assert!(traces.iter().all(|trace| *trace == traces[0]), "{traces:?}");
    for event in &mut events {
        assert!(event["duration"].as_i64().unwrap() > 0 && event["start_ns"].as_i64().unwrap() > 0);
        for field in ["_dd", "duration", "start_ns", "trace_id", "span_id"] {
            event.as_object_mut().unwrap().remove(field).unwrap();
        }
        // Traces of the tracer have this field too.
        event.as_object_mut().unwrap().remove("ml_app");
        if let Some(parent) = names.get(event["parent_id"].as_str().unwrap()) {
            event["parent_id"] = parent.as_str().into();
        }
        if let Some(stack) = event.pointer_mut("/meta/error/stack") {
            // The paths of files differ between machines.
            *stack = stack.as_str().unwrap().trim_end().lines().last().into();
        }
    }
    events
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// An expected span of the program.
fn span(kind: &str, name: &str, decorated: bool, more_tags: &[&str], more: &Value) -> Value {
    let failed = more["error"].is_object();
    let mut meta = json!({ "span": { "kind": kind }, "metadata": {} });
    let mut metrics = json!({});
    for (key, value) in more.as_object().unwrap() {
        if key == "metrics" { metrics = value.clone() } else { meta[key] = value.clone() }
    }
    let mut tags: Vec<String> = [
        "agent_service:python-app",
        "env:",
        "language:python",
        "ml_app:python-app",
        "service:travel",
        "session_id:session-1",
        "source:integration",
        "version:",
    ]
    .iter()
    .chain(more_tags)
    .map(|tag| (*tag).to_owned())
    .collect();
    tags.extend([format!("ddtrace.version:{DDTRACE}"), format!("error:{}", u8::from(failed))]);
    tags.extend(decorated.then(|| "decorator:1".to_owned()));
    tags.sort();
    json!({
        "name": name, "status": if failed { "error" } else { "ok" }, "session_id": "session-1", "tags": tags,
        "parent_id": if name == "answer" { "undefined" } else { "answer" }, "meta": meta, "metrics": metrics,
    })
}

/// Checks the result of the program.
fn check(explorer: &Explorer) {
    let question = "Which ferry is the last one?";
    let failure = json!({
        "type": "builtins.TimeoutError", "message": "the harbour does not answer", "stack": "TimeoutError: the harbour does not answer",
    });
    let call = json!({ "name": "sea_state", "tool_id": "call_1", "type": "function", "arguments": { "hour": 20, "place": "Capri" } });
    let expected = [
        span(
            "workflow",
            "answer",
            true,
            &["user_id:u-1"],
            &json!({
                "input": { "value": json!({ "question": question }).to_string().replace(':', ": ") },
                "output": { "value": "The last ferry leaves at 20:10. ⛴" },
            }),
        ),
        span(
            "retrieval",
            "search",
            true,
            &[],
            &json!({
                "input": { "value": question },
                "output": { "documents": [{ "id": "t-17", "name": "Timetable", "score": 0.91, "text": "Last ferry at 20:10." }] },
            }),
        ),
        span(
            "llm",
            "complete",
            false,
            &["step:first"],
            &json!({
                "model_name": "gpt-4o", "model_provider": "openai", "metadata": { "stop": ["\n"], "temperature": 0.2 },
                "input": { "messages": [
                    { "role": "system", "content": "You help travellers." },
                    { "role": "user", "content": question },
                ] },
                "output": { "messages": [{ "role": "assistant", "content": "", "tool_calls": [call] }] },
                "metrics": { "input_tokens": 412, "output_tokens": 28, "total_tokens": 440 },
            }),
        ),
        span(
            "tool",
            "sea_state",
            true,
            &[],
            &json!({
                "input": { "value": "{\"hour\": 20, \"place\": \"Capri\"}" }, "output": { "value": "{\"waves_m\": 0.4}" },
            }),
        ),
        span("tool", "harbour", true, &["error_type:builtins.TimeoutError"], &json!({ "error": failure })),
    ];
    let seen = spans(explorer);
    for (seen, expected) in seen.iter().zip(&expected) {
        assert_eq!(seen, expected);
    }
    assert_eq!(seen.len(), expected.len());

    let evaluations = text_of(&explorer.get("/evaluations").1);
    assert_eq!(
        evaluations,
        "Evaluations faithfulness score Judged 1 Pass 1 Fail 0 Mean 0.93 From 0.93 To 0.93 0.93 1 thumbs feedback Judged 1 true 1"
    );
    // The target of both is the workflow, and the list shows them in its row.
    let row = text_of(&explorer.get("/traces").1);
    for part in
        ["answer workflow python-app", "✓ faithfulness 0.93", "thumbs true", "412 → 28", "1 to 1 of 1"]
    {
        assert!(row.contains(part), "{part}: {row}");
    }
    assert!(
        text_of(&explorer.get("/traces?q=%40evaluation.faithfulness.value%3A%3E0.9").1)
            .contains("1 to 1 of 1")
    );
    assert!(text_of(&explorer.get("/setup").1).ends_with("Nothing was refused."));
}

#[test]
fn a_program_run_by_llmobs_reports_to_it() {
    let Some(python) = ddtrace_python() else { return };
    let store = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ddtrace.db");
    let remove = || ["", "-wal", "-shm"].map(|end| fs::remove_file(format!("{}{end}", store.display())));
    drop(remove());
    let (out, err) = run(without_telemetry(env!("CARGO_BIN_EXE_llmobs"))
        .args(["run", "--exit", "--port", "0", "--store", store.to_str().unwrap(), "--"])
        .arg(python)
        .args([PROGRAM, "python-app"]));
    assert_eq!(out, "");
    let summary =
        err.lines().find(|line| line.contains("workflow answer")).unwrap_or_else(|| panic!("{err}"));
    assert!(summary.starts_with("llmobs: ✓ workflow answer  "), "{summary}");
    assert!(
        summary.contains("  5 spans  1 error  1 LLM call  412 → 28 tokens  http://127.0.0.1:"),
        "{summary}"
    );
    check(&Explorer::with_store(store.to_str().unwrap()));
    drop(remove());
}

#[test]
fn a_program_sends_directly() {
    let Some(python) = ddtrace_python() else { return };
    let explorer = Explorer::start();
    let direct = [
        ("DD_LLMOBS_AGENTLESS_ENABLED", "1"),
        ("DD_API_KEY", "none"),
        ("DD_LLMOBS_OVERRIDE_ORIGIN", &explorer.origin),
    ];
    report(python, &explorer, &direct);
    check(&explorer);
}

#[test]
fn a_program_uses_the_explorer_as_an_agent() {
    let Some(python) = ddtrace_python() else { return };
    let explorer = Explorer::start();
    report(python, &explorer, &[("DD_LLMOBS_AGENTLESS_ENABLED", "0")]);
    check(&explorer);
}

/// The SDK checks for an Agent, and finds the explorer.
#[test]
fn a_program_detects_the_explorer_as_an_agent() {
    let Some(python) = ddtrace_python() else { return };
    let explorer = Explorer::start();
    report(python, &explorer, &[]);
    check(&explorer);
}

/// The traces of the tracer contain the spans. Only the address of the Agent is set.
#[test]
fn a_program_with_apm_sends_spans_in_its_traces() {
    let Some(python) = ddtrace_python() else { return };
    let explorer = Explorer::start();
    let mut program = traced(python);
    run_silently(program.args([PROGRAM, "python-app"]).env("DD_TRACE_AGENT_URL", &explorer.origin));
    check(&explorer);
    assert!(arrivals_of(&explorer).contains("/v0.4/traces 1 5 0 0"), "{}", arrivals_of(&explorer));
}

/// The section of the setup page with the counts of requests.
fn arrivals_of(explorer: &Explorer) -> String {
    text_of(&explorer.get("/setup").1).split_once("Arrived in the last minute").unwrap().1.to_owned()
}

/// A format that cannot contain the spans is accepted, and the page shows the right setting.
#[test]
fn traces_of_v0_5_are_accepted_and_the_page_shows_the_setting() {
    let Some(python) = ddtrace_python() else { return };
    let explorer = Explorer::start();
    let program = "import ddtrace\nwith ddtrace.tracer.trace('x', span_type='llm') as s: s.set_tag('gen_ai.system', 'x')";
    run_silently(
        without_telemetry(python)
            .args(["-c", program])
            .env("DD_TRACE_AGENT_URL", &explorer.origin)
            .env("DD_TRACE_API_VERSION", "v0.5"),
    );
    let setup = arrivals_of(&explorer);
    assert!(setup.contains("/v0.5/traces 1 0 0 1"), "{setup}");
    assert!(
        setup.contains("traces of v0.5 carry no LLM spans: set DD_TRACE_API_VERSION=v0.4 for Python"),
        "{setup}"
    );
}

/// The SDK reads its own spans.
#[test]
fn the_sdk_reads_spans() {
    let Some(python) = ddtrace_python() else { return };
    let explorer = Explorer::start();
    report(python, &explorer, &[("DD_LLMOBS_AGENTLESS_ENABLED", "0")]);
    let program = "import json\nfrom ddtrace.llmobs import LLMObs\nLLMObs.enable(ml_app='python-app')\n\
        print(json.dumps([s['name'] for s in LLMObs.get_spans(limit=2)]))\n\
        print(json.dumps([s['output'] for s in LLMObs.get_spans(span_kind='tool', query='@status:ok')]))";
    let (out, err) = run(without_telemetry(python)
        .args(["-c", program])
        .env("DD_API_KEY", "none")
        .env("DD_APP_KEY", "none")
        .env("DD_LLMOBS_OVERRIDE_ORIGIN", &explorer.origin)
        .env("DD_TRACE_AGENT_URL", &explorer.origin));
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names = json!(["answer", "search", "complete", "sea_state", "harbour"]);
    assert_eq!(lines, [names, json!([{ "value": "{\"waves_m\": 0.4}" }])], "{err}");
}

/// Runs the program with the settings of the page, with the explorer instead of an Agent.
fn report(python: &OsString, explorer: &Explorer, more: &[(&str, &str)]) {
    run_silently(
        without_telemetry(python)
            .args([PROGRAM, "python-app"])
            .env("DD_TRACE_AGENT_URL", &explorer.origin)
            .env("DD_APM_TRACING_ENABLED", "false")
            .envs(more.iter().copied()),
    );
}
