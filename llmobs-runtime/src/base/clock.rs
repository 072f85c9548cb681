//! The times at which spans begin and end.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Nanoseconds since the Unix epoch; zero for a clock that is set before it.
pub(crate) fn unix_nanos() -> u64 {
    nanos_of(SystemTime::now())
}

/// Nanoseconds since the Unix epoch at `time`; zero for a time before it.
pub(crate) fn nanos_of(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, nanos)
}

/// Nanoseconds, which overflow after 584 years.
#[inline]
fn nanos(duration: Duration) -> u64 {
    duration.as_secs().wrapping_mul(1_000_000_000).wrapping_add(u64::from(duration.subsec_nanos()))
}

/// When a span began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    at: Instant,
    /// The start given by the program, if any.
    named: Option<Named>,
}

/// A start given by the program.
#[derive(Clone, Copy, Debug)]
struct Named {
    /// Nanoseconds since the Unix epoch.
    unix_nanos: u64,
    /// How long ago the start was by the wall clock, in nanoseconds.
    age: u64,
}

impl Started {
    #[inline]
    pub(crate) fn now() -> Self {
        Self { at: Instant::now(), named: None }
    }

    /// Creates a start at a time that the program gives, in nanoseconds since the Unix epoch. The duration counts from that time, by the
    /// current wall clock.
    pub(crate) fn at(unix_nanos: u64) -> Self {
        let age = self::unix_nanos().saturating_sub(unix_nanos);
        Self { at: Instant::now(), named: Some(Named { unix_nanos, age }) }
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.at.elapsed() + Duration::from_nanos(self.named.map_or(0, |named| named.age))
    }

    /// The times of a span that ends now.
    #[inline]
    pub(crate) fn until_now(self) -> Times {
        match self.named {
            None => Times::Noted { start: self.at, end: Instant::now() },
            Some(Named { unix_nanos, .. }) => {
                Times::Known { start_nanos: unix_nanos, duration_nanos: nanos(self.elapsed()) }
            }
        }
    }

    /// Returns the times of a span that ends at a time that the program gives, in nanoseconds since the Unix epoch. An end before the start
    /// counts as the start.
    pub(crate) fn until(self, unix_nanos: u64) -> Times {
        match self.named {
            None => Times::Ends { start: self.at, end_nanos: unix_nanos },
            Some(Named { unix_nanos: start_nanos, .. }) => {
                Times::Known { start_nanos, duration_nanos: unix_nanos.saturating_sub(start_nanos) }
            }
        }
    }

    /// About when the span began, in nanoseconds since the Unix epoch.
    pub(crate) fn unix_nanos(self) -> u64 {
        match self.named {
            Some(named) => named.unix_nanos,
            None => unix_nanos().saturating_sub(nanos(self.elapsed())),
        }
    }
}

/// When a span began and ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Times {
    /// As two instants, which the worker converts to times.
    Noted { start: Instant, end: Instant },
    /// As the instant of the start, and the end that the program gives, in nanoseconds since the Unix epoch.
    Ends { start: Instant, end_nanos: u64 },
    /// As the start that the program gives, in nanoseconds since the Unix epoch, and the duration in nanoseconds.
    Known { start_nanos: u64, duration_nanos: u64 },
}

impl Times {
    /// The start in nanoseconds since the Unix epoch, and the duration in nanoseconds.
    pub(crate) fn nanos(&self, clock: &WallClock) -> (u64, u64) {
        match *self {
            Self::Noted { start, end } => {
                (clock.unix_nanos(start), nanos(end.saturating_duration_since(start)))
            }
            Self::Ends { start, end_nanos } => {
                let start_nanos = clock.unix_nanos(start);
                (start_nanos, end_nanos.saturating_sub(start_nanos))
            }
            Self::Known { start_nanos, duration_nanos } => (start_nanos, duration_nanos),
        }
    }
}

/// A reading of the wall clock is replaced once it is off by more than this.
const TOLERANCE: Duration = Duration::from_millis(1);
/// Both clocks are read again if more than this passes between reading one and the other, because the thread was preempted.
const MAX_PAUSE: Duration = Duration::from_micros(100);
/// The most attempts to read both clocks.
const MAX_ATTEMPTS: usize = 8;
/// The most readings to keep, for spans that began long ago.
const MAX_READINGS: usize = 16;

/// Turns instants into times of the wall clock.
///
/// The monotonic clock stops while a machine sleeps, and the wall clock can be set. Instants up to the last check before such a change keep
/// their time. Later instants get the new time.
#[derive(Debug)]
pub(crate) struct WallClock {
    last: Reading,
    /// Earlier readings, each with the instant at which it was last found to be right. The oldest is the first.
    earlier: Vec<(Reading, Instant)>,
    checked: Instant,
}

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    instant: Instant,
    /// Nanoseconds since the Unix epoch.
    unix_nanos: u64,
}

impl Reading {
    /// Reads both clocks, and returns the best of several attempts.
    fn now() -> Self {
        let attempt = || {
            let instant = Instant::now();
            let reading = Self { instant, unix_nanos: unix_nanos() };
            (instant.elapsed(), reading)
        };
        let mut best = attempt();
        for _ in 0..MAX_ATTEMPTS {
            if best.0 <= MAX_PAUSE {
                break;
            }
            let next = attempt();
            if next.0 < best.0 {
                best = next;
            }
        }
        best.1
    }

    fn unix_nanos(&self, instant: Instant) -> u64 {
        match self.instant.checked_duration_since(instant) {
            Some(before) => self.unix_nanos.saturating_sub(nanos(before)),
            None => self.unix_nanos.saturating_add(nanos(instant.saturating_duration_since(self.instant))),
        }
    }
}

impl WallClock {
    pub(crate) fn new() -> Self {
        let last = Reading::now();
        Self { last, earlier: Vec::new(), checked: last.instant }
    }

    /// Reads the clocks again, for spans that have just ended.
    pub(crate) fn checked(&mut self) -> &Self {
        self.adopt(Reading::now());
        self
    }

    fn adopt(&mut self, now: Reading) {
        let expected = self.last.unix_nanos(now.instant);
        if u128::from(expected.abs_diff(now.unix_nanos)) > TOLERANCE.as_nanos() {
            if self.earlier.len() == MAX_READINGS {
                self.earlier.remove(0);
            }
            self.earlier.push((self.last, self.checked));
            self.last = now;
        }
        self.checked = now.instant;
    }

    /// Nanoseconds since the Unix epoch.
    fn unix_nanos(&self, instant: Instant) -> u64 {
        let earlier = self.earlier.iter().find(|(_, right_until)| instant <= *right_until);
        earlier.map_or(self.last, |(reading, _)| *reading).unix_nanos(instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000_000_000;
    /// The wall clock can be adjusted slightly during a test.
    const LITTLE: u64 = 50_000_000;

    #[test]
    fn the_start_is_read_from_the_wall_clock() {
        let before = unix_nanos();
        let times = Started::now().until_now();
        let (start, duration) = times.nanos(&WallClock::new());
        assert!((before - LITTLE..=unix_nanos() + LITTLE).contains(&start));
        assert!(duration < HOUR);
    }

    #[test]
    fn the_duration_is_counted_from_a_start_in_the_past() {
        let clock = WallClock::new();
        let past = unix_nanos() - 5_000_000_000;
        let (start, duration) = Started::at(past).until_now().nanos(&clock);
        assert_eq!(start, past);
        assert!((5_000_000_000..HOUR).contains(&duration));
        // A start in the future.
        let (start, duration) = Started::at(u64::MAX).until_now().nanos(&clock);
        assert_eq!(start, u64::MAX);
        assert!(duration < HOUR);
    }

    #[test]
    fn an_end_set_by_the_program_is_not_before_the_start() {
        let clock = WallClock::new();
        let until = |started: Started, end| started.until(end).nanos(&clock);
        assert_eq!(until(Started::at(1000), 1250), (1000, 250));
        assert_eq!(until(Started::at(1000), 999), (1000, 0));
        let (started, now) = (Started::now(), unix_nanos());
        assert!(started.unix_nanos().abs_diff(now) < LITTLE);
        let (start, duration) = until(started, now + HOUR);
        assert_eq!(start, started.until_now().nanos(&clock).0);
        assert_eq!(start + duration, now + HOUR);
        assert_eq!(until(started, now - HOUR), (start, 0));
    }

    #[test]
    fn sleep_of_the_machine_does_not_move_earlier_instants() {
        let mut clock = WallClock::new();
        let Reading { instant: begun, unix_nanos } = clock.last;
        let at = |seconds| begun + Duration::from_secs(seconds);
        let read = |clock: &mut WallClock, seconds: u64, unix_nanos| {
            clock.adopt(Reading { instant: at(seconds), unix_nanos });
        };
        let seconds = |seconds: u64| seconds * 1_000_000_000;
        // Differences this small result from reading the clocks consecutively.
        read(&mut clock, 10, unix_nanos + seconds(10) + 900_000);
        assert_eq!(clock.unix_nanos(at(10)), unix_nanos + seconds(10));
        // The machine sleeps for an hour, which the monotonic clock does not count.
        read(&mut clock, 20, unix_nanos + seconds(20) + HOUR);
        // The clock is set back by a minute.
        read(&mut clock, 30, unix_nanos + seconds(30) + HOUR - seconds(60));
        for (instant, expected) in [
            (0, 0),
            (5, seconds(5)),
            (10, seconds(10)),
            (11, seconds(11) + HOUR),
            (20, seconds(20) + HOUR),
            (21, seconds(21) + HOUR - seconds(60)),
            (40, seconds(40) + HOUR - seconds(60)),
        ] {
            assert_eq!(clock.unix_nanos(at(instant)) - unix_nanos, expected, "{instant}");
        }
        // Instants before the first reading.
        if let Some(before) = begun.checked_sub(Duration::from_secs(1)) {
            assert_eq!(clock.unix_nanos(before), unix_nanos - seconds(1));
        }
    }

    #[test]
    fn the_number_of_readings_is_limited() {
        let mut clock = WallClock::new();
        let Reading { instant, unix_nanos } = clock.last;
        for number in 1..100 {
            clock.adopt(Reading { instant: instant + Duration::from_secs(number), unix_nanos });
        }
        assert_eq!(clock.earlier.len(), MAX_READINGS);
        assert_eq!(clock.unix_nanos(instant + Duration::from_secs(98)), unix_nanos);
    }
}
