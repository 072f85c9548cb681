//! The state of a thread: its current slot, and pools of frames and traces.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use super::frame::Frame;
use super::shared::Trace;
use super::slot::Slot;
use crate::base::clock::Started;
use crate::deliver::sender::{CachedDefault, Sender};

/// How many frames and traces a thread keeps at most.
const MAX_FRAMES: usize = 64;
const MAX_TRACES: usize = 8;

thread_local! {
    static LOCAL: Local = const { Local { slot: Cell::new(Slot::Unset), spare: RefCell::new(Spare::new()) } };
}

struct Local {
    /// It is only swapped or taken, so that no borrow is open while user code runs.
    slot: Cell<Slot>,
    /// It is borrowed only where no user code runs.
    spare: RefCell<Spare>,
}

struct Spare {
    frames: Vec<Arc<Frame>>,
    traces: Vec<Arc<Trace>>,
    default: CachedDefault,
}

impl Spare {
    const fn new() -> Self {
        Self { frames: Vec::new(), traces: Vec::new(), default: CachedDefault::new() }
    }
}

/// The slot that is current on this thread.
pub(crate) fn current() -> Slot {
    with_current(Slot::clone).unwrap_or_default()
}

/// Calls `look` with the current slot. `look` must not run user code.
#[inline]
pub(crate) fn with_current<R>(look: impl FnOnce(&Slot) -> R) -> Option<R> {
    LOCAL
        .try_with(|local| {
            let slot = local.slot.take();
            let seen = look(&slot);
            local.slot.set(slot);
            seen
        })
        .ok()
}

/// Swaps the current slot with another. While the thread-locals of the thread are being destroyed, it does nothing.
#[inline]
fn swap(slot: &Cell<Slot>) {
    let _ = LOCAL.try_with(|local| local.slot.swap(slot));
}

/// Makes a slot current until this is dropped.
pub(crate) struct Entered(Cell<Slot>);

impl Entered {
    #[inline]
    pub(crate) fn new(slot: Slot) -> Self {
        let entered = Self(Cell::new(slot));
        swap(&entered.0);
        entered
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        // The slot is dropped after the swap, not during it: it may be the last handle of a span.
        swap(&self.0);
    }
}

/// Swaps the current slot with that of an owner, such as a future, until this is dropped.
pub(crate) struct Swapped<'a>(&'a Cell<Slot>);

impl<'a> Swapped<'a> {
    #[inline]
    pub(crate) fn new(slot: &'a mut Slot) -> Self {
        let slot = Cell::from_mut(slot);
        swap(slot);
        Self(slot)
    }
}

impl Drop for Swapped<'_> {
    #[inline]
    fn drop(&mut self) {
        swap(self.0);
    }
}

/// Calls `f` with the client that spans in `slot` go to, if it is open. `f` must not run user code.
#[inline]
pub(crate) fn with_sender<R>(slot: &Slot, f: impl FnOnce(&Arc<Sender>) -> R) -> Option<R> {
    match slot.own_sender() {
        Some(sender) => sender.is_open().then(|| f(sender)),
        None => with_default(f),
    }
}

fn with_default<R>(f: impl FnOnce(&Arc<Sender>) -> R) -> Option<R> {
    let with = |local: &Local| {
        let mut spare = local.spare.try_borrow_mut().ok()?;
        let sender = spare.default.get().filter(|sender| sender.is_open())?;
        Some(f(sender))
    };
    LOCAL.try_with(with).ok().flatten()
}

/// A frame without other handles, for the client that spans here go to. `None` if there is no open one.
#[inline]
pub(crate) fn frame_here() -> Option<Arc<Frame>> {
    LOCAL.try_with(Local::frame_here).ok().flatten()
}

impl Local {
    #[inline]
    fn frame_here(&self) -> Option<Arc<Frame>> {
        let mut spare = self.spare.try_borrow_mut().ok()?;
        let Spare { frames, default, .. } = &mut *spare;
        let slot = self.slot.take();
        let frame = match slot.own_sender() {
            Some(sender) => Self::frame_of(sender, frames),
            None => default.get().and_then(|sender| Self::frame_of(sender, frames)),
        };
        self.slot.set(slot);
        frame
    }

    #[inline]
    fn frame_of(sender: &Arc<Sender>, frames: &mut Vec<Arc<Frame>>) -> Option<Arc<Frame>> {
        if !sender.is_open() {
            return None;
        }
        let mut frame = frames.pop().unwrap_or_else(|| Arc::new(Frame::blank(sender)));
        if !Arc::ptr_eq(frame.sender(), sender) {
            Arc::get_mut(&mut frame)?.sender = Arc::clone(sender);
        }
        Some(frame)
    }
}

/// Puts the frame of a span that is over back into the pool, if this is the last handle.
#[inline]
pub(crate) fn recycle(mut frame: Arc<Frame>) {
    let Some(unshared) = Arc::get_mut(&mut frame) else { return };
    unshared.reset();
    let _ = LOCAL.try_with(|local| {
        if let Ok(mut spare) = local.spare.try_borrow_mut()
            && spare.frames.len() < MAX_FRAMES
        {
            spare.frames.push(frame);
        }
    });
}

/// A new trace that begins now, from the pool if possible.
#[inline]
pub(crate) fn begin_trace() -> Arc<Trace> {
    let unix_nanos = Started::now().unix_nanos;
    let spare = LOCAL.try_with(|local| local.spare.try_borrow_mut().ok()?.traces.pop()).ok().flatten();
    if let Some(mut spare) = spare
        && let Some(trace) = Arc::get_mut(&mut spare)
    {
        trace.renew(unix_nanos);
        return spare;
    }
    Arc::new(Trace::begin(unix_nanos))
}

/// Puts a trace back into the pool, if this is the last handle.
#[inline]
pub(crate) fn recycle_trace(trace: Arc<Trace>) {
    if Arc::strong_count(&trace) == 1 {
        let _ = LOCAL.try_with(|local| {
            if let Ok(mut spare) = local.spare.try_borrow_mut()
                && spare.traces.len() < MAX_TRACES
            {
                spare.traces.push(trace);
            }
        });
    }
}
