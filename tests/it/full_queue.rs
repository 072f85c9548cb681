//! A logger that blocks while spans do not fit in the queue.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use llmobs::testing::Collector;
use llmobs::{Config, DropReason};

/// Longer than the test takes if no thread waits for another.
const PATIENCE: Duration = Duration::from_secs(20);

/// Forwards each message, and blocks until the test lets it continue.
struct Logger {
    messages: Sender<String>,
    resumed: Mutex<Receiver<()>>,
}

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.messages.send(record.args().to_string()).unwrap();
        self.resumed.lock().unwrap().recv_timeout(PATIENCE).unwrap();
    }

    fn flush(&self) {}
}

#[test]
fn threads_of_the_program_do_not_wait_for_the_logger() {
    static LOGGER: OnceLock<Logger> = OnceLock::new();
    own_process!();
    let ((messages, logged), (resume, resumed)) = (channel(), channel());
    log::set_logger(LOGGER.get_or_init(|| Logger { messages, resumed: Mutex::new(resumed) })).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    let collector = Collector::with_config(&Config::from_env().max_queue_bytes(1));
    let dropped = |spans: u64| {
        let report = collector.enter(llmobs::stats);
        assert_eq!((report.started, report.dropped.get(&DropReason::QueueFull)), (spans, Some(&spans)));
    };
    collector.enter(|| llmobs::task("too large").start().finish());
    assert_eq!(
        logged.recv_timeout(PATIENCE).unwrap(),
        "1 span(s) or evaluation(s) are lost: more than 1 bytes wait for delivery"
    );
    // The logger blocks. The program continues despite its mistakes, and its spans are counted.
    dropped(1);
    collector.enter(|| {
        (0..9).for_each(|_| llmobs::task("too large").start().finish());
        llmobs::annotate(|note| {
            note.tag("lost", 1);
        });
    });
    dropped(10);
    resume.send(()).unwrap();
    let mistake = logged.recv_timeout(PATIENCE).unwrap();
    assert!(mistake.starts_with("an annotation was lost: no span is current"), "{mistake}");
    resume.send(()).unwrap();
}
