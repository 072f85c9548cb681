//! A replay of programs that write `gen_ai.*` spans by hand.
//!
//! The spans are not from a particular program. The names are those of OpenTelemetry's semantic conventions for generative AI; the
//! syntax is that of Rust programs that write such spans with `tracing`: dotted and quoted names, values by `%` and by `?`,
//! `#[instrument]`, old and new names, numbers of any type and as texts.

use tracing::field::{Empty, debug};
use tracing::{Level, Span, debug_span, event, info_span, span};

const QUESTION: &str =
    r#"[{"role":"user","parts":[{"type":"text","content":"What is the weather in Paris?"}]}]"#;
const ANSWER: &str = concat!(
    r#"[{"role":"assistant","parts":[{"type":"text","content":"It is 21 degrees in Paris."}],"#,
    r#""finish_reason":"stop"}]"#
);

/// All attributes of the conventions for an agent, its calls and its tool. The session is `conv_1`, the model `gpt-4o`, the
/// provider `openai`; 57 tokens of input, of which 32 are read from the cache and 8 written, 18 of output, of which 7 are
/// reasoning; the first token comes after 0.25 s.
///
/// ```text
/// workflow answer_question
/// └─ agent weather  in What is the weather in Paris?  out It is 21 degrees in Paris.
///    ├─ task plan weather
///    ├─ llm chat gpt-4o  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant:  call get_weather({"city":"Paris"})
///    ├─ tool get_weather  in {"city":"Paris"}  out 21 degrees
///    ├─ retrieval retrieval climate  in weather in Paris  out mild | rainy
///    └─ embedding embeddings text-embedding-3-small
/// ```
pub(crate) fn everything() {
    let workflow = info_span!(
        target: "program",
        "run",
        otel.name = "invoke_workflow answer_question",
        gen_ai.operation.name = "invoke_workflow",
        gen_ai.workflow.name = "answer_question",
        gen_ai.conversation.id = "conv_1",
    );
    workflow.in_scope(|| {
        let agent = info_span!(
            target: "program",
            "agent",
            otel.name = "invoke_agent weather",
            otel.kind = "internal",
            gen_ai.operation.name = "invoke_agent",
            gen_ai.provider.name = "openai",
            gen_ai.agent.name = "weather",
            gen_ai.agent.id = "agent_1",
            gen_ai.agent.description = "Knows the weather",
            gen_ai.agent.version = "1.4.0",
            gen_ai.conversation.id = "conv_1",
            gen_ai.request.model = "gpt-4o",
            gen_ai.input.messages = QUESTION,
            gen_ai.output.messages = Empty,
        );
        agent.in_scope(|| {
            let plan = info_span!(
                target: "program",
                "plan",
                otel.name = "plan weather",
                gen_ai.operation.name = "plan",
                gen_ai.agent.name = "weather",
            );
            drop(plan);
            chat_with_call();
            let tool = info_span!(
                target: "program",
                "tool",
                otel.name = "execute_tool get_weather",
                gen_ai.operation.name = "execute_tool",
                gen_ai.tool.name = "get_weather",
                gen_ai.tool.call.id = "call_1",
                gen_ai.tool.type = "function",
                gen_ai.tool.description = "Tells the weather in a city",
                gen_ai.tool.call.arguments = r#"{"city":"Paris"}"#,
                gen_ai.tool.call.result = Empty,
            );
            tool.in_scope(|| {
                Span::current().record("gen_ai.tool.call.result", "21 degrees");
            });
            drop(tool);
            let retrieval = info_span!(
                target: "program",
                "search",
                otel.name = "retrieval climate",
                gen_ai.operation.name = "retrieval",
                gen_ai.data_source.id = "climate",
                gen_ai.retrieval.query.text = "weather in Paris",
                gen_ai.retrieval.documents = Empty,
            );
            let documents =
                r#"[{"id":"d1","content":"mild","score":0.9},{"id":"d2","content":"rainy","score":0.4}]"#;
            retrieval.record("gen_ai.retrieval.documents", documents);
            drop(retrieval);
            let embeddings = info_span!(
                target: "program",
                "embed",
                otel.name = "embeddings text-embedding-3-small",
                gen_ai.operation.name = "embeddings",
                gen_ai.provider.name = "openai",
                gen_ai.request.model = "text-embedding-3-small",
                gen_ai.embeddings.dimension.count = 512_i64,
                gen_ai.usage.input_tokens = 8_i64,
            );
            drop(embeddings);
        });
        agent.record("gen_ai.output.messages", ANSWER);
    });
}

fn chat_with_call() {
    let chat = info_span!(
        target: "program",
        "request",
        otel.name = "chat gpt-4o",
        otel.kind = "client",
        otel.status_code = Empty,
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = "openai",
        gen_ai.conversation.id = "conv_1",
        gen_ai.request.model = "gpt-4o",
        gen_ai.request.stream = true,
        gen_ai.request.temperature = 0.5,
        gen_ai.request.max_tokens = 256,
        gen_ai.request.top_p = Empty,
        gen_ai.request.stop_sequences = r#"["END"]"#,
        gen_ai.output.type = "text",
        server.address = "api.openai.com",
        server.port = 443,
        gen_ai.system_instructions = r#"[{"type":"text","content":"Answer in one sentence."}]"#,
        gen_ai.input.messages = QUESTION,
        gen_ai.output.messages = Empty,
        gen_ai.tool.definitions = r#"[{"type":"function","name":"get_weather","description":"Tells the weather in a city"}]"#,
        gen_ai.response.id = Empty,
        gen_ai.response.model = Empty,
        gen_ai.response.finish_reasons = Empty,
        gen_ai.response.time_to_first_chunk = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
        gen_ai.usage.cache_write.input_tokens = Empty,
        gen_ai.usage.reasoning.output_tokens = Empty,
    );
    chat.record("gen_ai.response.time_to_first_chunk", 0.25);
    chat.record("gen_ai.response.id", "chatcmpl-1");
    chat.record("gen_ai.response.model", "gpt-4o-2024-08-06");
    chat.record("gen_ai.response.finish_reasons", r#"["tool_calls"]"#);
    chat.record("gen_ai.usage.input_tokens", 57_u64);
    chat.record("gen_ai.usage.output_tokens", 18_u64);
    chat.record("gen_ai.usage.cache_read.input_tokens", 32_u64);
    chat.record("gen_ai.usage.cache_write.input_tokens", 8_u64);
    chat.record("gen_ai.usage.reasoning.output_tokens", 7_u64);
    let call = concat!(
        r#"[{"role":"assistant","parts":[{"type":"tool_call","id":"call_1","name":"get_weather","#,
        r#""arguments":{"city":"Paris"}}],"finish_reason":"tool_calls"}]"#
    );
    chat.record("gen_ai.output.messages", call);
}

/// Quoted names, `%` for texts, `?` for options and lists, `f32` and `usize`, and a prompt that is plain text. The finish
/// reason is `stop`, the temperature 0.5, 256 tokens at most; 57 tokens of input, 18 of output; 0.00025 dollars.
///
/// ```text
/// llm chat gpt-4o  in user: What is the weather in Paris?  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn any_type() {
    let span = info_span!(
        target: "program",
        "gen_ai.chat",
        "otel.name" = %format!("chat {}", "gpt-4o"),
        "gen_ai.system" = "openai",
        "gen_ai.operation.name" = %"chat",
        "gen_ai.request.model" = %"gpt-4o",
        "gen_ai.request.temperature" = ?Some(0.5_f32),
        "gen_ai.request.max_tokens" = 256_usize,
        "gen_ai.input.messages" = %r#"[{"role":"user","content":"What is the weather in Paris?"}]"#,
        "gen_ai.output.messages" = Empty,
        "gen_ai.response.finish_reasons" = Empty,
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.usage.output_tokens" = Empty,
        "gen_ai.usage.cost_usd" = Empty,
    );
    span.record("gen_ai.usage.input_tokens", "57");
    span.record("gen_ai.usage.output_tokens", 18_i32);
    span.record("gen_ai.usage.cost_usd", 0.00025);
    span.record("gen_ai.response.finish_reasons", debug(["stop"]));
    span.record("gen_ai.output.messages", debug(&"It is 21 degrees in Paris."));
}

/// The names before 1.37: `gen_ai.system`, `prompt_tokens`, `gen_ai.prompt` and `gen_ai.completion` with JSON of OpenAI's
/// messages. The finish reason is a plain text.
///
/// ```text
/// llm openai.chat  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn older_names() {
    let span = info_span!(
        target: "program",
        "openai.chat",
        gen_ai.system = "openai",
        gen_ai.operation.name = "chat",
        gen_ai.request.model = "gpt-4o",
        gen_ai.prompt = concat!(
            r#"[{"role":"system","content":"Answer in one sentence."},"#,
            r#"{"role":"user","content":"What is the weather in Paris?"}]"#
        ),
        gen_ai.completion = Empty,
        gen_ai.response.finish_reasons = Empty,
        gen_ai.usage.prompt_tokens = Empty,
        gen_ai.usage.completion_tokens = Empty,
        gen_ai.usage.total_tokens = Empty,
    );
    span.record("gen_ai.usage.prompt_tokens", 57_i64);
    span.record("gen_ai.usage.completion_tokens", 18_i64);
    span.record("gen_ai.usage.total_tokens", 75_i64);
    span.record("gen_ai.response.finish_reasons", "stop");
    span.record("gen_ai.completion", r#"[{"role":"assistant","content":"It is 21 degrees in Paris."}]"#);
}

/// A span without an operation: its request model makes it a model call.
///
/// ```text
/// llm summarize
/// ```
pub(crate) fn no_operation() {
    let span = info_span!(
        target: "program",
        "summarize",
        gen_ai.request.model = "gpt-4o",
        gen_ai.usage.input_tokens = 57,
        gen_ai.usage.output_tokens = 18,
    );
    drop(span);
}

/// An unknown operation, and one that is recorded after the span was created.
///
/// ```text
/// retrieval search_memory
/// llm later
/// ```
pub(crate) fn other_operations() {
    drop(info_span!(target: "program", "search_memory", gen_ai.operation.name = "search_memory"));
    let later = info_span!(
        target: "program",
        "later",
        gen_ai.operation.name = Empty,
        gen_ai.request.model = Empty
    );
    later.in_scope(|| ());
    later.record("gen_ai.operation.name", "text_completion");
    later.record("gen_ai.request.model", "gpt-3.5-turbo-instruct");
}

/// The ways in which spans report errors: by type and message, by the status of a response, by the status of OpenTelemetry, by
/// `#[instrument(err)]`, by an event of an exception.
///
/// ```text
/// llm typed  error rate_limit: slow down
/// llm numbered  error HTTP 429
/// llm by_status  error error: slow down
/// llm by_attribute  error error: slow down
/// llm by_exception  error RateLimited: slow down
/// ```
pub(crate) fn failures() {
    macro_rules! call {
        ($name:literal) => {
            info_span!(
                target: "program",
                $name,
                gen_ai.operation.name = "chat",
                gen_ai.request.model = "gpt-4o",
                error.type = Empty,
                error.message = Empty,
                otel.status_code = Empty,
                otel.status_description = Empty,
            )
        };
    }
    let span = call!("typed");
    span.record("error.type", "rate_limit");
    span.record("error.message", "slow down");
    let span = call!("numbered");
    span.record("error.type", "429");
    let span = call!("by_status");
    span.record("otel.status_code", "ERROR");
    span.record("otel.status_description", "slow down");
    call!("by_attribute").in_scope(|| tracing::error!(target: "program", error = %"slow down"));
    call!("by_exception").in_scope(|| {
        event!(
        target: "program",
        Level::ERROR,
        exception.type = "RateLimited",
            exception.message = %"slow down",
            "request failed"
        );
    });
}

/// A call with its messages in events, as in the conventions before 1.37.
///
/// ```text
/// llm chat  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn messages_in_events() {
    let span = info_span!(
        target: "program",
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.system = "openai",
        gen_ai.request.model = "gpt-4o",
    );
    span.in_scope(|| {
        event!(
        target: "program",
        Level::INFO,
        event.name = "gen_ai.client.inference.operation.details",
            gen_ai.system_instructions = r#"[{"type":"text","content":"Answer in one sentence."}]"#,
            gen_ai.input.messages = QUESTION,
            gen_ai.output.messages = ANSWER,
        );
    });
}

/// An evaluation, which belongs to the surrounding call and is not a span.
///
/// ```text
/// llm chat
/// ```
pub(crate) fn evaluation() {
    let chat = info_span!(
        target: "program",
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.request.model = "gpt-4o"
    );
    chat.in_scope(|| {
        drop(info_span!(
            target: "genai::otel::events",
            "genai.evaluation.result",
            "otel.name" = "gen_ai.evaluation.result",
            "otel.kind" = "internal",
            "otel.status_code" = Empty,
            "gen_ai.evaluation.name" = "Relevance",
            "gen_ai.evaluation.score.value" = 4.0,
            "gen_ai.evaluation.score.label" = "relevant",
            "gen_ai.evaluation.explanation" = "On the point",
            "gen_ai.response.id" = "chatcmpl-1",
            "error.type" = Empty,
        ));
    });
}

/// Ordinary spans of a program around and between LLM spans: they are not recorded, and parents are found through them.
///
/// ```text
/// agent weather
/// ├─ llm chat
/// └─ tool get_weather
///    └─ llm chat
/// ```
pub(crate) fn through_ordinary_spans() {
    let chat = || {
        drop(info_span!(
            target: "program",
            "chat",
            gen_ai.operation.name = "chat",
            gen_ai.request.model = "gpt-4o"
        ));
    };
    let request =
        span!(target: "tower_http::trace::make_span", Level::DEBUG, "request", method = "POST", uri = "/");
    let _request = request.enter();
    let agent = info_span!(
        target: "program",
        "invoke_agent",
        gen_ai.operation.name = "invoke_agent",
        gen_ai.agent.name = "weather"
    );
    let _agent = agent.enter();
    debug_span!(target: "hyper", "connect").in_scope(chat);
    let tool = info_span!(
        target: "program",
        "execute_tool",
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = "get_weather"
    );
    let _tool = tool.enter();
    event!(target: "program", Level::INFO, "looking out of the window");
    debug_span!(target: "sqlx::query", "query", db.statement = "SELECT 1").in_scope(chat);
}
