//! No API key and no prompt in what llmobs, or a library that it uses, writes to the log. One test in a process of its
//! own, since there is one logger in a process.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, and expect-test writes its own strings"
)]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use llmobs::{Config, DropReason, Exporter};
use llmobs_test_support::CaptureServer;

const PATIENCE: Duration = Duration::from_secs(60);
/// No four letters of it occur in words.
const KEY: &str = "zq9xwvkj7pxmnbq4hg8df2xa0ykq5rwz";
const PROMPT: &str = "vy3jqk8wzx1bnm";

/// Takes everything, but for the target that it was told to take less of.
struct Recorder {
    lines: Mutex<String>,
    dumps: AtomicBool,
}

impl log::Log for Recorder {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        self.dumps.load(Ordering::SeqCst)
            || !metadata.target().starts_with("ureq_proto")
            || metadata.level() < log::Level::Trace
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let line = format!("{} {} {}\n", record.level(), record.target(), record.args());
        self.lines.lock().unwrap().push_str(&line);
        // A logger may be instrumented itself. On the thread of llmobs that must not make spans.
        llmobs::task("logged").start().finish();
    }

    fn flush(&self) {}
}

static RECORDER: Recorder = Recorder { lines: Mutex::new(String::new()), dumps: AtomicBool::new(true) };

#[llmobs::llm]
fn ask(prompt: &str) -> Result<String, String> {
    Err(prompt.to_owned())
}

#[test]
fn log_at_trace_level_holds_neither_key_nor_prompt() {
    log::set_logger(&RECORDER).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let server =
        CaptureServer::start().statuses(&[403, 500, 500, 500]).answer(format!("bad key {KEY} for {PROMPT}"));
    let config = Config::from_env().exporter(Exporter::Http).agentless(true).api_key(format!("{KEY}\n"));
    let config = config.ml_app("app").override_origin(server.url()).timeout(Duration::from_millis(200));
    let mut said = format!("{config:?}");
    let guard = config.clone().init().unwrap();
    said += &format!("{guard:?}");

    // A logger that would take the dump of a request gets none: the span is not sent, and the log says why.
    let _ = ask(PROMPT);
    let mut dropped = BTreeMap::from([(DropReason::Withheld, 1)]);
    assert_eq!(llmobs::flush(PATIENCE).dropped, dropped);
    assert_eq!(server.posts().len(), 0);
    assert!(RECORDER.lines.lock().unwrap().contains("RUST_LOG=trace,ureq_proto=debug"));

    // One that takes all but that gets the spans delivered, or here refused in two ways.
    RECORDER.dumps.store(false, Ordering::SeqCst);
    let _ = ask(PROMPT);
    dropped.insert(DropReason::Rejected, 1);
    assert_eq!(llmobs::flush(PATIENCE).dropped, dropped);
    let _ = ask(PROMPT);
    dropped.insert(DropReason::Unavailable, 1);
    assert_eq!(llmobs::flush(PATIENCE).dropped, dropped);
    assert_eq!(server.posts().len(), 4);
    assert!(server.posts().iter().all(|post| post.headers["dd-api-key"] == KEY));

    llmobs::task("shown").start().annotate(|note| {
        note.input(PROMPT).tag("prompt", PROMPT);
        said += &format!("{note:?}");
    });
    drop(guard);
    let refused = config.api_key(format!("{KEY}\n{KEY}")).init().unwrap_err();
    said += &format!("{refused}{refused:?}");
    let log = RECORDER.lines.lock().unwrap().clone();
    assert!(log.contains("DEBUG ureq"), "{log}");
    assert!(log.contains(&format!("INFO llmobs spans of app go to {}/api/v2/llmobs", server.url())), "{log}");
    assert!(log.contains("/api/v2/llmobs answers 403 Forbidden; check DD_API_KEY"), "{log}");
    assert!(log.contains("/api/v2/llmobs answers 500 Internal Server Error"), "{log}");
    said += &log;
    for secret in [KEY, PROMPT] {
        for part in secret.as_bytes().windows(4) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(!said.contains(part), "{part:?} stands in\n{said}");
        }
    }
}
