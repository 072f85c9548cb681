//! agent-framework 0.14. The program wraps the client so that calls have spans.

use agent_framework_core::agent::AgentBuilder;
use agent_framework_core::observability::{ObservabilityConfig, ObservableChatClient};
use agent_framework_core::prelude::{Agent, Error, FunctionTool, ToolDefinition};
use agent_framework_openai::OpenAIChatCompletionClient;
use futures_util::StreamExt as _;
use futures_util::future::join;
use llmobs::tracing::LayerBuilder;
use serde_json::{Value, json};

use crate::expected::{
    ASKED, CALLED, Expected, call, counted, indented, question, question_with_result, span, text_message,
};
use crate::run::{
    ANSWER, ANSWER_TO_RESULT, KEY, RESULT, Run, SYSTEM, TOOL, USER, WHOLE_AND_STREAMED, schema,
};

fn client(run: &Run, model: &str, shows_content: bool) -> ObservableChatClient<OpenAIChatCompletionClient> {
    let client = OpenAIChatCompletionClient::new(KEY, model).with_base_url(run.openai());
    ObservableChatClient::new(client, "openai").with_content_capture(shows_content)
}

/// The tool.
fn weather(result: Result<&'static str, &'static str>) -> ToolDefinition {
    let run = move |_| async move { result.map(|text| json!(text)).map_err(Error::tool) };
    FunctionTool::new(TOOL.0, TOOL.1, schema(), run).into_definition()
}

/// The agent, without the tool.
fn guide(run: &Run, model: &str, shows_content: bool) -> AgentBuilder {
    let config = ObservabilityConfig { enable_sensitive_data: shows_content, ..Default::default() };
    Agent::builder(client(run, model, shows_content))
        .name("guide")
        .id("g1")
        .instructions(SYSTEM)
        .observability_config(config)
}

async fn ask(agent: &Agent, is_stream: bool) -> Result<String, String> {
    if !is_stream {
        return agent.run_once(USER).await.map(|answer| answer.text()).map_err(|error| error.to_string());
    }
    guided(ask_for_stream(agent)).await
}

/// The span of an agent that streams its answer, for which agent-framework creates none.
#[llmobs::agent(name = "guide", skip_all, skip_output)]
async fn guided<T>(program: impl Future<Output = T>) -> T {
    program.await
}

async fn ask_for_stream(agent: &Agent) -> Result<String, String> {
    let mut stream = agent.run_stream_once(USER).await.map_err(|error| error.to_string())?;
    let mut text = String::new();
    while let Some(update) = stream.next().await {
        text += &update.map_err(|error| error.to_string())?.text();
    }
    Ok(text)
}

/// Runs the agent with the tool.
fn run(is_stream: bool) -> Run {
    let run = Run::new();
    let agent = guide(&run, "local", true).tool(weather(Ok(RESULT))).build();
    assert_eq!(run.block_on(ask(&agent, is_stream)).as_deref(), Ok(ANSWER_TO_RESULT));
    run
}

/// Tokens as agent-framework counts them.
fn tokens_of(input: u64, reasoning: u64, output: u64) -> Value {
    let mut metrics = counted(input, output);
    metrics["reasoning_output_tokens"] = json!(reasoning);
    metrics
}

fn agent_span() -> Expected {
    span("agent", "guide", "agent_framework").metadata(json!({ "agent_id": "g1" }))
}

/// The spans of the two calls in a run of the agent.
fn call_spans() -> [Expected; 2] {
    let call_span = |request: u32, number: u32, finish_reason: &str| {
        let span = span("llm", "chat local", "agent_framework").inside(number, "guide");
        let tools = json!([{ "name": TOOL.0, "description": TOOL.1, "schema": schema() }]);
        let metadata =
            json!({ "finish_reason": finish_reason, "response_id": format!("chatcmpl-{request}") });
        span.model("local-2026-11-01").meta("tool_definitions", tools).metadata(metadata)
    };
    [
        call_span(1, 2, "tool_calls")
            .asked(question())
            .answered(call("function_call"))
            .metrics(tokens_of(8, 0, 2)),
        call_span(2, 4, "stop")
            .asked(question_with_result("function_call", Some("function_result")))
            .answered(text_message(ANSWER_TO_RESULT))
            .metrics(tokens_of(12, 0, 5)),
    ]
}

fn tool_span() -> Expected {
    let metadata = json!({ "tool_description": TOOL.1, "tool_id": "call_1", "tool_type": "function" });
    span("tool", TOOL.0, "agent_framework").inside(3, "guide").metadata(metadata)
}

/// The tree of a run of the agent.
fn tree() -> String {
    format!(
        "agent guide\n\
         ├─ llm chat local  {ASKED}  out assistant:  {CALLED}\n\
         ├─ tool weather  in {{\"city\":\"Paris\"}}  out {RESULT}\n\
         └─ llm chat local  {ASKED} | assistant:  {CALLED} | tool:  result {RESULT}  out assistant: {ANSWER_TO_RESULT}\n"
    )
}

#[test]
fn agent() {
    let whole = run(false);
    assert_eq!(whole.tree(), tree());
    assert_eq!(whole.events()[0], agent_span().event());
    assert_eq!(run(true).tree(), tree());

    let run = Run::new();
    let agent = guide(&run, "local", false).build();
    assert_eq!(run.block_on(ask_for_stream(&agent)).as_deref(), Ok(ANSWER));
    assert_eq!(run.tree(), "llm chat local\n");
}

#[test]
fn llm() {
    for is_stream in WHOLE_AND_STREAMED {
        let [first, second] = call_spans().map(Expected::event);
        let events = run(is_stream).events();
        assert_eq!([&events[1], &events[3]], [&first, &second]);
    }
}

#[test]
fn tool() {
    for is_stream in WHOLE_AND_STREAMED {
        let expected = tool_span().input("{\"city\":\"Paris\"}").output(RESULT);
        assert_eq!(run(is_stream).events()[2], expected.event());
    }
}

#[test]
fn messages() {
    for is_stream in WHOLE_AND_STREAMED {
        // Whether agent-framework and the layer may show content.
        for (library, layer) in [(true, true), (false, true), (true, false)] {
            let run = Run::new();
            let agent = guide(&run, "local", library).build();
            let options = LayerBuilder::new().capture_content(layer);
            assert_eq!(run.block_on_with(options, ask(&agent, is_stream)).as_deref(), Ok(ANSWER));
            let content =
                if library && layer { format!("  {ASKED}  out assistant: {ANSWER}") } else { String::new() };
            assert_eq!(run.tree(), format!("agent guide\n└─ llm chat local{content}\n"));
        }
    }
}

#[test]
fn tool_calls() {
    for is_stream in WHOLE_AND_STREAMED {
        let [_, first, _, second] = run(is_stream).events().try_into().unwrap();
        let messages = |event: &Value, side| event["meta"][side]["messages"].clone();
        assert_eq!(messages(&first, "output"), json!([call("function_call")]));
        let expected = question_with_result("function_call", Some("function_result"));
        assert_eq!(messages(&second, "input"), expected);
    }
}

#[test]
fn tokens() {
    for is_stream in WHOLE_AND_STREAMED {
        // agent-framework reports the sum of the calls on the agent. It is left out.
        let expected = [json!({}), tokens_of(8, 0, 2), json!({}), tokens_of(12, 0, 5)];
        assert_eq!(run(is_stream).metrics(), expected);

        let run = Run::new();
        let agent = guide(&run, "thinking", false).build();
        run.block_on(ask(&agent, is_stream)).unwrap();
        assert_eq!(run.metrics(), [json!({}), tokens_of(8, 9, 17)]);
    }
}

#[test]
fn cached_tokens() {
    for is_stream in WHOLE_AND_STREAMED {
        let cached =
            run(is_stream).metrics().into_iter().map(|metrics| metrics["cache_read_input_tokens"].as_u64());
        assert_eq!(cached.collect::<Vec<_>>(), [None, Some(2), None, Some(2)]);
    }
}

#[test]
fn errors() {
    for is_stream in WHOLE_AND_STREAMED {
        // agent-framework treats error messages as content.
        for shows_content in [true, false] {
            let run = Run::new();
            let agent = guide(&run, "error-401", shows_content).build();
            let error = run.block_on(ask(&agent, is_stream)).unwrap_err();
            let message = if shows_content { &*error } else { "" };
            let expected =
                span("llm", "chat error-401", "agent_framework").inside(2, "guide").model("error-401");
            let expected = if shows_content { expected.asked(question()) } else { expected };
            assert_eq!(run.events()[1], expected.error("service_invalid_auth", message).event());
            if !is_stream {
                assert_eq!(run.events()[0], agent_span().error("service_invalid_auth", message).event());
            }

            let run = Run::new();
            let agent = guide(&run, "local", shows_content).tool(weather(Err("too slow"))).build();
            run.block_on(ask(&agent, is_stream)).unwrap();
            let message = if shows_content { "tool error: too slow" } else { "" };
            let expected =
                if shows_content { tool_span().input("{\"city\":\"Paris\"}") } else { tool_span() };
            assert_eq!(run.events()[2], expected.error("tool", message).event());
        }
    }
    let run = Run::new();
    let agent = guide(&run, "broken", false).build();
    run.block_on(ask(&agent, true)).unwrap_err();
    assert_eq!(run.tree(), "agent guide\n└─ llm chat broken  error service\n");
}

#[llmobs::workflow(skip_all, skip_output)]
async fn answer<T>(program: impl Future<Output = T>) -> T {
    program.await
}

#[test]
fn parents() {
    for is_stream in WHOLE_AND_STREAMED {
        // Two concurrent agents in an annotated function, with a manual span in the tool.
        let run = Run::new();
        let looks_up = FunctionTool::new(TOOL.0, TOOL.1, schema(), |_| async {
            llmobs::task("look_up").start().finish();
            Ok(json!(RESULT))
        });
        let agent = guide(&run, "local", true).tool(looks_up.into_definition()).build();
        run.block_on(answer(join(ask(&agent, is_stream), ask(&agent, !is_stream)))).0.unwrap();
        let tree = tree().replace("└─ llm", "│  └─ task look_up\n└─ llm");
        let [first, second] =
            [("├─ ", "│  "), ("└─ ", "   ")].map(|(first, rest)| indented(&tree, first, rest));
        assert_eq!(run.tree(), format!("workflow answer\n{first}{second}"));
    }
}
