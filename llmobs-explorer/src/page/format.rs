//! Numbers, times and durations as text.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Formats a duration with three significant digits: `950ns`, `1.25ms`, `12.3s`, `2m 05s`, `3h 20m`.
pub(crate) fn duration(nanos: i64) -> String {
    const UNITS: [(f64, &str); 3] = [(1e9, "s"), (1e6, "ms"), (1e3, "µs")];
    if nanos >= 60_000_000_000 {
        let seconds = nanos / 1_000_000_000;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        return match hours {
            0 => format!("{minutes}m {:02}s", seconds % 60),
            _ => format!("{hours}h {minutes:02}m"),
        };
    }
    #[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
    let value = nanos as f64;
    match UNITS.iter().find(|(unit, _)| value >= *unit) {
        Some((unit, name)) => format!("{}{name}", three_digits(value / unit)),
        None => format!("{nanos}ns"),
    }
}

/// Formats seconds as a duration.
pub(crate) fn seconds(seconds: f64) -> String {
    #[allow(clippy::cast_possible_truncation, reason = "a number out of range becomes the nearest integer")]
    duration((seconds * 1e9) as i64)
}

fn three_digits(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

/// Formats an integer with thin spaces between thousands: `12 345`.
pub(crate) fn count(number: impl TryInto<i64>) -> String {
    let number = number.try_into().unwrap_or(i64::MAX);
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Formats a number of things: `1 span`, `2 spans`.
pub(crate) fn things(number: impl TryInto<i64>, thing: &str) -> String {
    let number = number.try_into().unwrap_or(i64::MAX);
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number))
}

/// Formats a number with four decimal places or four significant digits, without trailing zeros.
pub(crate) fn number(value: f64) -> String {
    let text = match value.abs() {
        0.0 | 0.001.. => format!("{value:.4}"),
        0.000_001.. => format!("{value:.9}"),
        _ => return format!("{value:.3e}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Formats the value of a cost metric in dollars, with all digits. Estimated costs are in nanodollars.
pub(crate) fn cost(metric: &str, digits: &str) -> Option<String> {
    let number: f64 = digits.parse().ok().filter(|_| metric.ends_with("_cost"))?;
    let dollars = if metric.starts_with("estimated_") { number / 1e9 } else { number };
    dollars.is_finite().then(|| format!("${dollars}"))
}

/// Formats a time in the time zone of this machine. Adds the date if it is not today.
pub(crate) fn time(unix_nanos: i64) -> String {
    let Ok(time) = Timestamp::from_nanosecond(i128::from(unix_nanos)) else { return unix_nanos.to_string() };
    let zone = TimeZone::system();
    let time = zone.to_datetime(time);
    let today = zone.to_datetime(Timestamp::now()).date();
    let form = if time.date() == today {
        "%H:%M:%S%.3f"
    } else if time.year() == today.year() {
        "%b %d %H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M:%S"
    };
    time.strftime(form).to_string()
}

/// Formats a time for the attribute `datetime`.
pub(crate) fn iso(unix_nanos: i64) -> String {
    Timestamp::from_nanosecond(i128::from(unix_nanos)).map(|time| time.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits() {
        let cases = [
            (0, "0ns"),
            (999, "999ns"),
            (1_000, "1.00µs"),
            (12_345, "12.3µs"),
            (123_456_789, "123ms"),
            (1_250_000_000, "1.25s"),
            (59_900_000_000, "59.9s"),
            (125_000_000_000, "2m 05s"),
            (12_000_000_000_000, "3h 20m"),
            (-5, "-5ns"),
        ];
        for (nanos, text) in cases {
            assert_eq!(duration(nanos), text);
        }
    }

    #[test]
    fn counts_have_spaces_between_thousands() {
        let cases = [(0_i64, "0"), (999, "999"), (1_000, "1 000"), (-1_234_567, "-1 234 567")];
        for (number, text) in cases {
            assert_eq!(count(number), text.replace(' ', "\u{202f}"));
        }
        assert_eq!((things(1, "span"), things(2, "span")), ("1 span".to_owned(), "2 spans".to_owned()));
        assert_eq!(
            (number(0.5), number(3.0), number(1.0 / 3.0)),
            ("0.5".into(), "3".into(), "0.3333".into())
        );
        assert_eq!(
            (number(0.0), number(-0.00003), number(1.0 / 3e9)),
            ("0".into(), "-0.00003".into(), "3.333e-10".into())
        );
    }

    #[test]
    fn costs_keep_their_last_digit() {
        for (metric, digits, shown) in [
            ("total_cost", "0.00003", Some("$0.00003")),
            ("total_cost", "3e-05", Some("$0.00003")),
            ("input_cost", "1234.5", Some("$1234.5")),
            ("estimated_total_cost", "33000001", Some("$0.033000001")),
            ("estimated_output_cost", "1", Some("$0.000000001")),
            ("estimated_total_cost", "0", Some("$0")),
            ("total_cost", "1e999", None),
            ("input_tokens", "7", None),
        ] {
            assert_eq!(cost(metric, digits).as_deref(), shown, "{metric} {digits}");
        }
    }
}
