//! The one thread of a client: take, process, encode, send, try again, account.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::capture::guarded;
use crate::context::muted;
use crate::event;
use crate::local;
use crate::notice::{Limiter, warn, warn_limited};
use crate::process::{Processed, Processor};
use crate::queue::{Batch, Item, Work};
use crate::record::Record;
use crate::report::{DropReason, Report};
use crate::sender::Sender;
use crate::span_data::SpanData;
use crate::transport::{Event, Intake, Refused, Transport};

pub(crate) struct Worker {
    pub(crate) sender: Arc<Sender>,
    pub(crate) processor: Processor,
    pub(crate) transport: Box<dyn Transport>,
    /// The largest body of a request, without its envelope, in bytes.
    pub(crate) request_limit: usize,
    /// The largest event that is sent with its input and output, in bytes.
    pub(crate) event_limit: usize,
    /// The longest waits before the second and the third attempt.
    pub(crate) pauses: [Duration; 2],
    /// When each way of losing spans was last logged.
    pub(crate) warned: BTreeMap<DropReason, Limiter>,
}

impl Worker {
    /// Runs until the queue is closed and empty. Spans made on this thread, by a logger for one, are not recorded.
    pub(crate) fn run(mut self) {
        let _ended = Ended(Arc::clone(&self.sender));
        muted(|| {
            while let Work::Send(batch) = self.sender.queue.next() {
                self.deal_with(batch);
            }
            guarded(|| self.transport.close());
        });
    }

    fn deal_with(&mut self, batch: Batch) {
        let items = batch.items.len() as u64;
        let bytes = batch.bytes;
        let mut outcome = Report::default();
        let mut all = items;
        if guarded(|| self.deliver(batch, &mut all, &mut outcome)).is_none() {
            let lost = all - outcome.delivered - outcome.dropped_total();
            outcome.drop_spans(DropReason::Internal, lost);
            warn_limited!(
                "{lost} span(s) or evaluation(s) are lost: encoding or sending them panicked, which is a bug of llmobs"
            );
        }
        self.sender.queue.settle(items, bytes, &outcome);
    }

    /// Spans first: an evaluation speaks of a span. Adds to `all` what the processor submits, which goes along.
    fn deliver(&mut self, batch: Batch, all: &mut u64, outcome: &mut Report) {
        let mut payload = Payload::new(Intake::Spans);
        let mut evaluations = Payload::new(Intake::Evaluations);
        let mut ended = Vec::new();
        for item in batch.items {
            match item {
                Item::Span(record) => {
                    let root = record.root;
                    ended.extend((record.span_id == root).then_some(root));
                    let mut submitted = Vec::new();
                    let event = self.event(*record, &mut submitted, outcome);
                    *all += submitted.len() as u64;
                    if let Some(json) = event {
                        self.add(Event { json, root: Some(root) }, &mut payload, outcome);
                    }
                    for json in submitted {
                        self.add(Event { json, root: None }, &mut evaluations, outcome);
                    }
                }
                Item::Evaluation(json) => self.add(Event { json, root: None }, &mut evaluations, outcome),
            }
        }
        self.send(&mut payload, outcome);
        self.transport.ended(&ended);
        self.send(&mut evaluations, outcome);
    }

    /// The wire event of a span, unless the processor drops it.
    fn event(&self, record: Record, submitted: &mut Vec<String>, outcome: &mut Report) -> Option<String> {
        let span = SpanData::new(record, &self.sender.defaults.identity, &self.sender.defaults.ml_app);
        match self.processor.process(span, submitted) {
            Processed::Passed(span) => Some(event::encode(span, self.event_limit)),
            Processed::Stripped(span) => {
                outcome.stripped += 1;
                Some(event::encode(span, self.event_limit))
            }
            Processed::Dropped => {
                outcome.drop_spans(DropReason::Processor, 1);
                None
            }
        }
    }

    fn add(&mut self, event: Event, payload: &mut Payload, outcome: &mut Report) {
        if payload.bytes + event.json.len() > self.request_limit {
            self.send(payload, outcome);
        }
        payload.bytes += event.json.len() + ",".len();
        payload.events.push(event);
    }

    /// Sends a payload, and leaves it empty.
    fn send(&mut self, payload: &mut Payload, outcome: &mut Report) {
        let events = std::mem::take(&mut payload.events);
        payload.bytes = 0;
        if events.is_empty() {
            return;
        }
        let count = events.len() as u64;
        match self.attempt(payload.intake, &events) {
            Ok(()) => outcome.delivered += count,
            Err(refused) => {
                let limiter = self.warned.entry(refused.reason).or_default();
                warn(limiter, format_args!("{count} {} were not delivered: {refused}", payload.intake));
                outcome.drop_spans(refused.reason, count);
            }
        }
    }

    /// Tries, and where another attempt may do tries again after a random wait. Once the client is shutting down
    /// there is one attempt, and after the first that fails there are none.
    fn attempt(&mut self, intake: Intake, events: &[Event]) -> Result<(), Refused> {
        let mut pauses = self.pauses.into_iter();
        loop {
            let mut refused = match self.transport.send(intake, events) {
                Err(refused) if refused.retry => refused,
                done => return done,
            };
            let Some(longest) = pauses.next() else {
                return Err(refused);
            };
            if !self.sender.queue.pause(random_part(longest)) {
                refused.reason = DropReason::Shutdown;
                self.transport = Box::new(GivenUp);
                return Err(refused);
            }
        }
    }
}

/// What goes into one request.
struct Payload {
    intake: Intake,
    events: Vec<Event>,
    bytes: usize,
}

impl Payload {
    fn new(intake: Intake) -> Self {
        Self { intake, events: Vec::new(), bytes: 0 }
    }
}

/// Says that the worker has ended, however it ends.
struct Ended(Arc<Sender>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.queue.end();
    }
}

/// In place of a transport that failed during shutdown.
struct GivenUp;

impl Transport for GivenUp {
    fn send(&mut self, _: Intake, _: &[Event]) -> Result<(), Refused> {
        let message = "the client was shut down".to_owned();
        Err(Refused { retry: false, reason: DropReason::Shutdown, message })
    }
}

/// A random duration between nothing and `longest`.
fn random_part(longest: Duration) -> Duration {
    let nanos = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(local::random() % nanos.max(1))
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;
