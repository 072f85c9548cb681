//! Events over HTTP, to Datadog's intake or to an Agent.

use std::io::Read as _;
use std::time::Duration;

use ureq::http::HeaderValue;
use ureq::{Agent, Proxy};

use super::endpoint::Endpoint;
use super::{Refused, Transport, wrap};
use crate::error::Error;
use crate::event::VERSION;
use crate::report::DropReason;

/// As much of a refusal as the log shows, in bytes.
const MAX_MESSAGE_BYTES: u64 = 256;

#[derive(Debug)]
pub(crate) struct Http {
    agent: Agent,
    endpoint: Endpoint,
    api_key: Option<HeaderValue>,
}

impl Http {
    pub(crate) fn new(endpoint: Endpoint, timeout: Duration) -> Result<Self, Error> {
        let api_key = endpoint.api_key.as_ref().map(|key| {
            let mut value = HeaderValue::from_str(key.reveal()).map_err(|_| Error::InvalidApiKey)?;
            value.set_sensitive(true);
            Ok(value)
        });
        Ok(Self { agent: agent(&endpoint.url, timeout), api_key: api_key.transpose()?, endpoint })
    }
}

/// A client that follows no redirects, since it would carry the API key along, gives up after `timeout` whatever
/// happens, and uses the proxy of the environment except for addresses of this machine.
pub(super) fn agent(url: &ureq::http::Uri, timeout: Duration) -> Agent {
    let loopback = url.host().is_some_and(is_loopback);
    Agent::config_builder()
        .user_agent(format!("llmobs-rust/{VERSION}"))
        .timeout_global(Some(timeout))
        .max_redirects(0)
        .http_status_as_error(false)
        .proxy(if loopback { None } else { Proxy::try_from_env() })
        .build()
        .into()
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
    fn send(&mut self, events: &[String]) -> Result<(), Refused> {
        if would_be_logged() {
            let message = "the logger takes every byte of a request, prompts and API key among them; have it take the \
                           target `ureq_proto` at `debug`, as in RUST_LOG=trace,ureq_proto=debug";
            return Err(Refused { retry: false, reason: DropReason::Withheld, message: message.to_owned() });
        }
        let wrapped: Vec<String> = events.iter().map(|event| wrap(event)).collect();
        let body = format!("[{}]", wrapped.join(","));
        let mut request =
            self.agent.post(self.endpoint.url.clone()).header("content-type", "application/json");
        if let Some(key) = &self.api_key {
            request = request.header("dd-api-key", key.clone());
        }
        if let Some(subdomain) = self.endpoint.evp_subdomain {
            request = request.header("x-datadog-evp-subdomain", subdomain);
        }
        let mut response = request.send(body).map_err(|error| Refused {
            retry: true,
            reason: DropReason::Unreachable,
            message: error.to_string(),
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let mut answer = String::new();
        // An answer that cannot be read says no more than its status.
        let _ = response.body_mut().as_reader().take(MAX_MESSAGE_BYTES).read_to_string(&mut answer);
        if let Some(key) = &self.endpoint.api_key {
            answer = answer.replace(key.reveal(), "<redacted>");
        }
        let retry = matches!(status.as_u16(), 408 | 429 | 500..);
        Err(Refused {
            retry,
            reason: if retry { DropReason::Unreachable } else { DropReason::Rejected },
            message: format!("HTTP status {status}: {}", answer.escape_debug()),
        })
    }
}
