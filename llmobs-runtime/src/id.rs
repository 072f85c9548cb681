//! Trace ids and span ids.

use std::fmt;
use std::num::NonZeroU64;

use crate::{clock, local};

/// A 128-bit trace id, written as 32 lower-case hexadecimal digits.
///
/// New ids hold the Unix time in seconds in the high 32 bits, then 32 zero bits, then 64 random bits, as the
/// ids of Datadog's tracers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TraceId(u128);

impl TraceId {
    pub(crate) fn random() -> Self {
        let seconds = u128::from(clock::unix_nanos() / 1_000_000_000) & u128::from(u32::MAX);
        Self(seconds << 96 | u128::from(local::random()))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A random 64-bit span id, never zero, written in decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SpanId(NonZeroU64);

impl SpanId {
    pub(crate) fn random() -> Self {
        Self(NonZeroU64::new(local::random()).unwrap_or(NonZeroU64::MIN))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
