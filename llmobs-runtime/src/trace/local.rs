//! The state of a thread: its current slot, its copy of the default client, and pools of frames and traces.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::sync::Arc;

use super::frame::Frame;
use super::shared::Trace;
use super::slot::Slot;
use crate::base::clock;
use crate::deliver::sender::{CachedDefault, Sender};

/// The most frames and traces that a thread keeps.
const MAX_FRAMES: usize = 64;
const MAX_TRACES: usize = 8;

thread_local! {
    /// The current slot. It is only ever replaced, so that no borrow is open while user code runs. It has no destructor, so that it can be
    /// used as long as the thread runs, without a check: [`Spare`] drops what a leaked guard left there.
    static SLOT: Cell<ManuallyDrop<Slot>> = const { Cell::new(ManuallyDrop::new(Slot::Unset)) };
    /// It is borrowed only where no user code runs.
    static SPARE: RefCell<Spare> = const { RefCell::new(Spare::new()) };
}

/// Memory that a thread keeps for later spans.
struct Spare {
    default: CachedDefault,
    pool: Pool,
}

/// Frames and traces for reuse.
pub(super) struct Pool {
    frames: Vec<Arc<Frame>>,
    traces: Vec<Arc<Trace>>,
}

impl Spare {
    const fn new() -> Self {
        Self { default: CachedDefault::new(), pool: Pool::new() }
    }
}

/// Makes a slot current and returns the previous one, which the caller must restore, even after a panic: see [`Entered`].
#[inline]
#[must_use]
pub(super) fn replace(slot: Slot) -> Slot {
    ManuallyDrop::into_inner(SLOT.replace(ManuallyDrop::new(slot)))
}

/// The slot that is current on this thread.
pub(crate) fn current() -> Slot {
    with_current(Slot::clone)
}

/// Calls `look` with the current slot. `look` must not run user code.
#[inline]
pub(crate) fn with_current<R>(look: impl FnOnce(&Slot) -> R) -> R {
    let slot = SLOT.take();
    let seen = look(&slot);
    SLOT.set(slot);
    seen
}

/// Makes a slot current until this is dropped.
pub(crate) struct Entered(Slot);

impl Entered {
    #[inline]
    pub(crate) fn new(slot: Slot) -> Self {
        Self::back_to(replace(slot))
    }

    /// Restores this slot when dropped.
    #[inline]
    pub(super) fn back_to(outer: Slot) -> Self {
        Self(outer)
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        // This may be the last handle to a span, so it is dropped after the previous slot is current again.
        drop(replace(std::mem::take(&mut self.0)));
    }
}

/// Swaps the current slot with that of an owner, such as a future, until this is dropped.
pub(crate) struct Swapped<'a>(&'a mut Slot);

impl<'a> Swapped<'a> {
    #[inline]
    pub(crate) fn new(slot: &'a mut Slot) -> Self {
        let mut swapped = Self(slot);
        swapped.swap();
        swapped
    }

    #[inline]
    fn swap(&mut self) {
        *self.0 = replace(std::mem::take(self.0));
    }
}

impl Drop for Swapped<'_> {
    #[inline]
    fn drop(&mut self) {
        self.swap();
    }
}

/// Calls `f` with the client of spans in `slot`, if it is open, and with the pool of this thread. `f` must not run user code. A thread that
/// [is being torn down](is_torn_down) has no pool: the result is then `None`.
#[inline]
pub(super) fn with_client<R>(slot: &Slot, f: impl FnOnce(&Arc<Sender>, &mut Pool) -> R) -> Option<R> {
    let with = |spare: &RefCell<Spare>| {
        let mut spare = spare.try_borrow_mut().ok()?;
        let Spare { default, pool } = &mut *spare;
        let sender = slot.own_sender().or_else(|| default.get()).filter(|sender| sender.is_open())?;
        Some(f(sender, pool))
    };
    SPARE.try_with(with).ok().flatten()
}

/// Whether the thread-locals of the thread are being destroyed.
#[inline]
pub(super) fn is_torn_down() -> bool {
    SPARE.try_with(|_| ()).is_err()
}

impl Drop for Spare {
    fn drop(&mut self) {
        drop(replace(Slot::Unset));
    }
}

impl Pool {
    pub(super) const fn new() -> Self {
        Self { frames: Vec::new(), traces: Vec::new() }
    }

    /// Returns a frame without other handles. It may come from a span of another client.
    #[inline]
    pub(super) fn frame(&mut self, sender: &Arc<Sender>) -> Arc<Frame> {
        self.frames.pop().unwrap_or_else(|| Arc::new(Frame::blank(sender)))
    }

    /// A new trace that begins now.
    #[inline]
    pub(super) fn begin_trace(&mut self) -> Arc<Trace> {
        let unix_nanos = clock::unix_nanos();
        if let Some(mut spare) = self.traces.pop()
            && let Some(trace) = Arc::get_mut(&mut spare)
        {
            trace.renew(unix_nanos);
            return spare;
        }
        Arc::new(Trace::begin(unix_nanos))
    }

    /// Takes a trace back if this is the last handle.
    #[inline]
    pub(super) fn recycle_trace(&mut self, trace: Arc<Trace>) {
        if Arc::strong_count(&trace) == 1 && self.traces.len() < MAX_TRACES {
            self.traces.push(trace);
        }
    }
}

/// Puts the frame of a finished span back into the pool. The caller has the only handle.
#[inline]
pub(crate) fn recycle(frame: Arc<Frame>) {
    let _ = SPARE.try_with(|spare| {
        if frame.is_reusable()
            && let Ok(mut spare) = spare.try_borrow_mut()
            && spare.pool.frames.len() < MAX_FRAMES
        {
            spare.pool.frames.push(frame);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::deliver::queue::Limits;

    #[test]
    fn a_leaked_guard_does_not_keep_a_client() {
        let limits = Limits::NONE;
        let sender = Sender::open(limits, Sender::detached().defaults.clone());
        let slot = Slot::Client(Arc::clone(&sender));
        let leak = move || {
            let in_pool = with_client(&slot, |sender, pool| drop(pool.frame(sender)));
            std::mem::forget(Entered::new(slot));
            in_pool
        };
        assert_eq!(thread::spawn(leak).join().unwrap(), Some(()));
        assert_eq!(Arc::strong_count(&sender), 1);
        sender.close();
    }
}
