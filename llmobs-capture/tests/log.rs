//! A logger that waits, talks back and panics, against code that logs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::panic, reason = "loggers do")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use llmobs_capture::log::{flush, log};
use log::Level;

/// Longer than the test takes if nothing waits for what does not come.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many messages wait for the logger.
const WAITING: usize = 256;

/// Passes on what is logged, and waits for permission before it goes on.
struct Logger {
    logged: Sender<String>,
    permission: Mutex<Receiver<()>>,
}

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let message = record.args().to_string();
        self.logged.send(format!("{} {} {message}", record.level(), record.target())).unwrap();
        self.permission.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        match message.as_str() {
            "talk back" => {
                log(Level::Warn, format_args!("talked back"));
                // It would last for ever if it waited for this very message.
                flush(Duration::MAX);
            }
            "panic" => panic!("in the logger"),
            _ => {}
        }
    }

    fn flush(&self) {}
}

#[test]
fn code_that_logs_does_not_wait_for_the_logger() {
    static LOGGER: OnceLock<Logger> = OnceLock::new();
    let ((logged, messages), (go_on, permission)) = (channel(), channel());
    let expect = |message: &str| {
        assert_eq!(messages.recv_timeout(PATIENCE).unwrap(), message);
        go_on.send(()).unwrap();
    };
    // Nothing was said: there is nothing to wait for.
    flush(Duration::MAX);
    log::set_logger(LOGGER.get_or_init(|| Logger { logged, permission: Mutex::new(permission) })).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    log(Level::Info, format_args!("not wanted"));

    log(Level::Warn, format_args!("talk back"));
    let first = messages.recv_timeout(PATIENCE).unwrap();
    assert_eq!(first, "WARN llmobs talk back");
    // The logger waits now, and the queue fills. The flush has a place in it.
    flush(Duration::from_millis(1));
    (0..WAITING).for_each(|number| log(Level::Error, format_args!("{number}")));
    // Where no place is left, a flush returns at once.
    flush(Duration::MAX);

    // The last number found no place, and what the logger says neither.
    go_on.send(()).unwrap();
    expect("WARN llmobs 2 message(s) were left out: the logger is slow");
    (0..WAITING - 1).for_each(|number| expect(&format!("ERROR llmobs {number}")));
    for message in ["panic", "after"] {
        log(Level::Warn, format_args!("{message}"));
        expect(&format!("WARN llmobs {message}"));
    }
    flush(PATIENCE);
    assert_eq!(messages.try_recv().ok(), None);
}
