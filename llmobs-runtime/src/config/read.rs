//! Settings from the environment.

use std::time::Duration;

use llmobs_capture::DEFAULT_LIMIT;

use super::environment::Environment;
use super::{MAX_TIMEOUT, MIB};
use crate::base::secret::Secret;
use crate::deliver::settings::Settings;
use crate::model::sampling::Sampler;
use crate::model::tags::Identity;

/// The numbers are the reference SDK's.
const REQUEST_LIMIT: usize = 5 * MIB;
const EVENT_LIMIT: usize = 5_000_000;

/// Reads the environment.
pub(super) fn settings(env: &mut Environment<'_>) -> Settings {
    Settings {
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
        processor: None,
        additional_headers: env.headers("_DD_TRACE_WRITER_ADDITIONAL_HEADERS"),
        agent_url: env.agent_url(),
        override_origin: env.text("DD_LLMOBS_OVERRIDE_ORIGIN"),
        interval: env.seconds("_DD_LLMOBS_WRITER_INTERVAL").unwrap_or(Duration::from_secs(1)),
        timeout: env
            .seconds("_DD_LLMOBS_WRITER_TIMEOUT")
            .map_or(Duration::from_secs(5), |s| s.min(MAX_TIMEOUT)),
        capture_limit: DEFAULT_LIMIT,
        queue_limit: 32 * MIB,
        request_limit: env.bytes("DD_LLMOBS_PAYLOAD_SIZE_BYTES").unwrap_or(REQUEST_LIMIT),
        event_limit: env.bytes("DD_LLMOBS_EVENT_SIZE_BYTES").unwrap_or(EVENT_LIMIT),
    }
}

/// The variable of all of Datadog's products can only say yes here: without it the Agent is asked first.
fn agentless(env: &mut Environment<'_>) -> Option<bool> {
    let all = env.flag("DD_AGENTLESS_ENABLED").filter(|agentless| *agentless);
    env.flag("DD_LLMOBS_AGENTLESS_ENABLED").or(all)
}
