//! The meaning of fields of spans and events, by their names.

use llmobs_runtime::Kind;

/// The meaning of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// An attribute of a convention, under its name there.
    Attribute(&'static str),
    /// An attribute of a convention that people or models wrote.
    Content(&'static str),
    /// An attribute that marks the step as failed, unless its text is `ok` or the like.
    Failure(&'static str),
    /// An attribute that marks the step as failed, and that people or models wrote.
    FailureText(&'static str),
    /// The operation of the step, in the words of a vocabulary. It is also an attribute.
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
    /// Data of no interest to a reader of the span.
    Nothing,
}

/// The vocabularies of operations.
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
    /// The request to a model, in the form of its provider or of a library.
    Request,
    /// The response of a model.
    Response,
}

/// Names of a step. The kind of the step prefers one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// For any kind.
    Own,
    Agent,
    Tool,
    Workflow,
    /// The name of the step in OpenLLMetry.
    Entity,
    /// The name of the span in OpenTelemetry.
    Span,
}

impl Vocabulary {
    /// Returns the kind of a step, or `None` if the word is unknown.
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

/// Returns the kind of a step by its operation in OpenTelemetry's conventions, and in the forms of libraries.
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

/// The prefixes of attributes that identify a step.
const MARKS: [&str; 4] = ["gen_ai.", "openinference.", "traceloop.", "llmobs."];

/// The prefix of attributes that evaluate a step.
const EVALUATION: &str = "gen_ai.evaluation.";

/// Returns whether a span with this field is a step of an LLM application.
pub(crate) fn is_mark(name: &str) -> bool {
    MARKS.iter().any(|mark| name.starts_with(mark)) || matches!(name, "langfuse.type" | "observation_type")
}

/// Returns whether a span or an event with these fields is the evaluation of a step.
pub(crate) fn are_of_evaluation(names: &[&str]) -> bool {
    names.iter().any(|name| name.starts_with(EVALUATION)) && !names.contains(&"gen_ai.operation.name")
}

impl Meaning {
    /// Returns the name of the attribute, if the field is one.
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

    /// Returns the meaning of a field with this name.
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

    /// Returns whether the field is a number of tokens, or a cost.
    pub(crate) fn is_usage(self) -> bool {
        matches!(self, Self::Attribute(name) if USAGE.iter().any(|usage| name.starts_with(usage)))
    }

    /// Returns the meaning of a field by the prefix of its name.
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

/// The prefixes of attributes with numbers of tokens, or costs.
const USAGE: [&str; 6] = [
    "gen_ai.usage.",
    "llm.token_count.",
    "llm.usage.",
    "llm.cost.",
    "langfuse.usage",
    "langfuse.observation.",
];

/// The prefixes of attributes that people or models wrote.
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

/// The prefixes of all other attributes.
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
