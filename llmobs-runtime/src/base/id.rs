//! Trace ids and span ids.

use std::fmt;
use std::num::NonZeroU64;

use super::random::random;

/// A 128-bit trace id, written as 32 lower-case hexadecimal digits.
///
/// New ids hold the Unix time in seconds in the high 32 bits, then 32 zero bits, then 64 random bits, as the
/// ids of Datadog's tracers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TraceId {
    value: u128,
    /// Whether the id was read as a 64-bit number in decimal, and is written as one.
    decimal: bool,
}

impl TraceId {
    /// Creates an id for a trace that begins at this time, in nanoseconds since the Unix epoch.
    #[inline]
    pub(crate) fn random(unix_nanos: u64) -> Self {
        let seconds = u128::from(unix_nanos / 1_000_000_000) & u128::from(u32::MAX);
        Self { value: seconds << 96 | u128::from(random()), decimal: false }
    }

    /// Converts an id that a tracer gives as a number. Returns `None` for zero.
    pub(crate) fn from_u128(value: u128) -> Option<Self> {
        (value != 0).then_some(Self { value, decimal: false })
    }

    /// Converts an id that a tracer gives in two halves. Returns `None` for zero.
    pub(crate) fn from_halves(high: u64, low: u64) -> Option<Self> {
        Self::from_u128(u128::from(high) << 64 | u128::from(low))
    }

    /// Whether the id is written as a number of 64 bits.
    pub(crate) fn is_decimal(self) -> bool {
        self.decimal
    }

    pub(crate) fn to_u128(self) -> u128 {
        self.value
    }

    /// Parses 32 hexadecimal digits.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        Self::from_u128(is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten()?)
    }

    /// Parses the id in a propagated header: 32 hexadecimal digits that cannot be mistaken for a decimal number, or a decimal number.
    pub(crate) fn from_header(text: &str) -> Option<Self> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || (text.len() == 32 && text.starts_with('0')) {
            return Self::from_hex(text);
        }
        Some(Self::from_u128(text.parse().ok()?)?.as_read_in_decimal())
    }

    /// Returns the id as [`from_header`](Self::from_header) would read its [decimal number](Self::to_decimal).
    pub(crate) fn as_read_in_decimal(self) -> Self {
        Self { decimal: u64::try_from(self.value).is_ok(), ..self }
    }

    /// Returns the id in decimal, as headers hold it.
    pub(crate) fn to_decimal(self) -> String {
        self.value.to_string()
    }

    /// Returns the low half, which is the whole id for tracers with 64-bit ids.
    #[expect(clippy::cast_possible_truncation, reason = "only the low half is wanted")]
    pub(crate) fn low64(self) -> u64 {
        self.value as u64
    }

    /// The high half, in hexadecimal.
    pub(crate) fn high_hex(self) -> String {
        format!("{:016x}", self.value >> 64)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.decimal { self.value.fmt(f) } else { write!(f, "{:032x}", self.value) }
    }
}

/// A random 64-bit span id, never zero, written in decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SpanId(NonZeroU64);

impl SpanId {
    #[inline]
    pub(crate) fn random() -> Self {
        Self(NonZeroU64::new(random()).unwrap_or(NonZeroU64::MIN))
    }

    /// Converts an id that a tracer gives as a number. Returns `None` for zero.
    pub(crate) fn from_u64(value: u64) -> Option<Self> {
        NonZeroU64::new(value).map(Self)
    }

    pub(crate) fn from_decimal(text: &str) -> Option<Self> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().ok()).flatten().map(Self)
    }

    pub(crate) fn to_u64(self) -> u64 {
        self.0.get()
    }

    pub(crate) fn to_hex(self) -> String {
        format!("{:016x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::TraceId;

    #[test]
    fn propagated_trace_ids_keep_their_format() {
        let shown = |text| TraceId::from_header(text).map(|id| (id.to_string(), id.to_decimal()));
        for (text, hex, decimal) in [
            ("142240897612441679338336866858082010452", "6b0299b400000000c945236e718f9154", "same"),
            ("1234", "1234", "same"),
            ("18446744073709551616", "00000000000000010000000000000000", "same"),
            ("0000000000000000000000000000002a", "0000000000000000000000000000002a", "42"),
            ("6b0299b400000000C945236e718f942d", "6b0299b400000000c945236e718f942d", ""),
        ] {
            let (shown, number) = shown(text).unwrap();
            if decimal == "same" {
                assert_eq!(number, text);
            } else if !decimal.is_empty() {
                assert_eq!(number, decimal);
            }
            assert_eq!(shown.len(), hex.len(), "{text}: {shown}");
            if text.len() != 39 {
                assert_eq!(shown, hex);
            }
        }
        for bad in ["", "0", "x", "-1", "+1", "12 ", "6b0299b4", &"0".repeat(32), &"9".repeat(40)] {
            assert_eq!(shown(bad), None, "{bad}");
        }
    }
}
