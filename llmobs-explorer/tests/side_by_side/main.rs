//! Programs with ddtrace, dd-trace, OpenInference, OpenLLMetry and rig send to one explorer with their default settings. One list shows
//! all of them.
//!
//! The test is skipped if one of the programs is missing: see `support/programs.rs`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

#[path = "../browser/browser.rs"]
mod browser;
#[path = "../support/explorer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod explorer;
#[path = "../browser/page.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod page;
#[path = "../support/programs.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod programs;

use std::path::Path;
use std::{env, fs};

use llmobs_local_provider::LocalProvider;

use explorer::Explorer;
use page::with_page_of;
use programs::{ddtrace_node, ddtrace_python, otel_python, otel_rig, run, run_silently, without_settings};

const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");

/// Some cells of a row: kind, name and application; tokens; model.
type Row<'a> = [&'a str; 3];

#[test]
fn one_list_shows_all_programs() {
    let (Some(ddtrace), Some(node), Some(otel), Some(rig)) =
        (ddtrace_python(), ddtrace_node(), otel_python(), otel_rig())
    else {
        return;
    };
    let (explorer, provider) = (Explorer::start(), LocalProvider::start());
    let model_address = format!("{}/v1", provider.url());

    let program = format!("{TESTS}/ddtrace/program.py");
    run_silently(
        without_settings(ddtrace).args([&program, "ddtrace"]).env("DD_TRACE_AGENT_URL", &explorer.origin),
    );
    // Node looks for modules beside the program.
    let program = node.join(format!("side-by-side-{}.mjs", std::process::id()));
    fs::copy(format!("{TESTS}/ddtrace/program.mjs"), &program).unwrap();
    run_silently(
        without_settings("node")
            .arg(&program)
            .env("DD_LLMOBS_ENABLED", "1")
            .env("DD_LLMOBS_ML_APP", "dd-trace")
            .env("DD_TRACE_AGENT_URL", &explorer.origin),
    );
    fs::remove_file(&program).unwrap();
    let program = format!("{TESTS}/opentelemetry/program.py");
    for how in ["openinference", "openllmetry"] {
        run_silently(
            without_settings(otel)
                .args([&program, how, "http", &model_address])
                .env("OTEL_EXPORTER_OTLP_ENDPOINT", explorer.otlp("http")),
        );
    }
    run(without_settings(rig)
        .env("OPENAI_BASE_URL", &model_address)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", explorer.otlp("http")));

    let chat = "gpt-4o-mini-2026-11-01";
    assert_rows(
        &explorer,
        "traces",
        &[
            ["answer workflow ddtrace · session-1", "412 → 28", "gpt-4o"],
            ["answer workflow dd-trace · session-1", "412 → 28", "gpt-4o"],
            // A call and an embedding of two words, below a span of the program that is not a step.
            ["ChatCompletion llm openinference", "11 → 2 3 cached", chat],
            ["openai.chat llm openllmetry", "11 → 2 3 cached", chat],
            ["invoke_agent agent rig-otlp", "32 → 7 14 cached", chat],
        ],
    );
    assert_rows(
        &explorer,
        "llm",
        &[
            ["complete llm ddtrace · session-1", "412 → 28", "gpt-4o"],
            ["complete llm dd-trace · session-1", "412 → 28", "gpt-4o"],
            ["ChatCompletion llm openinference", "9 → 2 3 cached", chat],
            ["openai.chat llm openllmetry", "9 → 2 3 cached", chat],
            ["chat llm rig-otlp", "14 → 2 7 cached", chat],
            ["chat llm rig-otlp", "18 → 5 7 cached", chat],
        ],
    );

    with_page_of(&explorer, |page| {
        page.visit("/traces?sort=start&order=asc");
        assert_eq!(page.count("tbody tr"), 5);
        if env::var_os("UPDATE_SCREENSHOTS").is_some_and(|value| value == "1") {
            page.screenshot(&Path::new(TESTS).join("../../docs/images/explorer-programs.png"));
        }
    });
}

/// Compares all rows of a list, the earliest first.
fn assert_rows(explorer: &Explorer, view: &str, expected: &[Row<'_>]) {
    let page = explorer.get(&format!("/traces?view={view}&sort=start&order=asc")).1;
    let rows: Vec<Vec<String>> = page.split("<tr").skip(2).map(cells).collect();
    // Lists of traces have a column with the number of spans before the model.
    let model = if view == "traces" { 7 } else { 6 };
    let seen: Vec<Row<'_>> = rows.iter().map(|cells| [&*cells[1], &*cells[5], &*cells[model]]).collect();
    assert_eq!(seen, expected);
}

/// The texts of the cells of a row.
fn cells(row: &str) -> Vec<String> {
    let text = |cell: &str| {
        let parts = cell.split('<').filter_map(|part| part.split_once('>'));
        let words: Vec<&str> = parts.flat_map(|(_, text)| text.split_whitespace()).collect();
        words.join(" ")
    };
    let row = row.split("</tr>").next().unwrap().replace("<th", "<td");
    row.split("<td").skip(1).map(|cell| text(&format!("<td{cell}"))).collect()
}
