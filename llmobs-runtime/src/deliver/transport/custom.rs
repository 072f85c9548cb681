//! Delivery by the program.

use llmobs_capture::guarded;

use super::{Failure, FailureKind, Framing, Payload, Transport, evaluations_body};
use crate::deliver::custom::{self, TransportError};
use crate::deliver::report::DropReason;

/// A transport of the program.
pub(crate) struct Custom(pub(crate) Box<dyn custom::Transport>);

impl Transport for Custom {
    fn framing(&self) -> Option<Framing> {
        Some(Framing::Array)
    }

    fn send(&mut self, payload: Payload<'_>) -> Result<(), Failure> {
        let sent = guarded(|| match payload {
            Payload::Events(body) => self.0.spans(body),
            Payload::Evaluations(metrics) => self.0.evaluations(&evaluations_body(metrics)),
            Payload::Spans(_) => Ok(()),
        });
        Ok(sent.unwrap_or_else(|| Err(TransportError::permanent("the transport of the program panicked")))?)
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        let rejected = FailureKind::Permanent(DropReason::Rejected);
        Self::new(if error.retry { FailureKind::Unavailable } else { rejected }, error.message)
    }
}
