//! The trait that programs implement to deliver spans and evaluations themselves.

use std::fmt;
use std::sync::Arc;

/// Delivers spans and evaluations in place of llmobs: see [`Config::transport`](crate::Config::transport).
///
/// A transport runs on the thread of llmobs, where spans that it makes are not recorded, and is dropped there before the client ends.
pub trait Transport: Send {
    /// Delivers finished spans: a JSON array of the objects that Datadog's intake takes at `/api/v2/llmobs`.
    ///
    /// # Errors
    ///
    /// Returns an error if the spans were not delivered. All of them are delivered, or none. Lost spans are counted in
    /// [`Report`](crate::Report).
    fn spans(&mut self, body: &str) -> Result<(), TransportError>;

    /// Delivers evaluations and feedback: the JSON object that Datadog's intake takes at `/api/intake/llm-obs/v2/eval-metric`.
    ///
    /// # Errors
    ///
    /// Returns an error if the evaluations were not delivered, as for spans.
    fn evaluations(&mut self, body: &str) -> Result<(), TransportError>;
}

/// The error of a [`Transport`] that delivered nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportError {
    pub(crate) message: String,
    pub(crate) retry: bool,
}

impl TransportError {
    /// Creates an error after which delivery is attempted again. The message is logged, and must not hold keys or content of spans.
    pub fn temporary(message: impl Into<String>) -> Self {
        Self { message: message.into(), retry: true }
    }

    /// Creates an error after which delivery is not attempted again. The message is logged, and must not hold keys or content of spans.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self { message: message.into(), retry: false }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TransportError {}

/// Opens the transport of a program.
#[derive(Clone)]
pub(crate) struct OpenTransport(Arc<dyn Fn() -> Box<dyn Transport> + Send + Sync>);

impl OpenTransport {
    pub(crate) fn new<T: Transport + 'static>(open: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self(Arc::new(move || Box::new(open())))
    }

    pub(crate) fn open(&self) -> Box<dyn Transport> {
        (self.0)()
    }
}

impl fmt::Debug for OpenTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenTransport")
    }
}
