//! genai 0.7 with its feature `otel`, and its helpers for spans of agents, tools and workflows.

use std::process::Command;
use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::future::join;
use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent, Tool, ToolCall, ToolResponse};
use genai::embed::{EmbedOptions, EmbedRequest};
use genai::otel::agent::{
    AgentSpan, ExecuteToolSpan, execute_tool_span, invoke_workflow_span, plan_span, set_error,
};
use genai::otel::events::EvalResult;
use genai::otel::{CAPTURE_CONTENT_ENV, capture_content};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};
use llmobs::tracing::LayerBuilder;
use serde_json::{Value, json};
use tracing::Instrument as _;

use crate::expected::{
    ASKED, CALLED, Expected, call, counted, indented, question, question_with_result, span, text_message,
};
use crate::run::{
    ANSWER, ANSWER_TO_RESULT, KEY, RESULT, Run, SYSTEM, TOOL, USER, WHOLE_AND_STREAMED, schema,
};

/// A client of the chat completions of OpenAI.
fn client(run: &Run) -> Client {
    let url = format!("{}/", run.openai());
    let resolve = move |target: ServiceTarget| {
        Ok(ServiceTarget {
            endpoint: Endpoint::from_owned(url.clone()),
            auth: AuthData::from_single(KEY),
            model: ModelIden::new(AdapterKind::OpenAI, target.model.model_name),
        })
    };
    Client::builder().with_service_target_resolver_fn(resolve).build().unwrap()
}

fn request() -> ChatRequest {
    ChatRequest::from_system(SYSTEM).append_message(ChatMessage::user(USER))
}

fn weather() -> Tool {
    Tool::new(TOOL.0).with_description(TOOL.1).with_schema(schema())
}

/// The answer of a model.
#[derive(Debug, Default)]
struct Answer {
    text: String,
    calls: Vec<ToolCall>,
}

async fn ask(client: &Client, model: &str, request: ChatRequest, is_stream: bool) -> genai::Result<Answer> {
    let options = ChatOptions::default()
        .with_temperature(0.5)
        .with_capture_usage(true)
        .with_capture_content(true)
        .with_capture_tool_calls(true);
    if !is_stream {
        let answer = client.exec_chat(model, request, Some(&options)).await?;
        return Ok(Answer {
            text: answer.first_text().unwrap_or_default().to_owned(),
            calls: answer.into_tool_calls(),
        });
    }
    let mut stream = client.exec_chat_stream(model, request, Some(&options)).await?.stream;
    let mut answer = Answer::default();
    while let Some(event) = stream.next().await {
        match event? {
            ChatStreamEvent::Chunk(chunk) => answer.text += &chunk.content,
            ChatStreamEvent::End(end) => answer.calls = end.captured_into_tool_calls().unwrap_or_default(),
            _ => {}
        }
    }
    Ok(answer)
}

/// An agent with the tool, in the spans that genai provides for it.
async fn guide(client: &Client, model: &str, is_stream: bool) -> genai::Result<String> {
    let program = async {
        let mut request = request().append_tool(weather());
        loop {
            let answer = ask(client, model, request.clone(), is_stream).await?;
            if answer.calls.is_empty() {
                return Ok(answer.text);
            }
            request = request.append_message(ChatMessage::from(answer.calls.clone()));
            for call in answer.calls {
                let span = execute_tool_span(&call);
                span.in_scope(|| ExecuteToolSpan::record_result(&span, RESULT));
                request = request.append_message(ToolResponse::new(call.call_id, RESULT));
            }
        }
    };
    program
        .instrument(AgentSpan::invoke_agent().internal().with_name("guide").with_model(model).start())
        .await
}

/// Runs a test in a separate process in which genai records content. genai reads this setting only once.
fn with_content(test: &str, body: impl FnOnce()) {
    if capture_content() {
        return body();
    }
    let test = format!("genai::{test}");
    let mut program = Command::new(std::env::current_exe().unwrap());
    let output = program.args([&test, "--exact"]).env(CAPTURE_CONTENT_ENV, "true").output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}");
}

/// Runs the agent with the tool.
fn run(is_stream: bool) -> Run {
    let run = Run::new();
    let answer = run.block_on(guide(&client(&run), "local", is_stream)).unwrap();
    assert_eq!(answer, ANSWER_TO_RESULT);
    run
}

/// Asks without an agent.
fn run_call(model: &str, is_stream: bool) -> (Run, genai::Result<Answer>) {
    let run = Run::new();
    let answer = run.block_on(ask(&client(&run), model, request(), is_stream));
    (run, answer)
}

fn call_span(model: &str, is_stream: bool) -> Expected {
    // The answer to a stream is not reported.
    let answering = if is_stream { model.to_owned() } else { format!("{model}-2026-11-01") };
    span("llm", &format!("chat {model}"), "genai").model(&answering)
}

fn metadata(finish_reason: &str, is_stream: bool) -> Value {
    json!({ "finish_reason": finish_reason, "stream": is_stream, "temperature": 0.5 })
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
    with_content("agent", || {
        for is_stream in WHOLE_AND_STREAMED {
            let run = run(is_stream);
            assert_eq!(run.tree(), tree());
            assert_eq!(run.events()[0], span("agent", "guide", "genai").event());
        }
    });
}

#[test]
fn llm() {
    with_content("llm", || {
        for is_stream in WHOLE_AND_STREAMED {
            let (run, answer) = run_call("local", is_stream);
            assert_eq!(answer.unwrap().text, ANSWER);
            let expected = call_span("local", is_stream).metadata(metadata("stop", is_stream));
            let expected = expected.asked(question()).answered(text_message(ANSWER)).metrics(counted(8, 8));
            assert_eq!(run.event(), expected.first_token(is_stream).event());
        }
    });
}

#[test]
fn tool() {
    with_content("tool", || {
        for is_stream in WHOLE_AND_STREAMED {
            let expected = span("tool", TOOL.0, "genai").inside(3, "guide");
            let expected = expected.metadata(json!({ "tool_id": "call_1", "tool_type": "function" }));
            let expected = expected.input("{\"city\":\"Paris\"}").output(RESULT);
            assert_eq!(run(is_stream).events()[2], expected.event());
        }
    });
}

#[test]
fn embedding() {
    let run = Run::new();
    let texts = EmbedRequest::new_batch(vec!["one two".to_owned(), "three".to_owned()]);
    let options = EmbedOptions::default().with_dimensions(3);
    run.block_on(client(&run).exec_embed("local", texts, Some(&options))).unwrap();
    let expected = span("embedding", "embeddings local", "genai").model("local-2026-11-01");
    let expected = expected.metadata(json!({ "embeddings.dimension.count": 3 }));
    assert_eq!(run.event(), expected.metrics(json!({ "input_tokens": 3 })).event());
}

#[test]
fn messages() {
    for is_stream in WHOLE_AND_STREAMED {
        if !capture_content() {
            let (run, _) = run_call("local", is_stream);
            assert_eq!(run.tree(), "llm chat local\n");
        }
    }
    with_content("messages", || {
        for is_stream in WHOLE_AND_STREAMED {
            let (run, _) = run_call("local", is_stream);
            assert_eq!(run.tree(), format!("llm chat local  {ASKED}  out assistant: {ANSWER}\n"));
            let run = Run::new();
            let layer = LayerBuilder::new().capture_content(false);
            run.block_on_with(layer, ask(&client(&run), "local", request(), is_stream)).unwrap();
            assert_eq!(run.tree(), "llm chat local\n");
        }
    });
}

#[test]
fn tool_calls() {
    with_content("tool_calls", || {
        for is_stream in WHOLE_AND_STREAMED {
            let [_, first, _, second] = run(is_stream).events().try_into().unwrap();
            let place = |number| call_span("local", is_stream).inside(number, "guide");
            let tools = json!([{ "name": TOOL.0, "description": TOOL.1, "schema": schema() }]);
            let expected = place(2).metadata(metadata("tool_calls", is_stream)).metrics(counted(8, 2));
            let expected = expected.asked(question()).answered(call("tool_call"));
            // genai does not treat tool calls as the first content.
            assert_eq!(first, expected.meta("tool_definitions", tools.clone()).event());
            let expected = place(4).metadata(metadata("stop", is_stream)).metrics(counted(12, 5));
            let asked = question_with_result("tool_call", Some("tool_call_response"));
            let expected = expected
                .asked(asked)
                .answered(text_message(ANSWER_TO_RESULT))
                .meta("tool_definitions", tools);
            assert_eq!(second, expected.first_token(is_stream).event());
        }
    });
}

#[test]
fn tokens() {
    for is_stream in WHOLE_AND_STREAMED {
        assert_eq!(run(is_stream).metrics(), [json!({}), counted(8, 2), json!({}), counted(12, 5)]);
        let mut expected = counted(8, 17);
        expected["reasoning_output_tokens"] = json!(9);
        assert_eq!(run_call("thinking", is_stream).0.metrics(), [expected]);
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
fn first_token() {
    const PAUSE: f64 = 0.020;
    let run = Run::new();
    let began = Instant::now();
    let seen_after = run.block_on(async {
        let client = client(&run);
        let mut stream = client.exec_chat_stream("slow-20", request(), None).await.unwrap().stream;
        while !matches!(stream.next().await.unwrap().unwrap(), ChatStreamEvent::Chunk(_)) {}
        let seen_after = began.elapsed().as_secs_f64();
        while stream.next().await.is_some() {}
        seen_after
    });
    let [event] = run.collector.events().try_into().unwrap();
    let after = event["metrics"]["time_to_first_token"].as_f64().unwrap();
    // The second event has a text, and seven words follow.
    assert!(after >= 2.0 * PAUSE && after <= seen_after, "{after} {seen_after}");
    assert!(event["duration"].as_f64().unwrap() / 1e9 >= 9.0 * PAUSE);
}

#[test]
fn errors() {
    for (model, is_stream, kind) in [
        ("error-401", false, "HTTP 401"),
        ("error-401", true, "web_stream"),
        ("broken", false, "reqwest"),
        ("broken", true, "web_stream"),
    ] {
        let (run, answer) = run_call(model, is_stream);
        answer.unwrap_err();
        let expected = span("llm", &format!("chat {model}"), "genai").model(model).error(kind, "");
        let expected = expected.metadata(json!({ "stream": is_stream, "temperature": 0.5 }));
        assert_eq!(run.event(), expected.first_token(is_stream && model == "broken").event());
    }
    let run = Run::new();
    run.block_on(async { set_error(&ExecuteToolSpan::new(TOOL.0).start(), "timeout") });
    assert_eq!(run.event(), span("tool", TOOL.0, "genai").error("timeout", "").event());
}

#[llmobs::workflow(skip_all, skip_output)]
async fn answer<T>(program: impl Future<Output = T>) -> T {
    program.await
}

#[test]
fn parents() {
    with_content("parents", || {
        for is_stream in WHOLE_AND_STREAMED {
            // Two concurrent agents in an annotated function.
            let run = Run::new();
            let client = client(&run);
            let agents = join(guide(&client, "local", is_stream), guide(&client, "local", !is_stream));
            run.block_on(answer(agents)).0.unwrap();
            let [first, second] =
                [("├─ ", "│  "), ("└─ ", "   ")].map(|(first, rest)| indented(&tree(), first, rest));
            assert_eq!(run.tree(), format!("workflow answer\n{first}{second}"));

            // In the other spans of genai, with a manual span.
            let run = Run::new();
            let program = async {
                plan_span(Some("guide")).in_scope(|| llmobs::task("think").start().finish());
                guide(&client, "local", is_stream).await.unwrap();
            };
            run.block_on(async { program.instrument(invoke_workflow_span("pipeline")).await });
            let expected = format!(
                "workflow pipeline\n├─ task plan guide\n│  └─ task think\n{}",
                indented(&tree(), "└─ ", "   ")
            );
            assert_eq!(run.tree(), expected);
        }
    });
}

/// An evaluation belongs to the span of the enclosing step.
#[test]
fn an_evaluation_creates_no_span() {
    let run = Run::new();
    run.block_on(async {
        let agent = AgentSpan::invoke_agent().with_name("guide").start();
        agent.in_scope(|| EvalResult::new("Relevance").with_score_value(0.9).emit());
    });
    assert_eq!(run.tree(), "agent guide\n");
    let [evaluation] = run.collector.evaluations().try_into().unwrap();
    let span_id = &run.collector.events()[0]["span_id"];
    assert_eq!(evaluation["join_on"]["span"]["span_id"], *span_id);
    assert_eq!([&evaluation["label"], &evaluation["score_value"]], [&json!("Relevance"), &json!(0.9)]);
}
