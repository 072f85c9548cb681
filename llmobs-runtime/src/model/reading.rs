//! Reads requests and responses for the data of a span other than input and output: model, tokens, parameters, tools.

use llmobs_capture::DEFAULT_LIMIT;
use llmobs_providers::{Attributes, McpResult, Protocol, Request, Response};
use serde::Serialize;
use serde_json::Number;

use super::annotation::Annotation;
use super::attributes::ReadAttributes;
use super::captured::{Captured, Source};
use super::content::{Content, read_input, read_output};
use super::failure::Failure;
use super::metrics;
use super::observed::{Hidden, Observed};
use crate::base::kind::Kind;

/// The metrics that no response of a model has.
const MEASURED: [&str; 4] =
    [metrics::TIME_TO_FIRST_TOKEN, metrics::INPUT_COST, metrics::OUTPUT_COST, metrics::TOTAL_COST];

/// The input and output of a finished span in the form that its kind shows, and the other data in them.
#[derive(Default)]
pub(crate) struct Reading {
    /// `None` for a text, which is shown as it was captured, and for nothing.
    pub(crate) input: Option<Content>,
    pub(crate) output: Option<Content>,
    pub(crate) facts: Option<Annotation>,
}

impl Reading {
    /// Reads the JSON texts of a span, each with its source.
    pub(crate) fn new(kind: Kind, input: Option<(&str, Source)>, output: Option<(&str, Source)>) -> Self {
        if kind == Kind::Tool {
            return Self::of_tool(output);
        }
        let input = input.filter(|_| !Content::is_text_input(kind));
        let output = output.filter(|_| !Content::is_text_output(kind));
        let mut reading = Self::default();
        let mut has_prompt = false;
        if let Some((json, source)) = input {
            let (content, request) = read_input(kind, json, source);
            reading.input = Some(content).filter(|content| !content.is_empty());
            if let Some(request) = request {
                has_prompt = reading.add_request(*request);
            }
        }
        if let Some((json, source)) = output {
            let (content, response) = read_output(kind, json, source);
            reading.output = Some(content).filter(|content| !content.is_empty());
            if let Some(response) = response {
                // An input that was not captured is not shown from another source.
                if let Some(input) = reading.add_response(*response).filter(|_| has_prompt) {
                    reading.input = Some(input);
                }
            }
        }
        reading
    }

    /// Adds the observations of an integration. They are more exact than what the program passed and returned, except for an input and an
    /// output that it annotated.
    pub(crate) fn add(&mut self, observed: Observed, kind: Kind, (own_input, own_output): (bool, bool)) {
        let Observed { integration, attributes, request, response, hidden, is_several } = observed;
        let (own_input, own_output) = (own_input || hidden.input, own_output || hidden.output);
        if let Some(attributes) = ReadAttributes::of(&attributes) {
            self.add_attributes(attributes, kind, (own_input, own_output), hidden);
        }
        if is_several && let Some(facts) = &mut self.facts {
            facts.metrics.clear();
        }
        let has_prompt = request.map(|request| request.into_request()).is_some_and(|request| {
            let request = if hidden.input { request.without_content() } else { request };
            self.add_observed_request(request, kind, own_input)
        });
        if let Some(mut response) = response.map(|response| *response) {
            if !response.usage.is_empty()
                && let Some(facts) = &mut self.facts
            {
                facts.metrics.retain(|name, _| MEASURED.contains(&name.as_str()));
            }
            if hidden.output {
                let (input, error) = (std::mem::take(&mut response.input), response.error.take());
                response = response.without_content();
                (response.input, response.error) = (input, error);
            }
            let input = self.add_observed_response(response, kind, own_output);
            if let Some(input) = input.filter(|_| has_prompt && !own_input) {
                self.input = Some(input);
            }
        }
        self.add_integration(integration);
    }

    /// Adds the attributes that another library gave its span.
    pub(crate) fn add_attributes(
        &mut self,
        read: ReadAttributes,
        kind: Kind,
        (own_input, own_output): (bool, bool),
        hidden: Hidden,
    ) {
        self.add_integration(&read.integration);
        let Some(attributes) = read.attributes else { return };
        let Attributes {
            mut request,
            mut response,
            input,
            output,
            metadata,
            time_to_first_token,
            mut cost,
            ..
        } = attributes;
        if let Some(input) = input.filter(|_| !own_input && Content::is_text_input(kind)) {
            self.input = Some(Content::Text(input));
        }
        if let Some(output) = output.filter(|_| !own_output && Content::is_text_output(kind)) {
            self.output = Some(Content::Text(output));
        }
        if hidden.input {
            request = request.without_content();
        }
        if hidden.output {
            let error = response.error.take();
            response = response.without_content();
            response.error = error;
        }
        // The tokens and costs of a step that contains model calls are those of the calls.
        if read.has_calls && !kind.has_model() {
            (response.usage, cost) = Default::default();
        }
        self.add_observed_request(request, kind, own_input);
        self.add_observed_response(response, kind, own_output);
        let mut facts = Annotation::new(DEFAULT_LIMIT);
        for (name, value) in &metadata {
            self::metadata(&mut facts, name, value, DEFAULT_LIMIT);
        }
        let measured = [time_to_first_token, cost.input, cost.output, cost.total];
        for (name, value) in MEASURED.into_iter().zip(measured) {
            if let Some(value) = value.and_then(Number::from_f64) {
                facts.metrics.insert(name.to_owned(), value);
            }
        }
        self.add_facts(facts);
    }

    /// Adds the integration that made the span, unless one is known: of several that observe a call, the outermost counts.
    fn add_integration(&mut self, integration: &str) {
        if !integration.is_empty() {
            let facts = self.facts.get_or_insert_with(|| Annotation::new(DEFAULT_LIMIT));
            facts.tags.entry("integration".to_owned()).or_insert_with(|| integration.to_owned());
        }
    }

    /// Adds the request to a model. Returns the same as [`add_request`](Self::add_request).
    fn add_observed_request(&mut self, mut request: Request, kind: Kind, own_input: bool) -> bool {
        if let Some(input) = Content::of_request(kind, &mut request).filter(|_| !own_input) {
            self.input = Some(input);
        }
        self.add_request(request)
    }

    /// Adds the response of a model. Returns the same as [`add_response`](Self::add_response).
    fn add_observed_response(
        &mut self,
        mut response: Response,
        kind: Kind,
        own_output: bool,
    ) -> Option<Content> {
        if let Some(output) = Content::of_response(kind, &mut response).filter(|_| !own_output) {
            self.output = Some(output);
        }
        self.add_response(response)
    }

    /// Adds the other data of a request. Returns whether it names a prompt that the provider keeps, so that only the response has its
    /// messages.
    fn add_request(&mut self, mut request: Request) -> bool {
        self.keep_provider(&mut request.provider);
        let has_prompt = request.parameters.contains_key("prompt");
        self.add_facts(facts_of_request(request, DEFAULT_LIMIT));
        has_prompt
    }

    /// Adds the other data of a response. Returns the messages of the input that it holds.
    fn add_response(&mut self, mut response: Response) -> Option<Content> {
        self.keep_provider(&mut response.provider);
        let input = std::mem::take(&mut response.input);
        let error = response.error.take();
        let mut facts = facts_of_response(response, DEFAULT_LIMIT);
        facts.failure = error.map(|error| Failure::of_provider(&error));
        self.add_facts(facts);
        Some(Content::Messages(input)).filter(|input| !input.is_empty())
    }

    /// Keeps a known provider instead of one that is only inferred from the protocol.
    fn keep_provider(&self, provider: &mut Option<String>) {
        if provider.is_none() {
            provider.clone_from(&self.facts.as_ref().and_then(|facts| facts.model_provider.clone()));
        }
    }

    fn add_facts(&mut self, later: Annotation) {
        match &mut self.facts {
            Some(facts) => facts.add(later),
            facts => *facts = Some(later),
        }
    }

    /// Reads the result of a tool of an MCP server: its text, and whether it failed.
    fn of_tool(output: Option<(&str, Source)>) -> Self {
        let read = |(json, _): (&str, _)| McpResult::read_text(json, json.len().saturating_mul(2));
        let Some(result) = output.and_then(read) else { return Self::default() };
        let text = result.result.result;
        let facts = result.is_error.then(|| {
            let mut facts = Annotation::new(DEFAULT_LIMIT);
            facts.failure = Some(Failure::of_message("tool_error", format_args!("{text}")));
            facts
        });
        Self { output: Some(Content::Text(text)), facts, ..Self::default() }
    }
}

/// Returns the data of a request as annotations. Each value takes at most about `limit` bytes.
pub(crate) fn facts_of_request(request: Request, limit: usize) -> Annotation {
    let mut facts = Annotation::new(limit);
    let protocol = request.protocol.and_then(Protocol::provider).map(str::to_owned);
    facts.model_provider = request.provider.or(protocol).filter(|provider| !provider.is_empty());
    facts.model_name = request.model;
    for (name, value) in &request.parameters {
        metadata(&mut facts, name, value, limit);
    }
    if !request.documents.is_empty() {
        metadata(&mut facts, "documents", &request.documents, limit);
    }
    if !request.tools.is_empty() {
        facts.tool_definitions(request.tools);
    }
    facts
}

/// Returns the data of a response as annotations. Each value takes at most about `limit` bytes.
pub(crate) fn facts_of_response(response: Response, limit: usize) -> Annotation {
    let mut facts = Annotation::new(limit);
    let protocol = response.protocol.and_then(Protocol::provider).map(str::to_owned);
    facts.model_provider = response.provider.or(protocol).filter(|provider| !provider.is_empty());
    facts.model_name = response.model;
    for (name, value) in &response.facts {
        metadata(&mut facts, name, value, limit);
    }
    match response.finish_reasons.as_slice() {
        [] => {}
        [only] => metadata(&mut facts, "finish_reason", only, limit),
        several => metadata(&mut facts, "finish_reason", several, limit),
    }
    if let Some(id) = &response.id {
        metadata(&mut facts, "response_id", id, limit);
    }
    if !response.citations.is_empty() {
        metadata(&mut facts, "citations", &response.citations, limit);
    }
    for (name, tokens) in response.usage.metrics() {
        facts.metrics.insert(name.to_owned(), tokens.into());
    }
    facts
}

fn metadata<T: Serialize + ?Sized>(facts: &mut Annotation, name: &str, value: &T, limit: usize) {
    facts.set_metadata(name.to_owned(), Captured::annotated(value, limit));
}
