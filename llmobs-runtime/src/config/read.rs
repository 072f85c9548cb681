//! Settings from the environment.

use super::MAX_TIMEOUT;
use super::environment::Environment;
use crate::base::secret::Secret;
use crate::deliver::settings::Settings;
use crate::model::sampling::Sampler;
use crate::model::tags::Identity;

/// Reads the environment.
pub(super) fn settings(env: &mut Environment<'_>) -> Settings {
    let default = Settings::default();
    Settings {
        ml_app: env.text("DD_LLMOBS_ML_APP"),
        agentless: agentless(env),
        api_key: env.text("DD_API_KEY").map(Secret::new),
        site: env.text_or_empty("DD_SITE").unwrap_or(default.site),
        identity: Identity {
            env: env.text("DD_ENV").unwrap_or_default(),
            service: env.text("DD_SERVICE").unwrap_or_default(),
            version: env.text("DD_VERSION").unwrap_or_default(),
            tags: env.tags("DD_TAGS"),
            git: env.git(),
        },
        sampler: Sampler {
            rate: env.rate("DD_LLMOBS_SAMPLE_RATE").unwrap_or(default.sampler.rate),
            rules: env.sampling_rules("DD_LLMOBS_SAMPLING_RULES"),
        },
        additional_headers: env.headers("_DD_TRACE_WRITER_ADDITIONAL_HEADERS"),
        agent_url: env.agent_url(),
        override_origin: env.text("DD_LLMOBS_OVERRIDE_ORIGIN"),
        public_api: env.flag("LLMOBS_PUBLIC_API").unwrap_or(default.public_api),
        interval: env.seconds("_DD_LLMOBS_WRITER_INTERVAL").unwrap_or(default.interval),
        timeout: env
            .seconds("_DD_LLMOBS_WRITER_TIMEOUT")
            .map_or(default.timeout, |seconds| seconds.min(MAX_TIMEOUT)),
        request_limit: env.bytes("DD_LLMOBS_PAYLOAD_SIZE_BYTES").unwrap_or(default.request_limit),
        event_limit: env.bytes("DD_LLMOBS_EVENT_SIZE_BYTES").unwrap_or(default.event_limit),
        capture_errors: env.flag("LLMOBS_CAPTURE_ERRORS").unwrap_or(default.capture_errors),
        stderr_notice: env.flag("LLMOBS_STDERR_NOTICE").unwrap_or(default.stderr_notice),
        capture_message_content: captures_message_content(env).unwrap_or(default.capture_message_content),
        ..default
    }
}

/// OpenTelemetry's variable applies if that of llmobs is not set.
fn captures_message_content(env: &mut Environment<'_>) -> Option<bool> {
    let standard = env.content_mode("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT");
    env.flag("LLMOBS_CAPTURE_MESSAGE_CONTENT").or(standard)
}

/// The variable of all Datadog products can only turn this on: without it, the Agent is queried first.
fn agentless(env: &mut Environment<'_>) -> Option<bool> {
    let all = env.flag("DD_AGENTLESS_ENABLED").filter(|agentless| *agentless);
    env.flag("DD_LLMOBS_AGENTLESS_ENABLED").or(all)
}
