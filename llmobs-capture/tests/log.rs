//! Logging with a logger that blocks, logs its own messages and panics.

#![allow(clippy::unwrap_used, reason = "a test panics if it cannot continue")]
#![expect(clippy::panic, reason = "loggers can panic")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use llmobs_capture::log::{flush, log};
use log::Level;

/// A timeout that the test does not reach.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The length of the queue for the logger.
const QUEUE_LENGTH: usize = 256;

/// Forwards each message, and waits for permission before it continues.
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
        self.permission.lock().unwrap().recv_timeout(TIMEOUT).unwrap();
        match message.as_str() {
            "talk back" => {
                log(Level::Warn, format_args!("talked back"));
                // This would block forever if it waited for the current message.
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
    let ((logged, messages), (permit, permission)) = (channel(), channel());
    let expect = |message: &str| {
        assert_eq!(messages.recv_timeout(TIMEOUT).unwrap(), message);
        permit.send(()).unwrap();
    };
    // Nothing was logged: there is nothing to wait for.
    flush(Duration::MAX);
    log::set_logger(LOGGER.get_or_init(|| Logger { logged, permission: Mutex::new(permission) })).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    log(Level::Info, format_args!("not wanted"));

    log(Level::Warn, format_args!("talk back"));
    let first = messages.recv_timeout(TIMEOUT).unwrap();
    assert_eq!(first, "WARN llmobs talk back");
    // The logger waits now, and the queue fills up. The flush takes one of its places.
    flush(Duration::from_millis(1));
    (0..QUEUE_LENGTH).for_each(|number| log(Level::Error, format_args!("{number}")));
    // If the queue is full, a flush returns at once.
    flush(Duration::MAX);

    // The last number did not fit into the queue, and neither did the logger's own message.
    permit.send(()).unwrap();
    expect("WARN llmobs 2 message(s) were left out: the logger is slow");
    (0..QUEUE_LENGTH - 1).for_each(|number| expect(&format!("ERROR llmobs {number}")));
    for message in ["panic", "after"] {
        log(Level::Warn, format_args!("{message}"));
        expect(&format!("WARN llmobs {message}"));
    }
    flush(TIMEOUT);
    assert_eq!(messages.try_recv().ok(), None);
}
