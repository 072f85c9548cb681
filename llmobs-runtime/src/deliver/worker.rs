//! The thread of a client: takes finished spans from the queue, processes, encodes and sends them, and counts the outcome.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use llmobs_capture::log::{Limiter, warn};
use llmobs_capture::{guarded, muted, warn_limited};

use super::chunk::Chunk;
use super::encode::Encoder;
use super::process::{Processor, Withheld};
use super::queue::{Batch, Work};
use super::report::{DropReason, Report};
use super::sender::{Defaults, Sender};
use super::transport::{Failure, FailureKind, Framing, Payload, Transport};
use crate::base::clock::WallClock;
use crate::base::id::SpanId;
use crate::base::random::random;
use crate::model::record::Finished;
use crate::model::span_data::SpanData;

/// One request holds at most this many events.
const MAX_EVENTS: u64 = 1000;
/// A flush is done after this many turns, even if more spans keep arriving.
const MAX_TURNS: usize = 16;

pub(crate) struct Worker {
    pub(crate) sender: Arc<Sender>,
    pub(crate) processor: Option<Processor>,
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) encoder: Encoder,
    /// The largest body of a request, in bytes.
    pub(crate) request_limit: usize,
    /// The longest waits before the second and the third attempt.
    pub(crate) pauses: [Duration; 2],
    /// When each reason for losing spans was last logged.
    pub(crate) warned: BTreeMap<DropReason, Limiter>,
    /// The spans that were read and not sent.
    pub(crate) outgoing: Outgoing,
    /// The bytes that these spans count in the queue.
    pub(crate) unsent_bytes: usize,
    /// What the queue does not know yet.
    pub(crate) outcome: Report,
    /// How many found no room in the queue when it was last logged.
    pub(crate) refused: u64,
}

/// Spans on their way into one request.
pub(crate) enum Outgoing {
    /// For a transport that takes wire events.
    Events(Body),
    /// For a transport that takes spans.
    Spans(Vec<SpanData>),
}

/// The body of a request under construction.
pub(crate) struct Body {
    framing: Framing,
    text: String,
    events: u64,
    /// Where the last whole event begins and ends.
    last: usize,
    end: usize,
    closed: bool,
}

impl Outgoing {
    pub(crate) fn to(transport: &dyn Transport) -> Self {
        match transport.framing() {
            Some(framing) => Self::Events(Body::new(framing)),
            None => Self::Spans(Vec::new()),
        }
    }

    fn len(&self) -> u64 {
        match self {
            Self::Events(body) => body.events,
            Self::Spans(spans) => spans.len() as u64,
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Events(body) => body.clear(),
            Self::Spans(spans) => spans.clear(),
        }
    }
}

impl Worker {
    /// Runs until the queue is closed and empty. Spans that are made on this thread, for example by a logger, are not recorded.
    pub(crate) fn run(mut self) {
        let _ended = Ended(Arc::clone(&self.sender));
        let mut clock = WallClock::new();
        muted(|| {
            while let Work::Send { flushes } = self.sender.queue.next() {
                self.send_all(&mut clock);
                self.sender.queue.flushed(flushes);
            }
            // A transport of the program may deliver what it has kept when it is dropped.
            guarded(|| {
                self.transport.close();
                self.transport = Box::new(GivenUp(self.transport.framing()));
            });
        });
    }

    /// Sends what waits, turn by turn, until nothing is left.
    ///
    /// Outermost spans that ended, and evaluations, are announced one turn late: spans inside that ended before may be in a chunk that
    /// the turn did not find, and evaluations refer to spans.
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

    /// Warns of spans that found no room. Threads of the program do not: they would wait for its logger.
    fn warn_of_refusals(&mut self) {
        let refused = self.sender.queue.refused();
        let lost = refused - std::mem::replace(&mut self.refused, refused);
        if lost > 0 {
            let limit = self.sender.queue.limit();
            let limiter = self.warned.entry(DropReason::QueueFull).or_default();
            warn(
                limiter,
                format_args!(
                    "{lost} span(s) or evaluation(s) are dropped: more than {limit} bytes wait for delivery"
                ),
            );
        }
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
        let encoder = &mut self.encoder;
        if let (None, Outgoing::Events(body)) = (&self.processor, &mut self.outgoing) {
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
                Outgoing::Spans(spans) => spans.push(span),
                Outgoing::Events(body) => body.add(|text| encoder.encode_data(&span, text)),
            }
        }
        self.send_if_full();
    }

    /// Sends the events that were read if they fill a request. The event that makes it too large goes into the next.
    fn send_if_full(&mut self) {
        let Outgoing::Events(body) = &mut self.outgoing else { return };
        let rest = if body.text.len() > self.request_limit { body.take_last() } else { None };
        if rest.is_none() && body.events < MAX_EVENTS {
            return;
        }
        self.send_spans();
        if let (Some(rest), Outgoing::Events(body)) = (rest, &mut self.outgoing) {
            body.add(|text| text.push_str(&rest));
        }
    }

    /// Counts spans whose encoding or sending panicked.
    fn lose(&mut self, lost: u64) {
        if let Outgoing::Events(body) = &mut self.outgoing {
            body.text.truncate(body.end);
        }
        self.outcome.drop_spans(DropReason::Internal, lost);
        warn_limited!(
            "{lost} span(s) or evaluation(s) are lost: encoding or sending them panicked, which is a bug of llmobs"
        );
    }

    /// Sends the spans that were read.
    fn send_spans(&mut self) {
        let count = self.outgoing.len();
        if count > 0 {
            let mut outgoing = std::mem::replace(&mut self.outgoing, Outgoing::Spans(Vec::new()));
            let sent = guarded(|| {
                self.attempt(|transport| match &mut outgoing {
                    Outgoing::Events(body) => transport.send(Payload::Events(body.close())),
                    Outgoing::Spans(spans) => transport.send(Payload::Spans(spans)),
                })
            });
            outgoing.clear();
            self.outgoing = outgoing;
            self.count(sent, count, "span(s)");
        }
        self.sender.queue.give_back(std::mem::take(&mut self.unsent_bytes));
        self.settle();
    }

    fn send_evaluations(&mut self, evaluations: &[String]) {
        let mut rest = evaluations;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take_while(|json| {
                bytes += json.len() + ",".len();
                bytes <= self.request_limit
            });
            let count = fits.count().max(1);
            let Some((request, after)) = rest.split_at_checked(count) else { break };
            rest = after;
            let sent = guarded(|| self.attempt(|transport| transport.send(Payload::Evaluations(request))));
            self.count(sent, count as u64, "evaluation(s)");
            self.sender.queue.give_back(request.iter().map(String::len).sum());
            self.settle();
        }
    }

    /// Counts the outcome of a request.
    fn count(&mut self, sent: Option<Result<(), Failure>>, count: u64, what: &str) {
        match sent {
            Some(Ok(())) => self.outcome.delivered += count,
            Some(Err(failure)) => {
                let reason = match &failure.kind {
                    FailureKind::Unavailable | FailureKind::Unanswered => DropReason::Unavailable,
                    FailureKind::Permanent(reason) => reason.clone(),
                    _ => DropReason::Rejected,
                };
                let limiter = self.warned.entry(reason.clone()).or_default();
                warn(limiter, format_args!("{count} {what} were not delivered: {failure}"));
                self.outcome.drop_spans(reason, count);
            }
            None => self.lose(count),
        }
    }

    fn settle(&mut self) {
        self.sender.queue.settle(&std::mem::take(&mut self.outcome));
    }

    /// Sends, and tries again after a random wait if another attempt may succeed. While the client shuts down there is one attempt,
    /// and after the first failed one there are none.
    fn attempt(
        &mut self,
        mut send: impl FnMut(&mut dyn Transport) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut pauses = self.pauses.into_iter();
        loop {
            let mut failure = match send(&mut *self.transport) {
                Err(failure)
                    if matches!(failure.kind, FailureKind::Unavailable | FailureKind::Unanswered) =>
                {
                    failure
                }
                done => return done,
            };
            let Some(longest) = pauses.next() else {
                return Err(failure);
            };
            if !self.sender.queue.pause(random_part(longest)) {
                failure.kind = FailureKind::Permanent(DropReason::Shutdown);
                self.transport = Box::new(GivenUp(self.transport.framing()));
                return Err(failure);
            }
        }
    }
}

impl Body {
    fn new(framing: Framing) -> Self {
        Self { framing, text: String::new(), events: 0, last: 0, end: 0, closed: false }
    }

    /// Appends an event that `encode` writes.
    fn add(&mut self, encode: impl FnOnce(&mut String)) {
        if self.text.is_empty() {
            self.text.push_str(self.framing.open());
            self.end = self.text.len();
        }
        encode(&mut self.text);
        self.text.push(self.framing.after());
        self.last = self.end;
        self.end = self.text.len();
        self.events += 1;
    }

    /// Removes the last event, unless it is the only one.
    fn take_last(&mut self) -> Option<String> {
        if self.events < 2 {
            return None;
        }
        let mut event = self.text.split_off(self.last);
        event.pop();
        self.end = self.last;
        self.events -= 1;
        Some(event)
    }

    /// The body of the request. Nothing is added to it after that.
    fn close(&mut self) -> &mut String {
        if let Some(close) = self.framing.close().filter(|_| !self.closed) {
            self.text.pop();
            self.text.push(close);
            self.closed = true;
        }
        &mut self.text
    }

    fn clear(&mut self) {
        self.text.clear();
        *self = Self { text: std::mem::take(&mut self.text), ..Self::new(self.framing) };
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
struct GivenUp(Option<Framing>);

impl Transport for GivenUp {
    fn framing(&self) -> Option<Framing> {
        self.0
    }

    fn send(&mut self, _: Payload<'_>) -> Result<(), Failure> {
        let message = "the client was shut down".to_owned();
        Err(Failure::new(FailureKind::Permanent(DropReason::Shutdown), message))
    }
}

/// A random duration of at most `longest`.
fn random_part(longest: Duration) -> Duration {
    let nanos = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(random() % nanos.max(1))
}
