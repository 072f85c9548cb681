//! The time at which spans begin, and how long they take.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The wall clock is read again when this much time has passed since it was read last, in nanoseconds.
const MAX_AGE: u64 = 1_000_000_000;

/// Where the monotonic clock of this process begins.
static ORIGIN: OnceLock<Instant> = OnceLock::new();
/// The wall-clock time of the origin by the last reading, in nanoseconds since the Unix epoch.
static UNIX_ORIGIN: AtomicU64 = AtomicU64::new(0);
/// When the wall clock was last read, in nanoseconds since the origin.
static READ_AT: AtomicU64 = AtomicU64::new(0);

/// Nanoseconds since the Unix epoch; zero for a clock that is set before it.
pub(crate) fn unix_nanos() -> u64 {
    nanos_of(SystemTime::now())
}

/// Nanoseconds since the Unix epoch at `time`; zero for a time before it.
pub(crate) fn nanos_of(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, nanos)
}

/// When a span began: by the wall clock for the event, by the monotonic clock for the duration.
///
/// A start reads one clock. The wall clock follows from the monotonic one, by a reading that is at most a second old.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Started {
    /// Nanoseconds since the Unix epoch.
    pub(crate) unix_nanos: u64,
    /// Nanoseconds since the origin.
    since_origin: u64,
}

impl Started {
    #[inline]
    pub(crate) fn now() -> Self {
        let since_origin = since_origin();
        if since_origin.wrapping_sub(READ_AT.load(Ordering::Acquire)) >= MAX_AGE {
            read_wall_clock(since_origin);
        }
        Self { unix_nanos: UNIX_ORIGIN.load(Ordering::Relaxed).wrapping_add(since_origin), since_origin }
    }

    /// A start at a time that the program names. The duration counts from that time, by the wall clock as it is now.
    pub(crate) fn at(unix_nanos: u64) -> Self {
        let age = self::unix_nanos().saturating_sub(unix_nanos);
        Self { unix_nanos, since_origin: since_origin().wrapping_sub(age) }
    }

    #[inline]
    pub(crate) fn elapsed_nanos(self) -> u64 {
        since_origin().wrapping_sub(self.since_origin)
    }
}

#[inline]
fn since_origin() -> u64 {
    match ORIGIN.get() {
        Some(origin) => nanos(origin.elapsed()),
        None => first_reading(),
    }
}

/// Sets the origin, and makes the first start read the wall clock.
#[cold]
fn first_reading() -> u64 {
    let origin = ORIGIN.get_or_init(|| {
        READ_AT.store(0_u64.wrapping_sub(MAX_AGE), Ordering::Relaxed);
        Instant::now()
    });
    nanos(origin.elapsed())
}

#[cold]
fn read_wall_clock(since_origin: u64) {
    UNIX_ORIGIN.store(unix_nanos().wrapping_sub(since_origin), Ordering::Relaxed);
    // A thread that sees this value sees the reading, too.
    READ_AT.store(since_origin, Ordering::Release);
}

/// Nanoseconds, which overflow after 584 years.
#[inline]
fn nanos(duration: Duration) -> u64 {
    duration.as_secs().wrapping_mul(1_000_000_000).wrapping_add(u64::from(duration.subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_is_the_time_of_the_wall_clock() {
        let before = unix_nanos();
        let started = Started::now();
        let after = unix_nanos();
        // The wall clock may be set by a little between the reading that starts go by and now.
        let tolerance = 50_000_000;
        assert!((before - tolerance..=after + tolerance).contains(&started.unix_nanos));
        assert!(started.elapsed_nanos() < 60_000_000_000);
    }

    #[test]
    fn duration_of_a_past_start_counts_from_then() {
        let started = Started::at(unix_nanos() - 5_000_000_000);
        assert!((5_000_000_000..65_000_000_000).contains(&started.elapsed_nanos()));
        // A time in the future has not begun.
        let future = Started::at(u64::MAX);
        assert_eq!(future.unix_nanos, u64::MAX);
        assert!(future.elapsed_nanos() < 60_000_000_000);
    }
}
