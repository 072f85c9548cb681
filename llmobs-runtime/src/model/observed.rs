//! What integrations observe of a step, most often of the call of a model.

use std::fmt;

use llmobs_capture::value::{replace, weight_of};
use llmobs_providers::json::Json;
use llmobs_providers::{Attributes, Endpoint, Request, Response};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A request to a model, and what it answered, or what another library says of a step.
#[derive(Clone, Default)]
pub(crate) struct Observed {
    /// Who observed it, as the tag `integration`. Empty if there is no such tag.
    pub(crate) integration: &'static str,
    /// What another library says of its span.
    pub(crate) attributes: Option<SpanAttributes>,
    pub(crate) asked: Option<Box<Asked>>,
    pub(crate) answered: Option<Box<Response>>,
    pub(crate) hidden: Hidden,
    /// Whether it is several calls, each a span of its own, which has its tokens.
    pub(crate) is_several: bool,
}

/// The attributes of a span of another library.
#[derive(Clone)]
pub(crate) struct SpanAttributes {
    /// By name. Of several with one name, the last one counts.
    pub(crate) values: Vec<(&'static str, Value)>,
    /// Whether what people and models wrote may be shown.
    pub(crate) shows_content: bool,
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

impl SpanAttributes {
    /// Reads them, with about as much memory as they take.
    pub(crate) fn read(&self) -> Option<Attributes> {
        let text = serde_json::to_string(&Object(&self.values)).ok()?;
        let limit = text.len().saturating_mul(2).saturating_add(64 * 1024);
        let attributes = Attributes::read(&Json::read(&text)?, limit)?;
        Some(if self.shows_content { attributes } else { attributes.without_content() })
    }

    /// Adds those of another span for the same call, which count where both have one of a name.
    fn add(&mut self, other: Self) {
        self.values.extend(other.values);
        self.shows_content &= other.shows_content;
    }

    fn bytes(&self) -> usize {
        self.values.iter().map(|(_, value)| size_of::<(&str, Value)>() + weight_of(value)).sum()
    }
}

/// Serializes pairs as an object.
struct Object<'a>(&'a [(&'static str, Value)]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
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
        match (&mut self.attributes, attributes) {
            (Some(own), Some(inner)) => own.add(inner),
            (own, inner) => replace(own, inner),
        }
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
        let attributes = self.attributes.as_ref().map_or(0, SpanAttributes::bytes);
        size_of::<Self>() + attributes + asked + self.answered.as_deref().map_or(0, Response::bytes)
    }
}

/// Omits the content, which may be secret.
impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed").finish_non_exhaustive()
    }
}
