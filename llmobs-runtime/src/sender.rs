//! The half of a client that spans see: its queue and its defaults.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::identity::Identity;
use crate::queue::Queue;
use crate::sampling::Sampler;

/// How many clients are open. Zero means that llmobs does nothing at all.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Whether any span could be recorded: one relaxed load, the whole cost of a call that is not traced.
#[inline]
pub(crate) fn any_open() -> bool {
    OPEN.load(Ordering::Relaxed) != 0
}

/// What spans need of the client they started under.
pub(crate) struct Sender {
    pub(crate) queue: Queue,
    pub(crate) defaults: Defaults,
    closed: AtomicBool,
}

/// What spans take from the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    pub(crate) ml_app: Arc<str>,
    /// The budget of each captured value, in bytes.
    pub(crate) capture_limit: usize,
    pub(crate) identity: Identity,
    pub(crate) sampler: Sampler,
}

impl Sender {
    pub(crate) fn open(queue: Queue, defaults: Defaults) -> Arc<Self> {
        OPEN.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self { queue, defaults, closed: AtomicBool::new(false) })
    }

    /// Takes no more spans. The worker ends once it has dealt with those that are queued.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        if self.queue.close() {
            OPEN.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether spans that start now have somewhere to go.
    pub(crate) fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Relaxed)
    }
}
