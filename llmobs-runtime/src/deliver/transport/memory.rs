//! A transport that keeps spans and evaluations in memory, for tests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Failure, Framing, Payload, Transport};
use crate::model::span_data::SpanData;

/// A transport that keeps what is sent. Its clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    spans: Vec<SpanData>,
    evaluations: Vec<String>,
}

impl Memory {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The spans that were sent, in their order.
    pub(crate) fn spans(&self) -> Vec<SpanData> {
        self.held().spans.clone()
    }

    /// The JSON texts of the evaluations that were sent.
    pub(crate) fn evaluations(&self) -> Vec<String> {
        self.held().evaluations.clone()
    }
}

impl Transport for Memory {
    fn framing(&self) -> Option<Framing> {
        None
    }

    fn send(&mut self, payload: Payload<'_>) -> Result<(), Failure> {
        let mut held = self.held();
        match payload {
            Payload::Spans(spans) => held.spans.append(spans),
            Payload::Evaluations(metrics) => held.evaluations.extend_from_slice(metrics),
            Payload::Events(_) => {}
        }
        Ok(())
    }
}
