//! Transports: HTTP, files, the console, memory.

mod address;
mod client;
mod connector;
mod console;
mod custom;
mod dial;
mod endpoint;
mod failure;
mod file;
mod http;
#[cfg(test)]
mod loopback;
mod memory;
mod public_api;
mod resolver;
mod response;
mod route;
mod socket;
mod wait;

pub(crate) use console::Console;
pub(crate) use custom::Custom;
pub(crate) use failure::{Failure, FailureKind};
pub(crate) use file::File;
pub(crate) use http::Http;
pub(crate) use memory::Memory;

use crate::base::id::SpanId;
use crate::model::span_data::SpanData;

/// How wire events are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// A JSON array.
    Array,
    /// One event per line.
    Lines,
}

impl Framing {
    /// The text before the first event.
    pub(crate) const fn open(self) -> &'static str {
        match self {
            Self::Array => "[",
            Self::Lines => "",
        }
    }

    /// The character after each event.
    pub(crate) const fn after(self) -> char {
        match self {
            Self::Array => ',',
            Self::Lines => '\n',
        }
    }

    /// The character that replaces it after the last event.
    pub(crate) const fn close(self) -> Option<char> {
        match self {
            Self::Array => Some(']'),
            Self::Lines => None,
        }
    }
}

/// Items that are delivered together.
pub(crate) enum Payload<'a> {
    /// Wire events, in the framing that the transport asks for. The transport may take the text while it sends it.
    Events(&'a mut String),
    /// Spans in typed form. The transport may take them out.
    Spans(&'a mut Vec<SpanData>),
    /// The JSON texts of evaluations and feedback.
    Evaluations(&'a [String]),
}

/// Delivers spans and evaluations. The worker of a client owns it.
pub(crate) trait Transport: Send {
    /// How wire events are joined. `None` for a transport that takes spans in typed form.
    fn framing(&self) -> Option<Framing>;

    /// Delivers a payload, all of it or nothing.
    fn send(&mut self, payload: Payload<'_>) -> Result<(), Failure>;

    /// Reports which outermost spans have ended. Inner spans that ended before were sent, unless a processor dropped them.
    fn ended(&mut self, _roots: &[SpanId]) {}

    /// Ends the transport. Nothing more is sent.
    fn close(&mut self) {}
}

/// The body of a request with evaluations.
fn evaluations_body(metrics: &[String]) -> String {
    let metrics = metrics.join(",");
    format!(r#"{{"data":{{"type":"evaluation_metric","attributes":{{"metrics":[{metrics}]}}}}}}"#)
}
