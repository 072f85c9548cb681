//! What an integration observes of the call of a model.

use std::fmt;

use llmobs_providers::json::Json;
use llmobs_providers::{Endpoint, Request, Response};

/// A request to a model, and what it answered.
#[derive(Clone, Default)]
pub(crate) struct Observed {
    pub(crate) asked: Option<Asked>,
    pub(crate) answered: Option<Response>,
    pub(crate) hidden: Hidden,
    /// Whether it is several calls, each a span of its own, which has its tokens.
    pub(crate) is_several: bool,
}

/// What is not shown of a call, since an attribute skips it or says by itself what is shown there.
#[derive(Clone, Copy, Debug, Default)]
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

    /// About how many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let asked = match &self.asked {
            Some(Asked::Body(_, body)) => body.len(),
            Some(Asked::Read(request)) => request.bytes(),
            None => 0,
        };
        size_of::<Self>() + asked + self.answered.as_ref().map_or(0, Response::bytes)
    }
}

/// Omits the content, which may be secret.
impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed").finish_non_exhaustive()
    }
}
