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

/// A way out of the process. Used by the one worker of a client.
pub(crate) trait Transport: Send {
    /// Delivers events, all or none. Each is the JSON text of one span event, or of one evaluation.
    fn send(&mut self, intake: Intake, events: &[String]) -> Result<(), Refused>;

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
fn body(intake: Intake, events: &[String]) -> String {
    match intake {
        Intake::Spans => {
            let wrapped: Vec<String> = events.iter().map(|event| wrap(event)).collect();
            format!("[{}]", wrapped.join(","))
        }
        Intake::Evaluations => format!(
            r#"{{"data":{{"type":"evaluation_metric","attributes":{{"metrics":[{}]}}}}}}"#,
            events.join(",")
        ),
    }
}

/// The object that a span event travels in.
fn wrap(event: &str) -> String {
    format!(r#"{{"_dd.stage":"raw","_dd.tracer_version":"{VERSION}","event_type":"span","spans":[{event}]}}"#)
}
