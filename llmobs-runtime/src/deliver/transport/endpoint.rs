//! The address that spans and evaluations are posted to: Datadog's intake, an Agent, or an origin that replaces either.

use std::fmt;
use std::time::Duration;

use log::Level;
use serde_json::Value;
use ureq::Agent;
use ureq::http::Uri;

use llmobs_capture::log::say;
use llmobs_capture::{guarded, warn_limited};

use super::address::{client, is_loopback};
use crate::base::error::Error;
use crate::base::secret::Secret;
use crate::deliver::settings::Settings;

const SPANS_PATH: &str = "/api/v2/llmobs";
const EVALUATIONS_PATH: &str = "/api/intake/llm-obs/v2/eval-metric";
const EVP_PROXY: &str = "/evp_proxy/v2";
/// How much of the Agent's answer is read, in bytes.
const MAX_INFO_BYTES: u64 = 1024 * 1024;

/// What is sent. It decides the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intake {
    Spans,
    Evaluations,
}

/// An address and its headers.
#[derive(Debug)]
pub(crate) struct Endpoint {
    spans: Uri,
    evaluations: Uri,
    /// The key for sending straight to Datadog. An Agent adds its own.
    pub(super) api_key: Option<Secret>,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let through = if self.api_key.is_none() { ", through an Agent" } else { "" };
        write!(f, "{}{through}", self.spans)
    }
}

impl Endpoint {
    /// The endpoint that the settings name, else an Agent that passes spans on, else Datadog itself. Asking the Agent blocks for
    /// `timeout` at most.
    pub(crate) fn find(settings: &Settings, timeout: Duration) -> Result<Self, Error> {
        let asked = match settings.agentless {
            Some(agentless) => Ok(!agentless),
            None => agent_has_evp_proxy(settings, timeout),
        };
        if let Ok(true) = asked {
            return Self::agent(settings);
        }
        match (asked, Self::intake(settings)) {
            // An Agent that cannot be asked counts as none if there is an API key.
            (Err(problem), Ok(intake)) => {
                say(Level::Warn, format_args!("spans go straight to Datadog: {problem}"));
                Ok(intake)
            }
            (Err(problem), Err(Error::MissingApiKey)) => Err(problem),
            (Ok(false), Err(Error::MissingApiKey)) if settings.agentless.is_none() => {
                Err(Error::NoAgentAndNoApiKey)
            }
            (_, intake) => intake,
        }
    }

    /// Straight to Datadog, with the API key.
    fn intake(settings: &Settings) -> Result<Self, Error> {
        let api_key = settings.api_key.clone().ok_or(Error::MissingApiKey)?;
        if settings.site.is_empty() {
            return Err(Error::MissingSite);
        }
        // The key must not go to evil.example because the site was "x@evil.example" or "evil.example/".
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        if settings.site.len() > 253 || !settings.site.bytes().all(is_host) {
            return Err(Error::InvalidSite);
        }
        let (setting, spans, evaluations) = if let Some(origin) = &settings.override_origin {
            ("DD_LLMOBS_OVERRIDE_ORIGIN", origin.clone(), origin.clone())
        } else {
            let site = &settings.site;
            ("DD_SITE", format!("https://llmobs-intake.{site}"), format!("https://api.{site}"))
        };
        let url = parse(&spans, SPANS_PATH, setting)?;
        if url.scheme_str() == Some("http") && !url.host().is_some_and(is_loopback) {
            warn_limited!("{setting} is an http address of another machine: the API key travels unencrypted");
        }
        let evaluations = parse(&evaluations, EVALUATIONS_PATH, setting)?;
        Ok(Self { spans: url, evaluations, api_key: Some(api_key) })
    }

    /// To an Agent, which adds its own key and passes the spans on.
    fn agent(settings: &Settings) -> Result<Self, Error> {
        let agent = (settings.agent_url.as_str(), "DD_TRACE_AGENT_URL");
        let (origin, setting) = match &settings.override_origin {
            Some(origin) => (origin.as_str(), "DD_LLMOBS_OVERRIDE_ORIGIN"),
            None => agent,
        };
        // An origin with a path replaces the proxy of the Agent, too.
        let replaces_proxy = settings.override_origin.is_some() && parse(origin, "", setting)?.path() != "/";
        let proxy = if replaces_proxy { "" } else { EVP_PROXY };
        let url = |path| parse(origin, &format!("{proxy}{path}"), setting);
        Ok(Self { spans: url(SPANS_PATH)?, evaluations: url(EVALUATIONS_PATH)?, api_key: None })
    }

    pub(super) fn url(&self, intake: Intake) -> &Uri {
        match intake {
            Intake::Spans => &self.spans,
            Intake::Evaluations => &self.evaluations,
        }
    }

    /// The intake of Datadog that an Agent passes the request on to.
    pub(super) fn evp_subdomain(&self, intake: Intake) -> Option<&'static str> {
        self.api_key.is_none().then_some(match intake {
            Intake::Spans => "llmobs-intake",
            Intake::Evaluations => "api",
        })
    }
}

/// Asks the Agent whether it passes spans on. Blocks for `timeout` at most.
fn agent_has_evp_proxy(settings: &Settings, timeout: Duration) -> Result<bool, Error> {
    let url = parse(&settings.agent_url, "/info", "DD_TRACE_AGENT_URL")?;
    // This is the thread of the program, and the HTTP library calls the program's logger.
    let info = guarded(|| ask(url, timeout)).flatten().unwrap_or_default();
    let endpoints = info.get("endpoints").and_then(Value::as_array);
    let has_proxy = |endpoint: &Value| endpoint.as_str().is_some_and(|path| path.contains(EVP_PROXY));
    Ok(endpoints.is_some_and(|endpoints| endpoints.iter().any(has_proxy)))
}

fn ask(url: Uri, timeout: Duration) -> Option<Value> {
    let client = Agent::new_with_config(client(&url, timeout));
    let mut response = client.get(url).call().ok().filter(|response| response.status().is_success())?;
    let body = response.body_mut().with_config().limit(MAX_INFO_BYTES).read_to_string().ok()?;
    serde_json::from_str(&body).ok()
}

fn parse(base: &str, path: &str, setting: &'static str) -> Result<Uri, Error> {
    if base.starts_with("unix:") {
        return Err(Error::UnixSocket { setting });
    }
    let invalid = |problem| Error::InvalidUrl { setting, problem };
    if base.contains(['?', '#']) {
        return Err(invalid("should end with a host, a port or a path, and not with a query or a fragment"));
    }
    let url: Uri = format!("{}{path}", base.trim_end_matches('/'))
        .parse()
        .map_err(|_| invalid("is not a URL: it should look like http://localhost:8126"))?;
    match url.scheme_str() {
        Some("http") => {}
        Some("https") if cfg!(feature = "tls") => {}
        Some("https") => return Err(Error::NoTls),
        _ => return Err(invalid("should begin with http:// or https://")),
    }
    if url.authority().is_none_or(|authority| authority.as_str().contains('@')) {
        return Err(invalid("should name a host and no user"));
    }
    Ok(url)
}

#[cfg(all(test, feature = "tls"))]
mod tests {
    use super::*;
    #[test]
    fn spans_and_evaluations_have_intakes_of_their_own() {
        let urls = |endpoint: Endpoint| {
            [Intake::Spans, Intake::Evaluations]
                .map(|intake| (endpoint.url(intake).to_string(), endpoint.evp_subdomain(intake)))
        };
        let mut settings = Settings {
            api_key: Some(Secret::new("key")),
            site: "datadoghq.eu".to_owned(),
            agent_url: "http://agent:8126/".to_owned(),
            ..Settings::default()
        };
        assert_eq!(
            urls(Endpoint::intake(&settings).unwrap()),
            [
                ("https://llmobs-intake.datadoghq.eu/api/v2/llmobs".to_owned(), None),
                ("https://api.datadoghq.eu/api/intake/llm-obs/v2/eval-metric".to_owned(), None),
            ]
        );
        let agent = |base: &str| {
            [
                (format!("{base}/api/v2/llmobs"), Some("llmobs-intake")),
                (format!("{base}/api/intake/llm-obs/v2/eval-metric"), Some("api")),
            ]
        };
        let proxy = "http://agent:8126/evp_proxy/v2";
        assert_eq!(urls(Endpoint::agent(&settings).unwrap()), agent(proxy));
        for (origin, base) in [
            ("http://other:1", "http://other:1/evp_proxy/v2"),
            ("http://other:1/", "http://other:1/evp_proxy/v2"),
            ("http://other:1/base/path/", "http://other:1/base/path"),
        ] {
            settings.override_origin = Some(origin.to_owned());
            assert_eq!(urls(Endpoint::agent(&settings).unwrap()), agent(base), "{origin}");
        }
    }
}
