//! What became of the spans and evaluations of a client.

use std::collections::BTreeMap;
use std::fmt;

/// Why a finished span, an evaluation or a feedback was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DropReason {
    /// More bytes waited for delivery than [`Config::max_queue_bytes`](crate::Config::max_queue_bytes) allows.
    QueueFull,
    /// The receiver could not be reached, or kept answering that it cannot take the spans now, until the
    /// attempts were used up.
    Unavailable,
    /// The receiver refused the spans.
    Rejected,
    /// The [processor](crate::Config::processor) of the program dropped them.
    Processor,
    /// The client was shut down first.
    Shutdown,
    /// A fault of llmobs itself.
    Internal,
}

impl DropReason {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::QueueFull => "queue full",
            Self::Unavailable => "unavailable",
            Self::Rejected => "rejected",
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

/// What became of the spans that were finished, and the evaluations and feedback that were submitted, since `init`.
///
/// Each of them is counted in exactly one place. Counts grow over the life of a client; they do not start
/// again after a flush, so that a loss stays visible.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # use std::time::Duration;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// llmobs::task("step").start().finish();
/// let report = llmobs::flush(Duration::from_secs(2));
/// assert_eq!(report.to_string(), "1 delivered, 0 dropped, 0 pending");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Those that the receiver accepted.
    pub delivered: u64,
    /// Those that are lost, by reason. Reasons with no loss are absent.
    pub dropped: BTreeMap<DropReason, u64>,
    /// Those that wait to be sent, or are being sent.
    pub pending: u64,
    /// Spans that went out without what they say, because the [processor](crate::Config::processor) panicked. They are
    /// counted above too.
    pub stripped: u64,
    /// Annotations that no span took: their span had finished, or no span was current.
    pub lost_annotations: u64,
}

impl Report {
    /// All that is lost, whatever the reason.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.dropped.values().sum()
    }

    pub(crate) fn drop_spans(&mut self, reason: DropReason, spans: u64) {
        if spans > 0 {
            *self.dropped.entry(reason).or_default() += spans;
        }
    }

    /// What is to be added for one lost annotation.
    pub(crate) fn of_lost_annotation() -> Self {
        Self { lost_annotations: 1, ..Self::default() }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.stripped += other.stripped;
        self.lost_annotations += other.lost_annotations;
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
        write!(f, "{}, {} pending", if self.dropped.is_empty() { "" } else { ")" }, self.pending)?;
        if self.stripped > 0 {
            write!(f, ", {} stripped", self.stripped)?;
        }
        if self.lost_annotations > 0 {
            write!(f, ", {} annotation(s) lost", self.lost_annotations)?;
        }
        Ok(())
    }
}
