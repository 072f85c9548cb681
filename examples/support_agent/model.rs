//! The step that writes the answer: a model behind an OpenAI-compatible endpoint, or sentences of the sources.

use std::env;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::extract::extract;
use crate::search::Found;
use crate::settings::Setting;

const TIMEOUT: Duration = Duration::from_secs(60);
const TEMPERATURE: f32 = 0.2;
const INSTRUCTIONS: &str = "You answer questions about the Rust library llmobs. \
    Use the numbered sources alone, and cite them as [1]. Where they do not answer the question, say so.";

/// A piece of text that an answer may use and cite.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl From<Setting> for Source {
    fn from(setting: Setting) -> Self {
        Self { text: setting.to_string(), name: setting.found_in }
    }
}

impl From<Found> for Source {
    fn from(found: Found) -> Self {
        Self { text: found.text, name: found.name }
    }
}

/// A message of a chat. On an `llm` span, values with a `role` and a `content` become messages.
#[derive(Serialize)]
pub(crate) struct Message {
    pub(crate) role: &'static str,
    pub(crate) content: String,
}

/// Who writes answers.
pub(crate) enum Model {
    /// A model that is asked by HTTP.
    Chat(Endpoint),
    /// No model: the sentences of the sources that fit the question best.
    Extract,
}

/// An endpoint that speaks OpenAI's chat API. It holds a key, so it is neither `Serialize` nor `Debug`, and the
/// functions that take it skip it.
pub(crate) struct Endpoint {
    base: String,
    model: String,
    key: Option<String>,
}

impl Model {
    /// The endpoint that the variables of OpenAI's own SDKs name, if any.
    pub(crate) fn from_env() -> Self {
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let (key, base) = (variable("OPENAI_API_KEY"), variable("OPENAI_BASE_URL"));
        if key.is_none() && base.is_none() {
            return Self::Extract;
        }
        Self::Chat(Endpoint {
            base: base.unwrap_or_else(|| "https://api.openai.com/v1".to_owned()),
            model: variable("OPENAI_MODEL").unwrap_or_else(|| "gpt-4o-mini".to_owned()),
            key,
        })
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Chat(endpoint) => &endpoint.model,
            Self::Extract => "extractive-sentences",
        }
    }

    /// Whose API the endpoint speaks; who runs it cannot be known.
    pub(crate) fn provider(&self) -> &'static str {
        match self {
            Self::Chat(_) => "openai",
            Self::Extract => "local",
        }
    }
}

/// Writes the answer from the sources.
///
/// The options of the attribute are expressions over the arguments. The arguments are skipped, since what goes to the
/// model is annotated as the input.
#[llmobs::llm(model_name = model.name(), model_provider = model.provider(), skip_all)]
pub(crate) fn write_answer(model: &Model, question: &str, sources: &[Source]) -> Result<Message, Error> {
    let request = Message { role: "user", content: format!("{}Question: {question}", numbered(sources)) };
    match model {
        Model::Chat(endpoint) => endpoint.complete(request),
        Model::Extract => {
            // Words are what is counted here, so they are not called tokens.
            let words = |text: &str| text.split_whitespace().count();
            llmobs::annotate(|note| {
                note.input(&request).metric("input_words", words(&request.content));
            });
            let content = extract(question, sources).ok_or(Error::NothingFound)?;
            llmobs::annotate(|note| {
                note.metric("output_words", words(&content));
            });
            Ok(Message { role: "assistant", content })
        }
    }
}

fn numbered(sources: &[Source]) -> String {
    let sources = sources.iter().zip(1..);
    let sources: Vec<String> =
        sources.map(|(source, number)| format!("[{number}] {}\n{}\n\n", source.name, source.text)).collect();
    sources.concat()
}

impl Endpoint {
    fn complete(&self, request: Message) -> Result<Message, Error> {
        let instructions = Message { role: "system", content: INSTRUCTIONS.to_owned() };
        let body =
            Request { model: &self.model, messages: [instructions, request], temperature: TEMPERATURE };
        // Annotated before the call, so that the span of a call that fails has it too.
        llmobs::annotate(|note| {
            note.input(&body.messages).metadata("temperature", TEMPERATURE);
        });
        let response = self.post(&body)?;
        // Not every server counts tokens. `None` leaves a metric out.
        let usage = response.usage.unwrap_or_default();
        llmobs::annotate(|note| {
            note.metric("input_tokens", usage.input)
                .metric("output_tokens", usage.output)
                .metric("total_tokens", usage.total);
        });
        let reply = response.choices.into_iter().next().and_then(|choice| choice.message.content);
        Ok(Message { role: "assistant", content: reply.ok_or(Error::EmptyReply)? })
    }

    fn post(&self, body: &Request<'_>) -> Result<Response, Error> {
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false);
        let url = format!("{}/chat/completions", self.base.trim_end_matches('/'));
        let mut request = ureq::Agent::new_with_config(config.build()).post(&url);
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let failed = |error| Error::Request(url.clone(), Box::new(error));
        let mut response = request.send_json(body).map_err(failed)?;
        if response.status().is_success() {
            response.body_mut().read_json().map_err(failed)
        } else {
            let reason = response.body_mut().read_to_string().unwrap_or_default();
            Err(Error::Refused(url, response.status().as_u16(), reason.chars().take(300).collect()))
        }
    }
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    messages: [Message; 2],
    temperature: f32,
}

#[derive(Deserialize)]
struct Response {
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Reply,
}

#[derive(Deserialize)]
struct Reply {
    content: Option<String>,
}

#[derive(Default, Deserialize)]
struct Usage {
    #[serde(rename = "prompt_tokens")]
    input: Option<u64>,
    #[serde(rename = "completion_tokens")]
    output: Option<u64>,
    #[serde(rename = "total_tokens")]
    total: Option<u64>,
}
