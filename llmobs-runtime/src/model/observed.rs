//! Observations of integrations about a step, most often the call of a model.

use std::fmt;

use llmobs_capture::value::replace;
use llmobs_providers::json::Json;
use llmobs_providers::{Endpoint, Request, Response};

/// A request to a model and its response, or the attributes of another library's span.
#[derive(Clone, Default)]
pub(crate) struct Observed {
    /// The integration, as the tag `integration`. Empty if there is no such tag.
    pub(crate) integration: &'static str,
    /// The attributes that another library gave its span: see [`SpanAttributes`](super::attributes::SpanAttributes). Of several spans for
    /// one call, the outermost comes first.
    pub(crate) attributes: Vec<String>,
    pub(crate) request: Option<Box<ObservedRequest>>,
    pub(crate) response: Option<Box<Response>>,
    pub(crate) hidden: Hidden,
    /// Whether these are several calls, each with a separate span that has its tokens.
    pub(crate) is_several: bool,
}

/// The parts of a call that are not shown, because an attribute skips them or sets what is shown there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub(crate) input: bool,
    pub(crate) output: bool,
    /// The text of an error.
    pub(crate) error: bool,
}

/// A request to a model.
#[derive(Clone)]
pub(crate) enum ObservedRequest {
    /// The JSON text of its body, which the worker reads, and where it was sent.
    Body(Endpoint, String),
    /// A request that was already read.
    Read(Request),
}

impl ObservedRequest {
    /// Returns the request, which takes about as much memory as its body.
    pub(crate) fn into_request(self) -> Request {
        match self {
            Self::Body(endpoint, body) => {
                let limit = body.len().saturating_mul(2).saturating_add(64 * 1024);
                endpoint.request(&Json::read(&body).unwrap_or(Json::Null), limit)
            }
            Self::Read(request) => request,
        }
    }
}

impl Observed {
    /// Creates the observation of several calls, each with a separate span.
    pub(crate) fn several() -> Self {
        Self { is_several: true, ..Self::default() }
    }

    /// Adds a further observation from inside, which is more exact.
    pub(crate) fn add(&mut self, inner: Self) {
        let Self { integration, attributes, request, response, hidden, is_several } = inner;
        if !integration.is_empty() {
            self.integration = integration;
        }
        self.attributes.extend(attributes);
        replace(&mut self.request, request);
        replace(&mut self.response, response);
        self.hidden.input |= hidden.input;
        self.hidden.output |= hidden.output;
        self.hidden.error |= hidden.error;
        self.is_several |= is_several;
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let request = match self.request.as_deref() {
            Some(ObservedRequest::Body(_, body)) => body.len(),
            Some(ObservedRequest::Read(request)) => request.bytes(),
            None => 0,
        };
        let attributes = self.attributes.iter().map(String::len).sum::<usize>();
        size_of::<Self>() + attributes + request + self.response.as_deref().map_or(0, Response::bytes)
    }
}

/// Omits the content, which may be secret.
impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed").finish_non_exhaustive()
    }
}
