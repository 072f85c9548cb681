//! The step that writes the answer: a model behind an OpenAI-compatible endpoint, or sentences of the sources.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use ureq::{Body, http};

use crate::Error;
use crate::extract::extract;
use crate::search::Found;
use crate::settings::Setting;

const TIMEOUT: Duration = Duration::from_secs(60);
const TEMPERATURE: f64 = 0.2;
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

/// A message of a chat.
#[derive(Serialize)]
pub(crate) struct Message {
    pub(crate) role: &'static str,
    pub(crate) content: String,
}

/// The author of answers.
pub(crate) enum Model {
    /// A model that is called over HTTP.
    Chat(Endpoint),
    /// No model: the sentences of the sources that match the question best.
    Extract,
}

/// An endpoint with OpenAI's chat API. It holds a key, so it is neither `Serialize` nor `Debug`, and the functions that take it skip it.
pub(crate) struct Endpoint {
    base: String,
    model: String,
    key: Option<String>,
    /// Whether answers are streamed.
    streams: bool,
}

impl Model {
    /// Returns the endpoint that the variables of OpenAI's own SDKs set, if any.
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
            streams: variable("OPENAI_STREAM").as_deref() == Some("true"),
        })
    }
}

/// Writes the answer from the sources.
pub(crate) fn write_answer(model: &Model, question: &str, sources: &[Source]) -> Result<String, Error> {
    let prompt = Message { role: "user", content: format!("{}Question: {question}", numbered(sources)) };
    match model {
        Model::Chat(endpoint) => endpoint.answer(&prompt),
        Model::Extract => pick_sentences(&prompt, question, sources),
    }
}

fn numbered(sources: &[Source]) -> String {
    let sources = sources.iter().zip(1..);
    let sources: Vec<String> =
        sources.map(|(source, number)| format!("[{number}] {}\n{}\n\n", source.name, source.text)).collect();
    sources.concat()
}

/// Answers without a model. Words are counted, so they are not called tokens.
#[llmobs::llm(
    name = "write_answer",
    model_name = "extractive-sentences",
    model_provider = "local",
    inputs(prompt),
    metrics(input_words = words(&prompt.content), output_words = words(ret))
)]
fn pick_sentences(prompt: &Message, question: &str, sources: &[Source]) -> Result<String, Error> {
    extract(question, sources).ok_or(Error::NothingFound)
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// The body of a request, and a chunk of an answer: see the reference of OpenAI's chat.
type Json = serde_json::Value;
type Chunks = Box<dyn Iterator<Item = Result<Json, Error>>>;

impl Endpoint {
    fn answer(&self, prompt: &Message) -> Result<String, Error> {
        let instructions = Message { role: "system", content: INSTRUCTIONS.to_owned() };
        let request = json!({
            "model": self.model,
            "messages": [&instructions, prompt],
            "temperature": TEMPERATURE,
            "stream": self.streams,
            "stream_options": self.streams.then(|| json!({ "include_usage": true })),
        });
        let text = if self.streams {
            let chunks: Vec<Json> = self.stream(&request)?.collect::<Result<_, _>>()?;
            chunks.iter().map(|chunk| text(chunk, "/choices/0/delta/content")).collect()
        } else {
            text(&self.complete(&request)?, "/choices/0/message/content").to_owned()
        };
        if text.is_empty() { Err(Error::EmptyReply) } else { Ok(text) }
    }

    /// Asks the model, and waits for the complete answer. The attribute reads messages, model, temperature, tokens and finish
    /// reason from the request and from the returned value.
    #[llmobs::llm(name = "write_answer", skip(self))]
    fn complete(&self, request: &Json) -> Result<Json, Error> {
        let (url, response) = self.post(request)?;
        response.into_body().read_json().map_err(|error| Error::Request(url, Box::new(error)))
    }

    /// Asks the model for a stream. The span lasts from the first chunk to the last one, and has the complete answer as output.
    #[llmobs::llm(name = "write_answer", skip(self), iterator)]
    fn stream(&self, request: &Json) -> Result<Chunks, Error> {
        let (url, response) = self.post(request)?;
        let lines = BufReader::new(response.into_body().into_reader()).lines();
        Ok(Box::new(
            lines
                .map_while(move |line| match line {
                    Ok(line) if line == "data: [DONE]" => None,
                    Ok(line) => Some(Ok(line)),
                    Err(error) => Some(Err(Error::Request(url.clone(), Box::new(error.into())))),
                })
                .filter_map(|line| match line {
                    // Other lines are empty, comments, or names of events.
                    Ok(line) => serde_json::from_str(line.strip_prefix("data: ")?).ok().map(Ok),
                    Err(error) => Some(Err(error)),
                }),
        ))
    }

    fn post(&self, body: &Json) -> Result<(String, http::Response<Body>), Error> {
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false);
        let url = format!("{}/chat/completions", self.base.trim_end_matches('/'));
        let mut request = ureq::Agent::new_with_config(config.build()).post(&url);
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let mut response =
            request.send_json(body).map_err(|error| Error::Request(url.clone(), Box::new(error)))?;
        if response.status().is_success() {
            Ok((url, response))
        } else {
            let reason = response.body_mut().read_to_string().unwrap_or_default();
            Err(Error::Refused(url, response.status().as_u16(), reason.chars().take(300).collect()))
        }
    }
}

/// Returns the text at a path in a value, or an empty one.
fn text<'a>(value: &'a Json, place: &str) -> &'a str {
    value.pointer(place).and_then(Json::as_str).unwrap_or_default()
}
