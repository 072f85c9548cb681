//! The client as a user runs it, which starts the server.

use example_checks::{logged, readme, run};

const CLIENT: &str = env!("CARGO_BIN_EXE_client");
const BEFORE: &str = env!("CARGO_BIN_EXE_client-before");

#[test]
fn a_call_of_a_tool_is_one_trace_through_both() {
    let printed = "kilometers: Converts miles to kilometers.\n1.609344 km\n";
    let expected = (printed.to_owned(), readme::block("mcp", "text"));
    assert_eq!(run(CLIENT, &[]), expected);
    assert_eq!(run(BEFORE, &[]), (printed.to_owned(), String::new()));
}

#[test]
fn both_say_nothing_more() {
    assert_eq!([logged(CLIENT, &[]), logged(BEFORE, &[])], ["", ""]);
}
