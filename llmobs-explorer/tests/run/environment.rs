//! The environment variables of the program.

use std::collections::BTreeMap;
use std::process::Command;

use crate::{run, text};

/// The variables that a program prints under `llmobs run`.
fn variables(mut command: Command) -> BTreeMap<String, String> {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = text(&output.stdout);
    output
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .collect()
}

fn expect(variables: &BTreeMap<String, String>, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(variables.get(*name).map(String::as_str), Some(*value), "{name}");
    }
}

#[test]
fn programs_report_only_to_the_explorer() {
    let mut command = run(&[], "env");
    // These would send spans or a real key elsewhere.
    command
        .env("DD_API_KEY", "a-real-key")
        .env("DD_LLMOBS_ENABLED", "0")
        .env("DD_LLMOBS_AGENTLESS_ENABLED", "1")
        .env("DD_LLMOBS_OVERRIDE_ORIGIN", "https://elsewhere.example")
        .env("DD_TRACE_AGENT_URL", "http://elsewhere.example:8126")
        .env("DD_APM_TRACING_ENABLED", "true")
        .env("LLMOBS_EXPORTER", "console");
    let variables = variables(command);
    expect(
        &variables,
        &[
            ("DD_LLMOBS_ENABLED", "true"),
            ("DD_LLMOBS_AGENTLESS_ENABLED", "false"),
            ("DD_API_KEY", "llmobs-run"),
            ("DD_APM_TRACING_ENABLED", "false"),
            ("DD_INSTRUMENTATION_TELEMETRY_ENABLED", "false"),
            ("DD_REMOTE_CONFIGURATION_ENABLED", "false"),
            ("DD_LLMOBS_ML_APP", "sh"),
        ],
    );
    for name in ["DD_LLMOBS_OVERRIDE_ORIGIN", "DD_TRACE_AGENT_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"] {
        assert!(variables[name].starts_with("http://127.0.0.1:"), "{name}: {}", variables[name]);
    }
    assert!(!variables.contains_key("LLMOBS_EXPORTER"));
    assert!(!variables.values().any(|value| value.contains("a-real-key") || value.contains("elsewhere")));
}

#[test]
fn variables_of_the_user_are_kept() {
    let mut command = run(&[], "env");
    command
        .env("DD_LLMOBS_ML_APP", "own")
        .env("DD_INSTRUMENTATION_TELEMETRY_ENABLED", "true")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://own.example:4318")
        .env("OTHER", "x");
    let of_app = variables(command);
    expect(
        &of_app,
        &[
            ("DD_LLMOBS_ML_APP", "own"),
            ("DD_INSTRUMENTATION_TELEMETRY_ENABLED", "true"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://own.example:4318"),
            ("OTHER", "x"),
        ],
    );
    let mut command = run(&[], "env");
    command.env("DD_SERVICE", "svc").env("DD_LLMOBS_ML_APP", "");
    let of_service = variables(command);
    expect(&of_service, &[("DD_SERVICE", "svc"), ("DD_LLMOBS_ML_APP", "")]);
}
