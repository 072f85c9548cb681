//! Differences on purpose that no capture shows.

/// What differs, and why.
pub(crate) const BEYOND: &[(&str, &str)] = &[
    (
        "`DD_APM_TRACING_ENABLED` changes nothing",
        "there is no APM tracer in the process: spans always go to LLM Observability",
    ),
    (
        "`DD_TRACE_AGENT_TIMEOUT_SECONDS` changes nothing",
        "`init` asks the Agent for two seconds at most, the default of the reference",
    ),
    (
        "`DD_TRACE_PROPAGATION_STYLE`, `DD_TRACE_PROPAGATION_STYLE_INJECT` and `DD_TRACE_PROPAGATION_STYLE_EXTRACT` change nothing",
        "both families of headers are always read and written",
    ),
    (
        "`DD_TRACE_X_DATADOG_TAGS_MAX_LENGTH` changes nothing",
        "the header holds 512 characters at most, the default of the reference",
    ),
    (
        "a Unix socket of an Agent is not used, and not looked for at `/var/run/datadog/apm.socket`",
        "the HTTP library has no Unix sockets; where there is an API key, spans go straight to Datadog instead, with a warning",
    ),
    (
        "`agent_service` is called `ml_app`",
        "it is a newer name of the same thing; what `ml_app` says is sent under both",
    ),
    (
        "variables of experiments, of prompts that Datadog keeps, of evaluators and of libraries that are instrumented by themselves change nothing",
        "llmobs has none of these: `DD_APP_KEY`, `DD_LLMOBS_PROJECT_NAME`, `DD_LLMOBS_PROMPTS_*`, `DD_LLMOBS_EVALUATORS`, \
         `DD_LLMOBS_EVALUATOR_SAMPLING_RULES`, `DD_LLMOBS_INSTRUMENTED_PROXY_URLS`",
    ),
    (
        "whether a trace is kept is decided when the first of its spans finishes, if it was not injected before",
        "spans are sent when they finish, children before their root, and each carries the decision; the reference holds them \
         back and decides when the root finishes",
    ),
];
