//! The program as a user runs it, against the provider on this machine.

use example_checks::{readme, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_async-openai-example");
const BEFORE: &str = env!("CARGO_BIN_EXE_async-openai-before");

#[test]
fn an_agent_asks_the_model_twice_and_prints_its_answer() {
    let answer = "The result is: 1.609344 km\n";
    let expected = (answer.to_owned(), readme::block("async-openai", "text"));
    assert_eq!(run(PROGRAM, &[]), expected);
    assert_eq!(run(BEFORE, &[]), (answer.to_owned(), String::new()));
}

#[test]
fn each_attempt_is_a_span() {
    let (printed, tree) = run(PROGRAM, &[("OPENAI_MODEL", "flaky")]);
    assert_eq!(printed, "The result is: 1.609344 km\n");
    let heads: Vec<&str> = tree.lines().filter(|line| line.contains("llm OpenAI")).collect();
    let (failed, answered) = (
        "├─ llm OpenAI.createChatCompletion  flaky  error requests",
        "├─ llm OpenAI.createChatCompletion  flaky-2026-11-01  14 in + 2 out tokens",
    );
    let last = "└─ llm OpenAI.createChatCompletion  flaky-2026-11-01  18 in + 5 out tokens";
    assert_eq!(heads, [failed, answered, failed, last], "{tree}");
}
