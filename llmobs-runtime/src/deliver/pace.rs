//! How often requests are sent, and how large they are, adapted to the receiver.

use std::time::Duration;

use crate::base::random::random;

/// Fractions and multiples of the timeout of one attempt: the longest first wait, the longest wait, and the wait after a refusal of all
/// requests. With the default of five seconds they are 0.1, 30 and 60 seconds.
const FIRST: u32 = 50;
const LONGEST: u32 = 6;
const DENIED: u32 = 12;
/// Requests of at most this many bytes are not divided because of their size.
pub(super) const SMALLEST: usize = 16 * 1024;
/// The limit grows by one part in this many when a large request is accepted.
const GROWTH: usize = 8;

/// The waits between attempts, and the size of requests.
#[derive(Debug)]
pub(crate) struct Pace {
    timeout: Duration,
    /// How many attempts have failed in a row.
    failures: u32,
    /// The largest request to send now, and the largest to send after others were accepted, in bytes.
    limit: usize,
    ceiling: usize,
}

impl Pace {
    pub(crate) fn new(timeout: Duration, limit: usize) -> Self {
        Self { timeout, failures: 0, limit, ceiling: limit }
    }

    /// The largest request, in bytes.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Records that a request was accepted.
    pub(crate) fn accepted(&mut self, bytes: usize) {
        self.failures = 0;
        if bytes > self.limit / 2 {
            self.limit = (self.limit + self.limit / GROWTH).min(self.ceiling);
        }
    }

    /// Records that a request was too large for the receiver. Later requests are at most half as large.
    pub(crate) fn too_large(&mut self, bytes: usize) {
        self.ceiling = self.ceiling.min(bytes / 2).max(1);
        self.limit = self.limit.min(self.ceiling);
    }

    /// Returns whether a failed attempt took so long that a smaller request might have succeeded.
    pub(crate) fn is_slow(&self, attempt: Duration) -> bool {
        attempt >= self.timeout
    }

    /// Records a failed attempt that may have been too large for the connection.
    pub(crate) fn too_slow(&mut self, bytes: usize) {
        if bytes / 2 >= SMALLEST {
            self.limit = self.limit.min(bytes / 2);
        }
    }

    /// Returns the wait after a failed attempt: a random part of a time that doubles, and at least the time that the receiver asks for.
    pub(crate) fn wait(&mut self, requested: Option<Duration>) -> Duration {
        let first = self.timeout / FIRST;
        let doubled = first.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        let longest = doubled.min(self.timeout.saturating_mul(LONGEST));
        random_part(longest).max(requested.unwrap_or_default())
    }

    /// Returns the least wait, which also applies when a flush asks for an attempt.
    pub(crate) fn least_wait(&self) -> Duration {
        self.timeout / FIRST
    }

    /// Returns the wait after a refusal of all requests.
    pub(crate) fn wait_denied(&self) -> Duration {
        self.timeout.saturating_mul(DENIED)
    }
}

/// Returns a random duration of at most `longest`.
fn random_part(longest: Duration) -> Duration {
    let nanos = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(random() % nanos.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_until_a_success() {
        let mut pace = Pace::new(Duration::from_secs(5), 1000);
        let bounds =
            [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000].map(Duration::from_millis);
        let mut most = bounds.map(|_| Duration::ZERO);
        for _ in 0..200 {
            for (bound, most) in bounds.iter().zip(&mut most) {
                let wait = pace.wait(None);
                assert!(wait <= *bound, "{wait:?} of {bound:?}");
                *most = wait.max(*most);
            }
            pace.accepted(1);
        }
        for (bound, most) in bounds.iter().zip(most) {
            assert!(most > *bound / 2, "{most:?} of {bound:?}");
        }
        for _ in 0..100 {
            pace.wait(None);
        }
        assert!(pace.wait(None) <= Duration::from_secs(30));
        assert_eq!(pace.wait(Some(Duration::from_secs(40))), Duration::from_secs(40));
    }

    #[test]
    fn a_refused_size_is_not_tried_again_but_a_slow_one_is() {
        let mut pace = Pace::new(Duration::from_secs(5), 1 << 20);
        pace.too_large(1 << 20);
        assert_eq!(pace.limit(), 1 << 19);
        (0..100).for_each(|_| pace.accepted(pace.limit()));
        assert_eq!(pace.limit(), 1 << 19);
        pace.too_slow(1 << 19);
        assert_eq!(pace.limit(), 1 << 18);
        // Small requests that are accepted do not raise the limit.
        (0..100).for_each(|_| pace.accepted(1 << 16));
        assert_eq!(pace.limit(), 1 << 18);
        (0..100).for_each(|_| pace.accepted(pace.limit()));
        assert_eq!(pace.limit(), 1 << 19);
        // Small requests are not split on a slow connection.
        (0..100).for_each(|_| pace.too_slow(pace.limit()));
        assert_eq!(pace.limit(), SMALLEST);
    }
}
