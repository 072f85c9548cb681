//! Counts of the requests of the last minute by route, and the requests that were refused before they reached the store.

use std::collections::{BTreeMap, VecDeque};
use std::ops::AddAssign;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most different refusals to keep.
const REFUSALS: usize = 20;
/// The longest path to keep, in characters.
const PATH_CHARS: usize = 100;
/// The number of seconds to count.
const SECONDS: i64 = 60;

/// Counts of requests and events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrived {
    pub(crate) requests: u64,
    /// Spans and evaluations that were stored.
    pub(crate) events: u64,
    /// Spans that are not steps of an LLM application.
    pub(crate) passed_over: u64,
    /// Refused events or requests.
    pub(crate) refused: u64,
}

/// Requests that were refused because they are not allowed, or because the store failed. These are kept in memory: the store may be full,
/// and strangers must not fill it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TurnedAway {
    /// The time of the latest one, in milliseconds since the Unix epoch.
    pub(crate) at_ms: i64,
    pub(crate) path: String,
    pub(crate) reason: String,
    /// The number of these requests.
    pub(crate) times: u64,
}

/// The counts of the last minute by path of the requests. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrivals(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    paths: BTreeMap<String, Seconds>,
    /// The latest first.
    turned_away: VecDeque<TurnedAway>,
}

/// The seconds with requests, the latest last.
type Seconds = VecDeque<(i64, Arrived)>;

impl Arrivals {
    /// Counts a request. `path` must be the path of a route, so that there are few.
    pub(crate) fn count(&self, path: &str, arrived: Arrived, now_ms: i64) {
        let mut counts = self.counts();
        let seconds = counts.paths.entry(path.to_owned()).or_default();
        let now = now_ms / 1_000;
        match seconds.back_mut() {
            Some((second, sum)) if *second == now => *sum += arrived,
            _ => seconds.push_back((now, arrived)),
        }
        while seconds.front().is_some_and(|(second, _)| !is_recent(*second, now)) {
            seconds.pop_front();
        }
    }

    /// Returns the sums for each path with requests.
    pub(crate) fn last_minute(&self, now_ms: i64) -> Vec<(String, Arrived)> {
        let counts = self.counts();
        let sums = counts.paths.iter().map(|(path, seconds)| {
            let mut sum = Arrived::default();
            let recent = seconds.iter().filter(|(second, _)| is_recent(*second, now_ms / 1_000));
            recent.for_each(|(_, arrived)| sum += *arrived);
            (path.clone(), sum)
        });
        sums.filter(|(_, sum)| sum.requests > 0).collect()
    }

    /// Records a refused request. The reason must not contain secrets of the request.
    pub(crate) fn refuse(&self, path: &str, reason: &str, now_ms: i64) {
        let path: String = path.chars().take(PATH_CHARS).collect();
        let turned_away = &mut self.counts().turned_away;
        let known = turned_away.iter().position(|known| known.path == path && known.reason == reason);
        let known = known.and_then(|at| turned_away.remove(at));
        let times = known.map_or(0, |known| known.times) + 1;
        turned_away.push_front(TurnedAway { at_ms: now_ms, path, reason: reason.to_owned(), times });
        turned_away.truncate(REFUSALS);
    }

    /// Returns the refused requests, the latest first.
    pub(crate) fn refusals(&self) -> Vec<TurnedAway> {
        self.counts().turned_away.iter().cloned().collect()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_recent(second: i64, now: i64) -> bool {
    (now - SECONDS..=now).contains(&second)
}

impl AddAssign for Arrived {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.events += other.events;
        self.passed_over += other.passed_over;
        self.refused += other.refused;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_refusals_are_counted_and_few_are_kept() {
        let arrivals = Arrivals::default();
        for at in 0..50 {
            arrivals.refuse(&format!("/{at}"), "no", at);
        }
        arrivals.refuse("/49", "no", 99);
        arrivals.refuse("/40", "no", 100);
        let refusals = arrivals.refusals();
        let shown: Vec<_> = refusals.iter().map(|one| (&*one.path, one.at_ms, one.times)).collect();
        assert_eq!(shown[..3], [("/40", 100, 2), ("/49", 99, 2), ("/48", 48, 1)]);
        assert_eq!(shown.len(), REFUSALS);
        arrivals.refuse(&"é".repeat(1_000), "no", 101);
        assert_eq!(arrivals.refusals()[0].path, "é".repeat(PATH_CHARS));
    }

    #[test]
    fn counts_cover_one_minute() {
        let arrivals = Arrivals::default();
        let one = Arrived { requests: 1, events: 2, passed_over: 3, refused: 4 };
        arrivals.count("/a", one, 1_000);
        arrivals.count("/a", one, 1_999);
        arrivals.count("/b", one, 60_000);
        let two = Arrived { requests: 2, events: 4, passed_over: 6, refused: 8 };
        let both = [("/a".to_owned(), two), ("/b".to_owned(), one)];
        assert_eq!(arrivals.last_minute(61_000), both);
        assert_eq!(arrivals.last_minute(62_000), both[1..].to_vec());
        assert_eq!(arrivals.last_minute(130_000), []);
    }
}
