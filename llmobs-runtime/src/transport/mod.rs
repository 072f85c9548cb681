//! Where encoded events go.

mod console;
mod endpoint;
mod file;
mod http;
mod memory;

use std::fmt;

pub(crate) use console::Console;
pub(crate) use endpoint::{Endpoint, agent_has_evp_proxy};
pub(crate) use file::File;
pub(crate) use http::Http;
pub(crate) use memory::Memory;

use crate::event::VERSION;
use crate::report::DropReason;

/// A way out of the process. Used by the one worker of a client.
pub(crate) trait Transport: Send {
    /// Delivers events, all or none. Each is the JSON text of one span event.
    fn send(&mut self, events: &[String]) -> Result<(), Refused>;

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

/// Appends the object that an event travels in.
fn wrap(event: &str, out: &mut String) {
    out.push_str(r#"{"_dd.stage":"raw","_dd.tracer_version":""#);
    out.push_str(VERSION);
    out.push_str(r#"","event_type":"span","spans":["#);
    out.push_str(event);
    out.push_str("]}");
}
