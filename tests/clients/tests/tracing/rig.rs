//! rig 0.44: agents of rig-agent, and models of rig-core.

use futures_util::StreamExt as _;
use futures_util::future::join;
use llmobs::tracing::LayerBuilder;
use rig_agent::agent::MultiTurnStreamItem;
use rig_agent::{Agent, AgentBuilder};
use rig_core::DynModel;
use rig_core::completion::CompletionRequest;
use rig_core::message::ToolName;
use rig_core::operation::Completion;
use rig_core::providers::openai::{OpenAI, OpenAIConfig};
use rig_core::tool::{DynamicTool, ToolExecutionError, ToolOutput};
use serde_json::{Value, json};
use tracing::Instrument as _;

use crate::expected::{
    ASKED, CALLED, Expected, call, counted, indented, question, question_with_result, span, text_message,
};
use crate::run::{
    ANSWER, ANSWER_TO_RESULT, KEY, RESULT, Run, SYSTEM, TOOL, USER, WHOLE_AND_STREAMED, schema,
};

fn provider(run: &Run) -> OpenAI {
    OpenAIConfig::new(KEY).with_base_url(run.openai()).client()
}

fn model(run: &Run, name: &str) -> DynModel<Completion> {
    provider(run).chat(name).erase()
}

/// The tool, which runs `body` first.
pub(crate) fn weather<F: Future<Output = Result<(), ToolExecutionError>> + Send + 'static>(
    body: impl Fn() -> F + Send + Sync + 'static,
) -> DynamicTool {
    DynamicTool::new(ToolName::new(TOOL.0).unwrap(), TOOL.1, schema(), move |_| {
        let body = body();
        Box::pin(async move { body.await.map(|()| ToolOutput::text(RESULT)) })
    })
}

/// An agent without the tool, which records content.
pub(crate) fn guide(model: DynModel<Completion>) -> AgentBuilder {
    AgentBuilder::new(model)
        .name("guide")
        .preamble(SYSTEM)
        .temperature(0.5)
        .default_max_turns(3)
        .record_content_telemetry(true)
}

/// The agent with the tool.
pub(crate) fn guide_with_tool(model: DynModel<Completion>) -> Agent {
    guide(model).dynamic_tool(weather(async || Ok(()))).build()
}

/// Asks an agent, and returns its answer.
pub(crate) async fn ask(agent: &Agent, is_stream: bool) -> Result<String, String> {
    let run = agent.prompt(USER);
    if !is_stream {
        return run.await.map(|answer| answer.output().to_owned()).map_err(|error| error.to_string());
    }
    let mut stream = run.stream();
    let mut text = String::new();
    while let Some(item) = stream.next().await {
        if let MultiTurnStreamItem::FinalResponse(answer) = item.map_err(|error| error.to_string())? {
            text = answer.output().to_owned();
        }
    }
    Ok(text)
}

/// Asks a model without an agent.
pub(crate) async fn ask_model(model: &DynModel<Completion>, is_stream: bool) -> Result<String, String> {
    let request = CompletionRequest::new(USER).preamble(SYSTEM).temperature(0.5);
    let answer = if is_stream {
        let mut stream = model.stream(request).map_err(|error| error.to_string())?;
        while stream.next().await.is_some() {}
        stream.finish().await
    } else {
        model.call(request).await
    };
    answer.map(|answer| answer.text()).map_err(|error| error.to_string())
}

/// Runs the agent with the tool.
fn run(is_stream: bool) -> Run {
    let run = Run::new();
    let agent = guide_with_tool(model(&run, "local"));
    assert_eq!(run.block_on(ask(&agent, is_stream)).as_deref(), Ok(ANSWER_TO_RESULT));
    run
}

/// Tokens as rig counts them.
fn tokens_of(input: u64, reasoning: u64, output: u64) -> Value {
    let mut metrics = counted(input, output);
    metrics["reasoning_output_tokens"] = json!(reasoning);
    metrics
}

/// The span of the tool in a run of the agent.
pub(crate) fn tool_span(outcome: &str) -> Expected {
    let metadata = json!({ "tool_id": "call_1", "tool_outcome": outcome, "tool_type": "function" });
    span("tool", TOOL.0, "rig").inside(3, "guide").metadata(metadata)
}

/// The spans of the two calls in a run of the agent.
fn call_spans(is_stream: bool) -> [Expected; 2] {
    let call_span = |request: u32, number: u32, finish_reason: &str| {
        span("llm", "chat", "rig").inside(number, "guide").model("local-2026-11-01").metadata(json!({
            "agent_name": "guide",
            "finish_reason": finish_reason,
            "response_id": format!("chatcmpl-{request}"),
            "rig.provider_request_id": format!("req_{request}"),
            "stream": is_stream,
        }))
    };
    [
        call_span(1, 2, "tool_call")
            .asked(question())
            .answered(call("tool_call"))
            .metrics(tokens_of(8, 0, 2)),
        call_span(2, 4, "unknown")
            .asked(question_with_result("tool_call", Some("tool_call_response")))
            .answered(text_message(ANSWER_TO_RESULT))
            .metrics(tokens_of(12, 0, 5)),
    ]
}

/// The tree of a run of the agent, with `inside` as the children of the tool.
pub(crate) fn tree_with(inside: &str) -> String {
    format!(
        "agent guide  in {USER}  out {ANSWER_TO_RESULT}\n\
         ├─ llm chat  {ASKED}  out assistant:  {CALLED}\n\
         ├─ tool weather  in {{\"city\":\"Paris\"}}  out {RESULT}\n{}\
         └─ llm chat  {ASKED} | assistant:  {CALLED} | tool:  result {RESULT}  out assistant: {ANSWER_TO_RESULT}\n",
        indented(inside, "│  └─ ", "│     "),
    )
}

#[test]
fn agent() {
    for is_stream in WHOLE_AND_STREAMED {
        let run = run(is_stream);
        assert_eq!(run.tree(), tree_with(""));
        let expected = span("agent", "guide", "rig").input(USER).output(ANSWER_TO_RESULT);
        assert_eq!(run.events()[0], expected.event());
    }
    // The span of this method replaces the span of the agent, and has no field for the question.
    let run = Run::new();
    let agent = guide_with_tool(model(&run, "local"));
    run.block_on(agent.chat(USER, &mut Vec::new())).unwrap();
    assert_eq!(run.tree(), tree_with("").replace(&format!("  in {USER}  out {ANSWER_TO_RESULT}\n├"), "\n├"));
}

#[test]
fn llm() {
    for is_stream in WHOLE_AND_STREAMED {
        let [first, second] = call_spans(is_stream).map(Expected::event);
        let events = run(is_stream).events();
        assert_eq!([&events[1], &events[3]], [&first, &second]);

        let run = Run::new();
        let model = model(&run, "local");
        assert_eq!(run.block_on(ask_model(&model, is_stream)).as_deref(), Ok(ANSWER));
        let metadata = json!({
            "response_id": "chatcmpl-1",
            "rig.provider_request_id": "req_1",
            "stream": is_stream,
        });
        let expected = span("llm", "chat", "rig").model("local-2026-11-01").metadata(metadata);
        assert_eq!(run.event(), expected.metrics(tokens_of(8, 0, 8)).event());
    }
}

#[test]
fn tool() {
    for is_stream in WHOLE_AND_STREAMED {
        let expected = tool_span("success").input("{\"city\":\"Paris\"}").output(RESULT);
        assert_eq!(run(is_stream).events()[2], expected.event());
    }
}

#[test]
fn embedding() {
    let run = Run::new();
    let model = provider(&run).embedding("local", Some(3));
    run.block_on(model.call(vec!["one two".to_owned(), "three".to_owned()])).unwrap();
    let metadata = json!({ "rig.provider_request_id": "req_1" });
    let expected = span("embedding", "embeddings", "rig").model("local-2026-11-01").metadata(metadata);
    let metrics = json!({ "input_tokens": 3, "output_tokens": 0, "total_tokens": 3 });
    assert_eq!(run.event(), expected.metrics(metrics).event());
}

#[test]
fn messages() {
    let shown = |run: Run, agent: Agent, is_stream, layer| {
        assert_eq!(run.block_on_with(layer, ask(&agent, is_stream)).as_deref(), Ok(ANSWER));
        run.tree()
    };
    for is_stream in WHOLE_AND_STREAMED {
        let run = Run::new();
        let agent = guide(model(&run, "local")).build();
        let call = format!("└─ llm chat  {ASKED}  out assistant: {ANSWER}");
        let expected = format!("agent guide  in {USER}  out {ANSWER}\n{call}\n");
        assert_eq!(shown(run, agent, is_stream, LayerBuilder::new()), expected);

        // rig records content only if the program asks for it, and the layer can leave it out.
        let run = Run::new();
        let agent = guide(model(&run, "local")).record_content_telemetry(false).build();
        assert_eq!(shown(run, agent, is_stream, LayerBuilder::new()), "agent guide\n└─ llm chat\n");
        let run = Run::new();
        let agent = guide(model(&run, "local")).build();
        let layer = LayerBuilder::new().capture_content(false);
        assert_eq!(shown(run, agent, is_stream, layer), "agent guide\n└─ llm chat\n");
    }
}

#[test]
fn tool_calls() {
    for is_stream in WHOLE_AND_STREAMED {
        let run = run(is_stream);
        let [_, first, _, second] = run.events().try_into().unwrap();
        let messages = |event: &Value, side| event["meta"][side]["messages"].clone();
        assert_eq!(messages(&first, "output"), json!([call("tool_call")]));
        let expected = question_with_result("tool_call", Some("tool_call_response"));
        assert_eq!(messages(&second, "input"), expected);
    }
}

#[test]
fn tokens() {
    for is_stream in WHOLE_AND_STREAMED {
        // rig reports the sum of the calls on the agent. It is left out.
        let expected = [json!({}), tokens_of(8, 0, 2), json!({}), tokens_of(12, 0, 5)];
        assert_eq!(run(is_stream).metrics(), expected);

        let run = Run::new();
        let agent = guide(model(&run, "thinking")).build();
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
        let run = Run::new();
        let failing = weather(async || Err(ToolExecutionError::timeout("too slow")));
        let agent = guide(model(&run, "local")).dynamic_tool(failing).build();
        assert_eq!(run.block_on(ask(&agent, is_stream)).as_deref(), Ok("The result is: too slow"));
        let expected =
            tool_span("error").input("{\"city\":\"Paris\"}").output("too slow").error("timeout", "");
        assert_eq!(run.events()[2], expected.event());

        // rig reports nothing about a failed call.
        let run = Run::new();
        let agent = guide(model(&run, "error-401")).build();
        run.block_on(ask(&agent, is_stream)).unwrap_err();
        assert_eq!(run.tree(), format!("agent guide  in {USER}\n└─ llm chat  {ASKED}\n"));
    }
}

#[llmobs::workflow(skip_all, skip_output)]
async fn answer<T>(program: impl Future<Output = T>) -> T {
    program.await
}

#[test]
fn parents() {
    for is_stream in WHOLE_AND_STREAMED {
        // In an annotated function, with a manual span in the tool.
        let run = Run::new();
        let looks_up = weather(async || {
            tokio::task::yield_now().await;
            llmobs::task("look_up").start().finish();
            Ok(())
        });
        let agent = guide(model(&run, "local")).dynamic_tool(looks_up).build();
        run.block_on(answer(ask(&agent, is_stream))).unwrap();
        let expected = format!("workflow answer\n{}", indented(&tree_with("task look_up\n"), "└─ ", "   "));
        assert_eq!(run.tree(), expected);

        // Two concurrent agents.
        let run = Run::new();
        let agent = guide_with_tool(model(&run, "local"));
        run.block_on(answer(join(ask(&agent, is_stream), ask(&agent, !is_stream)))).0.unwrap();
        let [first, second] =
            [("├─ ", "│  "), ("└─ ", "   ")].map(|(first, rest)| indented(&tree_with(""), first, rest));
        assert_eq!(run.tree(), format!("workflow answer\n{first}{second}"));

        // An agent as a tool of another one. rig creates no span for it if a span is current: its calls are children of the tool.
        let run = Run::new();
        let inner = std::sync::Arc::new(guide(model(&run, "local")).build());
        let asks = weather(move || {
            let inner = std::sync::Arc::clone(&inner);
            async move { ask(&inner, is_stream).await.map(drop).map_err(ToolExecutionError::other) }
        });
        let agent = guide(model(&run, "local")).dynamic_tool(asks).build();
        run.block_on(ask(&agent, is_stream)).unwrap();
        assert_eq!(run.tree(), tree_with(&format!("llm chat  {ASKED}  out assistant: {ANSWER}\n")));
    }
    // rig looks up the current span when the run is created, not when it is polled.
    let run = Run::new();
    let agent = guide_with_tool(model(&run, "local"));
    run.block_on(async {
        let step = tracing::info_span!("step", llmobs.kind = "workflow");
        tokio::spawn(agent.prompt(USER).run().instrument(step)).await.unwrap().unwrap();
    });
    assert_eq!(run.tree(), format!("workflow step\n{}", indented(&tree_with(""), "└─ ", "   ")));
}
