//! A logger that waits, while spans find no room.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use llmobs::testing::Collector;
use llmobs::{Config, DropReason};

/// Longer than the test takes if nothing waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// Passes on what is logged, and waits for a word before it goes on.
struct Logger {
    heard: Sender<String>,
    go_on: Mutex<Receiver<()>>,
}

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.heard.send(record.args().to_string()).unwrap();
        self.go_on.lock().unwrap().recv_timeout(PATIENCE).unwrap();
    }

    fn flush(&self) {}
}

#[test]
fn a_thread_of_the_program_does_not_wait_for_its_logger() {
    static LOGGER: OnceLock<Logger> = OnceLock::new();
    own_process!();
    let ((heard, said), (go, go_on)) = (channel(), channel());
    log::set_logger(LOGGER.get_or_init(|| Logger { heard, go_on: Mutex::new(go_on) })).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    let collector = Collector::with_config(&Config::from_env().max_queue_bytes(1));
    let dropped = |spans: u64| {
        let report = collector.enter(llmobs::stats);
        assert_eq!((report.started, report.dropped.get(&DropReason::QueueFull)), (spans, Some(&spans)));
    };
    collector.enter(|| llmobs::task("too large").start().finish());
    assert_eq!(
        said.recv_timeout(PATIENCE).unwrap(),
        "1 span(s) or evaluation(s) are lost: more than 1 bytes wait for delivery"
    );
    // The logger waits. The program goes on, whatever it does wrong, and its spans are counted.
    dropped(1);
    collector.enter(|| {
        (0..9).for_each(|_| llmobs::task("too large").start().finish());
        llmobs::annotate(|note| {
            note.tag("lost", 1);
        });
    });
    dropped(10);
    go.send(()).unwrap();
    let mistake = said.recv_timeout(PATIENCE).unwrap();
    assert!(mistake.starts_with("an annotation was lost: no span is current"), "{mistake}");
    go.send(()).unwrap();
}
