//! Events over HTTP, to Datadog's intake or to an Agent.

use std::time::Duration;

use ureq::http::{HeaderName, HeaderValue, Uri};
use ureq::{Agent, Proxy};

use super::endpoint::Endpoint;
use super::{Event, Intake, Refused, Transport, body};
use crate::config::Settings;
use crate::error::Error;
use crate::identity::VERSION;
use crate::report::DropReason;

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

/// A client that follows no redirects, since it would carry the API key along, gives up after `timeout` whatever
/// happens, and uses the proxy of the environment for what is outside.
pub(super) fn agent(url: &Uri, timeout: Duration) -> Agent {
    Agent::config_builder()
        .user_agent(format!("llmobs-rust/{VERSION}"))
        .timeout_global(Some(timeout))
        .max_redirects(0)
        .http_status_as_error(false)
        .proxy(if is_direct(url) { None } else { Proxy::try_from_env() })
        .build()
        .into()
}

/// Whether an address is reached without a proxy: this machine, and an Agent, which is spoken to in plain HTTP and stands
/// in the same network. ureq would send both to the proxy that `HTTPS_PROXY` names.
fn is_direct(url: &Uri) -> bool {
    url.scheme_str() == Some("http") || url.host().is_some_and(is_loopback)
}

pub(super) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// The protocol library under ureq logs requests as hexadecimal dumps at the level `trace`, and cannot be told not to
/// (seen in `ureq-proto` 0.7.1, `util::log_data`).
fn would_be_logged() -> bool {
    log::log_enabled!(target: "ureq_proto::util", log::Level::Trace)
}

impl Transport for Http {
    fn send(&mut self, intake: Intake, events: &[Event]) -> Result<(), Refused> {
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
        let response = request.send(body(intake, events)).map_err(|error| Refused {
            retry: true,
            reason: DropReason::Unavailable,
            message: format!("{url} does not answer: {error}"),
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        // What else the receiver says is not looked at: it may repeat the key or a prompt, and ends up in a log.
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

#[cfg(test)]
mod tests {
    use super::is_direct;

    #[test]
    fn proxy_is_for_what_is_outside() {
        let direct = [
            "http://localhost:8126",
            "http://127.0.0.1:8126",
            "https://127.8.9.1",
            "https://[::1]:443",
            "https://LocalHost",
            "http://datadog-agent:8126",
        ];
        let through_proxy =
            ["https://llmobs-intake.datadoghq.eu", "https://localhost.example", "https://10.0.0.1"];
        assert!(direct.iter().all(|url| is_direct(&url.parse().unwrap())));
        assert!(!through_proxy.iter().any(|url| is_direct(&url.parse().unwrap())));
    }
}
