//! rig 0.44, whose HTTP client has the layer of `llmobs::http`: the report of rig and the observed request are one span.

use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::future::join;
use llmobs::http::ClientLayer;
use llmobs::tracing::LayerBuilder;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use rig_core::DynModel;
use rig_core::completion::CompletionRequest;
use rig_core::operation::Completion;
use rig_core::providers::openai::{OpenAI, OpenAIConfig};
use rig_core::streaming::{Item, StreamEvent};
use rig_core::tool::ToolExecutionError;
use rig_reqwest::ReqwestMiddlewareClient;
use serde_json::{Value, json};
use tracing::Instrument as _;

use crate::expected::{
    ASKED, Expected, call, counted, indented, question, question_with_result, span, text_message,
};
use crate::rig::{ask, ask_model, guide, guide_with_tool, tool_span, tree_with, weather};
use crate::run::{
    ANSWER, ANSWER_TO_RESULT, KEY, RESULT, Run, SYSTEM, TOOL, USER, WHOLE_AND_STREAMED, schema,
};

fn client(layer: ClientLayer) -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new()).with(layer).build()
}

fn provider(run: &Run, layer: ClientLayer) -> OpenAI {
    OpenAIConfig::new(KEY).with_base_url(run.openai()).connect(ReqwestMiddlewareClient::from(client(layer)))
}

fn model(run: &Run, name: &str) -> DynModel<Completion> {
    provider(run, ClientLayer::new()).chat(name).erase()
}

/// Runs the agent with the tool, without content from rig.
fn run(is_stream: bool) -> Run {
    let run = Run::new();
    let tool = weather(async || Ok(()));
    let agent = guide(model(&run, "local")).record_content_telemetry(false).dynamic_tool(tool).build();
    assert_eq!(run.block_on(ask(&agent, is_stream)).as_deref(), Ok(ANSWER_TO_RESULT));
    run
}

/// Tokens as OpenAI counts them.
fn tokens_of(input: u64, reasoning: u64, output: u64) -> Value {
    let mut metrics = counted(input, output);
    metrics["audio_input_tokens"] = json!(0);
    metrics["audio_output_tokens"] = json!(0);
    metrics["reasoning_output_tokens"] = json!(reasoning);
    metrics
}

/// The metadata from rig and the provider for the request with this number.
fn metadata(request: u32, finish_reason: &str, is_stream: bool) -> Value {
    let mut metadata = json!({
        "finish_reason": finish_reason,
        "response_id": format!("chatcmpl-{request}"),
        "rig.provider_request_id": format!("req_{request}"),
        "service_tier": "default",
        "stream": is_stream,
        "temperature": 0.5,
    });
    if is_stream {
        metadata["stream_options"] = json!({ "include_usage": true });
    }
    metadata
}

/// The spans of the two calls in a run of the agent.
fn call_spans(is_stream: bool) -> [Expected; 2] {
    let call_span = |request: u32, number: u32, finish_reason: &str| {
        let mut metadata = metadata(request, finish_reason, is_stream);
        metadata["agent_name"] = json!("guide");
        let tools = json!([{ "name": TOOL.0, "description": TOOL.1, "schema": schema() }]);
        let span = span("llm", "chat", "rig").inside(number, "guide").model("local-2026-11-01");
        span.metadata(metadata).meta("tool_definitions", tools)
    };
    [
        call_span(1, 2, "tool_calls")
            .asked(question())
            .answered(call("function"))
            .metrics(tokens_of(8, 0, 2)),
        call_span(2, 4, "stop")
            .asked(question_with_result("function", None))
            .answered(text_message(ANSWER_TO_RESULT))
            .metrics(tokens_of(12, 0, 5)),
    ]
    .map(|span| span.first_token(is_stream))
}

#[test]
fn agent() {
    for is_stream in WHOLE_AND_STREAMED {
        let run = run(is_stream);
        let expected = tree_with("")
            .replace(&format!("guide  in {USER}  out {ANSWER_TO_RESULT}"), "guide")
            .replace(&format!("weather  in {{\"city\":\"Paris\"}}  out {RESULT}"), "weather");
        assert_eq!(run.tree(), expected);
        assert_eq!(run.events()[0], span("agent", "guide", "rig").event());

        // With content from rig, too.
        let run = Run::new();
        let agent = guide_with_tool(model(&run, "local"));
        run.block_on(ask(&agent, is_stream)).unwrap();
        assert_eq!(run.tree(), tree_with(""));
        let [first, second] = call_spans(is_stream).map(Expected::event);
        assert_eq!([&run.events()[1], &run.events()[3]], [&first, &second]);
    }
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
        let expected =
            span("llm", "chat", "rig").model("local-2026-11-01").metadata(metadata(1, "stop", is_stream));
        let expected = expected.asked(question()).answered(text_message(ANSWER)).metrics(tokens_of(8, 0, 8));
        assert_eq!(run.event(), expected.first_token(is_stream).event());
    }
}

#[test]
fn tool() {
    for is_stream in WHOLE_AND_STREAMED {
        assert_eq!(run(is_stream).events()[2], tool_span("success").event());
    }
}

#[test]
fn embedding() {
    let run = Run::new();
    let model = provider(&run, ClientLayer::new()).embedding("local", Some(3));
    run.block_on(model.call(vec!["one two".to_owned(), "three".to_owned()])).unwrap();
    let metadata = json!({ "dimensions": 3, "rig.provider_request_id": "req_1" });
    let expected = span("embedding", "embeddings", "rig").model("local-2026-11-01").metadata(metadata);
    let documents = json!({ "documents": [{ "text": "one two" }, { "text": "three" }] });
    let expected = expected.meta("input", documents).output("[2 embedding(s) returned with size 3]");
    let metrics = json!({ "input_tokens": 3, "total_tokens": 3 });
    assert_eq!(run.event(), expected.metrics(metrics).event());
}

#[test]
fn messages() {
    let both =
        format!("agent guide  in {USER}  out {ANSWER}\n└─ llm chat  {ASKED}  out assistant: {ANSWER}\n");
    let by_http = format!("agent guide\n└─ llm chat  {ASKED}  out assistant: {ANSWER}\n");
    let none = "agent guide\n└─ llm chat\n".to_owned();
    for is_stream in WHOLE_AND_STREAMED {
        // Whether rig, the layer of its spans and that of its client may show content.
        for (rig, layer, http, expected) in [
            (true, true, true, &both),
            (false, true, true, &by_http),
            (true, false, true, &by_http),
            (true, true, false, &both),
            (false, true, false, &none),
            (true, false, false, &none),
        ] {
            let run = Run::new();
            let model = provider(&run, ClientLayer::new().capture_content(http)).chat("local").erase();
            let agent = guide(model).record_content_telemetry(rig).build();
            let layer = LayerBuilder::new().capture_content(layer);
            assert_eq!(run.block_on_with(layer, ask(&agent, is_stream)).as_deref(), Ok(ANSWER));
            assert_eq!(run.tree(), *expected);
        }
    }
}

#[test]
fn tool_calls() {
    for is_stream in WHOLE_AND_STREAMED {
        let [_, first, _, second] = run(is_stream).events().try_into().unwrap();
        let messages = |event: &Value, side| event["meta"][side]["messages"].clone();
        assert_eq!(messages(&first, "output"), json!([call("function")]));
        assert_eq!(messages(&second, "input"), question_with_result("function", None));
    }
}

#[test]
fn tokens() {
    for is_stream in WHOLE_AND_STREAMED {
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

/// The pause before each event of the stream of a slow model.
const PAUSE: f64 = 0.020;

#[test]
fn first_token() {
    let run = Run::new();
    let model = model(&run, "slow-20");
    let began = Instant::now();
    let seen_after = run.block_on(async {
        let mut stream = model.stream(CompletionRequest::new(USER).preamble(SYSTEM)).unwrap();
        while !matches!(stream.next().await.unwrap().unwrap(), Item::Event(StreamEvent::Text { .. })) {}
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
    for is_stream in WHOLE_AND_STREAMED {
        let run = Run::new();
        let agent = guide(model(&run, "error-401")).build();
        run.block_on(ask(&agent, is_stream)).unwrap_err();
        let mut metadata = metadata(1, "", is_stream);
        for name in ["finish_reason", "response_id", "service_tier"] {
            metadata.as_object_mut().unwrap().remove(name);
        }
        metadata["agent_name"] = json!("guide");
        let message = "Incorrect API key provided: local-key. You can find your API key at https://platform.openai.com/account/api-keys.";
        let expected = span("llm", "chat", "rig").inside(2, "guide").model("error-401").metadata(metadata);
        let expected = expected.asked(question()).error("invalid_request_error", message);
        assert_eq!(run.events()[1], expected.event());

        let run = Run::new();
        let failing = weather(async || Err(ToolExecutionError::timeout("too slow")));
        let agent = guide(model(&run, "local")).dynamic_tool(failing).build();
        run.block_on(ask(&agent, is_stream)).unwrap();
        let expected =
            tool_span("error").input("{\"city\":\"Paris\"}").output("too slow").error("timeout", "");
        assert_eq!(run.events()[2], expected.event());
    }
    // The partial answer before an error is kept.
    let run = Run::new();
    let agent = guide(model(&run, "broken")).build();
    run.block_on(ask(&agent, true)).unwrap_err();
    let broken = "error reqwest::error::Error: request or response body error: error reading a body from connection: unexpected EOF during chunk size line";
    let half = "You said: What is the";
    assert_eq!(
        run.tree(),
        format!("agent guide  in {USER}\n└─ llm chat  {ASKED}  out assistant: {half}  {broken}\n")
    );
}

#[llmobs::workflow(skip_all, skip_output)]
async fn answer<T>(program: impl Future<Output = T>) -> T {
    program.await
}

#[llmobs::llm(skip(model))]
async fn complete(model: &DynModel<Completion>, is_stream: bool) -> Result<String, String> {
    ask_model(model, is_stream).await
}

#[test]
fn parents() {
    for is_stream in WHOLE_AND_STREAMED {
        // In an annotated function, with another call in the tool.
        let run = Run::new();
        let inner = model(&run, "local");
        let asks = weather(move || {
            let inner = inner.clone();
            async move { ask_model(&inner, is_stream).await.map(drop).map_err(ToolExecutionError::other) }
        });
        let agent = guide(model(&run, "local")).dynamic_tool(asks).build();
        run.block_on(answer(ask(&agent, is_stream))).unwrap();
        let call = format!("llm chat  {ASKED}  out assistant: {ANSWER}\n");
        let expected = format!("workflow answer\n{}", indented(&tree_with(&call), "└─ ", "   "));
        assert_eq!(run.tree(), expected);

        // Two concurrent agents.
        let run = Run::new();
        let agent = guide_with_tool(model(&run, "local"));
        run.block_on(answer(join(ask(&agent, is_stream), ask(&agent, !is_stream)))).0.unwrap();
        let [first, second] =
            [("├─ ", "│  "), ("└─ ", "   ")].map(|(first, rest)| indented(&tree_with(""), first, rest));
        assert_eq!(run.tree(), format!("workflow answer\n{first}{second}"));

        // A call in an annotated function that is itself a call: one span represents both.
        let run = Run::new();
        run.block_on(complete(&model(&run, "local"), is_stream)).unwrap();
        assert_eq!(run.tree(), call.replacen("chat", "complete", 1));
        assert_eq!(run.metrics(), [tokens_of(8, 0, 8)]);
    }
}

/// A stream that is dropped in the middle has one span, with the text that was read.
#[test]
fn a_dropped_stream_is_cancelled() {
    let run = Run::new();
    let model = model(&run, "hang");
    run.block_on(async {
        let mut stream = model.stream(CompletionRequest::new(USER).preamble(SYSTEM)).unwrap();
        let mut text = String::new();
        while text != "You said: What is the" {
            if let Item::Event(StreamEvent::Text { text: piece, .. }) = stream.next().await.unwrap().unwrap()
            {
                text += &piece;
            }
        }
    });
    assert_eq!(run.tree(), format!("llm chat  {ASKED}  out assistant: You said: What is the  cancelled\n"));
}

/// A span that closes when the response headers arrive lasts until the end of the body, and no data is lost.
#[test]
fn a_span_that_closes_early_lasts_until_the_body_ends() {
    let run = Run::new();
    let client = client(ClientLayer::new());
    run.block_on(answer(async {
        let body = json!({
            "model": "slow-20",
            "stream": true,
            "stream_options": { "include_usage": true },
            "messages": [{ "role": "system", "content": SYSTEM }, { "role": "user", "content": USER }],
        });
        let request = client.post(format!("{}/chat/completions", run.openai()));
        let request = request.header("content-type", "application/json").body(body.to_string());
        let chat = tracing::info_span!("chat", gen_ai.operation.name = "chat", gen_ai.agent.name = "guide");
        let answer = request.send().instrument(chat).await.unwrap();
        llmobs::task("reads").start().finish();
        assert_eq!(run.collector.events().len(), 1);
        answer.bytes().await.unwrap();
    }));
    let events = run.collector.events();
    assert!(events[1]["duration"].as_f64().unwrap() / 1e9 >= 9.0 * PAUSE, "{}", events[1]);
    let call = format!("llm chat  {ASKED}  out assistant: {ANSWER}");
    assert_eq!(run.tree(), format!("workflow answer\n├─ {call}\n└─ task reads\n"));
    assert_eq!(run.metrics()[1], tokens_of(8, 0, 8));
}
