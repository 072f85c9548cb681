//! The program as a user runs it, against the provider on this machine.

use example_checks::{logged, readme, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_genai-example");
const BEFORE: &str = env!("CARGO_BIN_EXE_genai-before");
/// Without this, the spans of genai have no content.
const WITH_CONTENT: (&str, &str) = ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true");
const ANSWER: &str = "You said: Say this in one sentence.\n";

#[test]
fn a_workflow_has_a_complete_answer_and_a_streamed_one() {
    let expected = (ANSWER.to_owned(), readme::block("genai", "text"));
    assert_eq!(run(PROGRAM, &[WITH_CONTENT]), expected);
    assert_eq!(run(BEFORE, &[WITH_CONTENT]), (ANSWER.to_owned(), String::new()));
}

#[test]
fn the_log_does_not_change() {
    for level in ["", "info"] {
        let log = logged(BEFORE, &[("RUST_LOG", level)]);
        assert_eq!(log.contains("INFO"), level == "info", "{log}");
        let with_llmobs = logged(PROGRAM, &[("RUST_LOG", level)]);
        assert_eq!(with_llmobs.replace("genai_example", "genai_before"), log);
    }
}
