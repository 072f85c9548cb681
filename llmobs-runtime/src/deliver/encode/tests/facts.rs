//! Optional data of spans: prompt, tools, agent, links, costs, sampling, errors, ids of other tracers.

use serde_json::{Map, Value, json};

use llmobs_providers::ToolDefinition;

use super::{Ids, add_tag, encoded, event, texts};
use crate::base::id::TraceId;
use crate::base::kind::Kind;
use crate::model::agent::{AgentManifest, AgentTool};
use crate::model::captured::Captured;
use crate::model::failure::Failure;
use crate::model::inherited::{AnnotatedContext, Contexts};
use crate::model::prompt::{Prompt, TemplateMessage};
use crate::model::reference::SpanRef;
use crate::model::sample::Sample;
use crate::model::sampling::Decision;
use crate::model::tags::Identity;

fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

/// Nested containers.
fn nest(levels: usize) -> Value {
    (0..levels).fold(json!("core"), |inner, _| json!({ "k": inner }))
}

/// Nested containers, of which the innermost are sent as text.
fn nest_with_text(levels: usize, text: usize) -> Value {
    (0..levels).fold(json!(nest(text).to_string()), |inner, _| json!({ "k": inner }))
}

#[test]
fn the_prompt_is_part_of_the_input_of_llm_spans() {
    let ids = Ids::new();
    let meta =
        |input: &Value| json!({ "model_name": "unknown", "model_provider": "unknown", "input": input });
    let with = |prompt: Prompt| {
        event(&ids.span(Kind::Llm).annotate(|note| {
            note.prompt(prompt);
        }))
    };
    let shown = |prompt: &Value| {
        let mut event = ids.event(Kind::Llm, &meta(&json!({ "prompt": prompt })));
        add_tag(&mut event, "prompt_tracking_instrumentation_method:annotated");
        event
    };
    let bare = json!({
        "id": "app_unnamed-prompt",
        "ml_app": "app",
        "_dd_context_variable_keys": ["context"],
        "_dd_query_variable_keys": ["question"],
    });
    assert_eq!(with(Prompt::default()), shown(&bare));

    let prompt = Prompt {
        variables: Some(object(json!({ "a": 1, "deep": nest(9) }))),
        ..Prompt::new("faq \"1\"")
            .version("1.2")
            .label("production")
            .chat_template([TemplateMessage::new("user", "{{a}}"), TemplateMessage::placeholder("history")])
            .tag("team", "é")
            .context_variables(["c", "d"])
            .query_variables::<&str>([])
            .uuid("u")
            .version_uuid("v")
    };
    // meta 0, input 1, prompt 2, variables 3, the variable 4: eight levels of it are kept.
    let full = json!({
        "id": "faq \"1\"",
        "ml_app": "app",
        "version": "1.2",
        "label": "production",
        "chat_template": [{ "role": "user", "content": "{{a}}" }, { "type": "placeholder", "name": "history" }],
        "variables": { "a": 1, "deep": nest_with_text(8, 1) },
        "tags": { "team": "é" },
        "_dd_context_variable_keys": ["c", "d"],
        "_dd_query_variable_keys": [],
        "prompt_uuid": "u",
        "prompt_version_uuid": "v",
    });
    assert_eq!(with(prompt.clone()), shown(&full));
    // Empty texts and variables are omitted.
    let empty = Prompt { version: Some(String::new()), variables: Some(Map::new()), ..Prompt::default() };
    assert_eq!(with(empty), shown(&bare));

    let both = ids.span(Kind::Llm).annotate(|note| {
        note.prompt(Prompt::new("p").template("t")).input("Why?");
    });
    let others = json!({
        "messages": [{ "role": "", "content": "Why?" }],
        "prompt": {
            "id": "p",
            "ml_app": "app",
            "template": "t",
            "_dd_context_variable_keys": ["context"],
            "_dd_query_variable_keys": ["question"],
        },
    });
    let mut expected = ids.event(Kind::Llm, &meta(&others));
    add_tag(&mut expected, "prompt_tracking_instrumentation_method:annotated");
    assert_eq!(event(&both), expected);
    let mut other = ids.event(Kind::Task, &json!({}));
    add_tag(&mut other, "prompt_tracking_instrumentation_method:annotated");
    assert_eq!(
        event(&ids.span(Kind::Task).annotate(|note| {
            note.prompt(prompt);
        })),
        other
    );
}

#[test]
fn tools_are_sent_for_the_kinds_that_have_them() {
    let ids = Ids::new();
    let schema = json!({ "type": "object", "deep": nest(9) });
    let tools = [
        ToolDefinition::new("weather").description("What \"it\" is.").version("2").schema(schema),
        ToolDefinition::new("bare").description(""),
        ToolDefinition::new(""),
    ];
    let with_tools = |kind| {
        let mut span = ids.span(kind).annotate(|note| {
            note.intent("to know\n");
        });
        let more = span.annotation.as_mut().unwrap().more();
        more.tool_definitions = Some(tools.clone().into());
        more.tool_version = Some("2\"".to_owned());
        event(&span)
    };
    // meta 0, tool_definitions 1, the tool 2, schema 3, its value 4: eight levels of it are kept.
    let shown = json!([
        {
            "name": "weather",
            "description": "What \"it\" is.",
            "schema": { "type": "object", "deep": nest_with_text(8, 1) },
            "version": "2",
        },
        { "name": "bare" },
        {},
    ]);
    let model = json!({ "model_name": "unknown", "model_provider": "unknown" });
    for (kind, meta) in [
        (
            Kind::Llm,
            json!({ "model_name": "unknown", "model_provider": "unknown", "tool_definitions": shown }),
        ),
        (Kind::Tool, json!({ "tool": { "version": "2\"" }, "intent": "to know\n" })),
        (Kind::Embedding, model),
        (Kind::Task, json!({})),
    ] {
        assert_eq!(with_tools(kind), ids.event(kind, &meta));
    }
}

#[test]
fn an_agent_has_a_manifest_and_a_version_if_annotated() {
    let ids = Ids::new();
    let with = |agent: AgentManifest| {
        event(&ids.span(Kind::Agent).annotate(|note| {
            note.agent(agent);
        }))
    };
    let showing = |manifest: &Value| {
        let metadata = json!({ "metadata": { "_dd": { "agent_manifest": manifest } } });
        ids.event(Kind::Agent, &metadata)
    };
    assert_eq!(with(AgentManifest::new()), ids.event(Kind::Agent, &json!({})));
    assert_eq!(
        with(AgentManifest { instructions: Some(String::new()), ..AgentManifest::new() }),
        ids.event(Kind::Agent, &json!({}))
    );
    // The default name is that of the span.
    assert_eq!(
        with(AgentManifest::new().model("gpt-4o")),
        showing(&json!({ "framework": "manual", "name": "step", "model": "gpt-4o" }))
    );
    let parameters = object(json!({ "city": { "type": "string" }, "deep": nest(7) }));
    let agent = AgentManifest {
        model_settings: object(json!({ "temperature": 0.2, "logit_bias": nest(8) })),
        ..AgentManifest::new()
            .version("3")
            .name("support")
            .instructions("Help \"them\".")
            .tool(AgentTool { parameters, ..AgentTool::new("search").description("Finds.") })
            .tool(AgentTool::new("bare"))
    };
    // meta 0, metadata 1, _dd 2, the manifest 3, settings 4 or tools 4, a setting 5; the tool 5, parameters 6, one of them 7.
    let mut expected = showing(&json!({
        "framework": "manual",
        "name": "support",
        "instructions": "Help \"them\".",
        "model_settings": { "temperature": 0.2, "logit_bias": nest_with_text(7, 1) },
        "tools": [
            {
                "name": "search",
                "description": "Finds.",
                "parameters": { "city": { "type": "string" }, "deep": nest_with_text(5, 2) },
            },
            { "name": "bare" },
        ],
    }));
    add_tag(&mut expected, "agent_version:3");
    assert_eq!(with(agent.clone()), expected);
    // Other kinds have neither.
    let other = event(&ids.span(Kind::Task).annotate(|note| {
        note.agent(agent);
    }));
    assert_eq!(other, ids.event(Kind::Task, &json!({})));
}

#[test]
fn cost_tags_are_limited_to_tags_of_the_span() {
    let ids = Ids::new();
    let cost_tags = ["tier", "team \"a\"", "env", "session_id", "decorator"];
    let span = ids.span(Kind::Task).session_id("s").annotate(|note| {
        note.cost_tags(cost_tags).tag("team \"a\"", "x");
    });
    let identity = Identity { tags: texts([("tier", "free")]), ..Identity::default() };
    let span = Sample { attribute: true, ..span };
    assert_eq!(encoded(&span, &identity)["meta"]["metadata"], json!({ "_dd": { "cost_tags": cost_tags } }));
}

#[test]
fn metadata_does_not_replace_that_of_datadog() {
    let ids = Ids::new();
    let mut span = ids.span(Kind::Task);
    span = span.annotate(|note| {
        note.cost_tag("env").metadata("a\n", 1).metadata("z", [1.5]);
    });
    let metadata = &mut span.annotation.as_mut().unwrap().metadata;
    metadata.insert("_dd".to_owned(), Captured::annotated("mine", usize::MAX));
    let shown = json!({ "metadata": { "a\n": 1, "z": [1.5], "_dd": { "cost_tags": ["env"] } } });
    assert_eq!(event(&span), ids.event(Kind::Task, &shown));
}

#[test]
fn links_name_the_linked_spans() {
    let ids = Ids::new();
    let mut expected = ids.event(Kind::Task, &json!({}));
    let attributes = json!({ "from": "output", "to": "input" });
    expected["span_links"] = json!([
        { "trace_id": "0a\"", "span_id": "7", "attributes": attributes },
        { "trace_id": "0b", "span_id": "8", "attributes": attributes },
    ]);
    let links = [
        SpanRef { trace_id: "0a\"".into(), span_id: "7".into() },
        SpanRef { trace_id: "0b".into(), span_id: "8".into() },
    ];
    let span = ids.span(Kind::Task).annotate(|note| {
        note.links(links);
    });
    assert_eq!(event(&span), expected);
}

#[test]
fn an_unnamed_agent_above_is_identified_by_its_id() {
    let ids = Ids::new();
    let span = ids.span(Kind::Task).agent(None, ids.other);
    let above = json!({ "pagent_name": null, "pagent_span_id": ids.other.to_string() });
    assert_eq!(event(&span), ids.event(Kind::Task, &json!({ "agent_attribution": above })));
}

#[test]
fn sampling_is_sent_as_rate_and_decision_if_known() {
    let ids = Ids::new();
    for (decision, rate, shown) in [
        (Decision { rate: 0.0, kept: false }, "0", "0"),
        (Decision { rate: 1.0 / 3.0, kept: true }, "0.333333", "1"),
        (Decision { rate: 1.0, kept: false }, "1", "0"),
    ] {
        let mut expected = ids.event(Kind::Task, &json!({}));
        expected["_dd"]["sample_rate"] = json!(rate);
        expected["_dd"]["sampling_decision"] = json!(shown);
        assert_eq!(event(&Sample { decision: Some(decision), ..ids.span(Kind::Task) }), expected);
    }
    let mut expected = ids.event(Kind::Task, &json!({}));
    let own = expected["_dd"].as_object_mut().unwrap();
    own.remove("sample_rate");
    own.remove("sampling_decision");
    assert_eq!(event(&Sample { decision: None, ..ids.span(Kind::Task) }), expected);
}

#[test]
fn ids_of_other_tracers_are_unchanged() {
    let ids = Ids::new();
    let mut expected = ids.event(Kind::Task, &json!({}));
    expected["trace_id"] = json!("18446744073709551615");
    for key in ["trace_id", "apm_trace_id"] {
        expected["_dd"][key] = json!("00000000000000010000000000000002");
    }
    let span = Sample {
        trace_id: TraceId::from_header("18446744073709551615").unwrap(),
        apm_trace_id: TraceId::from_halves(1, 2).unwrap(),
        ..ids.span(Kind::Task)
    };
    assert_eq!(event(&span), expected);
}

#[test]
fn long_stacks_of_sources_are_cut() {
    #[derive(Debug)]
    struct Broken(String);

    impl std::fmt::Display for Broken {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl std::error::Error for Broken {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&std::fmt::Error)
        }
    }

    const MAX_BYTES: usize = 64 * 1024;
    const SOURCES: &str = "\nCaused by: an error occurred when formatting an argument";
    let around = std::any::type_name::<Broken>().len() + ": ".len() + SOURCES.len();
    let ids = Ids::new();
    for (length, cut) in [(3, false), (MAX_BYTES - around, false), (MAX_BYTES - around + 1, true)] {
        let error = Broken("\"".repeat(length));
        let whole = Failure::of_error::<Broken, _>(&error);
        assert_eq!(whole.stack.contains("… ["), cut);
        let shown = json!({ "type": whole.kind, "message": whole.message, "stack": whole.stack });
        assert_eq!(event(&ids.span(Kind::Task).failed(&error)), failed(ids, &whole.kind, &shown));
    }
}

/// The event of a task that failed.
fn failed(ids: Ids, kind: &str, error: &Value) -> Value {
    let mut event = ids.event(Kind::Task, &json!({ "error": error }));
    event["status"] = json!("error");
    event["tags"].as_array_mut().unwrap().retain(|tag| tag != "error:0");
    add_tag(&mut event, "error:1");
    add_tag(&mut event, &format!("error_type:{kind}"));
    event
}

#[test]
fn text_errors_have_no_stack() {
    let ids = Ids::new();
    let captured = ids.span(Kind::Task).failed_with::<u8>(format_args!("\"{}\"", 7));
    let shown = json!({ "type": "u8", "message": "\"7\"", "stack": "" });
    assert_eq!(event(&captured), failed(ids, "u8", &shown));
    let annotated = captured.annotate(|note| {
        note.failure("timeout", "no answer");
    });
    let shown = json!({ "type": "timeout", "message": "no answer", "stack": "" });
    assert_eq!(event(&annotated), failed(ids, "timeout", &shown));
}

#[test]
fn an_llm_span_without_a_prompt_has_that_of_the_span_above() {
    let ids = Ids::new();
    let below = |kind| {
        let mut span = ids.span(kind).annotate(|_| ());
        span.annotation.as_mut().unwrap().more().inherited_prompt = Some(Prompt::new("above").into());
        span
    };
    let prompt = |id: &str| {
        json!({
            "id": id,
            "ml_app": "app",
            "_dd_context_variable_keys": ["context"],
            "_dd_query_variable_keys": ["question"],
        })
    };
    let meta = |id: &str| {
        let input = json!({ "prompt": prompt(id) });
        json!({ "model_name": "unknown", "model_provider": "unknown", "input": input })
    };
    assert_eq!(event(&below(Kind::Llm)), ids.event(Kind::Llm, &meta("above")));
    assert_eq!(event(&below(Kind::Task)), ids.event(Kind::Task, &json!({})));
    let mut own = ids.event(Kind::Llm, &meta("own"));
    add_tag(&mut own, "prompt_tracking_instrumentation_method:annotated");
    assert_eq!(
        event(&below(Kind::Llm).annotate(|note| {
            note.prompt(Prompt::new("own"));
        })),
        own
    );
}

#[test]
fn annotations_of_a_span_override_those_of_contexts() {
    let ids = Ids::new();
    let mut annotation = crate::Annotation::new(usize::MAX);
    annotation.tag("both", "outer").tag("outer", 1);
    let context = AnnotatedContext { name: None, session_id: None, cost_tags: Vec::new(), annotation };
    let mut span = ids.span(Kind::Task).annotate(|note| {
        note.tag("both", "own");
    });
    span.inherited.contexts = Some(Contexts::inside(None, context.into()));
    let mut expected = ids.event(Kind::Task, &json!({}));
    add_tag(&mut expected, "both:own");
    add_tag(&mut expected, "outer:1");
    assert_eq!(event(&span), expected);
    span.annotation = None;
    let mut expected = ids.event(Kind::Task, &json!({}));
    add_tag(&mut expected, "both:outer");
    add_tag(&mut expected, "outer:1");
    assert_eq!(event(&span), expected);
}

#[test]
fn annotations_win_over_captured_values() {
    let ids = Ids::new();
    let captured = ids.span(Kind::Task).arguments(r#"{"a":1}"#).returned("2").failed(&std::fmt::Error);
    let annotated = captured.annotate(|note| {
        note.input("in").output("out").failure("k", "m");
    });
    let mut expected = failed(ids, "k", &json!({ "type": "k", "message": "m", "stack": "" }));
    expected["meta"]["input"] = json!({ "value": "in" });
    expected["meta"]["output"] = json!({ "value": "out" });
    assert_eq!(event(&annotated), expected);
}
