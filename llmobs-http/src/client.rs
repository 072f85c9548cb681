//! The client side: model calls become spans.

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

/// Makes spans of the model calls that pass through it: `llm` spans, `embedding` spans, and `retrieval` spans for reranking, each with all
/// data that [`providers`](llmobs_runtime::providers) reads from the request and the response.
///
/// It is a layer for clients that are tower services, a middleware for `reqwest-middleware`, and a layer for `async-openai`. Put it inside
/// a layer that retries, so that each attempt is recorded.
///
/// Nothing is delayed or changed: a stream continues as it arrives. A span ends with the last event that clients of the protocol read, or
/// with the body, or, tagged `cancelled:true`, when the response is dropped before. A status of 400 or more is a failure, whether the body
/// is read or not. Keys in headers and URLs are not recorded. Other requests pass unchanged. If host and path do not decide whether a
/// request is a model call, the body does.
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

    /// Sets whether spans show the content of requests to models and of their responses. Default: see
    /// [`Config::capture_message_content`](llmobs_runtime::Config::capture_message_content).
    #[must_use]
    pub fn capture_content(mut self, capture: impl Into<Option<bool>>) -> Self {
        self.captures_content = capture.into().or(self.captures_content);
        self
    }

    /// Writes the headers of the trace into all requests to a host, so that the program there can continue the trace under the current
    /// span: see [`inject`]. A host is given as in URLs, or by a URL, with a port, which may be that of the scheme, or for all ports; `*`
    /// is all hosts. Default: none, because the headers contain the names of application and session.
    #[must_use]
    pub fn propagate_to(mut self, host: &str) -> Self {
        self.propagate_to.add(host);
        self
    }

    /// Begins a model call, if a request is one, and writes the headers of the trace. `body` is `None` if it is not known yet.
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

/// Passes the status and the headers of a response to an exchange.
fn answered(exchange: &mut Exchange, status: StatusCode, headers: &HeaderMap) {
    exchange.answered(status.as_u16(), |name| headers.get(name)?.to_str().ok());
}
