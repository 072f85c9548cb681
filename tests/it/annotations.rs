//! Annotations of spans: prompts, tools, models, sessions, applications, costs, agents; repeated, partial, or after the end of the
//! span.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use llmobs::content::ToolDefinition;
use llmobs::manifest::{AgentManifest, AgentTool};
use llmobs::prompt::{Prompt, TemplateMessage};
use llmobs::testing::Collector;
use llmobs::{Annotation, Config, SpanRef};
use serde_json::{Value, json};

use crate::support::meta;

/// `meta` of an `agent` span with these annotations, in this order.
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
fn a_manifest_describes_the_parts_of_an_agent() {
    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string", "description": "Where" }, "day": { "type": ["string", "null"] } },
        "required": ["city"],
    });
    let parameters =
        json!({ "query": { "type": "string", "required": true }, "limit": { "type": "integer" } });
    let given = AgentManifest::new()
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
    assert_eq!(manifest([given]), json!({ "_dd": { "agent_manifest": expected } }));
    let named = json!({ "name": "other", "framework": "manual" });
    assert_eq!(manifest([AgentManifest::new().name("other")]), json!({ "_dd": { "agent_manifest": named } }));
    assert_eq!(manifest([AgentManifest::new().version("1").instructions("")]), json!({}));
}

#[test]
fn a_later_manifest_changes_only_its_own_fields() {
    let first = AgentManifest::new().instructions("Help.").model("a").tool(AgentTool::new("search"));
    let later = AgentManifest::new().model("b").tool(AgentTool::new("weather"));
    let expected = json!({
        "name": "support", "framework": "manual", "instructions": "Help.", "model": "b", "tools": [{ "name": "weather" }],
    });
    assert_eq!(manifest([first, later]), json!({ "_dd": { "agent_manifest": expected } }));
}

#[test]
fn a_later_prompt_replaces_its_own_fields_and_keeps_the_others() {
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
fn empty_values_are_ignored() {
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
fn links_accumulate_and_other_values_are_replaced() {
    let collector = Collector::new();
    let both = |span: &llmobs::Span, annotate: fn(&mut Annotation, &'static str)| {
        for text in ["1", "2"] {
            span.annotate(|note| {
                annotate(note, text);
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
fn a_tool_gets_its_version_from_its_parent_llm_span_even_after_its_end() {
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
fn an_annotated_session_replaces_that_of_the_start() {
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
fn the_duration_of_a_span_begins_at_its_start_time() {
    let collector = Collector::new();
    let hour = Duration::from_secs(3600);
    let began = SystemTime::now() - hour;
    collector.enter(|| llmobs::task("t").start_time(began).start().finish());
    let span = collector.span("t");
    assert_eq!(span.start_time(), began);
    assert!((hour..hour * 2).contains(&span.duration()), "{:?}", span.duration());
}

#[test]
fn a_parent_of_none_keeps_the_earlier_parent() {
    let collector = Collector::new();
    collector.enter(|| {
        let parent = llmobs::workflow("parent").start();
        llmobs::task("child").parent(&parent).parent(None::<&llmobs::Span>).start().finish();
    });
    assert_eq!(collector.tree(), "workflow parent\n└─ task child\n");
}

#[test]
fn an_evaluation_has_the_time_of_its_submission_in_milliseconds() {
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

#[test]
fn s36_s40_a_prompt_has_defaults_and_the_application() {
    let collector = Collector::with_config(&Config::from_env().ml_app("app"));
    collector.enter(|| {
        llmobs::llm("l").ml_app("other").start().annotate(|note| {
            note.prompt(Prompt::default());
        });
    });
    let expected = json!({
        "id": "app_unnamed-prompt",
        "ml_app": "app",
        "_dd_context_variable_keys": ["context"],
        "_dd_query_variable_keys": ["question"],
    });
    assert_eq!(meta(&collector, "l")["input"], json!({ "prompt": expected }));
}

#[test]
fn s37_the_later_of_two_templates_wins() {
    let collector = Collector::new();
    let chat = || [TemplateMessage::new("user", "{{q}}")];
    collector.enter(|| {
        llmobs::llm("chat").start().annotate(|note| {
            note.prompt(Prompt::new("p").template("t").chat_template(chat()));
        });
        let text = llmobs::llm("text").start();
        text.annotate(|note| {
            note.prompt(Prompt::new("p").chat_template(chat()));
        });
        text.annotate(|note| {
            note.prompt(Prompt::new("p").template("t"));
        });
    });
    let template = |name| {
        let prompt = &meta(&collector, name)["input"]["prompt"];
        (prompt["template"].clone(), prompt["chat_template"].clone())
    };
    assert_eq!(template("chat"), (Value::Null, json!([{ "role": "user", "content": "{{q}}" }])));
    assert_eq!(template("text"), (json!("t"), Value::Null));
}

#[test]
fn s38_a_prompt_on_another_kind_applies_to_child_llm_spans() {
    let collector = Collector::new();
    collector.enter(|| {
        let workflow = llmobs::workflow("w").start();
        workflow.annotate(|note| {
            note.prompt(Prompt::new("p"));
        });
        workflow.enter(|| {
            llmobs::llm("below").start().enter(|| llmobs::llm("further below").start().finish());
            llmobs::llm("own").start().annotate(|note| {
                note.prompt(Prompt::new("q"));
            });
        });
        let ended = workflow.context();
        workflow.finish();
        ended.enter(|| llmobs::llm("after").start().finish());
    });
    let id = |name| meta(&collector, name)["input"]["prompt"]["id"].clone();
    assert_eq!(
        ["w", "below", "further below", "own", "after"].map(id),
        [json!(null), json!("p"), json!(null), json!("q"), json!("p")]
    );
    let tag = |name| collector.span(name).tag("prompt_tracking_instrumentation_method").is_some();
    assert_eq!(["w", "below", "own"].map(tag), [true, false, true]);
}

#[test]
fn s41_s42_tool_definitions_are_on_llm_spans_and_have_names() {
    let collector = Collector::new();
    let tools = || {
        let weather =
            ToolDefinition::new("weather").description("d").schema(json!({ "type": "object" })).version("2");
        [weather, ToolDefinition::new(""), ToolDefinition::new("bare").schema("no object")]
    };
    collector.enter(|| {
        llmobs::llm("l").start().annotate(|note| {
            note.tool_definitions(tools());
        });
        llmobs::task("t").start().annotate(|note| {
            note.tool_definitions(tools());
        });
    });
    let weather =
        json!({ "name": "weather", "description": "d", "schema": { "type": "object" }, "version": "2" });
    assert_eq!(meta(&collector, "l")["tool_definitions"], json!([weather, { "name": "bare" }]));
    assert_eq!(meta(&collector, "t").get("tool_definitions"), None);
}

#[test]
fn s43_a_child_tool_of_an_llm_span_has_the_version_of_its_definition() {
    let collector = Collector::new();
    collector.enter(|| {
        let llm = llmobs::llm("l").start();
        llm.annotate(|note| {
            note.tool_definitions([ToolDefinition::new("known").version("2"), ToolDefinition::new("bare")]);
        });
        llm.enter(|| {
            for name in ["known", "bare", "unknown"] {
                llmobs::tool(name).start().finish();
            }
            llmobs::task("between").start().enter(|| llmobs::tool("deeper").start().finish());
        });
    });
    let tool = |name| meta(&collector, name)["tool"].clone();
    let expected = [json!({ "version": "2" }), Value::Null, Value::Null, Value::Null];
    assert_eq!(["known", "bare", "unknown", "deeper"].map(tool), expected);
}

#[test]
fn s44_only_tools_have_an_intent() {
    let collector = Collector::new();
    collector.enter(|| {
        llmobs::tool("tool").start().annotate(|note| {
            note.intent("why");
        });
        llmobs::task("task").start().annotate(|note| {
            note.intent("why");
        });
    });
    assert_eq!(
        ["tool", "task"].map(|name| meta(&collector, name)["intent"].clone()),
        [json!("why"), Value::Null]
    );
}

#[test]
fn s45_providers_are_in_lower_case_and_models_may_be_unknown() {
    let collector = Collector::new();
    collector.enter(|| {
        llmobs::llm("known").model_name("GPT").model_provider("OpenAI").start().finish();
        llmobs::llm("late").start().annotate(|note| {
            note.model_name("M").model_provider("P");
        });
        llmobs::embedding("unknown").start().finish();
        llmobs::tool("none").model_name("GPT").start().finish();
    });
    let model = |name| {
        let meta = meta(&collector, name);
        format!("{} {}", meta["model_name"], meta["model_provider"]).replace('"', "")
    };
    assert_eq!(
        ["known", "late", "unknown", "none"].map(model),
        ["GPT openai", "M p", "unknown unknown", "null null"]
    );
}

#[test]
fn s46_own_values_win_over_parent_then_propagated_then_configured() {
    let collector = Collector::with_config(&Config::from_env().ml_app("configured"));
    let app_and_session = |collector: &Collector, name| {
        let span = collector.span(name);
        (span.ml_app().to_owned(), span.session_id().map(str::to_owned))
    };
    let mut headers: HashMap<String, String> = HashMap::new();
    collector.enter(|| {
        llmobs::task("client").ml_app("client-app").session_id("client-session").start().inject(&mut headers);
        llmobs::task("configured").start().finish();
        llmobs::extract(&headers).enter(|| {
            llmobs::task("propagated").start().finish();
            llmobs::task("own").ml_app("own-app").session_id("own-session").start().enter(|| {
                llmobs::task("parent").start().finish();
            });
        });
    });
    let pair = |app: &str, session: &str| (app.to_owned(), Some(session.to_owned()));
    assert_eq!(app_and_session(&collector, "configured"), ("configured".to_owned(), None));
    assert_eq!(app_and_session(&collector, "propagated"), pair("client-app", "client-session"));
    assert_eq!(app_and_session(&collector, "own"), pair("own-app", "own-session"));
    assert_eq!(app_and_session(&collector, "parent"), pair("own-app", "own-session"));
}

#[test]
fn s47_s48_a_session_is_a_field_and_a_tag() {
    let collector = Collector::new();
    collector.enter(|| {
        let span = llmobs::task("t").start();
        span.annotate(|note| {
            note.session_id("s");
        });
        span.enter(|| llmobs::task("child").start().finish());
    });
    for name in ["t", "child"] {
        let span = collector.span(name);
        assert_eq!((span.session_id(), span.tag("session_id")), (Some("s"), Some("s")), "{name}");
    }
}

#[test]
fn s49_without_a_name_the_application_is_the_service() {
    let collector = Collector::with_config(&Config::from_env().service("shop"));
    collector.enter(|| llmobs::task("t").start().finish());
    assert_eq!(collector.span("t").ml_app(), "shop");
}

#[llmobs::task(tags(feature = 1))]
fn by_attribute() {}

#[test]
fn s51_cost_tags_are_tags_that_the_span_has() {
    let collector = Collector::with_config(&Config::from_env().env("prod"));
    let cost = |name: &'static str, keys: &[&str]| {
        let span = llmobs::llm(name).session_id("s").start();
        span.annotate(|note| {
            keys.iter().fold(note.tag("b", 1).tag("a", 1), |note, key| note.cost_tag(*key));
        });
        span.finish();
    };
    collector.enter(|| {
        cost("some", &["b", "a"]);
        cost("own", &["env", "session_id", "ml_app"]);
        cost("twice", &["a", "a"]);
        cost("unknown", &["a", "nowhere"]);
        cost("none", &["nowhere"]);
        llmobs::llm("in context").start().finish();
        llmobs::annotation_context().tag("c", 1).cost_tag("c").enter(|| cost("context", &["a"]));
        let later = llmobs::task("later").start();
        later.annotate(|note| {
            note.tag("x", 1).cost_tag("x");
        });
        later.annotate(|note| {
            note.tag("y", 1).cost_tag("y").cost_tag("x");
        });
        let together = llmobs::task("in one annotation").start();
        together.annotate(|note| {
            note.cost_tag("x").tag("x", 1);
        });
        let before = llmobs::task("before the tag").start();
        before.annotate(|note| {
            note.cost_tag("x").cost_tag("y").tag("y", 1);
        });
        before.annotate(|note| {
            note.tag("x", 1);
        });
        let again = llmobs::task("said again").start();
        again.annotate(|note| {
            note.cost_tag("x").cost_tag("y").tag("y", 1);
        });
        again.annotate(|note| {
            note.tag("x", 1).cost_tag("x");
        });
        llmobs::annotation_context().cost_tag("feature").enter(|| {
            let span = llmobs::task("after the start").start();
            span.annotate(|note| {
                note.tag("feature", 1);
            });
            llmobs::task("at the start").tag("feature", 1).start().finish();
            by_attribute();
            llmobs::annotation_context().tag("feature", 1).enter(|| {
                llmobs::task("of a context inside").start().finish();
                let outer =
                    llmobs::annotation_context().cost_tag("feature").cost_tag("env").cost_tag("decorator");
                outer.enter(|| {
                    llmobs::task("of a context around").start().finish();
                    let span = llmobs::task("of contexts").start();
                    span.annotate(|note| {
                        note.cost_tag("feature");
                    });
                });
            });
        });
    });
    let cost_tags = |name| meta(&collector, name)["metadata"]["_dd"]["cost_tags"].clone();
    for (name, expected) in [
        ("some", json!(["b", "a"])),
        ("own", json!(["env", "session_id", "ml_app"])),
        ("twice", json!(["a"])),
        ("unknown", json!(["a"])),
        ("none", Value::Null),
        ("in context", Value::Null),
        ("context", json!(["c", "a"])),
        ("later", json!(["x", "y"])),
        ("in one annotation", json!(["x"])),
        ("before the tag", json!(["y"])),
        ("said again", json!(["y", "x"])),
        ("after the start", Value::Null),
        ("at the start", json!(["feature"])),
        ("by_attribute", json!(["feature"])),
        ("of a context inside", Value::Null),
        ("of a context around", json!(["feature", "env"])),
        ("of contexts", json!(["feature", "env"])),
    ] {
        assert_eq!(cost_tags(name), expected, "{name}");
    }
}

#[test]
fn s53_headers_carry_the_agent_and_its_name_if_it_can_be_encoded() {
    let collector = Collector::new();
    for name in ["agent=1", "with, comma", "äöü"] {
        let mut headers: HashMap<String, String> = HashMap::new();
        collector.enter(|| {
            llmobs::agent(name).start().inject(&mut headers);
            llmobs::extract(&headers).enter(|| llmobs::task(format!("under {name}")).start().finish());
        });
        let shown = if name == "agent=1" { json!(name) } else { Value::Null };
        let expected = json!({ "pagent_name": shown, "pagent_span_id": collector.span(name).span_id() });
        assert_eq!(meta(&collector, &format!("under {name}"))["agent_attribution"], expected);
    }
}
