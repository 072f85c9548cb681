//! Events over HTTP, to Datadog's intake or to an Agent.

use std::sync::Arc;

use ureq::config::Config;
use ureq::http::{HeaderName, HeaderValue};
use ureq::{Agent, SendBody};

use super::address::client;
use super::connector::Secrets;
use super::endpoint::{Endpoint, Intake};
use super::{Failure, FailureKind, Framing, Payload, Transport, evaluations_body};
use crate::base::error::Error;
use crate::deliver::report::DropReason;
use crate::deliver::settings::Settings;

#[derive(Debug)]
pub(crate) struct Http {
    agent: Agent,
    endpoint: Endpoint,
    secrets: Arc<Secrets>,
}

impl Http {
    pub(crate) fn new(endpoint: Endpoint, settings: &Settings) -> Result<Self, Error> {
        let config = client(endpoint.url(Intake::Spans), settings.timeout);
        Self::with_config(endpoint, settings, config)
    }

    fn with_config(endpoint: Endpoint, settings: &Settings, config: Config) -> Result<Self, Error> {
        let mut headers = settings.additional_headers.clone();
        if let Some(key) = &endpoint.api_key {
            let key = HeaderValue::from_str(key.reveal()).map_err(|_| Error::InvalidApiKey)?;
            headers.push((HeaderName::from_static("dd-api-key"), key));
        }
        let origins = [Intake::Spans, Intake::Evaluations].map(|intake| endpoint.url(intake).clone());
        let secrets = Secrets::new(origins, &headers);
        Ok(Self { agent: secrets.agent(config), endpoint, secrets })
    }
}

impl Transport for Http {
    fn framing(&self) -> Option<Framing> {
        Some(Framing::Array)
    }

    fn send(&mut self, payload: Payload<'_>) -> Result<(), Failure> {
        match payload {
            Payload::Events(body) => self.post(Intake::Spans, body),
            Payload::Evaluations(metrics) => self.post(Intake::Evaluations, &mut evaluations_body(metrics)),
            Payload::Spans(_) => Ok(()),
        }
    }
}

impl Http {
    fn post(&self, intake: Intake, body: &mut String) -> Result<(), Failure> {
        let url = self.endpoint.url(intake);
        let mut request = self
            .agent
            .post(url.clone())
            .header("content-type", "application/json")
            .header("content-length", body.len());
        if let Some(subdomain) = self.endpoint.evp_subdomain(intake) {
            request = request.header("x-datadog-evp-subdomain", subdomain);
        }
        let mut body = self.secrets.body(body);
        let response = request.send(SendBody::from_reader(&mut body)).map_err(|error| {
            Failure::new(FailureKind::Unavailable, format!("{url} does not answer: {error}"))
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        // The rest of the answer is ignored: it may repeat the key or a prompt, and would be logged.
        let kind = match status.as_u16() {
            408 | 425 | 429 | 500.. => FailureKind::Unavailable,
            413 => FailureKind::TooLarge,
            400 | 415 | 422 => FailureKind::Invalid,
            300..=399 | 401 | 403 | 404 => FailureKind::Denied,
            _ => FailureKind::Permanent(DropReason::Rejected),
        };
        let advice = match (status.as_u16(), &self.endpoint.api_key) {
            (401 | 403, Some(_)) => "; check DD_API_KEY, and that DD_SITE is the site of that key",
            (404, None) => "; the Agent may be too old to take LLM Observability",
            _ => "",
        };
        Err(Failure::new(kind, format!("{url} answers {status}{advice}")))
    }
}

#[cfg(all(test, feature = "tls"))]
mod tests;
