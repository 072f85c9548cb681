//! Differences on purpose that no capture shows.

/// What differs, and why.
pub(crate) const BEYOND: &[(&str, &str)] = &[
    (
        "`DD_APM_TRACING_ENABLED` changes nothing",
        "llmobs is no APM tracer: spans always go to LLM Observability",
    ),
    (
        "`DD_TRACE_AGENT_TIMEOUT_SECONDS` changes nothing",
        "an Agent has two seconds to say what it takes, the default of the reference",
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
        "a function of the kind `retrieval` captures its output as documents, and one of the kind `embedding` its input as documents and \
         how many vectors it returned",
        "each call can be read in the trace without annotating it; the reference captures none of these",
    ),
    (
        "a processor sees each content in the form that its kind shows, and content of another form is converted",
        "the reference shows a processor messages in place of any content; here nothing has to be guessed on the way back, and nothing \
         is lost",
    ),
    (
        "a value that a header cannot carry as it is, such as a session with letters beyond ASCII, is left out alone, with a warning",
        "the parent still holds, and no span joins a session of another name; the reference leaves out the whole of `x-datadog-tags`, \
         and writes other characters into `tracestate`",
    ),
    (
        "an Agent is asked what it takes when the first spans are sent, and again when it or Datadog cannot be reached or takes no spans",
        "nothing waits for it, and an Agent that starts late, restarts or goes is noticed; the reference decides once, when it starts",
    ),
    (
        "`agent_service` is called `ml_app`",
        "it is a newer name of the same thing; what `ml_app` says is sent under both",
    ),
    (
        "the size of an event, of which `DD_LLMOBS_EVENT_SIZE_BYTES` is the limit, is that of its UTF-8",
        "these are the bytes that are sent; the reference writes and counts characters beyond ASCII as escapes of six bytes or more",
    ),
    ("`tracestate` never has `t.tid`", "`traceparent` has these digits of the trace id"),
    (
        "spans of calls of models that are observed have the names that the reference gives to OpenAI, Anthropic and Gemini, and for Ollama, \
         Bedrock and Cohere `ollama.request`, `bedrock-runtime.command` and `cohere.request`",
        "each has a name by which it can be found, and calls of servers that speak like OpenAI have those of OpenAI",
    ),
    (
        "embeddings by Bedrock's InvokeModel are spans of the kind `embedding`, and reranks of the kind `retrieval`",
        "each is found where others of its kind are; the reference makes no span of embeddings there, and an `llm` span of a rerank",
    ),
    (
        "a call of a model inside an `llm` span of the program is shown by that span",
        "one call is one span, and no token counts twice; the reference makes two",
    ),
    (
        "attempts of a client that retries are spans of their own",
        "each took time, and each failed for a reason",
    ),
    (
        "an answer that is dropped before its end leaves the tag `cancelled:true`, and a stream has the time to its first token",
        "a reader should see that it is not all there could have been, and what a person waited for",
    ),
    (
        "of the Model Context Protocol, a call of a client is inside the span that is current, and inside the session only if that is the one above both",
        "a client lives longer than what it is used for, and a call belongs to what needs it",
    ),
    (
        "the trace goes to servers of the Model Context Protocol as `traceparent` and `tracestate`, too, and all requests continue it",
        "SEP-414 reserves these names; the reference continues the trace in calls of tools alone",
    ),
    (
        "servers of the Model Context Protocol show `tools/list` and `server/discover`, and results of tools are texts",
        "a list is what a model can choose from, a newer protocol begins with the other; the texts are what the model reads",
    ),
    (
        "where a server asks for intents, the argument itself is required, and tools that have one of its name, or that models cannot call, are not asked",
        "the reference requires a name that the schema does not have, and would take arguments away from tools",
    ),
    (
        "`LLMOBS_CAPTURE_MESSAGE_CONTENT` and `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` choose whether spans of observed calls show messages",
        "the reference always shows them",
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
    (
        "thoughts of a model are messages of the role `reasoning` with their text, whoever the provider is",
        "they can be read; the reference shows them so for some providers, and for others as JSON or not at all",
    ),
    (
        "an image, a sound or a file in a message is a line with its type and size, or where it is",
        "the reference says only that there is an image",
    ),
    (
        "adjoining texts of an answer are one message",
        "providers split a text at citations and elsewhere; the reference makes a message of each piece",
    ),
    (
        "all parameters of a request are metadata, and so are finish reason, response id, citations and the like of an answer",
        "the reference keeps a few of them",
    ),
    (
        "a failure inside a stream fails the span, and keeps messages and tokens",
        "the reference shows no tokens of a span that failed",
    ),
    (
        "tokens of sound, images, videos, documents and predictions, and those written to the cache by lifetime, are metrics of every provider \
         that counts them",
        "each has a price of its own",
    ),
    (
        "the result of a tool that failed begins with the line `[error]`",
        "the reference does not show that it failed",
    ),
    (
        "tokens that Anthropic counts beside an answer for a summary of what was said before are added to it",
        "they are paid for; the reference leaves them out",
    ),
];
