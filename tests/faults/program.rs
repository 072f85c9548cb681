//! Shared parts of the programs: clients, spans, and a logger.

use std::process::exit;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use llmobs::{Config, Context, Exporter, Report};
use llmobs_test_support::FaultServer;
use log::Level;

/// No four letters of the key occur in words or in hexadecimal numbers.
pub(crate) const KEY: &str = "zq9xwvkj7pxmnbq4hg8dp2xa0ykq5rwz";
/// The timeout of an attempt. Pauses between attempts are proportional to it.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(500);
/// The longest pause between attempts.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// A shorter timeout, for pauses that are long.
pub(crate) const SHORT_TIMEOUT: Duration = Duration::from_millis(250);
/// The pause after all requests were rejected, with the shorter timeout.
pub(crate) const PROBE: Duration = Duration::from_secs(3);
/// How long the guard may take to shut a client down.
pub(crate) const SHUTDOWN: Duration = Duration::from_secs(2);
/// How much longer than its limit a step may take on a busy machine.
pub(crate) const DELAY: Duration = Duration::from_secs(1);
/// The timeout of a flush. It returns as soon as it can.
pub(crate) const FLUSH_TIMEOUT: Duration = Duration::from_secs(30);

static BEGAN: OnceLock<Instant> = OnceLock::new();

/// An interval in which only a flush or a full batch sends spans.
pub(crate) const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

/// Prepares the process. It ends after `timeout`, so that a hang is a failure.
pub(crate) fn prepare(timeout: Duration) {
    BEGAN.get_or_init(Instant::now);
    log::set_logger(&RECORDER).expect("no other logger");
    log::set_max_level(log::LevelFilter::Debug);
    crate::spawn(move || {
        sleep(timeout);
        print_error("the program hangs");
        exit(1);
    });
}

#[expect(clippy::print_stderr, reason = "the parent reads the output")]
fn print_error(text: &str) {
    eprintln!("{text}");
}

/// The time since the process began.
pub(crate) fn elapsed() -> Duration {
    BEGAN.get_or_init(Instant::now).elapsed()
}

/// A client of an intake.
pub(crate) fn intake(server: &FaultServer) -> Config {
    config().agentless(true).api_key(KEY).override_origin(server.url())
}

/// A client of an Agent.
pub(crate) fn agent(url: &str) -> Config {
    config().agentless(false).agent_url(url)
}

fn config() -> Config {
    let interval = Duration::from_millis(50);
    Config::new().exporter(Exporter::Http).ml_app("app").timeout(TIMEOUT).flush_interval(interval)
}

/// Creates spans with an input of this many bytes.
pub(crate) fn spans(count: usize, bytes: usize) {
    let input = "x".repeat(bytes);
    for _ in 0..count {
        llmobs::task("step").start().annotate(|note| {
            note.input(&input);
        });
    }
}

/// Creates spans, and returns the time that each takes.
pub(crate) fn times_of_spans(count: usize, bytes: usize) -> Vec<Duration> {
    (0..count).map(|_| timed(|| spans(1, bytes)).1).collect()
}

/// The report after the guard was dropped. The worker may need a moment to count.
pub(crate) fn ended(context: &Context) -> Report {
    context.enter(|| llmobs::flush(Duration::from_millis(500)))
}

/// Measures how long `run` takes.
pub(crate) fn timed<R>(run: impl FnOnce() -> R) -> (R, Duration) {
    let began = Instant::now();
    let result = run();
    (result, began.elapsed())
}

/// A logger that keeps its messages, and fails on request.
pub(crate) struct Recorder {
    lines: Mutex<Vec<(Level, String)>>,
    failure: AtomicU8,
}

pub(crate) static RECORDER: Recorder = Recorder { lines: Mutex::new(Vec::new()), failure: AtomicU8::new(0) };
const PANICS: u8 = 1;
const BLOCKS: u8 = 2;

impl Recorder {
    /// Panics from now on.
    pub(crate) fn panic(&self) {
        self.failure.store(PANICS, Ordering::Relaxed);
    }

    /// Blocks for three seconds at each message from now on.
    pub(crate) fn block(&self) {
        self.failure.store(BLOCKS, Ordering::Relaxed);
    }

    /// The warnings and errors of llmobs so far.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let severe = lines.iter().filter(|(level, line)| *level <= Level::Warn && line.starts_with("llmobs"));
        severe.map(|(_, line)| line.clone()).collect()
    }

    /// All messages so far.
    pub(crate) fn text(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n")
    }
}

impl log::Log for Recorder {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {}", record.target(), record.args());
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push((record.level(), line));
        match self.failure.load(Ordering::Relaxed) {
            PANICS if record.target().starts_with("llmobs") => panic!("in the logger"),
            BLOCKS if record.target().starts_with("llmobs") => sleep(Duration::from_secs(3)),
            _ => {}
        }
    }

    fn flush(&self) {}
}
