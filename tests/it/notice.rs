//! The notice on standard error of a program without a logger. Each test runs the program as a separate process.

use std::env;
use std::net::TcpListener;
use std::time::Duration;

use llmobs::Config;

use crate::support::process;

const PROGRAM: &str = "LLMOBS_TEST_NOTICE";
const KEY: &str = "zq9xwvkj7pxmnbq4hg8dp2xa0ykq5rwz";

/// Loses spans twice. It is a test so that it can be run by its name, and does nothing without the variable.
#[test]
fn program() {
    let Ok(logger) = env::var(PROGRAM) else { return };
    if logger == "env_logger" {
        env_logger::Builder::new().filter_level(log::LevelFilter::Warn).init();
    }
    for _ in 0..2 {
        let guard = Config::from_env().timeout(Duration::from_millis(10)).init().unwrap();
        llmobs::task("lost").start().finish();
        drop(guard);
    }
}

/// Runs the program with an address without a listener. Returns the address and the text on standard error.
fn printed(logger: &str, notice: &str) -> (String, String) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = process("notice::program")
        .env_clear()
        .env(PROGRAM, logger)
        .env("LLMOBS_STDERR_NOTICE", notice)
        .env("DD_LLMOBS_AGENTLESS_ENABLED", "1")
        .env("DD_API_KEY", KEY)
        .env("DD_LLMOBS_OVERRIDE_ORIGIN", format!("http://{address}"))
        .output()
        .unwrap();
    assert!(output.status.success());
    (address.to_string(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_loss_is_reported_once_without_a_logger() {
    let (address, printed) = printed("", "");
    let [first, second] = &*printed.lines().collect::<Vec<_>>() else { panic!("{printed}") };
    let begins = format!("llmobs: 1 span(s) or evaluation(s) are lost: http://{address}/api/v2/llmobs ");
    assert!(first.starts_with(&begins), "{first}");
    assert_eq!(
        *second,
        "llmobs: this notice appears once; install a logger for the crate `log` to see all warnings, or set LLMOBS_STDERR_NOTICE=false"
    );
    assert!(!printed.contains(KEY));
}

#[test]
fn nothing_is_written_if_the_notice_is_disabled() {
    assert_eq!(printed("", "false").1, "");
}

#[test]
fn a_logger_replaces_the_notice() {
    let (_, printed) = printed("env_logger", "");
    assert!(printed.contains("WARN  llmobs] 1 span(s) or evaluation(s) are lost"), "{printed}");
    assert!(!printed.contains("this notice appears once"), "{printed}");
}
