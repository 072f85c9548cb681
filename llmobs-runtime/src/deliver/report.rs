//! The outcome of the spans and evaluations of a client.

use std::collections::BTreeMap;
use std::fmt;

/// Why a finished span, an evaluation or a feedback was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DropReason {
    /// More bytes waited for delivery than [`Config::max_queue_bytes`](crate::Config::max_queue_bytes) allows.
    QueueFull,
    /// The receiver could not be reached, or kept answering that it is unavailable, for longer than spans are kept.
    Unavailable,
    /// The receiver refused the spans.
    Rejected,
    /// The receiver refused a request with this span alone as too large.
    TooLarge,
    /// The receiver refused all requests until the client was shut down, because of the API key, the address, or what the Agent passes on.
    Denied,
    /// The [processor](crate::Config::processor) of the program dropped them.
    Processor,
    /// The client was shut down before.
    Shutdown,
    /// A bug in llmobs.
    Internal,
}

impl DropReason {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::QueueFull => "queue full",
            Self::Unavailable => "unavailable",
            Self::Rejected => "rejected",
            Self::TooLarge => "too large",
            Self::Denied => "denied",
            Self::Processor => "processor",
            Self::Shutdown => "shutdown",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The outcome of the spans that were started, and of the evaluations and feedback that were submitted, since `init`.
///
/// Each of them is counted in exactly one place: `started` is the sum of `open`, `queued`, `sending`, `delivered`, `unknown` and everything
/// in `dropped`, whenever no call of llmobs is running. Counts of finished items grow over the life of a client; a flush does not reset
/// them, so that a loss stays visible.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # use std::time::Duration;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// let outer = llmobs::workflow("answer").start();
/// llmobs::task("step").start().finish();
/// let report = llmobs::flush(Duration::from_secs(2));
/// assert_eq!((report.started, report.open, report.delivered), (2, 1, 1));
/// assert_eq!(report.to_string(), "1 delivered, 0 dropped, 0 pending, 1 open");
/// # drop(outer);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Spans that were started, and evaluations and feedback that were submitted.
    pub started: u64,
    /// Spans that have not finished.
    pub open: u64,
    /// Items that wait to be sent.
    pub queued: u64,
    /// Items in the request that is being sent.
    pub sending: u64,
    /// Items that the receiver accepted.
    pub delivered: u64,
    /// Items that were sent but got no response. They may have been accepted.
    pub unknown: u64,
    /// Lost items by reason. Reasons with no loss are absent.
    pub dropped: BTreeMap<DropReason, u64>,
    /// Spans that were sent without input, output and metadata, because the [processor](crate::Config::processor) panicked, or memory was
    /// short. They are also counted above.
    pub stripped: u64,
    /// Annotations that no span received: their span had finished, or no span was current.
    pub lost_annotations: u64,
    /// Spans that finished after their client was shut down. They are also counted above, as dropped.
    pub late_finishes: u64,
}

impl Report {
    /// Returns the number of waiting items: `queued` and `sending`.
    #[must_use]
    pub const fn pending(&self) -> u64 {
        self.queued + self.sending
    }

    /// Returns the number of lost items, for all reasons.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.dropped.values().sum()
    }

    pub(crate) fn drop_spans(&mut self, reason: DropReason, spans: u64) {
        if spans > 0 {
            *self.dropped.entry(reason).or_default() += spans;
        }
    }

    /// Adds the counts of further items.
    pub(crate) fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.unknown += other.unknown;
        self.stripped += other.stripped;
        for (reason, &spans) in &other.dropped {
            self.drop_spans(reason.clone(), spans);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} delivered, {} dropped", self.delivered, self.dropped_total())?;
        for (index, (reason, spans)) in self.dropped.iter().enumerate() {
            write!(f, "{}{reason}: {spans}", if index == 0 { " (" } else { ", " })?;
        }
        write!(f, "{}, {} pending", if self.dropped.is_empty() { "" } else { ")" }, self.pending())?;
        let rare = [
            (self.open, "open"),
            (self.unknown, "unknown"),
            (self.stripped, "stripped"),
            (self.lost_annotations, "annotation(s) lost"),
            (self.late_finishes, "finished late"),
        ];
        for (count, what) in rare.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, ", {count} {what}")?;
        }
        Ok(())
    }
}
