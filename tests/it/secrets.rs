//! With every logger of a program, the spans are delivered, and no key and no prompt are in the log. Each program is a separate
//! process, since a process has one logger.

#![expect(clippy::print_stderr, reason = "the other tests read it")]

use std::env;
use std::io;
use std::time::Duration;

use llmobs::Config;
use llmobs_test_support::{CaptureServer, leak};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::support::process;

const PATIENCE: Duration = Duration::from_secs(60);
/// No four letters of these occur in words or in hexadecimal numbers.
const KEY: &str = "zq9xwvkj7pxmnbq4hg8dp2xa0ykq5rwz";
const TOKEN: &str = "bq5vzkw0tjxm8d";
const PROMPT: &str = "vy3jqk8wzx1bnm";
/// Names the logger of the program.
const LOGGER: &str = "LLMOBS_TEST_LOGGER";

/// Logs all records.
struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        eprintln!("{} {} {}", record.level(), record.target(), record.args());
        // A logger may be instrumented itself. On the thread of llmobs, this must not start spans.
        llmobs::task("logged").start().finish();
    }

    fn flush(&self) {}
}

#[llmobs::llm]
fn ask(prompt: &str) -> Result<String, String> {
    Err(prompt.to_owned())
}

/// The program that the other tests run.
#[test]
fn program() {
    let Ok(logger) = env::var(LOGGER) else { return };
    match logger.as_str() {
        "log" => {
            log::set_logger(&Logger).unwrap();
            log::set_max_level(log::LevelFilter::Trace);
        }
        "env_logger" => env_logger::Builder::new().filter_level(log::LevelFilter::Trace).init(),
        _ => {
            let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(io::stderr);
            tracing_subscriber::registry().with(layer).init();
        }
    }
    let config = Config::from_env().timeout(Duration::from_millis(200));
    eprintln!("{config:?}");
    let guard = config.clone().init().unwrap();
    eprintln!("{guard:?}");
    for _ in 0..4 {
        let _ = ask(PROMPT);
        eprintln!("flushed: {}", llmobs::flush(PATIENCE));
    }
    llmobs::task("shown").start().annotate(|note| {
        note.input(PROMPT).tag("prompt", PROMPT);
        eprintln!("{note:?}");
    });
    drop(guard);
    let refused = config.api_key(format!("{KEY}\n{KEY}")).init().unwrap_err();
    eprintln!("{refused} {refused:?}");
}

/// Runs the program with a logger of all records, and with a server whose answers repeat the secrets of the requests.
fn check(logger: &str) {
    let server = CaptureServer::start()
        .statuses(&[500, 500, 500, 403, 307])
        .header("location", &format!("/{KEY}/{TOKEN}?{PROMPT}"))
        .header("x-echo", &format!("{KEY} {TOKEN} {PROMPT}"))
        .header("retry-after", KEY)
        .header(PROMPT, "")
        .answer(format!("bad key {KEY}, {TOKEN} for {PROMPT}"));
    let output = process("secrets::program")
        .env_clear()
        .env(LOGGER, logger)
        .env("DD_API_KEY", format!("{KEY}\n"))
        .env("DD_LLMOBS_AGENTLESS_ENABLED", "1")
        .env("DD_LLMOBS_ML_APP", "app")
        .env("DD_LLMOBS_OVERRIDE_ORIGIN", server.url())
        .env("_DD_TRACE_WRITER_ADDITIONAL_HEADERS", format!("x-token:{TOKEN}"))
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");

    let posts = server.posts();
    assert_eq!(posts.len(), 10, "{log}");
    for post in &posts {
        assert_eq!((post.headers["dd-api-key"].as_str(), post.headers["x-token"].as_str()), (KEY, TOKEN));
        assert!(post.events()[0]["meta"].to_string().contains(PROMPT));
    }
    let reports: Vec<&str> = log.lines().filter_map(|line| line.strip_prefix("flushed: ")).collect();
    assert_eq!(
        reports,
        [
            "1 delivered, 0 dropped, 0 pending",
            "2 delivered, 0 dropped, 0 pending",
            "3 delivered, 0 dropped, 0 pending",
            "4 delivered, 0 dropped, 0 pending",
        ]
    );

    // The log has all records of the libraries, including the dumps of headers, and the reasons of failures.
    let url = server.url();
    for part in [
        "ureq_proto::util",
        "ureq::run",
        &format!("spans of app go to {url}/api/v2/llmobs"),
        &format!("{url}/api/v2/llmobs answers 403 Forbidden; check DD_API_KEY"),
        &format!("{url}/api/v2/llmobs answers 500 Internal Server Error"),
    ] {
        assert!(log.contains(part), "{part:?} is not in\n{log}");
    }
    for secret in [KEY, TOKEN, PROMPT] {
        assert_eq!(leak(&log, secret), None, "in\n{log}");
    }
}

#[test]
fn a_logger_of_all_records_gets_no_secret() {
    check("log");
}

#[test]
fn env_logger_at_trace_gets_no_secret() {
    check("env_logger");
}

#[test]
fn a_tracing_subscriber_without_a_filter_gets_no_secret() {
    check("tracing");
}
