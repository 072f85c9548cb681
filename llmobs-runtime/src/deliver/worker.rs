//! The thread of a client: takes finished spans from the queue, processes, encodes and sends them, and counts the outcome.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use llmobs_capture::log::{Limiter, warn};
use llmobs_capture::{guarded, muted, warn_limited};

use super::chunk::Chunk;
use super::encode::Encoder;
use super::notice::Notice;
use super::pace::{Pace, SMALLEST};
use super::parcel::Parcel;
use super::process::{Processor, Withheld};
use super::queue::{Batch, Pause, Work};
use super::report::{DropReason, Report};
use super::sender::{Defaults, Sender};
use super::transport::{Failure, FailureKind, Framing, Payload, Transport};
use crate::base::clock::WallClock;
use crate::base::id::SpanId;
use crate::model::record::{Extras, Finished};
use crate::model::span_data::SpanData;

/// The most turns of a flush, even if more spans keep arriving.
const MAX_TURNS: usize = 16;
/// The most divisions of one parcel to find what is invalid: while nothing of it was accepted, and after that. The first number suffices to
/// find one item among a thousand.
const MAX_DIVISIONS: [u32; 2] = [11, 64];
/// After more panics the thread ends.
const MAX_PANICS: u32 = 3;
/// A request that was never answered is sent again once.
const MAX_UNANSWERED: u32 = 2;

pub(crate) struct Worker {
    pub(crate) sender: Arc<Sender>,
    pub(crate) processor: Option<Processor>,
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) encoder: Encoder,
    pub(crate) pace: Pace,
    /// How long items that cannot be delivered are kept.
    pub(crate) max_age: Duration,
    pub(crate) notice: Notice,
    /// When each reason for losing spans was last logged.
    pub(crate) warned: BTreeMap<DropReason, Limiter>,
    /// The spans that were read and are not sent yet.
    pub(crate) outgoing: Parcel<'static>,
    /// The bytes that these spans count in the queue.
    pub(crate) unsent_bytes: usize,
    /// Counts that the queue does not have yet.
    pub(crate) outcome: Report,
    /// The number of refused items when it was last logged.
    pub(crate) refused: u64,
    /// The number of requested flushes when something was last sent because of one.
    pub(crate) flushes: u64,
}

/// The outcome of a request that was not accepted, after all attempts.
struct Refusal {
    kind: Refused,
    failure: Failure,
}

/// How items that were not accepted are handled.
enum Refused {
    /// They may be accepted in smaller requests.
    TooLarge,
    /// Some of them are invalid. The others may be accepted.
    Invalid,
    /// They are lost.
    Lost(DropReason),
    /// They may have been accepted.
    Unknown,
}

impl Worker {
    /// Runs until the queue is closed and empty. Spans that are made on this thread, for example by a logger, are not recorded.
    ///
    /// A turn that panics, which is a bug in llmobs, loses what it has taken. After several such turns the client ends.
    pub(crate) fn run(mut self) {
        let _ended = Ended(Arc::clone(&self.sender));
        let mut clock = WallClock::new();
        let mut panics = 0;
        muted(|| {
            loop {
                match guarded(|| self.turn(&mut clock)) {
                    Some(Work::End) => break,
                    Some(Work::Send { .. }) => {}
                    None => {
                        panics += 1;
                        if panics > MAX_PANICS {
                            self.sender.close();
                            drop(self.sender.queue.take());
                        }
                        // The items that the turn was about to send are lost with it.
                        self.outgoing = Parcel::to(&*self.transport);
                        self.sender.queue.give_back(std::mem::take(&mut self.unsent_bytes));
                        let lost = self.sender.queue.lose_taken();
                        self.warn_of_loss(
                            &DropReason::Internal,
                            lost,
                            "the thread of llmobs panicked, which is a bug in llmobs",
                        );
                        if panics > MAX_PANICS {
                            break;
                        }
                    }
                }
            }
            // A transport of the program may deliver buffered items when it is dropped.
            guarded(|| {
                self.transport.close();
                self.transport = Box::new(ClosedTransport(self.transport.framing(), DropReason::Shutdown));
            });
        });
    }

    /// Waits until something has to be sent, and sends it.
    fn turn(&mut self, clock: &mut WallClock) -> Work {
        let work = self.sender.queue.next();
        if let Work::Send { flushes } = work {
            self.flushes = self.flushes.max(flushes);
            self.send_all(clock);
            self.sender.queue.flushed(flushes);
        }
        work
    }

    /// Sends all that waits, turn by turn, until nothing is left.
    ///
    /// The ends of outermost spans, and evaluations, are passed on one turn late: inner spans that ended before may be in a chunk that the
    /// turn did not find, and evaluations refer to spans.
    fn send_all(&mut self, clock: &mut WallClock) {
        let mut last = (Vec::new(), Vec::new());
        for _ in 0..MAX_TURNS {
            let Batch { chunks, evaluations } = self.sender.queue.take();
            let done = chunks.is_empty() && evaluations.is_empty();
            self.warn_of_refusals();
            let roots = self.send_chunks(chunks, clock.checked());
            let (ended, judged) = std::mem::replace(&mut last, (roots, evaluations));
            self.announce(&ended, &judged);
            if done {
                return;
            }
        }
        self.announce(&last.0, &last.1);
    }

    /// Sends spans, and returns the ids of those that are outermost spans of this program.
    fn send_chunks(&mut self, chunks: Vec<Chunk>, clock: &WallClock) -> Vec<SpanId> {
        let mut roots = Vec::new();
        let shows_errors = self.sender.defaults.capture_errors;
        for mut chunk in chunks {
            let all = chunk.len() as u64;
            let mut read = 0;
            let done = guarded(|| {
                chunk.for_each(clock, shows_errors, |finished| {
                    let root = finished.trace.root;
                    roots.extend((finished.record.span_id == root).then_some(root));
                    self.add(finished);
                    read += 1;
                });
            });
            if done.is_none() {
                self.lose(all - read);
            }
            self.unsent_bytes += self.sender.queue.recycle(chunk);
        }
        self.send_spans();
        roots
    }

    /// Warns of spans that found no room. Threads of the program do not warn, because they would wait for its logger.
    fn warn_of_refusals(&mut self) {
        let refused = self.sender.queue.refused();
        let lost = refused - std::mem::replace(&mut self.refused, refused);
        if lost > 0 {
            let limit = self.sender.queue.limit();
            self.warn_of_loss(
                &DropReason::QueueFull,
                lost,
                format_args!("more than {limit} bytes wait for delivery"),
            );
        }
    }

    /// Warns of items that are lost, in the log, or else once on standard error.
    fn warn_of_loss(&mut self, reason: &DropReason, lost: u64, why: impl fmt::Display) {
        let limiter = self.warned.entry(reason.clone()).or_default();
        let message = format_args!("{lost} span(s) or evaluation(s) are lost: {why}");
        warn(limiter, message);
        self.notice.write(message);
    }

    fn announce(&mut self, ended: &[SpanId], evaluations: &[String]) {
        if !ended.is_empty() {
            guarded(|| self.transport.ended(ended));
        }
        self.send_evaluations(evaluations);
    }

    /// Puts a span into the next request, unless the processor drops it.
    fn add(&mut self, finished: &Finished<'_>) {
        let Defaults { identity, ml_app, .. } = &self.sender.defaults;
        self.outcome.stripped += u64::from(finished.record.extras.has(Extras::STRIPPED));
        let encoder = &mut self.encoder;
        if let (None, Parcel::Events(body)) = (&self.processor, &mut self.outgoing) {
            body.add(|text| encoder.encode_finished(finished, text));
        } else {
            let span = SpanData::new(finished, identity, ml_app);
            let processed = match &self.processor {
                Some(processor) => processor.process(span),
                None => Ok(span),
            };
            let span = match processed {
                Ok(span) => span,
                Err(Withheld::Dropped) => return self.outcome.drop_spans(DropReason::Processor, 1),
                Err(Withheld::Panicked) => {
                    self.outcome.stripped += 1;
                    SpanData::skeleton(finished, identity, ml_app)
                }
            };
            match &mut self.outgoing {
                Parcel::Spans(spans) => spans.push(span),
                Parcel::Events(body) => body.add(|text| encoder.encode_data(&span, text)),
                Parcel::Evaluations(_) => {}
            }
        }
        self.send_if_full();
    }

    /// Sends the events that were read if they fill a request. The event that would make it too large goes into the next one.
    fn send_if_full(&mut self) {
        let Parcel::Events(body) = &mut self.outgoing else { return };
        let rest = if body.is_larger_than(self.pace.limit()) { body.take_last() } else { None };
        if rest.is_none() && !body.has_most_events() {
            return;
        }
        self.send_spans();
        if let (Some(rest), Parcel::Events(body)) = (rest, &mut self.outgoing) {
            body.add(|text| text.push_str(&rest));
        }
    }

    /// Counts items whose encoding or sending panicked.
    fn lose(&mut self, lost: u64) {
        if let Parcel::Events(body) = &mut self.outgoing {
            body.remove_unfinished();
        }
        self.outcome.drop_spans(DropReason::Internal, lost);
        self.warn_of_loss(
            &DropReason::Internal,
            lost,
            "encoding or sending them panicked, which is a bug in llmobs",
        );
    }

    /// Sends the spans that were read.
    fn send_spans(&mut self) {
        let nothing = Parcel::Spans(Vec::new());
        let mut outgoing = std::mem::replace(&mut self.outgoing, nothing);
        self.deliver(&mut outgoing);
        outgoing.clear();
        self.outgoing = outgoing;
        self.sender.queue.give_back(std::mem::take(&mut self.unsent_bytes));
        self.settle();
    }

    fn send_evaluations(&mut self, evaluations: &[String]) {
        self.deliver(&mut Parcel::Evaluations(evaluations));
        self.sender.queue.give_back(evaluations.iter().map(String::len).sum());
        self.settle();
    }

    /// Sends all items of a parcel, and counts their outcome. Parcels that are too large, or hold invalid items, are divided.
    fn deliver(&mut self, parcel: &mut Parcel<'_>) {
        let all = 0..parcel.len();
        let mut rest = Vec::from_iter([all]);
        let mut divisions = 0;
        let [mut most_divisions, most_after_success] = MAX_DIVISIONS;
        while let Some(items) = rest.pop() {
            let count = items.len() as u64;
            if items.is_empty() {
                continue;
            }
            let fitting = parcel.fitting(&items, self.pace.limit());
            if fitting < items.len() {
                let middle = items.start + fitting;
                rest.extend([middle..items.end, items.start..middle]);
                continue;
            }
            self.sender.queue.sending(count);
            match guarded(|| self.attempt(parcel, &items)) {
                Some(Ok(())) => {
                    self.outcome.delivered += count;
                    most_divisions = most_after_success;
                }
                Some(Err(Refusal { kind: Refused::TooLarge, .. })) if count > 1 => {
                    self.pace.too_large(parcel.bytes(&items));
                    rest.push(items);
                }
                Some(Err(Refusal { kind: Refused::TooLarge, .. })) if parcel.strip(items.start) => {
                    self.outcome.stripped += 1;
                    rest.push(items);
                }
                Some(Err(Refusal { kind: Refused::Invalid, .. }))
                    if count > 1 && divisions < most_divisions =>
                {
                    divisions += 1;
                    let middle = items.start + items.len() / 2;
                    rest.extend([middle..items.end, items.start..middle]);
                }
                Some(Err(refusal)) => self.count(refusal, count),
                None => self.lose(count),
            }
            self.settle();
        }
    }

    /// Counts items that were not accepted.
    fn count(&mut self, Refusal { kind, failure }: Refusal, count: u64) {
        let reason = match kind {
            Refused::Unknown => {
                self.outcome.unknown += count;
                warn_limited!("{count} span(s) or evaluation(s) may not have been delivered: {failure}");
                return;
            }
            Refused::Lost(reason) => reason,
            Refused::TooLarge => DropReason::TooLarge,
            Refused::Invalid => DropReason::Rejected,
        };
        self.warn_of_loss(&reason, count, failure);
        self.outcome.drop_spans(reason, count);
    }

    fn settle(&mut self) {
        self.sender.queue.settle(&std::mem::take(&mut self.outcome));
    }

    /// Sends items until they are accepted or finally refused, and waits between attempts. A flush ends a wait early, unless the receiver
    /// asked for the wait. After the client is shut down, there are no further attempts.
    fn attempt(&mut self, parcel: &mut Parcel<'_>, items: &Range<usize>) -> Result<(), Refusal> {
        let begun = Instant::now();
        let mut unanswered = 0;
        // A receiver that did not answer may have the items. They are sent again after it answers a request without items.
        let mut is_silent = false;
        loop {
            let attempt = Instant::now();
            let sent = match self.probe_if(is_silent, parcel) {
                Ok(()) => parcel.send(items, &mut *self.transport),
                Err(failure) => Err(failure),
            };
            let Err(failure) = sent else {
                self.pace.accepted(parcel.bytes(items));
                return Ok(());
            };
            let refusal = |kind, failure| Err(Refusal { kind, failure });
            let reason = match &failure.kind {
                // A receiver that refuses even a small item probably refuses all items.
                FailureKind::TooLarge if items.len() == 1 && parcel.bytes(items) <= SMALLEST => {
                    DropReason::Denied
                }
                FailureKind::TooLarge => return refusal(Refused::TooLarge, failure),
                FailureKind::Invalid => return refusal(Refused::Invalid, failure),
                FailureKind::Permanent(reason) => {
                    let reason = reason.clone();
                    return refusal(Refused::Lost(reason), failure);
                }
                FailureKind::Unanswered => {
                    unanswered += 1;
                    is_silent = true;
                    DropReason::Unavailable
                }
                FailureKind::Unavailable => DropReason::Unavailable,
                FailureKind::Denied => DropReason::Denied,
            };
            if self.pace.is_slow(attempt.elapsed()) {
                self.pace.too_slow(parcel.bytes(items));
            }
            let is_over = unanswered >= MAX_UNANSWERED
                || reason != DropReason::Denied && begun.elapsed() > self.max_age;
            let lost = |reason| if unanswered > 0 { Refused::Unknown } else { Refused::Lost(reason) };
            if is_over {
                return refusal(lost(reason), failure);
            }
            self.warn_of_wait(&reason, &failure);
            let wait = match reason {
                DropReason::Denied => self.pace.wait_denied(),
                _ => self.pace.wait(failure.wait),
            };
            // There are also pauses between attempts if a program flushes continuously.
            let least = if failure.wait.is_some() { wait } else { wait.min(self.pace.least_wait()) };
            if let Pause::Closed = self.sender.queue.pause(wait, least, &mut self.flushes) {
                let reason = if reason == DropReason::Denied { reason } else { DropReason::Shutdown };
                self.transport = Box::new(ClosedTransport(self.transport.framing(), reason.clone()));
                return refusal(lost(reason), failure);
            }
        }
    }

    /// Sends a request without items if the receiver was silent, and fails if it still is.
    fn probe_if(&mut self, is_silent: bool, parcel: &mut Parcel<'_>) -> Result<(), Failure> {
        let sent = if is_silent { parcel.send(&(0..0), &mut *self.transport) } else { Ok(()) };
        sent.or_else(|failure| match failure.kind {
            FailureKind::Unavailable | FailureKind::Unanswered => {
                Err(Failure { kind: FailureKind::Unavailable, ..failure })
            }
            // A refusal is an answer.
            _ => Ok(()),
        })
    }

    /// Warns that nothing is delivered for now.
    fn warn_of_wait(&mut self, reason: &DropReason, failure: &Failure) {
        let limit = self.sender.queue.limit();
        let limiter = self.warned.entry(reason.clone()).or_default();
        warn(limiter, format_args!("spans wait, up to {limit} bytes of them: {failure}"));
    }
}

/// Marks the worker as ended when it is dropped.
struct Ended(Arc<Sender>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.queue.end();
    }
}

/// Replaces a transport that failed during shutdown.
struct ClosedTransport(Option<Framing>, DropReason);

impl Transport for ClosedTransport {
    fn framing(&self) -> Option<Framing> {
        self.0
    }

    fn send(&mut self, _: Payload<'_>) -> Result<(), Failure> {
        let message = "the client was shut down".to_owned();
        Err(Failure::new(FailureKind::Permanent(self.1.clone()), message))
    }
}
