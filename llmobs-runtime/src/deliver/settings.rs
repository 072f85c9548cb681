//! The configuration as plain data.

use std::time::Duration;

use llmobs_capture::DEFAULT_LIMIT;
use ureq::http::{HeaderName, HeaderValue};

use super::custom::OpenTransport;
use super::process::Processor;
use crate::base::secret::Secret;
use crate::model::apm::CurrentApm;
use crate::model::ml_app;
use crate::model::sampling::Sampler;
use crate::model::tags::Identity;

/// The name that Datadog gives to applications without one.
const UNNAMED: &str = "unnamed-ml-app";

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are settings that do not depend on each other")]
pub(crate) struct Settings {
    pub(crate) ml_app: Option<String>,
    pub(crate) agentless: Option<bool>,
    pub(crate) api_key: Option<Secret>,
    pub(crate) site: String,
    pub(crate) identity: Identity,
    pub(crate) sampler: Sampler,
    pub(crate) current_apm: Option<CurrentApm>,
    pub(crate) processor: Option<Processor>,
    pub(crate) transport: Option<OpenTransport>,
    pub(crate) additional_headers: Vec<(HeaderName, HeaderValue)>,
    /// A URL or the path of a Unix socket. `None` for the default addresses of an Agent.
    pub(crate) agent_url: Option<String>,
    pub(crate) override_origin: Option<String>,
    pub(crate) public_api: bool,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    /// How long items that cannot be delivered are kept.
    pub(crate) max_age: Duration,
    pub(crate) capture_limit: usize,
    pub(crate) capture_errors: bool,
    pub(crate) capture_message_content: bool,
    pub(crate) stderr_notice: bool,
    pub(crate) queue_limit: usize,
    /// The largest body of a request, in bytes.
    pub(crate) request_limit: usize,
    /// Events of this many bytes or more are shortened.
    pub(crate) event_limit: usize,
}

/// The values of settings that neither the program nor the environment sets. The limits of requests and events are those of the reference
/// SDK.
impl Default for Settings {
    fn default() -> Self {
        Self {
            ml_app: None,
            agentless: None,
            api_key: None,
            site: "datadoghq.com".to_owned(),
            identity: Identity::default(),
            sampler: Sampler::default(),
            current_apm: None,
            processor: None,
            transport: None,
            additional_headers: Vec::new(),
            agent_url: None,
            override_origin: None,
            public_api: false,
            interval: Duration::from_secs(1),
            timeout: Duration::from_secs(5),
            max_age: Duration::from_secs(15 * 60),
            capture_limit: DEFAULT_LIMIT,
            capture_errors: true,
            capture_message_content: true,
            stderr_notice: true,
            queue_limit: 32 * 1024 * 1024,
            request_limit: 5 * 1024 * 1024,
            event_limit: 5_000_000,
        }
    }
}

impl Settings {
    pub(crate) fn ml_app(&self) -> &str {
        self.named().map_or(UNNAMED, |(name, _)| name)
    }

    /// Returns the name of the application, and the setting that it comes from.
    fn named(&self) -> Option<(&str, &'static str)> {
        let named = self.ml_app.as_deref().map(|name| (name, "DD_LLMOBS_ML_APP or `Config::ml_app`"));
        let service = (self.identity.service.as_str(), "DD_SERVICE or `Config::service`");
        named.into_iter().chain([service]).find(|(name, _)| !name.is_empty())
    }

    /// A warning about a name of the application that Datadog may not accept.
    pub(crate) fn ml_app_warning(&self) -> Option<String> {
        self.named().and_then(|(name, setting)| ml_app::warning(name, setting))
    }
}
