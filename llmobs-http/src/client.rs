//! The client side: calls of models become spans.

mod hosts;

#[cfg(feature = "async-openai")]
mod async_openai;
#[cfg(feature = "reqwest-middleware")]
mod middleware;
#[cfg(feature = "reqwest")]
mod reqwest;
pub(crate) mod tower;

use http::{HeaderMap, Method, StatusCode};
use llmobs_runtime::inject;

use crate::exchange::Exchange;
use hosts::Hosts;

/// Makes spans of the calls of models that pass by: `llm` spans, `embedding` spans, and for a rerank `retrieval` spans, each with all
/// that [`providers`](llmobs_runtime::providers) reads of request and answer.
///
/// It is a layer for clients that are tower services, a middleware for `reqwest-middleware`, and a layer for `async-openai`. It belongs
/// inside of what retries, so that each attempt is seen.
///
/// Nothing is held back and nothing is changed: a stream goes on as it comes. A span ends with the last event that clients of the
/// protocol read, or with the body, or, tagged `cancelled:true`, where the answer is dropped before. A status of 400 and more is a
/// failure, whether the body is read or not. Keys in headers and URLs are not recorded. Other requests pass untouched: where host and
/// path do not tell, the body says whether a request is a call.
///
/// One call is one span: inside an `llm` span of the program, that span shows the call. See
/// [`ModelCall`](llmobs_runtime::integration::ModelCall).
#[derive(Clone, Debug, Default)]
pub struct ClientLayer {
    captures_content: Option<bool>,
    propagate_to: Hosts,
}

impl ClientLayer {
    /// Creates a layer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether spans show what models are asked and answer. Default: see
    /// [`Config::capture_message_content`](llmobs_runtime::Config::capture_message_content).
    #[must_use]
    pub fn capture_content(mut self, capture: impl Into<Option<bool>>) -> Self {
        self.captures_content = capture.into().or(self.captures_content);
        self
    }

    /// Writes the headers of the trace into all requests to a host, so that the program there can go on under the current span: see
    /// [`inject`]. A host is named as in URLs, or by a URL, with a port, which may be that of the scheme, or for all ports; `*` is all hosts. Default:
    /// none, since the headers say the names of application and session.
    #[must_use]
    pub fn propagate_to(mut self, host: &str) -> Self {
        self.propagate_to.add(host);
        self
    }

    /// Begins a call of a model, if a request is one, and writes the headers of the trace. `body` is `None` where it is not known yet.
    fn begin(
        &self,
        method: &Method,
        (host, port): (&str, Option<u16>),
        path: &str,
        body: Option<&[u8]>,
        headers: &mut HeaderMap,
    ) -> Option<Exchange> {
        let with_port = port.map(|port| format!("{host}:{port}"));
        let begin =
            || Exchange::begin(with_port.as_deref().unwrap_or(host), path, body, self.captures_content);
        let exchange = if method == Method::POST { begin() } else { None };
        if self.propagate_to.contains(host, port) {
            match &exchange {
                Some(exchange) => exchange.context().enter(|| inject(headers)),
                None => inject(headers),
            }
        }
        exchange
    }
}

/// Tells an exchange the status and the headers of its answer.
fn answered(exchange: &mut Exchange, status: StatusCode, headers: &HeaderMap) {
    exchange.answered(status.as_u16(), |name| headers.get(name)?.to_str().ok());
}
