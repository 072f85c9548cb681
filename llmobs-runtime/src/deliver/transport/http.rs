//! Events over HTTP, to Datadog's intake or to an Agent.

use ureq::Agent;
use ureq::http::{HeaderName, HeaderValue};

use super::address::agent;
use super::endpoint::{Endpoint, Intake};
use super::{Framing, Payload, Refused, Transport, evaluations_body};
use crate::base::error::Error;
use crate::deliver::report::DropReason;
use crate::deliver::settings::Settings;

#[derive(Debug)]
pub(crate) struct Http {
    agent: Agent,
    endpoint: Endpoint,
    api_key: Option<HeaderValue>,
    additional_headers: Vec<(HeaderName, HeaderValue)>,
}

impl Http {
    pub(crate) fn new(endpoint: Endpoint, settings: &Settings) -> Result<Self, Error> {
        let api_key = endpoint.api_key.as_ref().map(|key| {
            let mut value = HeaderValue::from_str(key.reveal()).map_err(|_| Error::InvalidApiKey)?;
            value.set_sensitive(true);
            Ok(value)
        });
        Ok(Self {
            agent: agent(endpoint.url(Intake::Spans), settings.timeout),
            api_key: api_key.transpose()?,
            additional_headers: settings.additional_headers.clone(),
            endpoint,
        })
    }
}

/// The protocol library under ureq logs requests as hexadecimal dumps at the level `trace`, and cannot be told not to
/// (seen in `ureq-proto` 0.7.1, `util::log_data`).
fn would_be_logged() -> bool {
    log::log_enabled!(target: "ureq_proto::util", log::Level::Trace)
}

impl Transport for Http {
    fn framing(&self) -> Option<Framing> {
        Some(Framing::Array)
    }

    fn send(&mut self, payload: Payload<'_>) -> Result<(), Refused> {
        match payload {
            Payload::Events(body) => self.post(Intake::Spans, body),
            Payload::Evaluations(metrics) => self.post(Intake::Evaluations, &evaluations_body(metrics)),
            Payload::Spans(_) => Ok(()),
        }
    }
}

impl Http {
    fn post(&self, intake: Intake, body: &str) -> Result<(), Refused> {
        if would_be_logged() {
            let message = "the logger takes every byte of a request, prompts and API key among them; have it take the \
                           target `ureq_proto` at `debug`, as in RUST_LOG=trace,ureq_proto=debug";
            return Err(Refused { retry: false, reason: DropReason::Withheld, message: message.to_owned() });
        }
        let url = self.endpoint.url(intake);
        let mut request = self.agent.post(url.clone()).header("content-type", "application/json");
        for (name, value) in &self.additional_headers {
            request = request.header(name.clone(), value.clone());
        }
        if let Some(key) = &self.api_key {
            request = request.header("dd-api-key", key.clone());
        }
        if let Some(subdomain) = self.endpoint.evp_subdomain(intake) {
            request = request.header("x-datadog-evp-subdomain", subdomain);
        }
        let response = request.send(body).map_err(|error| Refused {
            retry: true,
            reason: DropReason::Unavailable,
            message: format!("{url} does not answer: {error}"),
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        // The rest of the answer is ignored: it may repeat the key or a prompt, and would be logged.
        let retry = matches!(status.as_u16(), 408 | 429 | 500..);
        let advice = match (status.as_u16(), &self.endpoint.api_key) {
            (401 | 403, Some(_)) => "; check DD_API_KEY, and that DD_SITE is the site of that key",
            (404, None) => "; the Agent may be too old to take LLM Observability",
            _ => "",
        };
        Err(Refused {
            retry,
            reason: if retry { DropReason::Unavailable } else { DropReason::Rejected },
            message: format!("{url} answers {status}{advice}"),
        })
    }
}
