//! What fields of spans and events mean, by their names.

use llmobs_runtime::Kind;

/// What a field means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// An attribute of a convention, under its name there.
    Attribute(&'static str),
    /// The same, where people or models wrote it.
    Content(&'static str),
    /// An attribute that says, unless its text is `ok` or the like, that the step failed.
    Failure(&'static str),
    /// The same, where people or models wrote it.
    FailureText(&'static str),
    /// What the step does, in the words of a vocabulary. It is an attribute, too.
    Operation(&'static str, Vocabulary),
    /// A value in a form that annotations take.
    Given(Given),
    /// A name of the step.
    Name(Name),
    /// The session, such as a conversation.
    Session,
    /// Whether the step was cancelled.
    Cancelled,
    /// A tag of this name.
    Tag(&'static str),
    /// A number of this name.
    Metric(&'static str),
    /// A fact of this name.
    Metadata(&'static str),
    /// Nothing that a reader of the span looks for.
    Nothing,
}

/// Words for what a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vocabulary {
    /// `gen_ai.operation.name`.
    Otel,
    /// `openinference.span.kind`.
    OpenInference,
    /// The kinds of LLM Observability.
    Kinds,
    /// `langfuse.type` and `observation_type`.
    Langfuse,
}

/// Values that annotations take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Input,
    Output,
    /// What a model was asked, in the form of its provider or of a library.
    Request,
    /// What it answered.
    Response,
}

/// Names of a step, of which its kind prefers one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// For any kind.
    Own,
    Agent,
    Tool,
    Workflow,
    /// That of the step in OpenLLMetry.
    Entity,
    /// That of the span in OpenTelemetry.
    Span,
}

impl Vocabulary {
    /// The kind of a step. `None` if the word says nothing.
    pub(crate) fn kind(self, word: &str) -> Option<Kind> {
        match self {
            Self::Otel => kind_of_operation(word),
            Self::Kinds => word.parse().ok(),
            Self::OpenInference => Some(match word.to_ascii_uppercase().as_str() {
                "LLM" => Kind::Llm,
                "EMBEDDING" => Kind::Embedding,
                "TOOL" => Kind::Tool,
                "AGENT" => Kind::Agent,
                "RETRIEVER" | "RERANKER" => Kind::Retrieval,
                "GUARDRAIL" | "EVALUATOR" | "PROMPT" => Kind::Task,
                "" => return None,
                _ => Kind::Workflow,
            }),
            Self::Langfuse => Some(match word.to_ascii_uppercase().as_str() {
                "GENERATION" => Kind::Llm,
                "EMBEDDING" => Kind::Embedding,
                "TOOL" => Kind::Tool,
                "AGENT" => Kind::Agent,
                "RETRIEVER" => Kind::Retrieval,
                "GUARDRAIL" | "EVALUATOR" | "EVENT" => Kind::Task,
                "" => return None,
                _ => Kind::Workflow,
            }),
        }
    }
}

/// The kind of a step by its operation in OpenTelemetry's conventions, and in the forms of libraries.
fn kind_of_operation(operation: &str) -> Option<Kind> {
    Some(match operation {
        "" => return None,
        "chat"
        | "generate_content"
        | "text_completion"
        | "completion"
        | "chat_streaming"
        | "interactions"
        | "interactions_streaming"
        | "transcription"
        | "image_generation"
        | "audio_generation" => Kind::Llm,
        "embeddings" | "embedding" => Kind::Embedding,
        "execute_tool" => Kind::Tool,
        "invoke_agent" | "create_agent" => Kind::Agent,
        "retrieval" | "rerank" | "search_memory" => Kind::Retrieval,
        "plan" | "execute_hook" => Kind::Task,
        memory if memory.ends_with("_memory") || memory.ends_with("_memory_store") => Kind::Task,
        _ => Kind::Workflow,
    })
}

/// How the names of attributes begin that say what a step is.
const MARKS: [&str; 4] = ["gen_ai.", "openinference.", "traceloop.", "llmobs."];

/// How the names of attributes begin that say how good a step was.
const EVALUATION: &str = "gen_ai.evaluation.";

/// Whether a span with this field is a step of an LLM application.
pub(crate) fn is_mark(name: &str) -> bool {
    MARKS.iter().any(|mark| name.starts_with(mark)) || matches!(name, "langfuse.type" | "observation_type")
}

/// Whether a span or an event with these fields is the evaluation of a step.
pub(crate) fn are_of_evaluation(names: &[&str]) -> bool {
    names.iter().any(|name| name.starts_with(EVALUATION)) && !names.contains(&"gen_ai.operation.name")
}

impl Meaning {
    /// The name of the attribute, if it is one.
    pub(crate) fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Attribute(name)
            | Self::Content(name)
            | Self::Failure(name)
            | Self::FailureText(name)
            | Self::Operation(name, _) => Some(name),
            _ => None,
        }
    }

    /// What a field of this name means.
    pub(crate) fn of(name: &'static str) -> Self {
        match name {
            "gen_ai.operation.name" | "llm.request.type" => Self::Operation(name, Vocabulary::Otel),
            "openinference.span.kind" => Self::Operation(name, Vocabulary::OpenInference),
            "traceloop.span.kind" | "llmobs.kind" => Self::Operation(name, Vocabulary::Kinds),
            "langfuse.type" | "langfuse.observation.type" | "observation_type" => {
                Self::Operation(name, Vocabulary::Langfuse)
            }
            "llmobs.name" => Self::Name(Name::Own),
            "gen_ai.agent.name" | "agent.name" => Self::Name(Name::Agent),
            "gen_ai.tool.name" | "tool.name" => Self::Name(Name::Tool),
            "gen_ai.workflow.name" => Self::Name(Name::Workflow),
            "traceloop.entity.name" => Self::Name(Name::Entity),
            "otel.name" => Self::Name(Name::Span),
            "gen_ai.conversation.id"
            | "session.id"
            | "langfuse.session.id"
            | "llmobs.session_id"
            | "traceloop.association.properties.session_id"
            | "gcp.vertex.agent.session_id" => Self::Session,
            "user.id" | "enduser.id" | "langfuse.user.id" | "traceloop.association.properties.user_id" => {
                Self::Tag("user_id")
            }
            "langfuse.input" => Self::Given(Given::Request),
            "langfuse.output" => Self::Given(Given::Response),
            "langfuse.status_message" => Self::FailureText("error.message"),
            "llmobs.input" => Self::Given(Given::Input),
            "llmobs.output" => Self::Given(Given::Output),
            "llmobs.model_name" | "langfuse.model" => Self::Attribute("gen_ai.request.model"),
            "llmobs.model_provider" => Self::Attribute("gen_ai.provider.name"),
            "langfuse.usage" | "langfuse.observation.usage_details" | "langfuse.observation.cost_details" => {
                Self::Attribute(name)
            }
            "otel.status_code" | "error.type" | "exception.type" | "gen_ai.tool.error.type" => {
                Self::Failure(name)
            }
            "error.message" | "exception.message" => Self::FailureText(name),
            "otel.status_message" | "otel.status_description" => Self::Content(name),
            "message" | "rig.completion_parent" => Self::Nothing,
            _ => Self::of_beginning(name),
        }
    }

    /// Whether it is a number of tokens, or what they cost.
    pub(crate) fn is_usage(self) -> bool {
        matches!(self, Self::Attribute(name) if USAGE.iter().any(|usage| name.starts_with(usage)))
    }

    /// What a field means by how its name begins.
    fn of_beginning(name: &'static str) -> Self {
        if let Some(rest) = name.strip_prefix("llmobs.") {
            return match rest.split_once('.') {
                Some(("tags", tag)) => Self::Tag(tag),
                Some(("metrics", metric)) => Self::Metric(metric),
                Some(("metadata", fact)) => Self::Metadata(fact),
                _ => Self::Metadata(name),
            };
        }
        let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| name.starts_with(beginning));
        if begins(&["otel.", "code.", "thread.", "log.", "busy_ns", "idle_ns"]) {
            Self::Nothing
        } else if begins(&CONTENT) {
            Self::Content(name)
        } else if begins(&ATTRIBUTES) {
            Self::Attribute(name)
        } else {
            Self::Metadata(name)
        }
    }
}

/// How the names of attributes begin that have numbers of tokens, or what they cost.
const USAGE: [&str; 6] = [
    "gen_ai.usage.",
    "llm.token_count.",
    "llm.usage.",
    "llm.cost.",
    "langfuse.usage",
    "langfuse.observation.",
];

/// How the names of attributes begin that people or models wrote.
const CONTENT: [&str; 27] = [
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.prompt",
    "gen_ai.completion",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.tool.description",
    "gen_ai.agent.description",
    "gen_ai.retrieval.",
    "gen_ai.memory.query.",
    "gen_ai.memory.records",
    "gen_ai.evaluation.explanation",
    "llm.input_messages",
    "llm.output_messages",
    "llm.prompts",
    "llm.choices",
    "llm.prompt_template",
    "embedding.embeddings",
    "retrieval.documents",
    "reranker.",
    "input.",
    "output.",
    "metadata",
    "traceloop.entity.input",
    "traceloop.entity.output",
    "tool.parameters",
];

/// How the names of the other attributes begin.
const ATTRIBUTES: [&str; 10] = [
    "gen_ai.",
    "llm.",
    "embedding.",
    "tool.",
    "tool_call.",
    "openinference.",
    "traceloop.",
    "openai.",
    "server.",
    "tag.tags",
];
