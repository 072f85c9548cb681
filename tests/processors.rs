//! What a processor can see, change and take out.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop"
)]

use std::sync::Mutex;
use std::time::{Duration, UNIX_EPOCH};

use llmobs::testing::Collector;
use llmobs::{
    AgentManifest, AgentTool, Config, Evaluation, EvaluationError, Feedback, Prompt, SpanData, SpanRef,
    TemplateMessage, ToolDefinition,
};
use serde_json::{Value, json};

/// What two spans send under `meta`, that say all there is to say.
fn processed(processor: fn(SpanData) -> Option<SpanData>) -> [Value; 2] {
    let collector = Collector::with_config(&Config::from_env().ml_app("app").processor(processor));
    collector.enter(|| {
        let schema =
            json!({ "type": "object", "properties": { "city": { "description": "a secret city" } } });
        let manifest = AgentManifest::new()
            .version("3")
            .instructions("Keep the secret.")
            .model("gpt-4o")
            .model_setting("stop_sequences", ["secret"])
            .tool(AgentTool::new("search").description("Finds a secret.").parameters(&schema));
        let agent = llmobs::agent("support").start();
        agent.annotate(|span| span.agent(manifest));
        agent.finish();
        let prompt = Prompt::new("faq")
            .chat_template([TemplateMessage::new("user", "secret {{q}}")])
            .variable("q", ["secret"])
            .tag("of", "secret");
        let tool = ToolDefinition::new("weather").description("A secret tool.").schema(schema);
        let llm = llmobs::llm("complete").start();
        llm.annotate(|span| span.prompt(prompt).tool_definitions([tool]));
    });
    ["support", "complete"].map(|name| collector.span(name).event()["meta"].clone())
}

#[test]
fn for_each_text_reaches_prompts_tools_and_agents() {
    let sent = processed(|mut span| {
        span.for_each_text(|text| *text = text.replace("secret", "*"));
        Some(span)
    });
    let agent = json!({
        "name": "support",
        "framework": "manual",
        "instructions": "Keep the *.",
        "model": "gpt-4o",
        "model_settings": { "stop_sequences": ["*"] },
        "tools": [{ "name": "search", "description": "Finds a *.", "parameters": { "city": {} } }],
    });
    let prompt = json!({
        "id": "faq",
        "ml_app": "app",
        "chat_template": [{ "role": "user", "content": "* {{q}}" }],
        "variables": { "q": ["*"] },
        "tags": { "of": "*" },
        "_dd_context_variable_keys": ["context"],
        "_dd_query_variable_keys": ["question"],
    });
    let schema = json!({ "type": "object", "properties": { "city": { "description": "a * city" } } });
    let tool = json!({ "name": "weather", "description": "A * tool.", "schema": schema });
    assert_eq!(
        sent,
        [
            json!({ "span": { "kind": "agent" }, "metadata": { "_dd": { "agent_manifest": agent } } }),
            json!({
                "span": { "kind": "llm" },
                "metadata": {},
                "model_name": "unknown",
                "model_provider": "unknown",
                "input": { "prompt": prompt },
                "tool_definitions": [tool],
            }),
        ]
    );
}

#[test]
fn what_a_span_is_can_be_read_and_kept() {
    static SEEN: Mutex<Vec<SpanData>> = Mutex::new(Vec::new());
    let collector = Collector::with_config(&Config::from_env().processor(|span| {
        SEEN.lock().unwrap().push(span.clone());
        Some(span)
    }));
    let began = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let source = SpanRef::new("0af", "7");
    collector.enter(|| {
        let span = llmobs::llm("l").start_time(began).model_provider("openai").start();
        span.annotate(|span| span.link(source.clone()));
        span.finish_at(began + Duration::from_secs(1));
    });
    let sent = collector.span("l");
    let [span] = &*std::mem::take(&mut *SEEN.lock().unwrap()) else { panic!("one span") };
    assert_eq!((span.start_time(), span.duration()), (began, Duration::from_secs(1)));
    assert_eq!((span.model_name(), span.model_provider()), (None, Some("openai")));
    assert_eq!(span.links(), [source]);
    assert_eq!((span.trace_id(), span.span_id()), (sent.trace_id(), sent.span_id()));
}

#[test]
fn parts_can_be_edited_and_taken_out() {
    let sent = processed(|mut span| {
        if let Some(agent) = &mut span.agent {
            agent.instructions = None;
            agent.model_settings.clear();
            agent.tools.clear();
        }
        span.prompt = None;
        for tool in &mut span.tool_definitions {
            (tool.description, tool.schema) = (None, None);
        }
        Some(span)
    });
    let agent = json!({ "name": "support", "framework": "manual", "model": "gpt-4o" });
    assert_eq!(
        sent,
        [
            json!({ "span": { "kind": "agent" }, "metadata": { "_dd": { "agent_manifest": agent } } }),
            json!({
                "span": { "kind": "llm" },
                "metadata": {},
                "model_name": "unknown",
                "model_provider": "unknown",
                "tool_definitions": [{ "name": "weather" }],
            }),
        ]
    );
    let [agent, _] = processed(|mut span| {
        span.agent = None;
        Some(span)
    });
    assert_eq!(agent, json!({ "span": { "kind": "agent" }, "metadata": {} }));
}

#[test]
fn what_a_processor_submits_goes_out_with_the_span_that_it_sees() {
    let config = Config::from_env().ml_app("app").processor(|span| {
        let label = span.name.clone();
        Evaluation::score(&label, 1).of(span.reference()).submit().unwrap();
        Feedback::boolean(&label, true, "judge").of_span(span.reference()).submit().unwrap();
        let wrong = Evaluation::score("a.b", 1).of(span.reference()).submit();
        assert_eq!(wrong, Err(EvaluationError::DotInLabel));
        match &*label {
            "dropped" => None,
            "panics" => std::panic::resume_unwind(Box::new("after it has submitted")),
            _ => Some(span),
        }
    });
    let collector = Collector::with_config(&config);
    collector.enter(|| {
        for name in ["sent", "dropped", "panics"] {
            let span = llmobs::task(name).ml_app("other").start();
            Evaluation::score("by the program", 1).of(span.export()).submit().unwrap();
            span.finish();
        }
    });
    let report = collector.enter(|| llmobs::flush(Duration::from_secs(10)));
    assert_eq!(report.to_string(), "11 delivered, 1 dropped (processor: 1), 0 pending, 1 stripped");
    let rows = collector.evaluations().into_iter().map(|metric| {
        assert_eq!(metric["ml_app"], "app");
        format!("{} {}", metric["event_kind"], metric["label"]).replace('"', "")
    });
    let own = |name: &str| {
        ["evaluation by the program".to_owned(), format!("evaluation {name}"), format!("feedback {name}")]
    };
    assert_eq!(rows.collect::<Vec<_>>(), ["sent", "dropped", "panics"].map(own).concat());
    let [sent, panicked] = ["sent", "panics"].map(|name| collector.span(name));
    let ids: Vec<_> =
        collector.evaluations().iter().map(|metric| metric["join_on"]["span"].clone()).collect();
    for (at, span) in [(1, sent), (7, panicked)] {
        assert_eq!(ids[at], json!({ "trace_id": span.trace_id(), "span_id": span.span_id() }));
    }
}
