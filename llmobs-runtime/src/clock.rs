//! Wall-clock start and monotonic duration.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Nanoseconds since the Unix epoch; zero for a clock set before it.
pub(crate) fn unix_nanos() -> u64 {
    nanos_of(SystemTime::now())
}

/// The same for another time.
pub(crate) fn nanos_of(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, saturating_nanos)
}

/// When a span began: by the wall clock for the event, by the monotonic clock for the duration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    pub(crate) unix_nanos: u64,
    instant: Instant,
}

impl Started {
    /// Now, or at a time that the program names, of which the duration goes by the wall clock then.
    pub(crate) fn at(given_nanos: Option<u64>) -> Self {
        let now = Instant::now();
        let Some(unix_nanos) = given_nanos else {
            return Self { unix_nanos: unix_nanos(), instant: now };
        };
        let age = Duration::from_nanos(self::unix_nanos().saturating_sub(unix_nanos));
        Self { unix_nanos, instant: now.checked_sub(age).unwrap_or(now) }
    }

    pub(crate) fn elapsed_nanos(self) -> u64 {
        saturating_nanos(self.instant.elapsed())
    }
}

fn saturating_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
