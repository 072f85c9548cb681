//! How long a server asks to wait.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ureq::http::{HeaderMap, StatusCode};

/// The longest wait, even if a server requests a longer one.
const MAX_WAIT: Duration = Duration::from_secs(300);
/// Larger numbers are points in time, not seconds to wait.
const EPOCHS: f64 = 1e9;

/// Returns the wait that the headers of a response ask for. Values that are neither a number nor a date, and times in the past, count as
/// absent.
pub(super) fn requested(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let retry_after = text("retry-after")
        .and_then(|text| seconds(text).or_else(|| until(httpdate::parse_http_date(text).ok()?, now)));
    // Datadog also sends it with other responses.
    let reset = text("x-ratelimit-reset").filter(|_| status == StatusCode::TOO_MANY_REQUESTS);
    let reset = reset.and_then(|text| {
        let after = seconds(text)?;
        if after.as_secs_f64() > EPOCHS { until(UNIX_EPOCH.checked_add(after)?, now) } else { Some(after) }
    });
    retry_after.or(reset).filter(|wait| !wait.is_zero()).map(|wait| wait.min(MAX_WAIT))
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

fn until(time: SystemTime, now: SystemTime) -> Option<Duration> {
    time.duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(status: u16, headers: &[(&'static str, &str)]) -> Option<Duration> {
        // Wed, 21 Oct 2026 07:28:00 GMT
        let now = UNIX_EPOCH + Duration::from_secs(1_792_567_680);
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        requested(status.try_into().unwrap(), &headers.collect(), now)
    }

    #[test]
    fn seconds_and_dates_are_waits_of_at_most_five_minutes() {
        let seconds = |seconds| Some(Duration::from_secs_f64(seconds));
        for (value, retry_after, reset) in [
            ("2", seconds(2.0), seconds(2.0)),
            (" 0.5 ", seconds(0.5), seconds(0.5)),
            ("301", seconds(300.0), seconds(300.0)),
            ("999999999", seconds(300.0), seconds(300.0)),
            ("1792567690", seconds(300.0), seconds(10.0)),
            ("1792567680", seconds(300.0), None),
            ("1792567000", seconds(300.0), None),
            ("1e300", None, None),
            ("Wed, 21 Oct 2026 07:28:09 GMT", seconds(9.0), None),
            ("Wed, 21 Oct 2026 09:28:00 GMT", seconds(300.0), None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None, None),
            ("Wed, 21 Oct 2020 07:28:00 GMT", None, None),
            ("0", None, None),
            ("-1", None, None),
            ("NaN", None, None),
            ("inf", None, None),
            ("", None, None),
            ("soon", None, None),
        ] {
            assert_eq!(wait(429, &[("retry-after", value)]), retry_after, "{value}");
            assert_eq!(wait(503, &[("retry-after", value)]), retry_after, "{value}");
            assert_eq!(wait(429, &[("x-ratelimit-reset", value)]), reset, "{value}");
            assert_eq!(wait(503, &[("x-ratelimit-reset", value)]), None, "{value}");
        }
        assert_eq!(wait(429, &[("retry-after", "3"), ("x-ratelimit-reset", "2")]), seconds(3.0));
        assert_eq!(wait(429, &[("retry-after", "soon"), ("x-ratelimit-reset", "2")]), seconds(2.0));
        assert_eq!(wait(429, &[]), None);
    }
}
