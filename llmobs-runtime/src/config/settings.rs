//! What everything behind the configuration sees of it.

use std::time::Duration;

use ureq::http::{HeaderName, HeaderValue};

use super::environment::Environment;
use super::secret::Secret;
use super::{CAPTURE_LIMIT, MAX_TIMEOUT, MIB};
use crate::identity::Identity;
use crate::ml_app;
use crate::process::Processor;
use crate::sampling::Sampler;

/// The name that Datadog gives to applications without one.
const UNNAMED: &str = "unnamed-ml-app";
/// The numbers are the reference SDK's.
const REQUEST_LIMIT: usize = 5 * MIB;
const EVENT_LIMIT: usize = 5_000_000;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(super) ml_app: Option<String>,
    pub(crate) agentless: Option<bool>,
    pub(crate) api_key: Option<Secret>,
    pub(crate) site: String,
    pub(crate) identity: Identity,
    pub(crate) sampler: Sampler,
    pub(crate) processor: Processor,
    pub(crate) additional_headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) agent_url: String,
    pub(crate) override_origin: Option<String>,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) capture_limit: usize,
    pub(crate) queue_limit: usize,
    /// The largest body of a request, without its envelope, in bytes.
    pub(crate) request_limit: usize,
    /// The largest event that is sent with its input and output, in bytes.
    pub(crate) event_limit: usize,
}

impl Settings {
    /// Reads the environment.
    pub(super) fn read(env: &mut Environment<'_>) -> Self {
        Self {
            ml_app: env.text("DD_LLMOBS_ML_APP"),
            agentless: agentless(env),
            api_key: env.text("DD_API_KEY").map(Secret::new),
            site: env.text_or_empty("DD_SITE").unwrap_or_else(|| "datadoghq.com".to_owned()),
            identity: Identity {
                env: env.text("DD_ENV").unwrap_or_default(),
                service: env.text("DD_SERVICE").unwrap_or_default(),
                version: env.text("DD_VERSION").unwrap_or_default(),
                tags: env.tags("DD_TAGS"),
                git: env.git(),
            },
            sampler: Sampler {
                rate: env.rate("DD_LLMOBS_SAMPLE_RATE").unwrap_or(1.0),
                rules: env.sampling_rules("DD_LLMOBS_SAMPLING_RULES"),
            },
            processor: Processor::default(),
            additional_headers: env.headers("_DD_TRACE_WRITER_ADDITIONAL_HEADERS"),
            agent_url: env.agent_url(),
            override_origin: env.text("DD_LLMOBS_OVERRIDE_ORIGIN"),
            interval: env.seconds("_DD_LLMOBS_WRITER_INTERVAL").unwrap_or(Duration::from_secs(1)),
            timeout: env
                .seconds("_DD_LLMOBS_WRITER_TIMEOUT")
                .map_or(Duration::from_secs(5), |s| s.min(MAX_TIMEOUT)),
            capture_limit: CAPTURE_LIMIT,
            queue_limit: 32 * MIB,
            request_limit: env.bytes("DD_LLMOBS_PAYLOAD_SIZE_BYTES").unwrap_or(REQUEST_LIMIT),
            event_limit: env.bytes("DD_LLMOBS_EVENT_SIZE_BYTES").unwrap_or(EVENT_LIMIT),
        }
    }

    pub(crate) fn ml_app(&self) -> &str {
        self.named().map_or(UNNAMED, |(name, _)| name)
    }

    /// The name of the application, and who gives it.
    fn named(&self) -> Option<(&str, &'static str)> {
        let named = self.ml_app.as_deref().map(|name| (name, "DD_LLMOBS_ML_APP or `Config::ml_app`"));
        let service = (self.identity.service.as_str(), "DD_SERVICE or `Config::service`");
        named.into_iter().chain([service]).find(|(name, _)| !name.is_empty())
    }

    /// What Datadog may have against the name of the application.
    pub(super) fn ml_app_warning(&self) -> Option<String> {
        self.named().and_then(|(name, given_by)| ml_app::warning(name, given_by))
    }
}

/// The variable of all of Datadog's products can only say yes here: without it the Agent is asked first.
fn agentless(env: &mut Environment<'_>) -> Option<bool> {
    let all = env.flag("DD_AGENTLESS_ENABLED").filter(|agentless| *agentless);
    env.flag("DD_LLMOBS_AGENTLESS_ENABLED").or(all)
}
