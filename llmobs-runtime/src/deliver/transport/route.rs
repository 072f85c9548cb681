//! Chooses the endpoint that spans go to. The choice is made while sending, because Agents come and go.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use log::Level;
use serde_json::Value;
use ureq::Agent;

use llmobs_capture::log::log;

use super::address::client;
use super::connector::connector;
use super::dial::Dialer;
use super::endpoint::{EVP_PROXY, Endpoint, Origin};
use super::resolver::Names;
use super::{Failure, FailureKind};
use crate::base::error::Error;
use crate::deliver::settings::Settings;

/// How long an Agent may take to answer what it accepts.
const MAX_ASK: Duration = Duration::from_secs(2);
/// The most of its response that is read, in bytes.
const MAX_INFO_BYTES: u64 = 1024 * 1024;
/// Where an Agent listens by default. The socket is tried first, as in the reference SDK.
const DEFAULT_SOCKET: &str = "/var/run/datadog/apm.socket";
const DEFAULT_URL: &str = "http://localhost:8126";
const AGENT_URL: &str = "DD_TRACE_AGENT_URL";

/// The endpoints that spans may go to.
#[derive(Debug)]
pub(super) struct Route {
    /// Agents, the preferred one first.
    agents: Vec<(Origin, Endpoint)>,
    /// Whether Agents are queried before they receive spans.
    asks: bool,
    /// Datadog itself, or why spans cannot go there.
    pub(super) intake: Result<Endpoint, Error>,
    timeout: Duration,
}

/// The answer of an Agent.
enum Answer {
    PassesOn,
    PassesNothingOn,
    Absent,
}

impl Route {
    /// # Errors
    ///
    /// Returns an error if the settings leave no endpoint.
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        Self::with_default(settings, Path::new(DEFAULT_SOCKET), DEFAULT_URL)
    }

    pub(super) fn with_default(settings: &Settings, socket: &Path, url: &str) -> Result<Self, Error> {
        let agents = agents(settings, socket, url);
        let intake = Endpoint::intake(settings);
        let (agents, intake) = match (settings.agentless, agents, intake) {
            (Some(true), _, intake) => (Vec::new(), Ok(intake?)),
            (Some(false), agents, _) => (agents?, Err(Error::MissingApiKey)),
            (None, Ok(agents), intake) => {
                if let Some(error) =
                    intake.as_ref().err().filter(|error| !matches!(error, Error::MissingApiKey))
                {
                    log(Level::Warn, format_args!("spans can only go to an Agent: {error}"));
                }
                (agents, intake)
            }
            (None, Err(problem), Ok(intake)) => {
                log(Level::Warn, format_args!("spans go straight to Datadog: {problem}"));
                (Vec::new(), Ok(intake))
            }
            (None, Err(problem), Err(Error::MissingApiKey)) | (None, Err(_), Err(problem)) => {
                return Err(problem);
            }
        };
        let asks = settings.agentless.is_none();
        Ok(Self { agents, asks, intake, timeout: settings.timeout.min(MAX_ASK) })
    }

    /// Returns the endpoint to use now: an Agent that accepts spans, else Datadog. Asks the Agents unless the settings choose.
    pub(super) fn find(&self, names: &Names) -> Result<Endpoint, Failure> {
        let mut refusing = None;
        let mut absent = Vec::new();
        for (position, (origin, endpoint)) in self.agents.iter().enumerate() {
            let is_last = position + 1 == self.agents.len();
            // A socket that does not exist is skipped if there is another address.
            if !is_last && origin.socket.as_ref().is_some_and(|path| !path.exists()) {
                continue;
            }
            if !self.asks {
                return Ok(endpoint.clone());
            }
            match ask(origin, names, self.timeout) {
                Answer::PassesOn => return Ok(endpoint.clone()),
                Answer::PassesNothingOn => refusing = Some(origin),
                Answer::Absent => absent.push(origin.to_string()),
            }
        }
        let error = match &self.intake {
            Ok(intake) => return Ok(intake.clone()),
            Err(error) => error,
        };
        let mut message = match refusing {
            Some(agent) => {
                format!("the Datadog Agent at {agent} does not support LLM Observability: update it")
            }
            None => format!(
                "no Datadog Agent answers at {}: start one, set {AGENT_URL} to its address",
                absent.join(" or ")
            ),
        };
        message += ", set DD_API_KEY to send straight to Datadog, or LLMOBS_EXPORTER=console to see the spans without it";
        if !matches!(error, Error::MissingApiKey) {
            let _ = write!(message, " (now impossible: {error})");
        }
        Err(Failure::new(FailureKind::Unavailable, message))
    }
}

fn agents(settings: &Settings, socket: &Path, url: &str) -> Result<Vec<(Origin, Endpoint)>, Error> {
    let origins = if let Some(url) = &settings.agent_url {
        vec![Origin::new(url, AGENT_URL)?]
    } else {
        let socket = Origin::socket(socket, AGENT_URL).ok();
        socket.into_iter().chain([Origin::new(url, AGENT_URL)?]).collect()
    };
    let endpoint = |origin: Origin| Ok((origin.clone(), Endpoint::agent(&origin, settings)?));
    origins.into_iter().map(endpoint).collect()
}

/// Asks an Agent which endpoints it has.
fn ask(agent: &Origin, names: &Names, timeout: Duration) -> Answer {
    let info = || {
        let url = agent.url("/info").ok()?;
        let connector = connector(Dialer::new(agent.socket.clone()));
        let agent = Agent::with_parts(client(&url, timeout), connector, names.clone());
        let response = agent.get(url).call().ok()?;
        let is_success = response.status().is_success();
        let mut body = Vec::new();
        response.into_body().into_reader().take(MAX_INFO_BYTES).read_to_end(&mut body).ok()?;
        Some(if is_success { serde_json::from_slice(&body).unwrap_or_default() } else { Value::Null })
    };
    let Some(info) = info() else { return Answer::Absent };
    let endpoints = info.get("endpoints").and_then(Value::as_array);
    let has_proxy = |endpoint: &Value| endpoint.as_str().is_some_and(|path| path.contains(EVP_PROXY));
    if endpoints.is_some_and(|endpoints| endpoints.iter().any(has_proxy)) {
        Answer::PassesOn
    } else {
        Answer::PassesNothingOn
    }
}
