//! The data that a span inherits from its ancestors.

use llmobs::testing::Collector;
use serde_json::{Value, json};

/// The name, session, application and agent of each span, in the order of their starts.
fn inherited(program: impl FnOnce()) -> Vec<Value> {
    let collector = Collector::new();
    collector.enter(program);
    let events = collector.events();
    let tag = |event: &Value, key: &str| {
        let tags = event["tags"].as_array().unwrap().iter();
        tags.filter_map(Value::as_str)
            .find_map(|tag| Some(tag.strip_prefix(key)?.strip_prefix(':')?.to_owned()))
    };
    let row = |event: &Value| {
        assert_eq!(event.get("session_id").and_then(Value::as_str), tag(event, "session_id").as_deref());
        assert_eq!(tag(event, "ml_app"), tag(event, "agent_service"));
        let agent = event["meta"].get("agent_attribution").map(|agent| {
            let id = &agent["pagent_span_id"];
            let found = events.iter().find(|event| event["span_id"] == *id).unwrap();
            assert_eq!(found["name"], agent["pagent_name"]);
            agent["pagent_name"].clone()
        });
        json!([event["name"], tag(event, "session_id"), tag(event, "ml_app"), agent])
    };
    events.iter().map(row).collect()
}

#[test]
fn session_is_that_of_the_span_or_its_parent_or_the_first_of_the_trace() {
    let rows = inherited(|| {
        let root = llmobs::workflow("root").start();
        root.enter(|| {
            llmobs::task("before").start().finish();
            llmobs::task("sets").session_id("s-3").start().enter(|| {
                llmobs::task("below").start().finish();
                llmobs::task("own")
                    .session_id("s-4")
                    .start()
                    .enter(|| llmobs::tool("below own").start().finish());
            });
            llmobs::task("later sibling").start().finish();
        });
        root.finish();
        llmobs::workflow("other trace").start().finish();
    });
    let expected = json!([
        ["root", null, "test-app", null],
        ["before", null, "test-app", null],
        ["sets", "s-3", "test-app", null],
        ["below", "s-3", "test-app", null],
        ["own", "s-4", "test-app", null],
        ["below own", "s-4", "test-app", null],
        ["later sibling", "s-3", "test-app", null],
        ["other trace", null, "test-app", null],
    ]);
    assert_eq!(json!(rows), expected);
}

#[test]
fn session_set_by_a_tag_applies_to_the_span_and_later_children() {
    let rows = inherited(|| {
        let root = llmobs::workflow("root").start();
        root.enter(|| {
            llmobs::task("before").start().finish();
            llmobs::annotate(|note| {
                note.tag("session_id", "s-1");
            });
            llmobs::task("after").start().finish();
        });
    });
    let expected = json!([
        ["root", "s-1", "test-app", null],
        ["before", null, "test-app", null],
        ["after", "s-1", "test-app", null],
    ]);
    assert_eq!(json!(rows), expected);
}

#[test]
fn an_empty_session_is_ignored() {
    let rows = inherited(|| {
        llmobs::workflow("root").session_id("s-1").start().enter(|| {
            llmobs::task("empty").session_id("").start().enter(|| {
                llmobs::annotate(|note| {
                    note.session_id("").tag("session_id", "");
                });
                llmobs::task("below").start().finish();
            });
            llmobs::annotation_context()
                .tag("session_id", "")
                .enter(|| llmobs::task("context").start().finish());
        });
    });
    let expected = json!([
        ["root", "s-1", "test-app", null],
        ["empty", "s-1", "test-app", null],
        ["below", "s-1", "test-app", null],
        ["context", "s-1", "test-app", null],
    ]);
    assert_eq!(json!(rows), expected);
}

#[test]
fn application_is_that_of_the_span_or_its_parent_or_the_configuration() {
    let rows = inherited(|| {
        llmobs::workflow("root").ml_app("app-a").start().enter(|| {
            llmobs::task("inherits").start().finish();
            llmobs::task("overrides")
                .ml_app("app-b")
                .start()
                .enter(|| llmobs::tool("below").start().finish());
        });
        llmobs::workflow("default").ml_app("").start().finish();
    });
    let expected = json!([
        ["root", null, "app-a", null],
        ["inherits", null, "app-a", null],
        ["overrides", null, "app-b", null],
        ["below", null, "app-b", null],
        ["default", null, "test-app", null],
    ]);
    assert_eq!(json!(rows), expected);
}

#[test]
fn agent_is_the_nearest_ancestor_and_never_the_span_itself() {
    let rows = inherited(|| {
        llmobs::workflow("no agent").start().enter(|| {
            llmobs::agent("outer").start().enter(|| {
                llmobs::workflow("step").start().enter(|| llmobs::tool("deep").start().finish());
                llmobs::agent("inner").start().enter(|| llmobs::llm("call").start().finish());
            });
        });
    });
    let expected = json!([
        ["no agent", null, "test-app", null],
        ["outer", null, "test-app", null],
        ["step", null, "test-app", "outer"],
        ["deep", null, "test-app", "outer"],
        ["inner", null, "test-app", "outer"],
        ["call", null, "test-app", "inner"],
    ]);
    assert_eq!(json!(rows), expected);
}

#[test]
fn annotations_are_not_inherited() {
    let collector = Collector::new();
    collector.enter(|| {
        let root = llmobs::workflow("root").start();
        root.annotate(|note| {
            note.tag("t", 1).metadata("m", 1).metric("n", 1).input("i").output("o");
        });
        root.enter(|| llmobs::task("child").start().finish());
    });
    let [_, child] = collector.events().try_into().unwrap();
    assert_eq!(child["meta"], json!({ "span": { "kind": "task" }, "metadata": {} }));
    assert_eq!(child["metrics"], json!({}));
    assert!(!child["tags"].as_array().unwrap().contains(&json!("t:1")));
}

#[test]
fn the_last_parent_of_a_builder_wins() {
    let collector = Collector::new();
    collector.enter(|| {
        let [with, without] = ["with", "without"].map(|name| llmobs::workflow(name).start());
        with.annotate(|note| {
            note.prompt(llmobs::prompt::Prompt::new("p").template("t"));
        });
        llmobs::llm("none").parent(&with).parent(&without).start().finish();
        llmobs::llm("prompt").parent(&without).parent(&with).start().finish();
    });
    let prompts = |name| {
        let [span] = collector.spans_of(llmobs::Kind::Llm, name).try_into().expect("one span");
        span.prompt.map(|prompt| prompt.id)
    };
    assert_eq!((prompts("none"), prompts("prompt")), (None, Some(Some("p".to_owned()))));
}
