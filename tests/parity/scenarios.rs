//! The programs, and the intended differences between llmobs and the reference SDK.

use std::time::Duration;

use serde_json::{Value, json};

mod annotations;
mod contexts;
mod delivery;
mod evaluations;
mod lifecycle;
mod shapes;
mod structure;

/// One program of the reference SDK's captures.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Runs in a separate process and returns the observed values.
    pub(crate) run: fn() -> Value,
    pub(crate) observed: fn() -> Value,
    /// The answer of the Agent at `DD_TRACE_AGENT_URL`.
    pub(crate) agent: Agent,
    /// A line is written to the program's standard input after each of the first `awaited_posts` requests.
    pub(crate) awaited_posts: usize,
    /// The first statuses of the intake. It accepts all later requests.
    pub(crate) statuses: &'static [u16],
    /// Whether spans in rejected requests arrive later.
    pub(crate) keeps_rejected: bool,
    /// Changes the evaluations of the capture into those that llmobs sends.
    pub(crate) metrics: fn(&mut [Value]),
    pub(crate) differences: &'static [Difference],
}

pub(crate) enum Agent {
    None,
    WithEvpProxy,
    WithoutEvpProxy,
    NotFound,
}

/// An intended difference: `apply` changes the captured events into those that llmobs sends.
pub(crate) struct Difference {
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) apply: fn(&mut Vec<Value>),
}

const TIMEOUT: Duration = Duration::from_secs(30);

/// Runs a program between `init` and a flush.
fn flushed(program: impl FnOnce()) -> Value {
    let _llmobs = llmobs::init();
    program();
    llmobs::flush(TIMEOUT);
    nothing()
}

fn nothing() -> Value {
    json!({})
}

const PLAIN: Scenario = Scenario {
    name: "",
    run: nothing,
    observed: nothing,
    agent: Agent::None,
    awaited_posts: 0,
    statuses: &[],
    keeps_rejected: false,
    metrics: |_| {},
    differences: &[],
};

const OWN_ERROR: &[Difference] = &[Difference {
    name: "the error has another message",
    reason: "it describes the remedy in terms of the Rust API",
    apply: |_| {},
}];

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "workflow_basic", run: structure::workflow_basic, ..PLAIN },
    Scenario { name: "no_annotation_each_kind", run: structure::no_annotation_each_kind, ..PLAIN },
    Scenario {
        name: "under_plain_apm_span",
        run: structure::under_plain_apm_span,
        differences: structure::UNDER_PLAIN_APM_SPAN,
        ..PLAIN
    },
    Scenario {
        name: "decorator_args",
        run: structure::decorator_args,
        differences: structure::DECORATOR_ARGS,
        ..PLAIN
    },
    Scenario {
        name: "exception_raised",
        run: structure::exception_raised,
        differences: structure::EXCEPTION_RAISED,
        ..PLAIN
    },
    Scenario { name: "async_fn", run: structure::async_fn, differences: structure::ASYNC_FN, ..PLAIN },
    Scenario {
        name: "annotate_text_shapes",
        run: shapes::annotate_text_shapes,
        differences: shapes::ANNOTATE_TEXT_SHAPES,
        ..PLAIN
    },
    Scenario { name: "manual_threads", run: structure::manual_threads, ..PLAIN },
    Scenario {
        name: "unfinished_and_double_finish",
        run: structure::unfinished_and_double_finish,
        differences: structure::UNFINISHED,
        ..PLAIN
    },
    Scenario { name: "agent_mode", run: lifecycle::agent_mode, agent: Agent::WithEvpProxy, ..PLAIN },
    Scenario {
        name: "agent_without_evp_proxy",
        run: lifecycle::one_workflow,
        agent: Agent::WithoutEvpProxy,
        ..PLAIN
    },
    Scenario { name: "agent_unreachable", run: lifecycle::one_workflow, ..PLAIN },
    Scenario {
        name: "agent_info_404_no_key",
        run: lifecycle::init_fails,
        observed: || json!({ "enable": null, "enabled": true }),
        agent: Agent::NotFound,
        differences: &[Difference {
            name: "without an Agent and a key, spans wait for an Agent",
            reason: "an Agent may start after the program; the log names the missing settings",
            apply: |_| {},
        }],
        ..PLAIN
    },
    Scenario {
        name: "missing_api_key",
        run: lifecycle::init_fails,
        observed: || json!({ "enable": "no API key", "enabled": false }),
        differences: OWN_ERROR,
        ..PLAIN
    },
    Scenario {
        name: "missing_site",
        run: lifecycle::init_fails,
        observed: || json!({ "enable": "no Datadog site", "enabled": false }),
        differences: OWN_ERROR,
        ..PLAIN
    },
    Scenario {
        name: "not_enabled",
        run: lifecycle::not_enabled,
        observed: || json!({ "decorated": 1, "annotated": false, "flush": "0 delivered, 0 dropped, 0 pending" }),
        differences: &[Difference {
            name: "annotating an empty span is not an error",
            reason: "annotations never fail, because telemetry should not stop a program",
            apply: |_| {},
        }],
        ..PLAIN
    },
    Scenario {
        name: "enabled_env_false",
        run: lifecycle::enabled_env_false,
        observed: || json!({ "enable": null, "enabled": false }),
        ..PLAIN
    },
    Scenario {
        name: "enable_args_override_env",
        run: lifecycle::enable_args_override_env,
        observed: || json!({ "first": null, "second": "llmobs is already initialized" }),
        differences: &[Difference {
            name: "a second init is an error",
            reason: "only one guard can own the client",
            apply: |_| {},
        }],
        ..PLAIN
    },
    Scenario { name: "tags_env_version", run: lifecycle::one_workflow, ..PLAIN },
    Scenario { name: "exit_flush", run: lifecycle::exit_flush, ..PLAIN },
    Scenario { name: "periodic_flush", run: lifecycle::periodic_flush, awaited_posts: 2, ..PLAIN },
    Scenario { name: "disable_flushes", run: lifecycle::disable_flushes, ..PLAIN },
    Scenario {
        name: "annotate_llm_shapes",
        run: annotations::annotate_llm_shapes,
        differences: annotations::ANNOTATE_LLM_SHAPES,
        ..PLAIN
    },
    Scenario {
        name: "annotate_embedding_shapes",
        run: annotations::annotate_embedding_shapes,
        differences: annotations::ANNOTATE_EMBEDDING_SHAPES,
        ..PLAIN
    },
    Scenario {
        name: "annotate_retrieval_shapes",
        run: annotations::annotate_retrieval_shapes,
        differences: annotations::ANNOTATE_RETRIEVAL_SHAPES,
        ..PLAIN
    },
    Scenario {
        name: "annotate_errors",
        run: annotations::annotate_errors,
        differences: annotations::ANNOTATE_ERRORS,
        ..PLAIN
    },
    Scenario {
        name: "metadata_all",
        run: annotations::metadata_all,
        differences: annotations::METADATA_ALL,
        ..PLAIN
    },
    Scenario {
        name: "non_serialisable",
        run: annotations::non_serialisable,
        differences: annotations::NON_SERIALISABLE,
        ..PLAIN
    },
    Scenario {
        name: "lone_surrogate",
        run: annotations::lone_surrogate,
        differences: annotations::LONE_SURROGATE,
        ..PLAIN
    },
    Scenario { name: "ml_app_override", run: annotations::ml_app_override, ..PLAIN },
    Scenario { name: "long_strings", run: annotations::long_strings, ..PLAIN },
    Scenario {
        name: "prompt_annotation",
        run: annotations::prompt_annotation,
        differences: annotations::PROMPT_ANNOTATION,
        ..PLAIN
    },
    Scenario { name: "ml_app_missing_uses_service", run: lifecycle::one_workflow, ..PLAIN },
    Scenario {
        name: "ml_app_and_service_missing",
        run: lifecycle::one_workflow,
        differences: lifecycle::NO_SERVICE,
        ..PLAIN
    },
    Scenario { name: "sampling_invalid", run: lifecycle::one_workflow, ..PLAIN },
    Scenario { name: "additional_headers", run: lifecycle::one_workflow, ..PLAIN },
    Scenario { name: "annotation_context", run: contexts::annotation_context, ..PLAIN },
    Scenario { name: "span_links", run: contexts::span_links, ..PLAIN },
    Scenario {
        name: "processor_redact",
        run: contexts::processor_redact,
        observed: contexts::seen_by_processor,
        differences: contexts::PROCESSOR_REDACT,
        ..PLAIN
    },
    Scenario {
        name: "processor_drop",
        run: contexts::processor_drop,
        observed: || json!({ "report": "13 delivered, 3 dropped (processor: 3), 0 pending, 2 stripped" }),
        differences: contexts::PROCESSOR_DROP,
        ..PLAIN
    },
    Scenario {
        name: "distributed",
        run: contexts::distributed,
        observed: contexts::propagated,
        differences: contexts::DISTRIBUTED,
        ..PLAIN
    },
    Scenario {
        name: "eval_by_span",
        run: evaluations::eval_by_span,
        metrics: evaluations::eval_by_span_metrics,
        differences: evaluations::EVAL_BY_SPAN,
        ..PLAIN
    },
    Scenario {
        name: "eval_errors",
        run: evaluations::eval_errors,
        observed: evaluations::eval_errors_observed,
        differences: evaluations::EVAL_ERRORS,
        ..PLAIN
    },
    Scenario { name: "sampling_zero", run: delivery::sampling_zero, ..PLAIN },
    Scenario {
        name: "oversize_span",
        run: delivery::oversize_span,
        differences: delivery::OVERSIZE_SPAN,
        ..PLAIN
    },
    Scenario { name: "payload_batch_splitting", run: delivery::payload_batch_splitting, ..PLAIN },
    Scenario { name: "retry_500", run: lifecycle::one_workflow, statuses: &[500, 503], ..PLAIN },
    Scenario {
        name: "retry_exhausted",
        run: delivery::one_then_another,
        statuses: &[500, 500, 500, 500],
        keeps_rejected: true,
        differences: delivery::KEPT,
        ..PLAIN
    },
    Scenario {
        name: "no_retry_403",
        run: delivery::one_workflow_rejected,
        statuses: &[403],
        keeps_rejected: true,
        differences: delivery::KEPT,
        ..PLAIN
    },
    Scenario {
        name: "intake_unreachable",
        run: delivery::intake_unreachable,
        observed: || json!({ "flush": "0 delivered, 0 dropped, 1 pending" }),
        differences: delivery::KEPT,
        ..PLAIN
    },
    Scenario { name: "exit_by_os_exit", run: delivery::exit_by_os_exit, ..PLAIN },
    Scenario { name: "fork_child", run: delivery::fork_child, differences: delivery::FORK_CHILD, ..PLAIN },
    Scenario { name: "generators", run: structure::generators, differences: structure::GENERATORS, ..PLAIN },
];
