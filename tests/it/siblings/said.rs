//! Prompts, tools, models, sessions, applications, costs, agents.

use std::collections::HashMap;

use llmobs::Config;
use llmobs::content::ToolDefinition;
use llmobs::prompt::{Prompt, TemplateMessage};
use llmobs::testing::Collector;
use serde_json::{Value, json};

use super::meta;

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
fn s37_of_two_templates_the_later_holds() {
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
fn s38_a_prompt_on_another_kind_is_for_the_llm_spans_right_below() {
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
fn s39_a_later_prompt_changes_what_it_names() {
    let collector = Collector::new();
    collector.enter(|| {
        let span = llmobs::llm("l").start();
        span.annotate(|note| {
            note.prompt(Prompt::new("p").version("1").variable("a", 1).context_variables(["a"]));
        });
        span.annotate(|note| {
            note.prompt(Prompt::default().version("2").variable("b", "2"));
        });
    });
    let prompt = &meta(&collector, "l")["input"]["prompt"];
    assert_eq!((&prompt["id"], &prompt["version"]), (&json!("p"), &json!("2")));
    assert_eq!(
        (&prompt["variables"], &prompt["_dd_context_variable_keys"]),
        (&json!({ "b": "2" }), &json!(["a"]))
    );
}

#[test]
fn s41_s42_definitions_of_tools_stand_on_llm_spans_and_have_names() {
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
fn s43_a_tool_right_inside_an_llm_span_has_the_version_of_its_definition() {
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
fn s46_own_before_parent_before_propagated_before_configured() {
    let collector = Collector::with_config(&Config::from_env().ml_app("configured"));
    let said = |collector: &Collector, name| {
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
    assert_eq!(said(&collector, "configured"), ("configured".to_owned(), None));
    assert_eq!(said(&collector, "propagated"), pair("client-app", "client-session"));
    assert_eq!(said(&collector, "own"), pair("own-app", "own-session"));
    assert_eq!(said(&collector, "parent"), pair("own-app", "own-session"));
}

#[test]
fn s47_s48_a_session_by_tag_is_a_field_and_a_tag() {
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

#[test]
fn s50_a_session_stays_in_its_trace() {
    let collector = Collector::new();
    collector.enter(|| {
        llmobs::task("with").session_id("s").start().finish();
        llmobs::task("without").start().finish();
    });
    assert_eq!(collector.span("without").session_id(), None);
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
fn s52_the_nearest_agent_above() {
    let collector = Collector::new();
    collector.enter(|| {
        llmobs::task("before").start().finish();
        llmobs::agent("outer").start().enter(|| {
            llmobs::task("direct").start().enter(|| llmobs::tool("indirect").start().finish());
            llmobs::agent("inner").start().enter(|| llmobs::tool("deep").start().finish());
        });
    });
    let agent = |name: &str| meta(&collector, name)["agent_attribution"].clone();
    let named = |name: &str| json!({ "pagent_name": name, "pagent_span_id": collector.span(name).span_id() });
    assert_eq!(["before", "outer"].map(agent), [Value::Null, Value::Null]);
    for (span, above) in [("direct", "outer"), ("indirect", "outer"), ("inner", "outer"), ("deep", "inner")] {
        assert_eq!(agent(span), named(above), "{span}");
    }
}

#[test]
fn s53_an_agent_goes_along_in_headers_its_name_where_it_can() {
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
