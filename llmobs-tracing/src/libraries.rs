//! The libraries whose spans have their own names and fields, as data.

use llmobs_runtime::Kind;
use tracing_core::Metadata;

use crate::meaning::{Given, Meaning, Name};

/// A library, identified by the targets of its spans.
#[derive(Debug)]
pub(crate) struct Library {
    /// The name of the integration.
    pub(crate) name: &'static str,
    /// The prefixes of the targets of its spans: names of crates.
    targets: &'static [&'static str],
    rules: &'static [Rule],
}

/// The role of spans or events of a library that no convention defines.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The name. A name that ends with `*` is a prefix.
    name: &'static str,
    /// The prefix of the target. Empty for the whole library.
    target: &'static str,
    /// A field that must be present. Empty for any.
    field: &'static str,
    role: Role,
    /// The meanings of fields with their own names.
    fields: &'static [(&'static str, Meaning)],
}

/// The role of a span or an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A step, with a kind that applies if no field sets it.
    Step(Option<Kind>),
    /// A part of the surrounding step, with further data about it.
    Part,
    /// A part of the surrounding step, if that is a model call.
    PartOfCall,
    /// The error of the function that the surrounding step is for.
    Failure,
    /// An evaluation of the surrounding step.
    Evaluation,
    /// The root of a request: the steps inside it form one trace.
    Request,
    /// A span that outlasts the spans inside it. Steps do not belong to it.
    Session,
    /// A span or an event that the layer ignores.
    Nothing,
}

impl Library {
    /// Returns the library of a target.
    pub(crate) fn of(target: &str) -> Option<&'static Self> {
        LIBRARIES.iter().find(|library| library.targets.iter().any(|prefix| is_in(target, prefix)))
    }

    /// Returns the rule for a span or an event.
    pub(crate) fn rule(&self, metadata: &Metadata<'_>) -> Option<&'static Rule> {
        self.rules.iter().find(|rule| rule.is_for(metadata))
    }
}

impl Rule {
    fn is_for(&self, metadata: &Metadata<'_>) -> bool {
        let is_named = match self.name.strip_suffix('*') {
            Some(beginning) => metadata.name().starts_with(beginning),
            None => metadata.name() == self.name,
        };
        is_named
            && is_in(metadata.target(), self.target)
            && (self.field.is_empty() || metadata.fields().field(self.field).is_some())
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Returns the meaning of a field, if its name is not one of a convention.
    pub(crate) fn meaning(&self, name: &str) -> Option<Meaning> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, meaning)| *meaning)
    }
}

/// Returns whether a target is a module, or inside it.
fn is_in(target: &str, module: &str) -> bool {
    target
        .strip_prefix(module)
        .is_some_and(|rest| rest.is_empty() || module.is_empty() || rest.starts_with("::"))
}

const fn rule(name: &'static str, kind: Kind) -> Rule {
    Rule { name, target: "", field: "", role: Role::Step(Some(kind)), fields: &[] }
}

impl Rule {
    const fn target(self, target: &'static str) -> Self {
        Self { target, ..self }
    }

    const fn field(self, field: &'static str) -> Self {
        Self { field, ..self }
    }

    const fn is(self, role: Role) -> Self {
        Self { role, ..self }
    }

    const fn fields(self, fields: &'static [(&'static str, Meaning)]) -> Self {
        Self { fields, ..self }
    }
}

/// Spans of a library that follow a convention have no rule.
const LIBRARIES: &[Library] = &[
    Library { name: "rig", targets: &["rig", "rig_core", "rig_agent"], rules: RIG },
    Library { name: "genai", targets: &["genai"], rules: &[] },
    Library {
        name: "swiftide",
        targets: &["swiftide", "swiftide_agents", "swiftide_integrations"],
        rules: SWIFTIDE,
    },
    Library { name: "langchain_rust", targets: &["langchain_rust"], rules: LANGCHAIN },
    Library { name: "agent_framework", targets: &["agent_framework_core", "agent_framework"], rules: &[] },
    Library { name: "goose", targets: &["goose", "goose_agent"], rules: GOOSE },
    Library { name: "codex", targets: &["codex_core"], rules: CODEX },
    Library { name: "adk", targets: &["adk_agent", "adk_runner", "adk_telemetry"], rules: ADK },
    Library { name: "agentkit", targets: &["agentkit_loop"], rules: AGENTKIT },
    Library { name: "openinference", targets: &["openinference_instrumentation"], rules: OPENINFERENCE },
    Library { name: "mistralrs", targets: &["mistralrs_server_core", "mistralrs_core"], rules: MISTRALRS },
    Library { name: "rmcp", targets: &["rmcp"], rules: RMCP },
    Library { name: "tower_http", targets: &["tower_http"], rules: TOWER_HTTP },
];

const AGENT: Meaning = Meaning::Name(Name::Agent);
const TOOL: Meaning = Meaning::Name(Name::Tool);
const WORKFLOW: Meaning = Meaning::Name(Name::Workflow);
const ERROR: Meaning = Meaning::FailureText("error.message");
const INPUT: Meaning = Meaning::Given(Given::Input);
const OUTPUT: Meaning = Meaning::Given(Given::Output);
const MODEL: Meaning = Meaning::Attribute("gen_ai.request.model");
const PROVIDER: Meaning = Meaning::Attribute("gen_ai.provider.name");
const INPUT_TOKENS: Meaning = Meaning::Attribute("gen_ai.usage.input_tokens");
const OUTPUT_TOKENS: Meaning = Meaning::Attribute("gen_ai.usage.output_tokens");
const TOTAL_TOKENS: Meaning = Meaning::Attribute("gen_ai.usage.total_tokens");
const CACHE_READ: Meaning = Meaning::Attribute("gen_ai.usage.cache_read.input_tokens");
const REASONING: Meaning = Meaning::Attribute("gen_ai.usage.reasoning.output_tokens");

/// rig 0.44 to 0.46.
const RIG: &[Rule] = &[
    // `Agent::chat`, inside which rig makes no span of the agent.
    rule("chat", Kind::Agent)
        .target("rig_agent::agent::completion")
        .field("agent_name")
        .fields(&[("agent_name", AGENT)]),
];

/// swiftide 0.33, with its feature `langfuse`. Requests and responses are in events.
const SWIFTIDE: &[Rule] = &[
    rule("agent.*", Kind::Agent).target("swiftide_agents::agent"),
    rule("step", Kind::Workflow).target("swiftide_agents::agent"),
    rule("tool", Kind::Tool).target("swiftide_agents::agent"),
    rule("complete", Kind::Llm).target("swiftide_integrations"),
    rule("stream", Kind::Llm).target("swiftide_integrations"),
    rule("responses_stream", Kind::Llm).target("swiftide_integrations"),
    rule("prompt", Kind::Llm).target("swiftide_integrations"),
    rule("structured_prompt_dyn", Kind::Llm).target("swiftide_integrations"),
    // The event of embeddings has no span of its own, and describes no span that is not a call.
    rule("event *", Kind::Task).field("langfuse.model").is(Role::PartOfCall),
    // Events of agents and tools.
    rule("event *", Kind::Task).field("langfuse.output").is(Role::Part).fields(&[
        ("langfuse.input", INPUT),
        ("langfuse.output", OUTPUT),
        ("tool_name", TOOL),
    ]),
    rule("event *", Kind::Task).field("langfuse.input").is(Role::Part).fields(&[("langfuse.input", INPUT)]),
];

/// langchain-rust 7.
const LANGCHAIN: &[Rule] = &[
    rule("agent.run", Kind::Agent).fields(&[("error", ERROR), ("total_tokens", Meaning::Nothing)]),
    rule("agent.plan", Kind::Task),
    rule("tool.call", Kind::Tool).fields(&[("tool", TOOL), ("error", ERROR)]),
    rule("llm.generate", Kind::Llm).fields(&[
        ("provider", PROVIDER),
        ("model", MODEL),
        ("stream", Meaning::Attribute("gen_ai.request.stream")),
        ("prompt_tokens", INPUT_TOKENS),
        ("completion_tokens", OUTPUT_TOKENS),
        ("total_tokens", TOTAL_TOKENS),
        ("error", ERROR),
    ]),
    rule("embed.*", Kind::Embedding).fields(&[("provider", PROVIDER), ("model", MODEL), ("error", ERROR)]),
    rule("chain.call", Kind::Workflow).fields(&[("chain", WORKFLOW), ("error", ERROR)]),
];

/// goose of August 2026.
const GOOSE: &[Rule] = &[
    // The same call as that of the surrounding span `chat`.
    rule("provider_generation", Kind::Llm).fields(&[
        ("observation_id", Meaning::Nothing),
        ("provider", PROVIDER),
        ("model", MODEL),
        ("model_parameters_json", Meaning::Content("llm.invocation_parameters")),
        ("input_json", Meaning::Given(Given::Request)),
        ("output_json", Meaning::Given(Given::Response)),
        ("usage_details_json", Meaning::Attribute("langfuse.observation.usage_details")),
        ("cost_details_json", Meaning::Attribute("langfuse.observation.cost_details")),
        ("status_message", ERROR),
    ]),
    rule("*", Kind::Agent).field("trace_input").fields(&[
        ("trace_input", INPUT),
        ("trace_output", OUTPUT),
        ("session.user", Meaning::Tag("user_id")),
        ("session.host", Meaning::Nothing),
        ("session.agent_type", Meaning::Nothing),
    ]),
];

/// codex of August 2026. Its counts for a turn are the sum of the calls inside.
const CODEX: &[Rule] = &[
    rule("turn", Kind::Agent).field("turn.id").fields(&[
        ("thread.id", Meaning::Session),
        ("codex.turn.token_usage.input_tokens", INPUT_TOKENS),
        ("codex.turn.token_usage.cached_input_tokens", CACHE_READ),
        ("codex.turn.token_usage.non_cached_input_tokens", Meaning::Nothing),
        ("codex.turn.token_usage.output_tokens", OUTPUT_TOKENS),
        ("codex.turn.token_usage.reasoning_output_tokens", REASONING),
        ("codex.turn.token_usage.total_tokens", TOTAL_TOKENS),
    ]),
    rule("try_run_sampling_request", Kind::Llm).fields(&[("model", MODEL)]),
    // Inside the span above, or alone if that is too detailed for a filter.
    rule("model_client.*", Kind::Llm).fields(&[("model", MODEL)]),
    rule("dispatch_tool_call*", Kind::Tool).field("tool_name").fields(&[
        ("tool_name", TOOL),
        ("call_id", Meaning::Attribute("gen_ai.tool.call.id")),
        ("aborted", Meaning::Cancelled),
    ]),
    // One for each event of a stream. The last one has the tokens.
    rule("handle_responses", Kind::Llm).is(Role::Part).fields(&[
        ("otel.name", Meaning::Nothing),
        ("tool_name", Meaning::Nothing),
        ("from", Meaning::Nothing),
        ("codex.request.reasoning_effort", Meaning::Attribute("gen_ai.request.reasoning_effort")),
        ("codex.usage.reasoning_output_tokens", REASONING),
        ("codex.usage.total_tokens", TOTAL_TOKENS),
    ]),
];

/// adk-rust 2.3.
const ADK: &[Rule] = &[
    rule("agent.execute", Kind::Agent)
        .fields(&[("agent.name", AGENT), ("adk.user_id", Meaning::Tag("user_id"))]),
    rule("call_llm", Kind::Llm).fields(&[
        ("gcp.vertex.agent.llm_request", Meaning::Given(Given::Request)),
        ("gcp.vertex.agent.llm_response", Meaning::Given(Given::Response)),
    ]),
    rule("gen_ai.generate", Kind::Llm),
    rule("", Kind::Tool).field("tool.name"),
    // Events of tools.
    rule("event *", Kind::Task).field("tool.args").is(Role::Part).fields(&[("tool.args", INPUT)]),
    rule("event *", Kind::Task).field("tool.result").is(Role::Part).fields(&[("tool.result", OUTPUT)]),
    // Events of model calls.
    rule("event *", Kind::Task)
        .field("error.code")
        .is(Role::PartOfCall)
        .fields(&[("error.code", Meaning::Failure("error.type")), ("agent", Meaning::Nothing)]),
];

/// agentkit-loop 0.11.
const AGENTKIT: &[Rule] = &[rule("agent.turn", Kind::Agent), rule("agent.execute_tool", Kind::Tool)];

/// The crate openinference-instrumentation 0.1. It passes all attributes except the name to OpenTelemetry, and no layer sees them.
const OPENINFERENCE: &[Rule] = &[
    rule("llm", Kind::Llm),
    rule("embedding", Kind::Embedding),
    rule("tool", Kind::Tool),
    rule("retriever", Kind::Retrieval),
    rule("reranker", Kind::Retrieval),
    rule("agent", Kind::Agent),
    rule("chain", Kind::Workflow),
    rule("guardrail", Kind::Task),
    rule("evaluator", Kind::Task),
];

/// The server of mistral.rs. Its errors come in events.
const MISTRALRS: &[Rule] = &[rule("event *", Kind::Task).field("error").is(Role::Part)];

/// rmcp 3.11. The calls that are handled during a session do not belong to it.
const RMCP: &[Rule] = &[
    rule("serve_inner", Kind::Task).is(Role::Session),
    rule("streamable_http_session", Kind::Task).is(Role::Session),
    rule("transport_worker", Kind::Task).is(Role::Session),
];

/// tower-http 0.6.
const TOWER_HTTP: &[Rule] =
    &[rule("request", Kind::Workflow).target("tower_http::trace::make_span").is(Role::Request)];
