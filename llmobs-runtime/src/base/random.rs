//! Random numbers for ids and for waits between attempts.

use std::cell::Cell;

use super::clock;

thread_local! {
    /// The state of the generator of this thread. Zero before its first use.
    static STATE: Cell<u64> = const { Cell::new(0) };
}

/// Returns 64 random bits from a generator of this thread, which the operating system seeds.
///
/// The global generator of `fastrand` is not used, because a program may seed it and would then repeat its ids.
#[inline]
pub(crate) fn random() -> u64 {
    STATE
        .try_with(|state| {
            let seed = state.get();
            let mut generator = fastrand::Rng::with_seed(if seed == 0 { self::seed() } else { seed });
            let number = generator.u64(..);
            state.set(generator.get_seed());
            number
        })
        .unwrap_or_else(|_| seed())
}

#[cold]
fn seed() -> u64 {
    getrandom::u64().unwrap_or_else(|_| clock::unix_nanos())
}
