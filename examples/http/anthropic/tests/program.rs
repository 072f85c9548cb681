//! The program as a user runs it, against the provider on this machine.

use example_checks::{readme, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_anthropic-example");
const BEFORE: &str = env!("CARGO_BIN_EXE_anthropic-before");

#[test]
fn a_workflow_drafts_and_shortens() {
    let answer = "You said: Say this in one sentence: You said: Explain a solar eclipse.\n";
    let expected = (answer.to_owned(), readme::block("anthropic", "text"));
    assert_eq!(run(PROGRAM, &[]), expected);
    assert_eq!(run(BEFORE, &[]), (answer.to_owned(), String::new()));
}

#[test]
fn each_attempt_is_a_span() {
    let (_, tree) = run(PROGRAM, &[("ANTHROPIC_MODEL", "flaky")]);
    let spans: Vec<&str> = tree.lines().filter(|line| line.contains("llm anthropic")).collect();
    let expected = [
        "├─ llm anthropic.request  flaky  error HTTP 429",
        "├─ llm anthropic.request  flaky-2026-11-01  4 in + 6 out tokens",
        "├─ llm anthropic.request  flaky  error HTTP 429",
        "└─ llm anthropic.request  flaky-2026-11-01  11 in + 13 out tokens",
    ];
    assert_eq!(spans, expected, "{tree}");
}
