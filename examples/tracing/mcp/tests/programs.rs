//! The client as a user runs it, which starts the server.

use example_checks::{logged, readme, run};

const CLIENT: &str = env!("CARGO_BIN_EXE_client");
const BEFORE: &str = env!("CARGO_BIN_EXE_client-before");

#[test]
fn a_tool_call_is_one_trace_through_client_and_server() {
    let printed = "kilometers: Converts miles to kilometers.\n1.609344 km\n";
    let expected = (printed.to_owned(), readme::block("mcp", "text"));
    assert_eq!(run(CLIENT, &[]), expected);
    assert_eq!(run(BEFORE, &[]), (printed.to_owned(), String::new()));
}

#[test]
fn client_and_server_log_nothing() {
    assert_eq!([logged(CLIENT, &[]), logged(BEFORE, &[])], ["", ""]);
}
