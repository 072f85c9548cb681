//! The program as a user runs it, against the provider on this machine.

use http_examples_checks::{readme_block, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_anthropic-example");
const BEFORE: &str = env!("CARGO_BIN_EXE_anthropic-before");

#[test]
fn a_workflow_drafts_and_shortens() {
    let answer = "You said: Say this in one sentence: You said: Explain a solar eclipse.\n";
    let expected = (answer.to_owned(), readme_block("anthropic", "text"));
    assert_eq!(run(PROGRAM, &[]), expected);
    assert_eq!(run(BEFORE, &[]), (answer.to_owned(), String::new()));
}
