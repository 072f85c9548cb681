//! The one thread of a client: take, encode, send, try again, account.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::capture::guarded;
use crate::context::muted;
use crate::event::{self, Identity};
use crate::local;
use crate::notice::{Limiter, warn, warn_limited};
use crate::queue::{Batch, Work};
use crate::report::{DropReason, Report};
use crate::sender::Sender;
use crate::transport::{Refused, Transport};

/// The largest body of a request, in bytes, without its envelope. The number is the reference SDK's.
const MAX_PAYLOAD_BYTES: usize = 5 * 1024 * 1024;

pub(crate) struct Worker {
    pub(crate) sender: Arc<Sender>,
    pub(crate) identity: Identity,
    pub(crate) transport: Box<dyn Transport>,
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
        let spans = batch.records.len() as u64;
        let bytes = batch.bytes;
        let mut outcome = Report::default();
        if guarded(|| self.deliver(batch, &mut outcome)).is_none() {
            let lost = spans - outcome.delivered - outcome.dropped_total();
            outcome.drop_spans(DropReason::Internal, lost);
            warn_limited!(
                "{lost} span(s) are lost: encoding or sending them panicked, which is a bug of llmobs"
            );
        }
        self.sender.queue.settle(bytes, &outcome);
    }

    fn deliver(&mut self, batch: Batch, outcome: &mut Report) {
        let mut payload: Vec<String> = Vec::new();
        let mut bytes = 0;
        for record in batch.records {
            let event = event::encode(record, &self.identity);
            if bytes + event.len() > MAX_PAYLOAD_BYTES && !payload.is_empty() {
                self.send(&std::mem::take(&mut payload), outcome);
                bytes = 0;
            }
            bytes += event.len();
            payload.push(event);
        }
        self.send(&payload, outcome);
    }

    fn send(&mut self, events: &[String], outcome: &mut Report) {
        let spans = events.len() as u64;
        match self.attempt(events) {
            Ok(()) => outcome.delivered += spans,
            Err(refused) => {
                let limiter = self.warned.entry(refused.reason).or_default();
                warn(limiter, format_args!("{spans} span(s) were not delivered: {refused}"));
                outcome.drop_spans(refused.reason, spans);
            }
        }
    }

    /// Tries, and where another attempt may do tries again after a random wait. Once the client is shutting down
    /// there is one attempt, and after the first that fails there are none.
    fn attempt(&mut self, events: &[String]) -> Result<(), Refused> {
        let mut pauses = self.pauses.into_iter();
        loop {
            let mut refused = match self.transport.send(events) {
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
    fn send(&mut self, _: &[String]) -> Result<(), Refused> {
        let message = "the client was shut down".to_owned();
        Err(Refused { retry: false, reason: DropReason::Shutdown, message })
    }
}

/// A random duration between nothing and `longest`.
fn random_part(longest: Duration) -> Duration {
    let nanos = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(local::random() % nanos.max(1))
}
