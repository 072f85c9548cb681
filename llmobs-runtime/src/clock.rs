//! Wall-clock start and monotonic duration.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Nanoseconds since the Unix epoch; zero for a clock set before it.
pub(crate) fn unix_nanos() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, saturating_nanos)
}

/// When a span began: by the wall clock for the event, by the monotonic clock for the duration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    pub(crate) unix_nanos: u64,
    instant: Instant,
}

impl Started {
    pub(crate) fn now() -> Self {
        Self { unix_nanos: unix_nanos(), instant: Instant::now() }
    }

    pub(crate) fn elapsed_nanos(self) -> u64 {
        saturating_nanos(self.instant.elapsed())
    }
}

fn saturating_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
