//! A replay of rig 0.46 (rig-core and rig-agent 0.46.0, commit 6e039cd), which needs Rust 1.97.
//!
//! The names, targets, levels, fields and parents are those of rig-core's `src/telemetry/mod.rs` and
//! `src/operation/{completion,modality}.rs` and of rig-agent's `src/agent/{telemetry,engine,runner,completion}.rs`.
//!
//! Tokens, which trees do not show: the first call of `agent_with_tool` has 57 of input, of which 32 are cached, and
//! 18 of output; the second 93, 64 and 11. The agent repeats their sums.

use tracing::field::{Empty, display};
use tracing::span::Id;
use tracing::{Span, debug, info, info_span, trace};

const SYSTEM: &str = r#"[{"type":"text","content":"Answer in one sentence."}]"#;
const QUESTION: &str = concat!(
    r#"[{"role":"system","parts":[{"type":"text","content":"Answer in one sentence."}]},"#,
    r#"{"role":"user","parts":[{"type":"text","content":"What is the weather in Paris?"}]}]"#
);
const CALL: &str = concat!(
    r#"[{"role":"assistant","parts":[{"type":"tool_call","id":"call_1","name":"get_weather","#,
    r#""arguments":{"city":"Paris"}}],"finish_reason":"tool_call"}]"#
);
const QUESTION_WITH_RESULT: &str = concat!(
    r#"[{"role":"system","parts":[{"type":"text","content":"Answer in one sentence."}]},"#,
    r#"{"role":"user","parts":[{"type":"text","content":"What is the weather in Paris?"}]},"#,
    r#"{"role":"assistant","parts":[{"type":"tool_call","id":"call_1","name":"get_weather","arguments":{"city":"Paris"}}]},"#,
    r#"{"role":"user","parts":[{"type":"tool_call_response","id":"call_1","response":"21 degrees"}]}]"#
);
const ANSWER: &str = concat!(
    r#"[{"role":"assistant","parts":[{"type":"text","content":"It is 21 degrees in Paris."}],"#,
    r#""finish_reason":"unknown"}]"#
);
const TOOLS: &str = concat!(
    r#"[{"type":"function","name":"get_weather","description":"Tells the weather in a city","#,
    r#""parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}]"#
);

/// `acquire_agent_span` if no span is current: an explicit root.
fn invoke_agent(name: &str, system: Option<&str>) -> Span {
    info_span!(
        target: "rig_agent::agent::telemetry",
        parent: None,
        "invoke_agent",
        gen_ai.operation.name = "invoke_agent",
        gen_ai.agent.name = name,
        gen_ai.system_instructions = system,
        gen_ai.prompt = Empty,
        gen_ai.completion = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
        gen_ai.usage.cache_creation.input_tokens = Empty,
        gen_ai.usage.tool_use_prompt_tokens = Empty,
        gen_ai.usage.reasoning_tokens = Empty,
    )
}

/// `build_chat_span!`, with the current span as its explicit parent.
fn agent_chat(agent: &str, system: Option<&str>) -> Span {
    info_span!(
        target: "rig::agent_chat",
        parent: Span::current(),
        "chat",
        rig.completion_parent = true,
        gen_ai.operation.name = "chat",
        gen_ai.system_instructions = system,
        gen_ai.provider.name = Empty,
        gen_ai.request.model = Empty,
        gen_ai.request.stream = Empty,
        gen_ai.response.id = Empty,
        gen_ai.response.model = Empty,
        rig.provider_request_id = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
        gen_ai.usage.cache_creation.input_tokens = Empty,
        gen_ai.usage.tool_use_prompt_tokens = Empty,
        gen_ai.usage.reasoning_tokens = Empty,
        gen_ai.input.messages = Empty,
        gen_ai.output.messages = Empty,
        gen_ai.agent.name = agent,
        gen_ai.tool.definitions = Empty
    )
}

/// `new_completion_span!`: a call that finds no span of an agent.
fn completion(system: Option<&str>, stream: bool) -> Span {
    let span = info_span!(
        target: "rig::completions",
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = "openai",
        gen_ai.request.model = "gpt-4o",
        gen_ai.system_instructions = system,
        gen_ai.request.stream = Empty,
        gen_ai.response.id = Empty,
        gen_ai.response.model = Empty,
        rig.provider_request_id = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
        gen_ai.usage.cache_creation.input_tokens = Empty,
        gen_ai.usage.tool_use_prompt_tokens = Empty,
        gen_ai.usage.reasoning_tokens = Empty,
        gen_ai.input.messages = Empty,
        gen_ai.output.messages = Empty
    );
    span.record("gen_ai.request.stream", stream);
    span
}

/// `new_modality_span!`.
macro_rules! modality {
    ($name:literal, $model:expr) => {
        info_span!(
            target: "rig::modalities",
            $name,
            gen_ai.operation.name = $name,
            gen_ai.provider.name = "openai",
            gen_ai.request.model = $model,
            gen_ai.response.id = Empty,
            gen_ai.response.model = Empty,
            rig.provider_request_id = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            gen_ai.usage.cache_read.input_tokens = Empty,
            gen_ai.usage.cache_creation.input_tokens = Empty,
            gen_ai.usage.tool_use_prompt_tokens = Empty,
            gen_ai.usage.reasoning_tokens = Empty,
        )
    };
}

fn execute_tool() -> Span {
    info_span!(
        target: "rig_agent::agent::telemetry",
        "execute_tool",
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.type = "function",
        gen_ai.tool.name = Empty,
        gen_ai.tool.call.id = Empty,
        gen_ai.tool.call.arguments = Empty,
        gen_ai.tool.call.result = Empty,
        gen_ai.tool.call.outcome = Empty,
        gen_ai.tool.error.type = Empty
    )
}

/// Records the fields of the provider, which adopts the span of the agent.
fn adopt(chat: &Span, stream: bool) {
    chat.record("gen_ai.operation.name", "chat");
    chat.record("gen_ai.provider.name", "openai");
    chat.record("gen_ai.request.model", "gpt-4o");
    chat.record("gen_ai.request.stream", stream);
}

/// `SpanCombinator::record_token_usage`.
fn usage(span: &Span, [input, output, cached]: [u64; 3]) {
    span.record("gen_ai.usage.input_tokens", input);
    span.record("gen_ai.usage.output_tokens", output);
    span.record("gen_ai.usage.cache_read.input_tokens", cached);
    // Zero is recorded if the provider reports it.
    span.record("gen_ai.usage.reasoning_tokens", 0_u64);
}

/// `SpanCombinator::record_response`, and the id of the request before it.
fn response(chat: &Span, id: &str, tokens: [u64; 3]) {
    chat.record("rig.provider_request_id", "req_9f2b");
    chat.record("gen_ai.response.id", id);
    chat.record("gen_ai.response.model", "gpt-4o-2024-08-06");
    usage(chat, tokens);
    // The reply is logged, whether content is recorded or not.
    chat.in_scope(|| trace!(target: "rig::completions", "reply: {{\n  \"id\": \"{id}\"\n}}"));
}

/// A turn of the model: a tool call or an answer.
struct Turn {
    input: &'static str,
    output: &'static str,
    id: &'static str,
    tokens: [u64; 3],
}

const ASKS_FOR_TOOL: Turn = Turn { input: QUESTION, output: CALL, id: "chatcmpl-1", tokens: [57, 18, 32] };
const ANSWERS: Turn =
    Turn { input: QUESTION_WITH_RESULT, output: ANSWER, id: "chatcmpl-2", tokens: [93, 11, 64] };

impl Turn {
    /// A turn of an agent, with the content of the messages or without, after a step whose span may be closed.
    fn run(&self, agent: &str, content: bool, after: Option<Id>) -> Span {
        let chat = agent_chat(agent, content.then_some(SYSTEM));
        chat.follows_from(after);
        if content {
            chat.record("gen_ai.input.messages", self.input);
            chat.record("gen_ai.tool.definitions", TOOLS);
        }
        chat.in_scope(|| {
            adopt(&chat, false);
            response(&chat, self.id, self.tokens);
        });
        if content {
            chat.record("gen_ai.output.messages", self.output);
        }
        chat
    }

    /// A streamed turn: its span is entered for each piece, and the agent records the tokens again.
    fn stream(&self, agent: &Span, text: &str) {
        let chat = agent_chat("weather", Some(SYSTEM));
        chat.record("gen_ai.input.messages", self.input);
        chat.record("gen_ai.tool.definitions", TOOLS);
        chat.in_scope(|| adopt(&chat, true));
        for _piece in 0..3 {
            chat.in_scope(|| trace!(target: "rig::streaming", "frame"));
        }
        response(&chat, self.id, self.tokens);
        usage(&chat, self.tokens);
        agent.record("gen_ai.completion", text);
        chat.record("gen_ai.output.messages", self.output);
    }
}

/// A tool that returns its result. Its arguments are logged, whether content is recorded or not.
fn run_tool(tool: &Span, [name, id, arguments, result]: [&str; 4], content: bool) {
    tool.in_scope(|| {
        tool.record("gen_ai.tool.name", name);
        tool.record("gen_ai.tool.call.id", display(id));
        if content {
            tool.record("gen_ai.tool.call.arguments", arguments);
        }
        debug!(target: "rig", tool_name = name, "calling tool with args:\n{arguments}");
        tool.record("gen_ai.tool.call.outcome", "success");
        if content {
            tool.record("gen_ai.tool.call.result", result);
        }
    });
}

const WEATHER: [&str; 4] = ["get_weather", "call_1", r#"{"city":"Paris"}"#, "21 degrees"];

/// `agent.prompt(..).await` of an agent with `record_content_telemetry(true)` and no span around it. Each step follows
/// from the one before, whose span is closed by then.
///
/// ```text
/// agent weather  in What is the weather in Paris?  out It is 21 degrees in Paris.
/// ├─ llm chat  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant:  call get_weather({"city":"Paris"})
/// ├─ tool get_weather  in {"city":"Paris"}  out 21 degrees
/// └─ llm chat  in system: Answer in one sentence. | user: What is the weather in Paris? | assistant:  call get_weather({"city":"Paris"}) | tool:  result 21 degrees  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn agent_with_tool() {
    let agent = invoke_agent("weather", Some(SYSTEM));
    agent.record("gen_ai.prompt", "What is the weather in Paris?");
    agent.in_scope(|| {
        let first = ASKS_FOR_TOOL.run("weather", true, None).id();
        let tool = execute_tool();
        tool.follows_from(first);
        let second = tool.id();
        run_tool(&tool, WEATHER, true);
        drop(tool);
        ANSWERS.run("weather", true, second);
        info!(target: "rig_agent::agent::engine", turn = 2_u64, max_turns = 3_u64, "Agent run finished");
    });
    agent.record("gen_ai.completion", "It is 21 degrees in Paris.");
    usage(&agent, [150, 29, 96]);
}

/// The same without content, which is rig's default.
///
/// ```text
/// agent weather
/// ├─ llm chat
/// ├─ tool get_weather
/// └─ llm chat
/// ```
pub(crate) fn agent_without_content() {
    let agent = invoke_agent("weather", None);
    agent.in_scope(|| {
        ASKS_FOR_TOOL.run("weather", false, None);
        run_tool(&execute_tool(), WEATHER, false);
        ANSWERS.run("weather", false, None);
    });
    usage(&agent, [150, 29, 96]);
}

/// `agent.prompt(..).stream()`. rig records no first token. The text of each turn replaces that of the turn before.
///
/// ```text
/// agent weather  in What is the weather in Paris?  out It is 21 degrees in Paris.
/// ├─ llm chat  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant:  call get_weather({"city":"Paris"})
/// ├─ tool get_weather  in {"city":"Paris"}  out 21 degrees
/// └─ llm chat  in system: Answer in one sentence. | user: What is the weather in Paris? | assistant:  call get_weather({"city":"Paris"}) | tool:  result 21 degrees  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn agent_streamed() {
    let agent = invoke_agent("weather", Some(SYSTEM));
    agent.record("gen_ai.prompt", "What is the weather in Paris?");
    agent.in_scope(|| {
        ASKS_FOR_TOOL.stream(&agent, "");
        run_tool(&execute_tool(), WEATHER, true);
        ANSWERS.stream(&agent, "It is 21 degrees in Paris.");
    });
    usage(&agent, [150, 29, 96]);
}

/// An agent in a handler of axum with a `TraceLayer`. rig creates no span for the agent if any span is current, and
/// records the prompt on that span, which has no field for it. All spans are in one trace.
///
/// ```text
/// llm chat  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant:  call get_weather({"city":"Paris"})
/// tool get_weather  in {"city":"Paris"}  out 21 degrees
/// llm chat  in system: Answer in one sentence. | user: What is the weather in Paris? | assistant:  call get_weather({"city":"Paris"}) | tool:  result 21 degrees  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn agent_under_a_request() {
    let request = info_span!(
        target: "tower_http::trace::make_span",
        "request",
        method = "POST",
        uri = "/ask",
        version = "HTTP/1.1"
    );
    request.record("gen_ai.prompt", "What is the weather in Paris?");
    request.in_scope(|| {
        ASKS_FOR_TOOL.run("weather", true, None);
        run_tool(&execute_tool(), WEATHER, true);
        ANSWERS.run("weather", true, None);
    });
}

/// `agent.prompt(..).run().instrument(request)`: rig looks for a current span when `run` is called, finds none, and creates an
/// explicit root, although the request's span is current when the agent starts.
///
/// ```text
/// workflow answer
/// └─ agent weather
///    └─ llm chat
/// ```
pub(crate) fn agent_instrumented_by_a_workflow() {
    let workflow = info_span!(
        target: "program",
        "answer",
        gen_ai.operation.name = "invoke_workflow",
        gen_ai.workflow.name = "answer"
    );
    workflow.in_scope(|| {
        let agent = invoke_agent("weather", None);
        agent.in_scope(|| drop(ASKS_FOR_TOOL.run("weather", false, None)));
        usage(&agent, [57, 18, 32]);
    });
}

/// `agent.chat(prompt, &mut history)`, whose own span is named `chat` although it is the agent. rig treats it as the span
/// of the caller, and creates none for the agent.
///
/// ```text
/// agent weather
/// └─ llm chat  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant:  call get_weather({"city":"Paris"})
/// ```
pub(crate) fn agent_chat_method() {
    let chat = info_span!(target: "rig_agent::agent::completion", "chat", agent_name = "weather");
    chat.record("gen_ai.prompt", "What is the weather in Paris?");
    chat.in_scope(|| drop(ASKS_FOR_TOOL.run("weather", true, None)));
}

/// An agent as the tool of another. The inner agent has no span.
///
/// ```text
/// agent planner  in What is the weather in Paris?  out It is 21 degrees in Paris.
/// ├─ llm chat  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant:  call get_weather({"city":"Paris"})
/// ├─ tool weather  in {"prompt":"Paris"}  out It is 21 degrees in Paris.
/// │  └─ llm chat  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant:  call get_weather({"city":"Paris"})
/// └─ llm chat  in system: Answer in one sentence. | user: What is the weather in Paris? | assistant:  call get_weather({"city":"Paris"}) | tool:  result 21 degrees  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn agent_as_a_tool() {
    let agent = invoke_agent("planner", Some(SYSTEM));
    agent.record("gen_ai.prompt", "What is the weather in Paris?");
    agent.in_scope(|| {
        ASKS_FOR_TOOL.run("planner", true, None);
        let tool = execute_tool();
        tool.in_scope(|| {
            tool.record("gen_ai.tool.name", "weather");
            tool.record("gen_ai.tool.call.id", display("call_1"));
            tool.record("gen_ai.tool.call.arguments", r#"{"prompt":"Paris"}"#);
            tool.record("gen_ai.prompt", "Paris");
            ASKS_FOR_TOOL.run("weather", true, None);
            tool.record("gen_ai.tool.call.outcome", "success");
            tool.record("gen_ai.tool.call.result", "It is 21 degrees in Paris.");
        });
        drop(tool);
        ANSWERS.run("planner", true, None);
    });
    agent.record("gen_ai.completion", "It is 21 degrees in Paris.");
    usage(&agent, [150, 29, 96]);
}

/// Tools of one turn. All spans are created before the first tool runs. One tool fails, one is denied by a hook, which also
/// changed the arguments of the first, and one has no recorded fields because the run stopped before it.
///
/// ```text
/// agent weather
/// ├─ tool get_weather  in {"city":"Paris, France"}  out 21 degrees
/// ├─ tool get_time  in {"zone":"CET"}  out tool execution timed out  error timeout
/// ├─ tool delete_all  in {}  out the tool call was denied
/// └─ tool execute_tool
/// ```
pub(crate) fn tools_of_one_turn() {
    let agent = invoke_agent("weather", None);
    agent.in_scope(|| {
        let [first, second, third, _never_run] = [(); 4].map(|()| execute_tool());
        first.in_scope(|| {
            first.record("gen_ai.tool.name", "get_weather");
            first.record("gen_ai.tool.call.id", display("call_1"));
            first.record("gen_ai.tool.call.arguments", r#"{"city":"Paris"}"#);
            first.record("gen_ai.tool.call.arguments", r#"{"city":"Paris, France"}"#);
            first.record("gen_ai.tool.call.outcome", "success");
            first.record("gen_ai.tool.call.result", "21 degrees");
        });
        second.in_scope(|| {
            second.record("gen_ai.tool.name", "get_time");
            second.record("gen_ai.tool.call.id", display("call_2"));
            second.record("gen_ai.tool.call.arguments", r#"{"zone":"CET"}"#);
            second.record("gen_ai.tool.call.outcome", "error");
            second.record("gen_ai.tool.error.type", "timeout");
            second.record("gen_ai.tool.call.result", "tool execution timed out");
        });
        third.in_scope(|| {
            third.record("gen_ai.tool.name", "delete_all");
            third.record("gen_ai.tool.call.id", display("call_3"));
            third.record("gen_ai.tool.call.arguments", "{}");
            third.record("gen_ai.tool.call.outcome", "denied");
            third.record("gen_ai.tool.call.result", "the tool call was denied");
        });
    });
}

/// A call that the provider rejects with 429. rig records only the id of the request.
///
/// ```text
/// agent weather  in What is the weather in Paris?
/// └─ llm chat  in system: Answer in one sentence. | user: What is the weather in Paris?
/// ```
pub(crate) fn failed_call() {
    let agent = invoke_agent("weather", Some(SYSTEM));
    agent.record("gen_ai.prompt", "What is the weather in Paris?");
    agent.in_scope(|| {
        let chat = agent_chat("weather", Some(SYSTEM));
        chat.record("gen_ai.input.messages", QUESTION);
        chat.in_scope(|| adopt(&chat, false));
        chat.record("rig.provider_request_id", "req_9f2b");
    });
}

/// `model.call(request)`, without an agent: rig never records its messages, only the system prompt.
///
/// ```text
/// llm chat  in system: Answer in one sentence.
/// ```
pub(crate) fn direct_call() {
    let chat = completion(Some(SYSTEM), false);
    chat.in_scope(|| response(&chat, "chatcmpl-1", [57, 18, 32]));
}

/// `model.stream(request)` in a function of the program with `#[instrument]`. The span is entered for each piece.
///
/// ```text
/// llm chat
/// ```
pub(crate) fn direct_stream() {
    let function = info_span!(target: "program", "summarize", pages = 3);
    let chat = function.in_scope(|| completion(None, true));
    for _piece in 0..3 {
        chat.in_scope(|| trace!(target: "rig::streaming", "frame"));
    }
    response(&chat, "chatcmpl-1", [57, 18, 32]);
}

/// Gemini's operation has another name.
///
/// ```text
/// llm generate_content
/// ```
pub(crate) fn gemini_call() {
    let span = info_span!(
        target: "rig::completions",
        "generate_content",
        gen_ai.operation.name = "generate_content",
        gen_ai.provider.name = "gcp.gemini",
        gen_ai.request.model = "gemini-2.5-flash",
        gen_ai.system_instructions = None::<&str>,
        gen_ai.request.stream = false,
        gen_ai.response.id = Empty,
        gen_ai.response.model = Empty,
        rig.provider_request_id = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
        gen_ai.usage.cache_creation.input_tokens = Empty,
        gen_ai.usage.tool_use_prompt_tokens = Empty,
        gen_ai.usage.reasoning_tokens = Empty,
        gen_ai.input.messages = Empty,
        gen_ai.output.messages = Empty
    );
    span.record("gen_ai.response.model", "gemini-2.5-flash");
    span.record("gen_ai.usage.input_tokens", 12_u64);
    span.record("gen_ai.usage.output_tokens", 40_u64);
    span.record("gen_ai.usage.tool_use_prompt_tokens", 5_u64);
    span.record("gen_ai.usage.reasoning_tokens", 31_u64);
}

/// Embeddings, then a rerank, both without input and output.
///
/// ```text
/// embedding embeddings
/// retrieval rerank
/// ```
pub(crate) fn embeddings_and_rerank() {
    let embeddings = modality!("embeddings", "text-embedding-3-small");
    embeddings.in_scope(|| {
        embeddings.record("gen_ai.response.model", "text-embedding-3-small");
        embeddings.record("gen_ai.usage.input_tokens", 8_u64);
    });
    drop(embeddings);
    let rerank = modality!("rerank", "rerank-v3.5");
    rerank.in_scope(|| rerank.record("gen_ai.response.model", "rerank-v3.5"));
}

/// A stream of rig before 0.44, with separate operation names for streams.
///
/// ```text
/// llm chat_streaming  in user: What is the weather in Paris?  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn older_stream() {
    let chat = info_span!(
        target: "rig::completions",
        "chat_streaming",
        gen_ai.operation.name = "chat_streaming",
        gen_ai.provider.name = "openai",
        gen_ai.request.model = "gpt-4o",
        gen_ai.system_instructions = None::<&str>,
        gen_ai.response.id = Empty,
        gen_ai.response.model = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.input.messages = Empty,
        gen_ai.output.messages = Empty,
    );
    let input = r#"[{"role":"user","content":[{"type":"text","text":"What is the weather in Paris?"}]}]"#;
    chat.record("gen_ai.input.messages", input);
    chat.record("gen_ai.usage.input_tokens", 21_u64);
    chat.record("gen_ai.usage.output_tokens", 11_u64);
    let output = r#"[{"role":"assistant","content":[{"type":"text","text":"It is 21 degrees in Paris."}]}]"#;
    chat.record("gen_ai.output.messages", output);
}
