//! Numbers in queries, with units, in dollars or as dates.

use std::ops::Bound;

use jiff::Timestamp;

/// A number to compare. Nanoseconds do not fit into a float.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Integer(i64),
    Real(f64),
}

/// The form of a number in a query, and its unit in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Written as it is stored.
    Plain,
    /// Stored in nanoseconds, which is the default unit.
    Nanoseconds,
    /// Stored in seconds, which is the default unit.
    Seconds,
    /// Stored in nanoseconds since 1970, written in milliseconds or as a date.
    Time,
    /// Stored in nanodollars.
    Cost,
}

/// The stored numbers that equal a number in a query: in most cases one, but all nanoseconds of a millisecond for a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Amount {
    pub(super) first: Number,
    pub(super) last: Number,
}

/// The numbers between two ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    /// The lower end.
    pub(crate) low: Bound<Number>,
    /// The upper end.
    pub(crate) high: Bound<Number>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
}

impl Interval {
    pub(super) fn new(comparison: Comparison, amount: Amount) -> Self {
        let (low, high) = match comparison {
            Comparison::Greater => (Bound::Excluded(amount.last), Bound::Unbounded),
            Comparison::GreaterOrEqual => (Bound::Included(amount.first), Bound::Unbounded),
            Comparison::Less => (Bound::Unbounded, Bound::Excluded(amount.first)),
            Comparison::LessOrEqual => (Bound::Unbounded, Bound::Included(amount.last)),
            Comparison::Equal => (Bound::Included(amount.first), Bound::Included(amount.last)),
        };
        Self { low, high }
    }

    /// Creates an interval with inclusive ends. `None` is an open end.
    pub(super) fn between(low: Option<Amount>, high: Option<Amount>) -> Self {
        Self {
            low: low.map_or(Bound::Unbounded, |amount| Bound::Included(amount.first)),
            high: high.map_or(Bound::Unbounded, |amount| Bound::Included(amount.last)),
        }
    }
}

impl Unit {
    /// Parses a number in this unit. The error has the expectation and a hint.
    pub(super) fn read(self, text: &str) -> Result<Amount, (&'static str, &'static str)> {
        match self {
            Self::Plain => plain(text).map(exactly).ok_or(("a number", "write a number such as `100` or `0.5`")),
            Self::Nanoseconds => nanoseconds(text).map(exactly).ok_or(NO_DURATION),
            Self::Seconds => seconds(text).map(exactly).ok_or(NO_DURATION),
            Self::Time => time(text).ok_or((
                "a time",
                "write milliseconds since 1970, or a date with a time and a zone, such as `2026-01-31T12:00:00Z`",
            )),
            Self::Cost => {
                cost(text).map(exactly).ok_or(("a cost", "write nanodollars such as `10000000`, or dollars such as `$0.01`"))
            }
        }
    }
}

const NO_DURATION: (&str, &str) =
    ("a duration", "write a number and one of ns, us, ms, s, m and h, such as `500ms`");

/// The nanoseconds of each unit. A unit that ends with another unit comes before the other one.
const UNITS: [(&str, i64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    // The micro sign, and the Greek letter that looks like it.
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

const NANOSECONDS_IN_SECOND: f64 = 1e9;

fn exactly(number: Number) -> Amount {
    Amount { first: number, last: number }
}

fn plain(text: &str) -> Option<Number> {
    // Rust also reads `inf` and `nan`.
    if !text.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, '+' | '-' | '.' | 'e' | 'E')) {
        return None;
    }
    if let Ok(number) = text.parse() {
        return Some(Number::Integer(number));
    }
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(Number::Real)
}

/// Splits a number and its unit. `None` if there is no unit.
fn with_unit(text: &str) -> Option<(Number, i64)> {
    UNITS.iter().find_map(|(unit, size)| Some((plain(text.strip_suffix(unit)?)?, *size)))
}

fn nanoseconds(text: &str) -> Option<Number> {
    let Some((number, size)) = with_unit(text) else { return plain(text) };
    times(number, size)
}

fn seconds(text: &str) -> Option<Number> {
    let Some((number, size)) = with_unit(text) else { return plain(text) };
    times(number, size).map(|nanoseconds| Number::Real(float(nanoseconds) / NANOSECONDS_IN_SECOND))
}

fn cost(text: &str) -> Option<Number> {
    text.strip_prefix('$').map_or_else(|| plain(text), |dollars| times(plain(dollars)?, 1_000_000_000))
}

fn time(text: &str) -> Option<Amount> {
    const NANOSECONDS: i64 = 1_000_000;
    let milliseconds = match text.parse::<i64>() {
        Ok(milliseconds) => milliseconds,
        Err(_) => {
            i64::try_from(text.parse::<Timestamp>().ok()?.as_nanosecond().div_euclid(NANOSECONDS.into()))
                .ok()?
        }
    };
    let first = milliseconds.checked_mul(NANOSECONDS)?;
    Some(Amount { first: Number::Integer(first), last: Number::Integer(first.checked_add(NANOSECONDS - 1)?) })
}

fn times(number: Number, factor: i64) -> Option<Number> {
    if let Number::Integer(number) = number
        && let Some(product) = number.checked_mul(factor)
    {
        return Some(Number::Integer(product));
    }
    // As a float, `0.067s` is 67000000.00000001 nanoseconds.
    let product = float(number) * float(Number::Integer(factor));
    let product = if factor == 1 { product } else { product.round() };
    product.is_finite().then_some(Number::Real(product))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "only units and numbers without an integer form are converted"
)]
pub(super) fn float(number: Number) -> f64 {
    match number {
        Number::Integer(number) => number as f64,
        Number::Real(number) => number,
    }
}
