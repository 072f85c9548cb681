//! What is annotated twice, in parts, or when the span has ended already.

use std::time::{Duration, SystemTime};

use llmobs::content::ToolDefinition;
use llmobs::manifest::{AgentManifest, AgentTool};
use llmobs::prompt::Prompt;
use llmobs::testing::Collector;
use llmobs::{Annotation, SpanRef};
use serde_json::{Value, json};

/// `meta` of an `agent` span with what each of these says, one after the other.
fn manifest(parts: impl IntoIterator<Item = AgentManifest>) -> Value {
    let collector = Collector::new();
    collector.enter(|| {
        let span = llmobs::agent("support").start();
        for part in parts {
            span.annotate(|note| {
                note.agent(part);
            });
        }
    });
    collector.event(&collector.span("support"))["meta"]["metadata"].clone()
}

#[test]
fn a_manifest_says_what_an_agent_is_made_of() {
    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string", "description": "Where" }, "day": { "type": ["string", "null"] } },
        "required": ["city"],
    });
    let parameters =
        json!({ "query": { "type": "string", "required": true }, "limit": { "type": "integer" } });
    let said = AgentManifest::new()
        .instructions("Help.")
        .model("gpt-4o")
        .model_setting("temperature", 0.5)
        .model_setting("stop_sequences", ["."])
        .tool(AgentTool::new("weather").description("The weather").parameters(schema))
        .tool(AgentTool::new("").description("nameless"))
        .tool(AgentTool::new("search").description("").parameters(parameters));
    let expected = json!({
        "name": "support",
        "framework": "manual",
        "instructions": "Help.",
        "model": "gpt-4o",
        "model_settings": { "temperature": 0.5, "stop_sequences": ["."] },
        "tools": [
            {
                "name": "weather",
                "description": "The weather",
                "parameters": { "city": { "type": "string", "required": true }, "day": {} },
            },
            {
                "name": "search",
                "parameters": { "query": { "type": "string", "required": true }, "limit": { "type": "integer" } },
            },
        ],
    });
    assert_eq!(manifest([said]), json!({ "_dd": { "agent_manifest": expected } }));
    let named = json!({ "name": "other", "framework": "manual" });
    assert_eq!(manifest([AgentManifest::new().name("other")]), json!({ "_dd": { "agent_manifest": named } }));
    assert_eq!(manifest([AgentManifest::new().version("1").instructions("")]), json!({}));
}

#[test]
fn a_later_manifest_changes_what_it_names() {
    let first = AgentManifest::new().instructions("Help.").model("a").tool(AgentTool::new("search"));
    let later = AgentManifest::new().model("b").tool(AgentTool::new("weather"));
    let expected = json!({
        "name": "support", "framework": "manual", "instructions": "Help.", "model": "b", "tools": [{ "name": "weather" }],
    });
    assert_eq!(manifest([first, later]), json!({ "_dd": { "agent_manifest": expected } }));
}

#[test]
fn a_later_prompt_leaves_what_it_does_not_name_and_changes_all_it_names() {
    let prompt = |number: u8| {
        Prompt::new(format!("id {number}"))
            .version(format!("version {number}"))
            .label(format!("label {number}"))
            .template(format!("template {number}"))
            .variable("v", number)
            .tag("t", format!("tag {number}"))
            .context_variables([format!("context {number}")])
            .query_variables([format!("query {number}")])
            .uuid(format!("uuid {number}"))
            .version_uuid(format!("version uuid {number}"))
    };
    let shown = |number: u8| {
        json!({
            "id": format!("id {number}"),
            "ml_app": "test-app",
            "version": format!("version {number}"),
            "label": format!("label {number}"),
            "template": format!("template {number}"),
            "variables": { "v": number },
            "tags": { "t": format!("tag {number}") },
            "_dd_context_variable_keys": [format!("context {number}")],
            "_dd_query_variable_keys": [format!("query {number}")],
            "prompt_uuid": format!("uuid {number}"),
            "prompt_version_uuid": format!("version uuid {number}"),
        })
    };
    let collector = Collector::new();
    collector.enter(|| {
        let span = llmobs::llm("l").start();
        span.annotate(|note| {
            note.prompt(prompt(1));
        });
        span.annotate(|note| {
            note.prompt(prompt(2));
        });
        span.annotate(|note| {
            note.prompt(Prompt::default());
        });
    });
    assert_eq!(collector.event(&collector.span("l"))["meta"]["input"]["prompt"], shown(2));
}

#[test]
fn what_is_empty_is_as_if_not_said() {
    let collector = Collector::new();
    collector.enter(|| {
        let span = llmobs::llm("l").start();
        span.annotate(|note| {
            note.prompt(Prompt::new("p").template("t"));
        });
        span.annotate(|note| {
            let empty = Prompt::new("").version("").label("").template("").uuid("").version_uuid("");
            note.prompt(empty.chat_template([]))
                .tool_definitions([ToolDefinition::new("f").description("").version("")]);
        });
    });
    let meta = collector.event(&collector.span("l"))["meta"].clone();
    let expected = json!({
        "id": "p",
        "ml_app": "test-app",
        "template": "t",
        "_dd_context_variable_keys": ["context"],
        "_dd_query_variable_keys": ["question"],
    });
    assert_eq!((&meta["input"]["prompt"], &meta["tool_definitions"]), (&expected, &json!([{ "name": "f" }])));
}

#[test]
fn links_add_up_and_of_the_rest_the_later_holds() {
    let collector = Collector::new();
    let both = |span: &llmobs::Span, say: fn(&mut Annotation, &'static str)| {
        for text in ["1", "2"] {
            span.annotate(|note| {
                say(note, text);
            });
        }
    };
    collector.enter(|| {
        let llm = llmobs::llm("llm").start();
        both(&llm, |note, text| {
            note.model_name(text)
                .model_provider(text)
                .link(SpanRef { trace_id: text.into(), span_id: text.into() })
                .tool_definitions([ToolDefinition::new(text)])
                .error(&std::io::Error::other(text));
        });
        both(&llmobs::tool("tool").start(), |note, text| {
            note.intent(text);
        });
    });
    let span = collector.span("llm");
    let meta = &collector.event(&span)["meta"];
    assert_eq!([&meta["model_name"], &meta["model_provider"]], ["2", "2"]);
    assert_eq!(meta["tool_definitions"], json!([{ "name": "2" }]));
    assert_eq!(span.failure.as_ref().unwrap().message, "2");
    let event = collector.event(&span);
    let links = event["span_links"].as_array().unwrap();
    assert_eq!(links.iter().map(|link| link["span_id"].clone()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(collector.event(&collector.span("tool"))["meta"]["intent"], "2");
}

#[test]
fn a_tool_has_the_version_that_the_llm_span_right_above_gives_it_also_after_its_end() {
    let collector = Collector::new();
    let tools = || [ToolDefinition::new("after").version("2"), ToolDefinition::new("elsewhere").version("2")];
    collector.enter(|| {
        let llm = llmobs::llm("llm").start();
        llm.annotate(|note| {
            note.tool_definitions(tools());
        });
        let ended = llm.context();
        llm.finish();
        ended.enter(|| llmobs::tool("after").start().finish());
        let task = llmobs::task("task").start();
        task.annotate(|note| {
            note.tool_definitions(tools());
        });
        task.enter(|| llmobs::tool("elsewhere").start().finish());
    });
    let tool = |name| collector.event(&collector.span(name))["meta"]["tool"].clone();
    assert_eq!(["after", "elsewhere"].map(tool), [json!({ "version": "2" }), Value::Null]);
}

#[test]
fn a_session_that_is_annotated_is_a_later_word_than_that_of_the_start() {
    let collector = Collector::new();
    collector.enter(|| {
        let span = llmobs::workflow("w").session_id("first").start();
        span.annotate(|note| {
            note.session_id("later");
        });
        span.enter(|| llmobs::task("child").start().finish());
    });
    assert_eq!(["w", "child"].map(|name| collector.span(name).session_id().map(str::to_owned)), {
        let later = Some("later".to_owned());
        [later.clone(), later]
    });
}

#[test]
fn a_context_with_an_empty_name_renames_nothing() {
    let collector = Collector::new();
    collector.enter(|| {
        llmobs::annotation_context().name("").enter(|| llmobs::task("own").start().finish());
        llmobs::annotation_context().name("given").name("").enter(|| llmobs::task("own").start().finish());
    });
    assert_eq!(collector.tree(), "task own\ntask given\n");
}

#[test]
fn a_span_that_began_in_the_past_and_ends_now_took_that_long() {
    let collector = Collector::new();
    let hour = Duration::from_secs(3600);
    let began = SystemTime::now() - hour;
    collector.enter(|| llmobs::task("t").start_time(began).start().finish());
    let span = collector.span("t");
    assert_eq!(span.start_time(), began);
    assert!((hour..hour * 2).contains(&span.duration()), "{:?}", span.duration());
}

#[test]
fn no_parent_leaves_the_parent_that_was_named() {
    let collector = Collector::new();
    collector.enter(|| {
        let parent = llmobs::workflow("parent").start();
        llmobs::task("child").parent(&parent).parent(None::<&llmobs::Span>).start().finish();
    });
    assert_eq!(collector.tree(), "workflow parent\n└─ task child\n");
}

#[test]
fn an_evaluation_is_of_the_moment_of_its_submission_in_milliseconds() {
    let collector = Collector::new();
    let now = || u64::try_from(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let before = now();
    collector
        .enter(|| {
            llmobs::eval::Evaluation::score("l", 1)
                .for_span(SpanRef { trace_id: "t".into(), span_id: "s".into() })
                .submit()
        })
        .unwrap();
    let at = collector.evaluations()[0]["timestamp_ms"].as_u64().unwrap();
    assert!((before..=now()).contains(&at), "{at}");
}
