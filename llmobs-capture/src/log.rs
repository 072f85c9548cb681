//! Messages in the program's log, each at most once a minute.
//!
//! The logger is user code and may be slow. It runs on a separate thread, so that neither the program nor the delivery of spans waits for
//! it.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use log::Level;

use crate::guard::guarded;

const PAUSE: Duration = Duration::from_secs(60);
/// How many messages can wait for the logger. Further ones are left out.
const WAITING: usize = 256;
const THREAD: &str = "llmobs-log";

/// Remembers when a message was last logged. Each use of [`warn_limited!`](crate::warn_limited) has its own.
#[derive(Debug, Default)]
pub struct Limiter {
    /// Unix time in seconds, zero for never.
    last: AtomicU64,
}

impl Limiter {
    /// Creates a limiter for a message that was never logged.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: AtomicU64::new(0) }
    }

    /// Returns whether the message may be logged at `now`, in seconds of Unix time.
    pub fn admits(&self, now: u64) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        // A clock that was set back also admits. Silence for years would be worse than one extra line.
        (last == 0 || now < last || now - last >= PAUSE.as_secs())
            && self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// A message to the thread that logs.
enum Entry {
    Message(Level, String),
    /// Replies when all earlier messages have been logged.
    Flush(Sender<()>),
}

/// The sender to the thread that logs, which the first message starts.
static ENTRIES: OnceLock<Option<SyncSender<Entry>>> = OnceLock::new();
/// How many messages were left out since the last one that was queued.
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Logs with the target `llmobs`, without waiting for the logger.
pub fn log(level: Level, message: fmt::Arguments<'_>) {
    if level > log::STATIC_MAX_LEVEL || level > log::max_level() {
        return;
    }
    match ENTRIES.get_or_init(start) {
        Some(entries) => {
            if entries.try_send(Entry::Message(level, message.to_string())).is_err() {
                LEFT_OUT.fetch_add(1, Ordering::Relaxed);
            }
        }
        // The system has no thread left. A logger that may block is better than no message.
        None => write(level, message),
    }
}

/// Waits until all earlier messages have been logged, for at most `timeout`.
pub fn flush(timeout: Duration) {
    let Some(Some(entries)) = ENTRIES.get() else { return };
    // The thread that logs cannot wait for itself.
    if thread::current().name() == Some(THREAD) {
        return;
    }
    let (done, logged) = channel();
    if entries.try_send(Entry::Flush(done)).is_ok() {
        // After the timeout, the program continues anyway.
        let _ = logged.recv_timeout(timeout);
    }
}

/// Starts the thread that logs, if the system has one left.
fn start() -> Option<SyncSender<Entry>> {
    let (entries, received) = sync_channel(WAITING);
    let thread = thread::Builder::new().name(THREAD.to_owned()).spawn(move || run(&received));
    thread.ok().map(|_| entries)
}

fn run(received: &Receiver<Entry>) {
    for entry in received {
        match entry {
            Entry::Message(level, message) => {
                write(level, format_args!("{message}"));
                let left_out = LEFT_OUT.swap(0, Ordering::Relaxed);
                if left_out > 0 {
                    write(
                        Level::Warn,
                        format_args!("{left_out} message(s) were left out: the logger is slow"),
                    );
                }
            }
            // The receiver is gone if the logger took too long.
            Entry::Flush(done) => _ = done.send(()),
        }
    }
}

fn write(level: Level, message: fmt::Arguments<'_>) {
    guarded(|| log::log!(target: "llmobs", level, "{message}"));
}

/// Logs a warning, at most once a minute for each limiter.
pub fn warn(limiter: &Limiter, message: fmt::Arguments<'_>) {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if log::max_level() >= Level::Warn && limiter.admits(now()) {
        log(Level::Warn, message);
    }
}

/// Logs a warning at most once a minute for each call site. Takes the arguments of [`format!`].
#[doc(hidden)]
#[macro_export]
macro_rules! warn_limited {
    ($($argument:tt)*) => {{
        static LIMITER: $crate::log::Limiter = $crate::log::Limiter::new();
        $crate::log::warn(&LIMITER, ::std::format_args!($($argument)*));
    }};
}

#[cfg(test)]
mod tests;
