//! What the crate says to the program's log: each message at most once a minute.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::capture::guarded;
use crate::clock;

const PAUSE: Duration = Duration::from_secs(60);

/// Remembers when one message was last logged. Each use of [`warn_limited!`] has its own.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    /// Unix time in seconds, zero for never.
    last: AtomicU64,
}

impl Limiter {
    pub(crate) const fn new() -> Self {
        Self { last: AtomicU64::new(0) }
    }

    /// Whether the message may be logged at `now`, in seconds of Unix time.
    pub(crate) fn admits(&self, now: u64) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        // A clock that was set back admits too: silence for years would be worse than one line more.
        (last == 0 || now < last || now - last >= PAUSE.as_secs())
            && self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Logs with the target `llmobs`. The logger is code of the user: it makes no spans here, and may panic.
pub(crate) fn say(level: log::Level, message: fmt::Arguments<'_>) {
    guarded(|| log::log!(target: "llmobs", level, "{message}"));
}

/// Warns at most once a minute for each limiter.
pub(crate) fn warn(limiter: &Limiter, message: fmt::Arguments<'_>) {
    let heard = guarded(|| log::log_enabled!(target: "llmobs", log::Level::Warn));
    if heard == Some(true) && limiter.admits(clock::unix_nanos() / 1_000_000_000) {
        say(log::Level::Warn, message);
    }
}

/// [`warn`] with a limiter for each place that uses it.
macro_rules! warn_limited {
    ($($argument:tt)*) => {{
        static LIMITER: $crate::notice::Limiter = $crate::notice::Limiter::new();
        $crate::notice::warn(&LIMITER, ::std::format_args!($($argument)*));
    }};
}
pub(crate) use warn_limited;

#[cfg(test)]
mod tests {
    use super::Limiter;

    #[test]
    fn admits_once_a_minute_and_after_the_clock_was_set_back() {
        let limiter = Limiter::new();
        let admitted = [1000, 1000, 1059, 1060, 1061, 900].map(|now| limiter.admits(now));
        assert_eq!(admitted, [true, false, false, true, false, true]);
    }
}
