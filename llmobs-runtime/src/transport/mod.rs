//! Where encoded events go.

mod console;
mod endpoint;
mod file;
mod http;
mod memory;

use std::fmt;

pub(crate) use console::Console;
pub(crate) use endpoint::Endpoint;
pub(crate) use file::File;
pub(crate) use http::Http;
pub(crate) use memory::Memory;

use crate::id::SpanId;
use crate::identity::VERSION;
use crate::report::DropReason;

/// What is sent, which decides where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intake {
    Spans,
    Evaluations,
}

impl fmt::Display for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Spans => "span(s)",
            Self::Evaluations => "evaluation(s)",
        })
    }
}

/// One span event, or one evaluation.
pub(crate) struct Event {
    pub(crate) json: String,
    /// The outermost span of this program around the span. `None` for an evaluation.
    pub(crate) root: Option<SpanId>,
}

/// A way out of the process. Used by the one worker of a client.
pub(crate) trait Transport: Send {
    /// Delivers events, all or none.
    fn send(&mut self, intake: Intake, events: &[Event]) -> Result<(), Refused>;

    /// The outermost spans that have ended, and that all spans inside which ended before were sent. A processor may have
    /// dropped some of them.
    fn ended(&mut self, _roots: &[SpanId]) {}

    /// Nothing more will come.
    fn close(&mut self) {}
}

/// Why events were not delivered.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Whether another attempt may do.
    pub(crate) retry: bool,
    /// What to count the events as if not.
    pub(crate) reason: DropReason,
    /// For the log. Holds no key and no content of a span.
    pub(crate) message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The body of a request.
fn body(intake: Intake, events: &[Event]) -> String {
    match intake {
        Intake::Spans => {
            let wrapped: Vec<String> = events.iter().map(wrap).collect();
            format!("[{}]", wrapped.join(","))
        }
        Intake::Evaluations => {
            let metrics: Vec<&str> = events.iter().map(|event| event.json.as_str()).collect();
            let metrics = metrics.join(",");
            format!(r#"{{"data":{{"type":"evaluation_metric","attributes":{{"metrics":[{metrics}]}}}}}}"#)
        }
    }
}

/// The object that a span event travels in.
fn wrap(event: &Event) -> String {
    let event = &event.json;
    format!(r#"{{"_dd.stage":"raw","_dd.tracer_version":"{VERSION}","event_type":"span","spans":[{event}]}}"#)
}
