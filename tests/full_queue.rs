//! A logger that uses the span that could not be queued.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use llmobs::testing::Collector;
use llmobs::{Config, Context};

/// Longer than the test takes if nothing waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

static SPAN: OnceLock<Context> = OnceLock::new();
static HEARD: OnceLock<String> = OnceLock::new();

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let text = record.args().to_string();
        if text.contains("wait for delivery") {
            SPAN.get().unwrap().annotate(|note| {
                note.tag("late", 1);
            });
            HEARD.set(text).unwrap();
        }
    }

    fn flush(&self) {}
}

#[test]
fn a_logger_can_use_the_span_for_which_there_is_no_room() {
    log::set_logger(&Logger).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    let collector = Collector::with_config(&Config::from_env().max_queue_bytes(1));
    let span = collector.enter(|| llmobs::task("too large").start());
    SPAN.set(span.context()).unwrap_or_else(|_| panic!("there is one test"));
    let (done, ended) = mpsc::channel();
    thread::spawn(move || {
        span.finish();
        done.send(()).unwrap();
    });
    assert_eq!(ended.recv_timeout(PATIENCE), Ok(()));
    assert_eq!(HEARD.get().unwrap(), "spans or evaluations are dropped: more than 1 bytes wait for delivery");
}
