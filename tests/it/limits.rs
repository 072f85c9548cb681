//! Data that is too long is truncated, and the span is sent with the rest.

use llmobs::content::ToolDefinition;
use llmobs::eval::{Evaluation, Feedback};
use llmobs::manifest::{AgentManifest, AgentTool};
use llmobs::prompt::{Prompt, TemplateMessage};
use llmobs::testing::Collector;
use llmobs::{Config, SpanRef};
use serde_json::json;

#[test]
fn a_long_name_is_truncated_and_input_and_output_are_kept() {
    let collector = Collector::new();
    collector.enter(|| {
        let span = llmobs::task("n".repeat(6_000_000)).start();
        span.annotate(|note| {
            note.input("in").output("out");
        });
    });
    let name = format!("{}… [16384 of 6000000 bytes]", "n".repeat(16 * 1024));
    assert_eq!(collector.tree(), format!("task {name}  in in  out out\n"));
}

#[test]
fn prompts_tools_and_agents_are_truncated_at_the_limit_of_captures() {
    let collector = Collector::with_config(&Config::from_env().max_capture_bytes(40));
    let long = "x".repeat(100);
    let shortened = |kept: usize| {
        let [head, tail] = [kept - kept / 2, kept / 2].map(|bytes| "x".repeat(bytes));
        format!("{head}… [{} bytes left out] …{tail}", 100 - kept)
    };
    let cut = shortened(40);
    // Brackets and the name count too.
    let inside = shortened;
    let prompt = || Prompt::new("p").template(&*long).variable("long", &*long).variable("short", [1, 2]);
    let chat = || Prompt::new("p").chat_template([TemplateMessage::new("user", &*long)]);
    let tool = || ToolDefinition::new("t").description(&*long).schema(json!({ "title": long }));
    let manifest = || {
        let tool = AgentTool::new("t").description(&*long);
        AgentManifest::new().instructions(&*long).model_setting("stop_sequences", [&*long]).tool(tool)
    };
    collector.enter(|| {
        llmobs::llm("own").start().annotate(|note| {
            note.prompt(prompt()).tool_definitions([tool()]);
        });
        llmobs::agent("agent").start().annotate(|note| {
            note.agent(manifest());
        });
        llmobs::annotation_context().prompt(chat()).agent(manifest()).enter(|| {
            llmobs::llm("context").start().finish();
            llmobs::agent("agent in context").start().finish();
        });
    });
    let meta = |name| collector.event(&collector.span(name))["meta"].clone();
    let own = &meta("own")["input"]["prompt"];
    assert_eq!(own["template"], json!(cut));
    assert_eq!(own["variables"], json!({ "long": cut, "short": [1, 2] }));
    let context = &meta("context")["input"]["prompt"];
    assert_eq!(context["chat_template"], json!([{ "role": "user", "content": cut }]));
    let schema = json!({ "title": inside(31) });
    assert_eq!(
        meta("own")["tool_definitions"],
        json!([{ "name": "t", "description": cut, "schema": schema }])
    );
    for name in ["agent", "agent in context"] {
        let expected = json!({
            "framework": "manual",
            "name": name,
            "instructions": cut,
            "model_settings": { "stop_sequences": [inside(39)] },
            "tools": [{ "name": "t", "description": cut }],
        });
        assert_eq!(meta(name)["metadata"]["_dd"]["agent_manifest"], expected);
    }
}

#[test]
fn texts_of_evaluations_and_feedback_are_truncated() {
    let collector = Collector::new();
    let long = "x".repeat(100_000);
    let cut = |kept: usize| format!("{}… [{kept} of 100000 bytes]", "x".repeat(kept));
    collector.enter(|| {
        Evaluation::categorical("tone", &*long)
            .for_span(SpanRef { trace_id: "1".into(), span_id: "2".into() })
            .reasoning(&*long)
            .submit()
            .unwrap();
        Feedback::text("comment", &*long, "u")
            .for_trace(SpanRef { trace_id: "1".into(), span_id: String::new() })
            .submit()
            .unwrap();
    });
    let [evaluation, feedback] = &*collector.evaluations() else { panic!("two evaluations") };
    assert_eq!(evaluation["categorical_value"], json!(cut(16 * 1024)));
    assert_eq!(evaluation["reasoning"], json!(cut(64 * 1024)));
    assert_eq!(feedback["text_value"], json!(cut(64 * 1024)));
}
