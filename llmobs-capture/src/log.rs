//! Messages in the log of the program, each at most once a minute.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::guard::guarded;

const PAUSE: Duration = Duration::from_secs(60);

/// Remembers when a message was last logged. Each use of [`warn_limited!`](crate::warn_limited) has its own.
#[derive(Debug, Default)]
pub struct Limiter {
    /// Unix time in seconds, zero for never.
    last: AtomicU64,
}

impl Limiter {
    /// A limiter of a message that was never logged.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: AtomicU64::new(0) }
    }

    /// Whether the message may be logged at `now`, in seconds of Unix time.
    pub fn admits(&self, now: u64) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        // A clock that was set back admits too. Silence for years would be worse than one line more.
        (last == 0 || now < last || now - last >= PAUSE.as_secs())
            && self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Logs with the target `llmobs`. The logger is user code and is guarded.
pub fn say(level: log::Level, message: fmt::Arguments<'_>) {
    guarded(|| log::log!(target: "llmobs", level, "{message}"));
}

/// Logs a warning, at most once a minute for each limiter.
pub fn warn(limiter: &Limiter, message: fmt::Arguments<'_>) {
    let enabled = guarded(|| log::log_enabled!(target: "llmobs", log::Level::Warn));
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if enabled == Some(true) && limiter.admits(now()) {
        say(log::Level::Warn, message);
    }
}

/// Logs a warning at most once a minute for each place that uses it. Takes the arguments of [`format!`].
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
