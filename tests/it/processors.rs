//! The parts of a span that a processor can see, change and remove.

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use llmobs::content::{Content, Document, Message, ToolCall, ToolDefinition, ToolResult};
use llmobs::eval::{Evaluation, EvaluationError, Feedback};
use llmobs::manifest::{AgentManifest, AgentTool};
use llmobs::processor::SpanData;
use llmobs::prompt::{Prompt, TemplateMessage};
use llmobs::testing::Collector;
use llmobs::{Config, SpanRef};
use serde_json::{Value, json};

/// The `meta` of two processed spans, which have a manifest, a prompt and a tool definition.
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
        agent.annotate(|note| {
            note.agent(manifest);
        });
        agent.finish();
        let prompt = Prompt::new("faq")
            .chat_template([TemplateMessage::new("user", "secret {{q}}")])
            .variable("q", ["secret"])
            .tag("of", "secret");
        let tool = ToolDefinition::new("weather").description("A secret tool.").schema(schema);
        let llm = llmobs::llm("complete").start();
        llm.annotate(|note| {
            note.prompt(prompt).tool_definitions([tool]);
        });
    });
    ["support", "complete"].map(|name| collector.event(&collector.span(name))["meta"].clone())
}

#[test]
fn for_each_text_visits_prompts_tools_and_agents() {
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
fn a_processor_can_read_and_keep_a_span() {
    static SEEN: Mutex<Vec<SpanData>> = Mutex::new(Vec::new());
    let collector = Collector::with_config(&Config::from_env().processor(|span| {
        SEEN.lock().unwrap().push(span.clone());
        Some(span)
    }));
    let began = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let source = SpanRef { trace_id: "0af".into(), span_id: "7".into() };
    collector.enter(|| {
        let span = llmobs::llm("l").start_time(began).model_provider("openai").start();
        span.annotate(|note| {
            note.link(source.clone());
        });
        span.finish_at(began + Duration::from_secs(1));
    });
    let sent = collector.span("l");
    let [span] = &*std::mem::take(&mut *SEEN.lock().unwrap()) else { panic!("one span") };
    assert_eq!((span.start_time(), span.duration()), (began, Duration::from_secs(1)));
    assert_eq!((&span.model_name, span.model_provider.as_deref()), (&None, Some("openai")));
    assert_eq!(span.links, [source]);
    assert_eq!((span.trace_id(), span.span_id()), (sent.trace_id(), sent.span_id()));
}

#[test]
fn parts_can_be_edited_and_removed() {
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
fn evaluations_of_a_processor_are_sent_with_its_span() {
    let config = Config::from_env().ml_app("app").processor(|span| {
        let label = span.name.clone();
        Evaluation::score(&label, 1).for_span(span.reference()).submit().unwrap();
        Feedback::boolean(&label, true, "judge").for_span(span.reference()).submit().unwrap();
        let wrong = Evaluation::score("a.b", 1).for_span(span.reference()).submit();
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
            Evaluation::score("by the program", 1).for_span(span.export()).submit().unwrap();
            span.finish();
        }
    });
    let report = collector.enter(|| llmobs::flush(Duration::from_secs(10)));
    assert_eq!(report.to_string(), "11 delivered, 1 dropped (processor: 1), 0 pending, 1 stripped");
    let rows = collector.evaluations().into_iter().map(|metric| {
        assert_eq!(metric["ml_app"], "app");
        format!("{} {}", metric["event_kind"], metric["label"]).replace('"', "")
    });
    let own = |name: &str| [format!("evaluation {name}"), format!("feedback {name}")];
    // The evaluations of the program were queued before the worker processed the spans.
    let by_program = ["evaluation by the program"; 3].map(str::to_owned);
    let by_processor = ["sent", "dropped", "panics"].map(own).concat();
    assert_eq!(rows.collect::<Vec<_>>(), [&by_program[..], &by_processor[..]].concat());
    let [sent, panicked] = ["sent", "panics"].map(|name| collector.span(name));
    let ids: Vec<_> =
        collector.evaluations().iter().map(|metric| metric["join_on"]["span"].clone()).collect();
    for (at, span) in [(3, sent), (7, panicked)] {
        assert_eq!(ids[at], json!({ "trace_id": span.trace_id(), "span_id": span.span_id() }));
    }
}

/// Spans that together have every kind of data. Each text of a person or a model begins with `secret`.
fn secrets(processor: impl Fn(SpanData) -> Option<SpanData> + Send + Sync + 'static) -> Collector {
    let collector = Collector::with_config(&Config::from_env().processor(processor));
    collector.enter(|| {
        let llm = llmobs::llm("llm").start();
        llm.annotate(|note| {
            let call = ToolCall::new("f", json!({ "a": { "b": ["secret argument"] } }));
            let chat = [TemplateMessage::new("user", "secret chat"), TemplateMessage::placeholder("history")];
            note.input([
                Message::user("secret question"),
                Message::tool().tool_result(ToolResult::new("secret result").name("f")),
            ])
            .output(Message::assistant("secret answer").tool_call(call))
            .metadata("m", json!({ "n": ["secret metadata", 1] }))
            .prompt(Prompt::new("p").chat_template(chat).variable("v", json!({ "w": "secret variable" })))
            .tool_definitions([ToolDefinition::new("f").description("secret description")])
            .error(&std::io::Error::other("secret error"));
        });
        llm.finish();
        llmobs::llm("text").start().annotate(|note| {
            note.prompt(Prompt::new("p").template("secret template"));
        });
        llmobs::tool("tool").start().annotate(|note| {
            note.intent("secret intent").tag("kept", 1).metric("n", 1);
        });
        let document = Document::new("secret document").name("secret name").id("7").score(0.5);
        llmobs::retrieval("retrieval").start().annotate(|note| {
            note.input("secret query").output(document);
        });
        let agent = llmobs::agent("agent").start();
        agent.annotate(|note| {
            note.agent(AgentManifest::new().instructions("secret instructions"));
        });
    });
    collector
}

fn metas(collector: &Collector) -> Vec<Value> {
    ["llm", "text", "tool", "retrieval", "agent"]
        .map(|name| collector.event(&collector.span(name))["meta"].clone())
        .into()
}

#[test]
fn each_text_is_visited_once_and_can_be_changed() {
    let plain = metas(&secrets(Some));
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let keep = Arc::clone(&seen);
    let edited = metas(&secrets(move |mut span| {
        span.for_each_text(|text| {
            keep.lock().unwrap().push(text.clone());
            *text = text.replace("secret", "*");
        });
        Some(span)
    }));
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    seen.retain(|text| !text.is_empty());
    seen.sort();
    let secrets = [
        "answer",
        "argument",
        "chat",
        "description",
        "document",
        "error",
        "instructions",
        "intent",
        "metadata",
        "name",
        "query",
        "question",
        "result",
        "template",
        "variable",
    ];
    let mut expected: Vec<String> = secrets.iter().map(|text| format!("secret {text}")).collect();
    expected.push("std::io::error::Error: secret error".to_owned());
    assert_eq!(seen, expected);
    let replaced = json!(plain).to_string().replace("secret", "*");
    assert_eq!(json!(edited).to_string(), replaced);
}

#[test]
fn after_a_panic_only_names_tags_and_numbers_are_kept() {
    let collector = secrets(|_| std::panic::resume_unwind(Box::new("at once")));
    let model = |meta: Value| {
        let mut all = json!({ "metadata": {}, "model_name": "unknown", "model_provider": "unknown" });
        all.as_object_mut().unwrap().extend(meta.as_object().unwrap().clone());
        all
    };
    let error = json!({ "type": "std::io::error::Error", "message": "", "stack": "" });
    let span = |kind: &str| json!({ "span": { "kind": kind } });
    assert_eq!(
        metas(&collector),
        [
            model(json!({ "span": { "kind": "llm" }, "error": error })),
            model(span("llm")),
            json!({ "span": { "kind": "tool" }, "metadata": {} }),
            json!({ "span": { "kind": "retrieval" }, "metadata": {} }),
            json!({ "span": { "kind": "agent" }, "metadata": {} }),
        ]
    );
    let tool = collector.span("tool");
    assert_eq!((tool.tag("kept"), &collector.event(&tool)["metrics"]), (Some("1"), &json!({ "n": 1 })));
}

#[test]
fn a_processor_reads_the_values_that_are_sent() {
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let keep = Arc::clone(&seen);
    let collector = Collector::with_config(&Config::from_env().ml_app("app").processor(move |span| {
        keep.lock().unwrap().push(json!({
            "kind": span.kind().as_str(),
            "ids": [span.trace_id(), span.span_id(), span.parent_id()],
            "model": span.model_name,
            "nanos": u64::try_from(span.duration().as_nanos()).unwrap(),
            "ml_app": span.ml_app(),
            "session": span.session_id(),
        }));
        Some(span)
    }));
    collector.enter(|| {
        llmobs::workflow("w").session_id("s").start().enter(|| {
            let at = UNIX_EPOCH;
            let llm = llmobs::llm("l").ml_app("other").model_name("m").start_time(at).start();
            llm.finish_at(at + Duration::from_nanos(1_500_000_001));
        });
    });
    let mut spans = collector.spans();
    spans.sort_by_key(|span| span.parent_id().is_none());
    let expected = spans.iter().map(|span| {
        json!({
            "kind": span.kind().as_str(),
            "ids": [span.trace_id(), span.span_id(), span.parent_id()],
            "model": if span.name == "l" { Some("m") } else { None },
            "nanos": collector.event(span)["duration"],
            "ml_app": if span.name == "l" { "other" } else { "app" },
            "session": "s",
        })
    });
    assert_eq!(*seen.lock().unwrap(), expected.collect::<Vec<_>>());
    assert_eq!(collector.event(&collector.span("l"))["duration"], 1_500_000_001);
}

#[test]
fn metadata_under_the_reserved_key_is_omitted() {
    let collector = secrets(|mut span| {
        span.metadata.insert("_dd".to_owned(), json!({ "spoof": 1 }));
        Some(span)
    });
    assert_eq!(collector.event(&collector.span("tool"))["meta"]["metadata"], json!({}));
    let manifest = json!({ "framework": "manual", "instructions": "secret instructions", "name": "agent" });
    let metadata = json!({ "_dd": { "agent_manifest": manifest } });
    assert_eq!(collector.event(&collector.span("agent"))["meta"]["metadata"], metadata);
}

#[test]
fn a_processor_can_remove_the_error_of_a_span() {
    let collector = secrets(|mut span| {
        span.failure = None;
        Some(span)
    });
    let span = collector.span("llm");
    assert_eq!((&span.failure, span.tag("error_type")), (&None, None));
    assert_eq!(collector.event(&span)["status"], "ok");
}

/// The input and output of a span of each kind if a processor sets both to this content.
fn shown_by_each_kind(content: Option<Content>) -> Vec<[Value; 2]> {
    let collector = Collector::with_config(&Config::from_env().processor(move |mut span| {
        span.input.clone_from(&content);
        span.output.clone_from(&content);
        Some(span)
    }));
    collector.enter(|| {
        llmobs::workflow("workflow").start().annotate(|note| {
            note.input("before");
        });
        llmobs::llm("llm").start().annotate(|note| {
            note.input("before");
        });
        llmobs::embedding("embedding").start().annotate(|note| {
            note.input("before");
        });
        llmobs::retrieval("retrieval").start().annotate(|note| {
            note.input("before");
        });
    });
    ["workflow", "llm", "embedding", "retrieval"]
        .map(|name| {
            let span = collector.span(name);
            let event = collector.event(&span);
            ["input", "output"].map(|side| event["meta"].get(side).cloned().unwrap_or_default())
        })
        .into()
}

#[test]
fn content_that_a_kind_does_not_support_is_shown_as_text() {
    let value = |text: &str| json!({ "value": text });
    let message = |text: &str| json!({ "messages": [{ "role": "", "content": text }] });
    let document = |text: &str| json!({ "documents": [{ "text": text }] });
    let each =
        |[workflow, llm, embedding, retrieval]: [[Value; 2]; 4]| vec![workflow, llm, embedding, retrieval];
    let same = |value: Value| [value.clone(), value];
    assert_eq!(
        shown_by_each_kind(Some(Content::Text("t".to_owned()))),
        each([
            same(value("t")),
            same(message("t")),
            [document("t"), value("t")],
            [value("t"), document("t")],
        ])
    );
    let json = r#"[{"role":"user","content":"m"}]"#;
    assert_eq!(
        shown_by_each_kind(Some(Content::Messages(vec![Message::user("m")]))),
        each([
            same(value(json)),
            same(json!({ "messages": [{ "role": "user", "content": "m" }] })),
            [document(json), value(json)],
            [value(json), document(json)],
        ])
    );
    let json = r#"[{"text":"d","id":"7"}]"#;
    let shown = json!({ "documents": [{ "text": "d", "id": "7" }] });
    assert_eq!(
        shown_by_each_kind(Some(Content::Documents(vec![Document::new("d").id("7")]))),
        each([same(value(json)), same(message(json)), [shown.clone(), value(json)], [value(json), shown],])
    );
}

/// The reference omits an empty list of documents, and keeps an empty list of messages.
#[test]
fn removed_content_is_not_sent() {
    let nothing = [Value::Null, Value::Null];
    let none = vec![nothing.clone(); 4];
    assert_eq!(shown_by_each_kind(None), none);
    assert_eq!(shown_by_each_kind(Some(Content::Documents(Vec::new()))), none);
    let messages = json!({ "messages": [] });
    let mut emptied = none;
    emptied[1] = [messages.clone(), messages];
    assert_eq!(shown_by_each_kind(Some(Content::Messages(Vec::new()))), emptied);
}

/// The model, cost tags and links of a processed `llm` span.
fn facts(processor: fn(&mut SpanData)) -> [Value; 4] {
    let collector = Collector::with_config(&Config::from_env().processor(move |mut span| {
        processor(&mut span);
        Some(span)
    }));
    collector.enter(|| {
        let span = llmobs::llm("l").model_name("gpt-4o").model_provider("OpenAI").start();
        span.annotate(|note| {
            note.tag("team", "a")
                .tag("tier", "b")
                .cost_tag("team")
                .cost_tag("tier")
                .link(SpanRef { trace_id: "0a".into(), span_id: "1".into() });
        });
    });
    let event = collector.event(&collector.span("l"));
    ["/meta/model_name", "/meta/model_provider", "/meta/metadata/_dd/cost_tags", "/span_links"]
        .map(|at| event.pointer(at).cloned().unwrap_or_default())
}

#[test]
fn model_cost_tags_and_links_can_be_edited_and_removed() {
    let link = |trace: &str, span: &str| json!({ "trace_id": trace, "span_id": span, "attributes": { "from": "output", "to": "input" } });
    let unchanged = [json!("gpt-4o"), json!("openai"), json!(["team", "tier"]), json!([link("0a", "1")])];
    assert_eq!(facts(|_| ()), unchanged);
    let edited = facts(|span| {
        assert_eq!(span.cost_tags, ["team", "tier"]);
        span.model_name = span.model_name.take().map(|name| format!("{name}-mini"));
        span.model_provider = Some("Azure".to_owned());
        span.cost_tags = ["env", "nowhere", "tier"].map(str::to_owned).into();
        span.links.push(SpanRef { trace_id: "0b".into(), span_id: "2".into() });
    });
    let links = json!([link("0a", "1"), link("0b", "2")]);
    assert_eq!(edited, [json!("gpt-4o-mini"), json!("azure"), json!(["env", "tier"]), links]);
    let emptied = facts(|span| {
        (span.model_name, span.model_provider) = (Some(String::new()), None);
        span.cost_tags.clear();
        span.links.clear();
    });
    assert_eq!(emptied, [json!("unknown"), json!("unknown"), Value::Null, Value::Null]);
    // A cost tag is removed with its tag.
    let without_a_tag = facts(|span| drop(span.tags.remove("team")));
    assert_eq!(without_a_tag[2], json!(["tier"]));
}

#[test]
fn a_manifest_applies_only_to_agents() {
    let collector = secrets(|mut span| {
        span.agent = Some(AgentManifest::new().model("m"));
        Some(span)
    });
    let manifest = |name| collector.event(&collector.span(name))["meta"]["metadata"].get("_dd").cloned();
    let expected = json!({ "agent_manifest": { "framework": "manual", "name": "agent", "model": "m" } });
    assert_eq!((manifest("tool"), manifest("agent")), (None, Some(expected)));
}
