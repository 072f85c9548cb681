//! The input and output of a protocol.

use serde_json::Value;

use crate::behaviour::Behaviour;

/// A request to answer.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// Counts the requests of a server, from 1.
    pub(crate) number: usize,
    /// Method and path.
    pub(crate) endpoint: String,
    pub(crate) request: Value,
    pub(crate) behaviour: Behaviour,
}

impl Exchange {
    /// An id with the prefix of its kind.
    pub(crate) fn id(&self, prefix: &str) -> String {
        format!("{prefix}_{}", self.number)
    }

    /// The model that answers.
    pub(crate) fn model(&self) -> String {
        format!("{}-2026-11-01", self.request["model"].as_str().unwrap_or_default())
    }

    pub(crate) fn is_streamed(&self) -> bool {
        self.request["stream"] == true
    }

    /// Returns the events of a stream, or their first half and a failure.
    pub(crate) fn interrupted(&self, mut events: Vec<Value>, failure: impl FnOnce() -> Value) -> Vec<Value> {
        if self.behaviour == Behaviour::Overloaded {
            events.truncate(events.len() / 2);
            events.push(failure());
        }
        events
    }
}

/// An answer in the form of a provider.
#[derive(Debug)]
pub(crate) enum Reply {
    Whole(Value),
    /// A whole answer, whose tokens are counted in headers.
    Counted {
        value: Value,
        input: usize,
        output: usize,
    },
    /// The frames of a stream.
    Stream(Vec<String>),
    /// The frames of AWS's event stream.
    Frames(Vec<Vec<u8>>),
}

/// A frame of a stream whose events have names.
pub(crate) fn named_frame(event: &Value) -> String {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
}

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    NoEndpoint,
    NotJson,
    /// A field that a request must have.
    Missing(&'static str),
    /// A header that a request must have.
    MissingHeader(&'static str),
    /// A conversation that is too long for the model.
    TooLong,
    WrongKey,
    RateLimit,
    Internal,
    Overloaded,
}
