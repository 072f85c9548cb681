//! The one thread-local of the crate: what is current on this thread, what a processor submits on it, and its random numbers.

use std::cell::Cell;

use crate::clock;
use crate::context::Slot;
use crate::outbox::Outbox;

thread_local! {
    static LOCAL: Local =
        const { Local { slot: Cell::new(Slot::Unset), outbox: Cell::new(None), random: Cell::new(None) } };
}

/// The cells are only ever swapped, so that no borrow can be open while foreign code runs.
struct Local {
    slot: Cell<Slot>,
    /// Of the processor that runs on this thread.
    outbox: Cell<Option<Outbox>>,
    /// State of the generator, seeded from the operating system at the first use.
    random: Cell<Option<u64>>,
}

/// Makes `slot` current and returns what was. While the thread is being torn down nothing is current.
pub(crate) fn swap(slot: Slot) -> Slot {
    LOCAL.try_with(|local| local.slot.replace(slot)).unwrap_or_default()
}

/// What is current on this thread.
pub(crate) fn current() -> Slot {
    LOCAL
        .try_with(|local| {
            let slot = local.slot.take();
            local.slot.set(slot.clone());
            slot
        })
        .unwrap_or_default()
}

/// Puts an outbox in place of the one that was, and returns that.
pub(crate) fn swap_outbox(outbox: Option<Outbox>) -> Option<Outbox> {
    LOCAL.try_with(|local| local.outbox.replace(outbox)).unwrap_or_default()
}

/// A slot of someone else's changes places with what is current, until this is dropped.
pub(crate) struct Swapped<'a>(&'a mut Slot);

impl<'a> Swapped<'a> {
    pub(crate) fn new(slot: &'a mut Slot) -> Self {
        *slot = swap(std::mem::take(slot));
        Self(slot)
    }
}

impl Drop for Swapped<'_> {
    fn drop(&mut self) {
        *self.0 = swap(std::mem::take(self.0));
    }
}

/// 64 random bits, from a generator of this thread that the operating system seeded. `fastrand`'s own global
/// generator will not do: a program may seed it, and would then repeat our ids.
pub(crate) fn random() -> u64 {
    LOCAL
        .try_with(|local| {
            let mut generator = fastrand::Rng::with_seed(local.random.take().unwrap_or_else(seed));
            let number = generator.u64(..);
            local.random.set(Some(generator.get_seed()));
            number
        })
        .unwrap_or_else(|_| seed())
}

fn seed() -> u64 {
    getrandom::u64().unwrap_or_else(|_| clock::unix_nanos())
}
