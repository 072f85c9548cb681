//! What integrations observe of a step, most often of the call of a model.

use std::fmt;

use llmobs_capture::value::replace;
use llmobs_providers::json::Json;
use llmobs_providers::{Endpoint, Request, Response};

/// A request to a model, and what it answered, or what another library says of a step.
#[derive(Clone, Default)]
pub(crate) struct Observed {
    /// Who observed it, as the tag `integration`. Empty if there is no such tag.
    pub(crate) integration: &'static str,
    /// What another library says of its span: see [`SpanAttributes`](super::attributes::SpanAttributes).
    /// Of several spans for one call, the outermost first.
    pub(crate) attributes: Vec<String>,
    pub(crate) asked: Option<Box<Asked>>,
    pub(crate) answered: Option<Box<Response>>,
    pub(crate) hidden: Hidden,
    /// Whether it is several calls, each a span of its own, which has its tokens.
    pub(crate) is_several: bool,
}

/// What is not shown of a call, since an attribute skips it or says by itself what is shown there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub(crate) input: bool,
    pub(crate) output: bool,
    /// The text of an error.
    pub(crate) error: bool,
}

/// A request to a model.
#[derive(Clone)]
pub(crate) enum Asked {
    /// The JSON text of its body, to be read by the worker, and where it went.
    Body(Endpoint, String),
    /// As it was read before.
    Read(Request),
}

impl Asked {
    /// The request, which takes about as much memory as its body.
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
    /// Several calls, each a span of its own.
    pub(crate) fn several() -> Self {
        Self { is_several: true, ..Self::default() }
    }

    /// Adds what was observed further inside, and so is more exact.
    pub(crate) fn add(&mut self, inner: Self) {
        let Self { integration, attributes, asked, answered, hidden, is_several } = inner;
        if !integration.is_empty() {
            self.integration = integration;
        }
        self.attributes.extend(attributes);
        replace(&mut self.asked, asked);
        replace(&mut self.answered, answered);
        self.hidden.input |= hidden.input;
        self.hidden.output |= hidden.output;
        self.hidden.error |= hidden.error;
        self.is_several |= is_several;
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let asked = match self.asked.as_deref() {
            Some(Asked::Body(_, body)) => body.len(),
            Some(Asked::Read(request)) => request.bytes(),
            None => 0,
        };
        let attributes = self.attributes.iter().map(String::len).sum::<usize>();
        size_of::<Self>() + attributes + asked + self.answered.as_deref().map_or(0, Response::bytes)
    }
}

/// Omits the content, which may be secret.
impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed").finish_non_exhaustive()
    }
}
