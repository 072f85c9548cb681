//! Model calls as the attributes of spans describe them.

mod document;
mod facts;
pub(crate) mod message;
mod openinference;
mod openllmetry;
mod otel;
mod step;
mod value;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::json::Json;
use crate::request::{Request, RequestDraft};
use crate::response::{Response, ResponseDraft, is_plain};
use crate::usage::Cost;
use step::Step;

/// A convention for the names of attributes that describe model calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Convention {
    /// The `gen_ai.*` attributes of OpenTelemetry's semantic conventions.
    Otel,
    /// OpenInference, of Arize Phoenix and others.
    OpenInference,
    /// OpenLLMetry, of Traceloop.
    OpenLlmetry,
}

/// A model call, or another step, as the attributes of its span describe it.
///
/// ```
/// # mod llmobs { pub use llmobs_providers as providers; }
/// use llmobs::providers::{Attributes, Convention, json::Json};
///
/// let attributes = r#"{
///     "gen_ai.operation.name": "chat",
///     "gen_ai.provider.name": "openai",
///     "gen_ai.request.model": "gpt-4o-mini",
///     "gen_ai.input.messages": "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"Hi\"}]}]",
///     "gen_ai.usage.input_tokens": "7"
/// }"#;
/// let attributes = Json::read(attributes).ok_or("no JSON")?;
/// let call = Attributes::read(&attributes, 1024).ok_or("no call of a model")?;
/// assert_eq!(call.convention, Convention::Otel);
/// assert_eq!(call.request.messages[0].content, "Hi");
/// assert_eq!(call.response.usage.input, Some(7));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Attributes {
    /// The convention of the names.
    pub convention: Convention,
    /// The request to the model.
    pub request: Request,
    /// The response of the model. Its error is that of any step.
    pub response: Response,
    /// The input of a step that is not a model call, such as the arguments of a tool: a text, which may be JSON.
    pub input: Option<String>,
    /// The output of such a step.
    pub output: Option<String>,
    /// The time until the response began, in seconds.
    pub time_to_first_token: Option<f64>,
    /// The cost.
    pub cost: Cost,
    /// Other facts.
    pub metadata: Map<String, Value>,
}

impl Attributes {
    /// Reads an object with the attributes of a span by name. About `limit` bytes of each side are kept.
    ///
    /// Values that are neither texts nor numbers may also be JSON in a text, and numbers may be texts, as exporters write them. Returns
    /// `None` if nothing is read.
    #[must_use]
    pub fn read(attributes: &Json<'_>, limit: usize) -> Option<Self> {
        let convention = Convention::of(attributes).unwrap_or(Convention::Otel);
        let attributes = Group::of(attributes);
        let step = step::read(&attributes, limit);
        let mut request = RequestDraft::new(limit);
        let mut response = ResponseDraft::new(limit);
        facts::read(&attributes, &mut request, &mut response);
        match convention {
            Convention::Otel => otel::read(&attributes, &mut request, &mut response),
            Convention::OpenInference => openinference::read(&attributes, &mut request, &mut response),
            Convention::OpenLlmetry => openllmetry::read(&attributes, &mut request, &mut response),
        }
        response.usage.update(facts::usage(&attributes));
        let Step { input, output, time_to_first_token, metadata, error } = step;
        if let Some(error) = facts::error(&attributes).or(error) {
            response.error(error);
        }
        let finish_reasons = facts::finish_reasons(&attributes);
        let finish_reasons: Vec<_> =
            finish_reasons.iter().map(|reason| response.room.label(reason)).collect();
        let (mut request, mut response) = (request.into_request(), response.finish());
        if !finish_reasons.is_empty() {
            response.finish_reasons = finish_reasons;
        }
        let cost = facts::cost(&attributes);
        let says_nothing = request.is_empty()
            && request.parameters.is_empty()
            && response.is_empty()
            && cost == Cost::default();
        let has_step =
            input.is_some() || output.is_some() || time_to_first_token.is_some() || !metadata.is_empty();
        if says_nothing && !has_step {
            return None;
        }
        if let Some(provider) = facts::provider(&attributes) {
            request.provider = Some(provider.clone());
            response.provider = Some(provider);
        }
        Some(Self { convention, request, response, input, output, time_to_first_token, cost, metadata })
    }

    /// Returns the attributes without texts that a model or a person wrote: see [`Request::without_content`] and
    /// [`Response::without_content`].
    #[must_use]
    pub fn without_content(self) -> Self {
        let Self { convention, request, response, time_to_first_token, cost, mut metadata, .. } = self;
        metadata.retain(|name, value| is_plain(value) || step::is_label(name));
        let (request, response) = (request.without_content(), response.without_content());
        let (input, output) = (None, None);
        Self { convention, request, response, input, output, time_to_first_token, cost, metadata }
    }
}

impl Convention {
    /// Returns the name of the convention, such as `otel`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Otel => "otel",
            Self::OpenInference => "openinference",
            Self::OpenLlmetry => "openllmetry",
        }
    }

    /// Finds the convention by the names of attributes. If a span has several, the one with the messages is returned.
    #[must_use]
    pub fn of(attributes: &Json<'_>) -> Option<Self> {
        let any = |is: &dyn Fn(&str) -> bool| attributes.fields().iter().any(|(name, _)| is(name));
        let begins = |prefixes: &[&str]| any(&|name| prefixes.iter().any(|prefix| name.starts_with(prefix)));
        if begins(&otel::MESSAGES) {
            Some(Self::Otel)
        } else if begins(&openinference::NAMES) {
            Some(Self::OpenInference)
        } else if any(&openllmetry::has) {
            Some(Self::OpenLlmetry)
        } else {
            begins(&["gen_ai."]).then_some(Self::Otel)
        }
    }
}

impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Convention {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Attributes whose names share a prefix, by the rest of their names.
struct Group<'j>(Vec<(&'j str, &'j Json<'j>)>);

impl<'j> Group<'j> {
    fn of(attributes: &'j Json<'j>) -> Self {
        // A field of `tracing` that was set to an empty text counts as not set.
        let says = |value: &Json<'_>| !value.is_null() && value.as_str() != Some("");
        let fields = attributes.fields().iter().filter(|(_, value)| says(value));
        Self(fields.map(|(name, value)| (name.as_ref(), value)).collect())
    }

    fn get(&self, name: &str) -> &'j Json<'j> {
        let found = self.0.iter().rev().find(|(found, _)| *found == name);
        found.map_or(&Json::Null, |(_, value)| value)
    }

    fn str(&self, name: &str) -> &'j str {
        self.get(name).as_str().unwrap_or_default()
    }

    /// Returns the first of these attributes that is set.
    fn first(&self, names: &[&str]) -> &'j Json<'j> {
        names.iter().map(|name| self.get(name)).find(|value| !value.is_null()).unwrap_or(&Json::Null)
    }

    /// Returns the first of the texts under these names.
    fn first_str(&self, names: &[&str]) -> &'j str {
        names.iter().map(|name| self.str(name)).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Returns a list or an object, which may be JSON in a text. Any other value is unchanged.
    fn structure(&self, name: &str) -> Cow<'j, Json<'j>> {
        structure(self.get(name))
    }

    /// Returns the attributes whose names begin with this name and a dot, by the rest of their names.
    fn below(&self, name: &str) -> impl Iterator<Item = (&'j str, &'j Json<'j>)> {
        self.0.iter().filter_map(move |(found, value)| {
            Some((found.strip_prefix(name)?.strip_prefix('.').filter(|rest| !rest.is_empty())?, *value))
        })
    }

    /// Returns the groups of attributes whose names begin with this name and a number, in the order of the numbers.
    fn list(&self, name: &str) -> Vec<Self> {
        let mut groups = BTreeMap::<u64, Vec<_>>::new();
        for (rest, value) in self.below(name) {
            if let Some((index, rest)) = rest.split_once('.')
                && let Ok(index) = index.parse()
            {
                groups.entry(index).or_default().push((rest, value));
            }
        }
        groups.into_values().map(Self).collect()
    }
}

/// Returns a list or an object, which may be JSON in a text. Any other value is unchanged.
fn structure<'j>(value: &'j Json<'j>) -> Cow<'j, Json<'j>> {
    let text = value.as_str().filter(|text| text.trim_start().starts_with(['[', '{']));
    text.and_then(Json::read).map_or(Cow::Borrowed(value), Cow::Owned)
}

/// Returns an object of the fields that are not `null`.
fn object<'j, const N: usize>(fields: [(&'static str, Json<'j>); N]) -> Json<'j> {
    let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
    Json::Object(fields.map(|(name, value)| (Cow::Borrowed(name), value)).collect())
}

/// Returns a list, or `null` if it is empty.
fn list(items: Vec<Json<'_>>) -> Json<'_> {
    if items.is_empty() { Json::Null } else { Json::Array(items) }
}

/// Returns a tool call in the form of OpenAI's chat.
fn chat_call<'j>(id: &Json<'j>, name: &Json<'j>, arguments: &Json<'j>) -> Json<'j> {
    object([("id", id.clone()), ("function", function(name, arguments))])
}

/// Returns a function to call in the form of OpenAI's chat, or `null` if it has no name.
fn function<'j>(name: &Json<'j>, arguments: &Json<'j>) -> Json<'j> {
    if name.is_null() {
        return Json::Null;
    }
    object([("name", name.clone()), ("arguments", arguments.clone())])
}
