//! What spans say about a call of a model in their attributes.

mod openinference;
mod openllmetry;
pub(crate) mod otel;
mod step;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::failure::ApiError;
use crate::json::Json;
use crate::request::{Request, RequestDraft};
use crate::response::{Response, ResponseDraft, is_plain};
use crate::usage::Usage;
use step::Step;

/// A convention for the names of attributes that describe calls of models.
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

/// A call of a model, or another step, as the attributes of its span describe it.
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
    /// What the model was asked.
    pub request: Request,
    /// What it answered. Its error is that of any step.
    pub response: Response,
    /// What went into a step that is no call of a model, such as the arguments of a tool: a text, which may be JSON.
    pub input: Option<String>,
    /// What came out of it.
    pub output: Option<String>,
    /// How long it took until the answer began, in seconds.
    pub time_to_first_token: Option<f64>,
    /// Other facts.
    pub metadata: Map<String, Value>,
}

impl Attributes {
    /// Reads an object with the attributes of a span by name. About `limit` bytes of each side are kept.
    ///
    /// Values that are no texts or numbers may also be the JSON of it in a text, and numbers may be texts, as exporters write them.
    /// `None` if nothing is read.
    #[must_use]
    pub fn read(attributes: &Json<'_>, limit: usize) -> Option<Self> {
        let convention = Convention::of(attributes).unwrap_or(Convention::Otel);
        let attributes = Group::of(attributes);
        let step = step::read(&attributes, limit);
        let mut request = RequestDraft::new(limit);
        let mut response = ResponseDraft::new(limit);
        let (provider, finish_reasons) = match convention {
            Convention::Otel => otel::read(&attributes, &mut request, &mut response),
            Convention::OpenInference => openinference::read(&attributes, &mut request, &mut response),
            Convention::OpenLlmetry => openllmetry::read(&attributes, &mut request, &mut response),
        };
        if let Some(error) = error(&attributes) {
            response.error(error);
        }
        let finish_reasons: Vec<_> =
            finish_reasons.iter().map(|reason| response.room.label(reason)).collect();
        let mut request = request.into_request();
        let mut response = response.finish();
        if request.is_empty() && response.is_empty() && step.is_empty() {
            return None;
        }
        if !finish_reasons.is_empty() {
            response.finish_reasons = finish_reasons;
        }
        request.provider = provider;
        response.provider.clone_from(&request.provider);
        let Step { input, output, time_to_first_token, metadata } = step;
        Some(Self { convention, request, response, input, output, time_to_first_token, metadata })
    }
}

impl Attributes {
    /// The attributes without what a model or a person wrote: see [`Request::without_content`] and [`Response::without_content`].
    #[must_use]
    pub fn without_content(self) -> Self {
        let Self { convention, request, response, time_to_first_token, mut metadata, .. } = self;
        metadata.retain(|name, value| is_plain(value) || step::is_label(name));
        let (request, response) = (request.without_content(), response.without_content());
        Self { convention, request, response, input: None, output: None, time_to_first_token, metadata }
    }
}

/// What a convention's attributes say beside what goes into the drafts: the provider, and why the model stopped.
type Rest = (Option<String>, Vec<String>);

impl Convention {
    /// Its name, such as `otel`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Otel => "otel",
            Self::OpenInference => "openinference",
            Self::OpenLlmetry => "openllmetry",
        }
    }

    /// Finds the convention by the names of attributes. Where a span has several, it is the one with the messages.
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

/// Attributes whose names have the same beginning, by the rest of their names.
struct Group<'j>(Vec<(&'j str, &'j Json<'j>)>);

impl<'j> Group<'j> {
    fn of(attributes: &'j Json<'j>) -> Self {
        let fields = attributes.fields().iter().filter(|(_, value)| !value.is_null());
        Self(fields.map(|(name, value)| (name.as_ref(), value)).collect())
    }

    fn get(&self, name: &str) -> &'j Json<'j> {
        let found = self.0.iter().rev().find(|(found, _)| *found == name);
        found.map_or(&Json::Null, |(_, value)| value)
    }

    fn str(&self, name: &str) -> &'j str {
        self.get(name).as_str().unwrap_or_default()
    }

    /// The first of the texts under these names that is not empty.
    fn first_str(&self, names: &[&str]) -> &'j str {
        names.iter().map(|name| self.str(name)).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// The first of the counts under these names. It may be a text.
    fn count(&self, names: &[&str]) -> Option<u64> {
        let count = |value: &Json<'_>| value.as_count().or_else(|| value.as_str()?.trim().parse().ok());
        names.iter().find_map(|name| count(self.get(name)))
    }

    /// A list or an object, which may be JSON in a text. Anything else is as it is.
    fn structure(&self, name: &str) -> Cow<'j, Json<'j>> {
        structure(self.get(name))
    }

    /// The attributes that are named by this, a dot and the rest of their names.
    fn below(&self, name: &str) -> impl Iterator<Item = (&'j str, &'j Json<'j>)> {
        self.0.iter().filter_map(move |(found, value)| {
            Some((found.strip_prefix(name)?.strip_prefix('.').filter(|rest| !rest.is_empty())?, *value))
        })
    }

    /// The groups of attributes that are named by this and a number, in the order of the numbers.
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

    /// The tokens, under the names of all conventions.
    fn usage(&self) -> Usage {
        Usage {
            input: self.count(&[
                "gen_ai.usage.input_tokens",
                "gen_ai.usage.prompt_tokens",
                "llm.token_count.prompt",
            ]),
            output: self.count(&[
                "gen_ai.usage.output_tokens",
                "gen_ai.usage.completion_tokens",
                "llm.token_count.completion",
            ]),
            total: self.count(&[
                "llm.usage.total_tokens",
                "gen_ai.usage.total_tokens",
                "llm.token_count.total",
            ]),
            cache_read: self.count(&[
                "gen_ai.usage.cache_read.input_tokens",
                "gen_ai.usage.cache_read_input_tokens",
                "gen_ai.usage.input_cached_tokens",
                "llm.token_count.prompt_details.cache_read",
            ]),
            cache_write: self.count(&[
                "gen_ai.usage.cache_creation.input_tokens",
                "gen_ai.usage.cache_creation_input_tokens",
                "gen_ai.usage.cache_write.input_tokens",
                "llm.token_count.prompt_details.cache_write",
            ]),
            reasoning: self.count(&[
                "gen_ai.usage.reasoning.output_tokens",
                "gen_ai.usage.reasoning_tokens",
                "llm.token_count.completion_details.reasoning",
            ]),
            input_audio: self.count(&["llm.token_count.prompt_details.audio"]),
            output_audio: self.count(&["llm.token_count.completion_details.audio"]),
            ..Usage::default()
        }
    }
}

/// A list or an object, which may be JSON in a text. Anything else is as it is.
fn structure<'j>(value: &'j Json<'j>) -> Cow<'j, Json<'j>> {
    let text = value.as_str().filter(|text| text.trim_start().starts_with(['[', '{']));
    text.and_then(Json::read).map_or(Cow::Borrowed(value), Cow::Owned)
}

/// An object of the fields that are not `null`.
fn object<'j, const N: usize>(fields: [(&'static str, Json<'j>); N]) -> Json<'j> {
    let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
    Json::Object(fields.map(|(name, value)| (Cow::Borrowed(name), value)).collect())
}

/// A list, or `null` if it is empty.
fn list(items: Vec<Json<'_>>) -> Json<'_> {
    if items.is_empty() { Json::Null } else { Json::Array(items) }
}

/// A tool call in the form of OpenAI's chat.
fn chat_call<'j>(id: &Json<'j>, name: &Json<'j>, arguments: &Json<'j>) -> Json<'j> {
    object([("id", id.clone()), ("function", function(name, arguments))])
}

/// A function to call in the form of OpenAI's chat, or `null` if it has no name.
fn function<'j>(name: &Json<'j>, arguments: &Json<'j>) -> Json<'j> {
    if name.is_null() {
        return Json::Null;
    }
    object([("name", name.clone()), ("arguments", arguments.clone())])
}

/// Why the call failed.
fn error(attributes: &Group<'_>) -> Option<ApiError> {
    let has_failed = attributes.str("otel.status_code").eq_ignore_ascii_case("error");
    let kind = attributes.first_str(&["error.type", "exception.type", "gen_ai.tool.error.type"]);
    let kind = if kind.is_empty() && has_failed { "error" } else { kind };
    let described: &[&str] =
        if has_failed { &["otel.status_description", "otel.status_message"] } else { &[] };
    let message = attributes.first_str(&["error.message", "exception.message"]);
    let message = if message.is_empty() { attributes.first_str(described) } else { message };
    // The type may be the status.
    let status = kind.parse().ok().filter(|status| (400..600).contains(status));
    let word = if status.is_some() { "" } else { kind };
    let error = ApiError { status, ..ApiError::of_text(message) }.with_kind(&ApiError::of_text(word).message);
    (!kind.is_empty() || !message.is_empty()).then_some(error)
}
