//! Intended differences that are not in the captures.

/// The differences and their reasons.
pub(crate) const BEYOND: &[(&str, &str)] = &[
    (
        "`DD_APM_TRACING_ENABLED` has no effect",
        "llmobs is not an APM tracer: spans are always sent to LLM Observability",
    ),
    (
        "`DD_TRACE_AGENT_TIMEOUT_SECONDS` has no effect",
        "an Agent has two seconds to answer, the default of the reference",
    ),
    (
        "`DD_TRACE_PROPAGATION_STYLE`, `DD_TRACE_PROPAGATION_STYLE_INJECT` and `DD_TRACE_PROPAGATION_STYLE_EXTRACT` have no effect",
        "both families of headers are always read and written",
    ),
    (
        "`DD_TRACE_X_DATADOG_TAGS_MAX_LENGTH` has no effect",
        "the header has at most 512 characters, the default of the reference",
    ),
    (
        "a function of the kind `retrieval` captures its output as documents; one of the kind `embedding` captures its input as documents, and the number of vectors",
        "calls can be read in the trace without annotations; the reference captures none of these",
    ),
    (
        "a processor gets content in the form of the kind of the span, and content of another form is converted",
        "the reference passes any content to a processor as messages; llmobs does not have to guess the original form, and loses nothing",
    ),
    (
        "if a header cannot contain a value, such as a session with letters that are not ASCII, only that value is left out, with a warning",
        "the parent is kept, and no span joins another session; the reference leaves out all of `x-datadog-tags`, and replaces characters in `tracestate`",
    ),
    (
        "an Agent is asked for its endpoints when the first spans are sent, and again if it or Datadog cannot be reached or rejects spans",
        "the program does not wait for it, and an Agent can start late, restart or stop; the reference decides once, at its start",
    ),
    (
        "`agent_service` is called `ml_app`",
        "it is a newer name of the same value; the value of `ml_app` is sent under both",
    ),
    (
        "the size of an event, for the limit `DD_LLMOBS_EVENT_SIZE_BYTES`, is its size in UTF-8",
        "these are the bytes that are sent; the reference writes and counts characters that are not ASCII as escapes of six bytes or more",
    ),
    ("`tracestate` never has `t.tid`", "`traceparent` has these digits of the trace id"),
    (
        "spans of observed model calls have the names of the reference for OpenAI, Anthropic and Gemini, and `ollama.request`, `bedrock-runtime.command` and `cohere.request` for Ollama, Bedrock and Cohere",
        "calls can be found by name; servers compatible with OpenAI have the names of OpenAI",
    ),
    (
        "embeddings by Bedrock's InvokeModel are spans of the kind `embedding`, and reranks of the kind `retrieval`",
        "spans can be found by kind; the reference does not record these embeddings, and records reranks as `llm` spans",
    ),
    (
        "a call of a model inside an `llm` span of the program is recorded in that span",
        "one call is one span, and tokens are counted once; the reference records two spans",
    ),
    ("each attempt of a client that retries is a span", "each has a duration and an error of its own"),
    (
        "an answer that is dropped before its end adds the tag `cancelled:true`, and a stream has the time to its first token",
        "they show that the answer is incomplete, and how long a user waited",
    ),
    (
        "in the Model Context Protocol, a call of a client is a child of the current span, or of the session if no other span than at its start is current",
        "a client often lives longer than the work that it is used for, and a call belongs to that work",
    ),
    (
        "servers of the Model Context Protocol also get the trace as `traceparent` and `tracestate`, and all requests continue it",
        "SEP-414 reserves these names; the reference continues the trace only in tool calls",
    ),
    (
        "servers of the Model Context Protocol record `tools/list` and `server/discover`, and results of tools as texts",
        "the list has the tools that a model can choose, and a newer protocol starts with `server/discover`; the model reads the texts",
    ),
    (
        "if a server asks for intents, the argument is required, except for tools with an argument of this name, and tools that models cannot call",
        "the reference requires a name that is not in the schema, and would remove arguments of tools",
    ),
    (
        "`LLMOBS_CAPTURE_MESSAGE_CONTENT` and `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` set whether spans of observed calls have messages",
        "the reference always records them",
    ),
    (
        "variables for experiments, prompts stored by Datadog, evaluators, and automatic instrumentation have no effect",
        "llmobs has none of these: `DD_APP_KEY`, `DD_LLMOBS_PROJECT_NAME`, `DD_LLMOBS_PROMPTS_*`, `DD_LLMOBS_EVALUATORS`, \
         `DD_LLMOBS_EVALUATOR_SAMPLING_RULES`, `DD_LLMOBS_INSTRUMENTED_PROXY_URLS`",
    ),
    (
        "the sampling decision of a trace is made when its first span finishes, or when it is injected",
        "spans are sent when they finish, children before their root, and each has the decision; the reference holds them back and decides when the root finishes",
    ),
    (
        "the reasoning of a model is a message with the role `reasoning`, for every provider",
        "it can be read; the reference records it in this form for some providers, and for others as JSON or not at all",
    ),
    (
        "an image, audio or a file in a message is a line with its type and its size or location",
        "the reference only records that there is an image",
    ),
    (
        "adjacent texts of an answer are one message",
        "providers split a text, for example at citations; the reference records a message for each piece",
    ),
    (
        "all parameters of a request are metadata, and so are the finish reason, response id and citations of an answer",
        "the reference records some of them",
    ),
    (
        "an error inside a stream makes the span an error, and messages and tokens are kept",
        "the reference does not record the tokens of a failed span",
    ),
    (
        "tokens of audio, images, videos, documents and predictions, and cache writes by lifetime, are metrics for every provider that counts them",
        "each has its own price",
    ),
    (
        "the result of a tool that failed begins with the line `[error]`",
        "the reference does not record that it failed",
    ),
    (
        "tokens that Anthropic counts for a summary of the conversation are added to those of the answer",
        "they are billed; the reference leaves them out",
    ),
];
