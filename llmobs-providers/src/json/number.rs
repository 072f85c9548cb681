//! Numbers, given as text.

use serde_json::{Number, Value};

/// Parses an integer that is not negative.
pub(super) fn count(text: &str) -> Option<u64> {
    text.parse().ok().or_else(|| {
        text.split_once('.').filter(|(_, zeros)| zeros.bytes().all(|digit| digit == b'0'))?.0.parse().ok()
    })
}

/// Returns the number, or its text if it would lose digits.
pub(super) fn value(text: &str) -> Value {
    if let Ok(whole) = text.parse::<u64>() {
        return whole.into();
    }
    if let Ok(whole) = text.parse::<i64>()
        && whole != 0
    {
        return whole.into();
    }
    match text.parse::<f64>().ok().filter(|float| is_exact(text, *float)).and_then(Number::from_f64) {
        Some(float) => Value::Number(float),
        None => Value::String(text.to_owned()),
    }
}

/// Returns whether the shortest text of the float has the digits of this text.
fn is_exact(text: &str, float: f64) -> bool {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    // A float can represent any fifteen digits.
    float.is_finite()
        && (digits(mantissa) <= 15 && float.is_normal()
            || significant(text).zip(significant(&format!("{float:e}"))).is_some_and(|(a, b)| a == b))
}

/// Returns the digits of a number without leading and trailing zeros, and the power of ten of the last digit.
fn significant(text: &str) -> Option<(String, i64)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return Some((String::new(), 0));
    }
    let dropped = i64::try_from(digits.len() - kept.len()).ok()?;
    let power = exponent
        .parse::<i64>()
        .ok()?
        .checked_add(dropped)?
        .checked_sub(i64::try_from(fraction.len()).ok()?)?;
    Some((kept.trim_start_matches('0').to_owned(), power))
}
