//! The program as a user runs it, against the provider on this machine.

use example_checks::{logged, readme, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_rig-example");
const BEFORE: &str = env!("CARGO_BIN_EXE_rig-before");

#[test]
fn an_agent_asks_the_model_twice_and_prints_its_answer() {
    let answer = "Response: The result is: 1.609344 km\n";
    let expected = (answer.to_owned(), readme::block("rig", "text"));
    assert_eq!(run(PROGRAM, &[]), expected);
    assert_eq!(run(BEFORE, &[]), (answer.to_owned(), String::new()));
}

#[test]
fn the_log_does_not_change() {
    for level in ["", "info"] {
        let log = logged(BEFORE, &[("RUST_LOG", level)]);
        assert_eq!(log.contains("INFO"), level == "info", "{log}");
        assert_eq!(logged(PROGRAM, &[("RUST_LOG", level)]), log);
    }
}
