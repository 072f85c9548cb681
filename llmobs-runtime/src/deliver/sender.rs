//! The half of a client that spans use: its queue, and the settings for spans.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use llmobs_capture::DEFAULT_LIMIT;
use llmobs_capture::log::flush as flush_log;

use super::queue::{Limits, Queue};
use super::report::Report;
use crate::model::apm::{ApmSpan, CurrentApm};
use crate::model::sampling::Sampler;
use crate::model::tags::Identity;

/// How many clients are open. While it is zero, llmobs does nothing at all.
static OPEN: AtomicUsize = AtomicUsize::new(0);
/// The client that spans go to if no other is current. `init` sets it, and shutdown clears it.
static DEFAULT: RwLock<Option<Arc<Sender>>> = RwLock::new(None);
/// How often the default client changed.
static CHANGES: AtomicUsize = AtomicUsize::new(0);

/// Whether any span can be recorded. This relaxed load is the whole cost of a call that is not traced.
#[inline]
pub(crate) fn any_open() -> bool {
    OPEN.load(Ordering::Relaxed) != 0
}

/// The part of a client that its spans use.
pub(crate) struct Sender {
    pub(crate) queue: Queue,
    pub(crate) defaults: Defaults,
    closed: AtomicBool,
}

/// The settings for spans.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    pub(crate) ml_app: Arc<str>,
    /// The budget of each captured value, in bytes.
    pub(crate) capture_limit: usize,
    /// Whether the texts of errors and panics are captured.
    pub(crate) capture_errors: bool,
    /// Whether integrations capture the content of requests to models and of their responses.
    pub(crate) capture_message_content: bool,
    pub(crate) identity: Identity,
    pub(crate) sampler: Sampler,
    /// Finds the current span of an APM tracer.
    pub(crate) current_apm: Option<CurrentApm>,
}

impl Defaults {
    /// Returns whether starting a span takes more work: its tags are kept for sampling rules, or it belongs to an APM trace.
    #[inline]
    pub(crate) fn act_at_start(&self) -> bool {
        self.sampler.has_rules() || self.current_apm.is_some()
    }

    /// The current span of an APM tracer.
    pub(crate) fn apm_span(&self) -> Option<ApmSpan> {
        self.current_apm.and_then(ApmSpan::current)
    }
}

impl Sender {
    pub(crate) fn open(limits: Limits, defaults: Defaults) -> Arc<Self> {
        OPEN.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self { queue: Queue::new(limits), defaults, closed: AtomicBool::new(false) })
    }

    /// Returns a closed sender, for spans that are described where nothing is recorded, and that may start elsewhere.
    pub(crate) fn detached() -> &'static Arc<Self> {
        static DETACHED: OnceLock<Arc<Sender>> = OnceLock::new();
        DETACHED.get_or_init(|| {
            let defaults = Defaults {
                ml_app: "".into(),
                capture_limit: DEFAULT_LIMIT,
                capture_errors: true,
                capture_message_content: true,
                identity: Identity::default(),
                sampler: Sampler::default(),
                current_apm: None,
            };
            let queue = Queue::new(Limits::NONE);
            Arc::new(Self { queue, defaults, closed: AtomicBool::new(true) })
        })
    }

    /// Waits until everything queued is sent and the results are logged, but no longer than `timeout`.
    pub(crate) fn flush(&self, timeout: Duration) -> Report {
        let begun = Instant::now();
        let report = self.queue.flush(timeout);
        flush_log(timeout.saturating_sub(begun.elapsed()));
        report
    }

    /// Accepts no more spans. The worker ends when it has sent or dropped the queued ones.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        if self.queue.close() {
            OPEN.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether spans that start now are recorded.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Relaxed)
    }
}

/// Makes `sender` the default client, unless there is one. Returns whether it did.
pub(crate) fn install_default(sender: Arc<Sender>) -> bool {
    let mut default = DEFAULT.write().unwrap_or_else(PoisonError::into_inner);
    let vacant = default.is_none();
    if vacant {
        *default = Some(sender);
        CHANGES.fetch_add(1, Ordering::Release);
    }
    vacant
}

/// Removes the default client if it is `sender`.
pub(crate) fn clear_default(sender: &Arc<Sender>) {
    let mut default = DEFAULT.write().unwrap_or_else(PoisonError::into_inner);
    default.take_if(|default| Arc::ptr_eq(default, sender));
    CHANGES.fetch_add(1, Ordering::Release);
}

/// The default client.
pub(crate) fn default_sender() -> Option<Arc<Sender>> {
    DEFAULT.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A thread's copy of the default client, so that threads do not contend for the lock.
#[derive(Default)]
pub(crate) struct CachedDefault {
    changes: usize,
    sender: Option<Arc<Sender>>,
}

impl CachedDefault {
    pub(crate) const fn new() -> Self {
        Self { changes: 0, sender: None }
    }

    /// The current default client.
    #[inline]
    pub(crate) fn get(&mut self) -> Option<&Arc<Sender>> {
        let changes = CHANGES.load(Ordering::Acquire);
        if changes != self.changes {
            self.sender = default_sender();
            self.changes = changes;
        }
        self.sender.as_ref()
    }
}
