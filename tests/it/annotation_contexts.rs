//! The spans that an annotation context applies to: those that start inside it, on any thread.

use std::thread;

use llmobs::manifest::AgentManifest;
use llmobs::prompt::Prompt;
use llmobs::testing::Collector;
use llmobs::{Config, FutureSpanExt as _, SamplingRule};

fn tag(collector: &Collector, key: &'static str) -> impl Fn(&str) -> Option<String> {
    let spans = collector.spans();
    move |name| spans.iter().find(|span| span.name == name)?.tag(key).map(str::to_owned)
}

#[test]
fn apply_on_other_threads_and_after_the_guard_is_dropped() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let guard = llmobs::annotation_context().tag("tenant", "acme").attach();
    let inside = llmobs::workflow("inside").start();
    let context = inside.context();
    drop(guard);
    thread::spawn(move || context.enter(|| llmobs::task("on a thread").start().finish())).join().unwrap();
    inside.enter(|| llmobs::task("later").start().finish());
    llmobs::task("outside").start().finish();
    inside.finish();
    let tenant = tag(&collector, "tenant");
    let acme = Some("acme".to_owned());
    assert_eq!(
        ["inside", "on a thread", "later", "outside"].map(tenant),
        [acme.clone(), acme.clone(), acme, None]
    );
}

#[test]
fn follow_their_future_across_threads() {
    async fn step(name: &'static str) {
        for _ in 0..3 {
            tokio::task::yield_now().await;
            llmobs::task(name).start().finish();
        }
    }
    let collector = Collector::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tasks: Vec<_> = collector.enter(|| {
        let context = |name| llmobs::annotation_context().tag("task", name).context();
        ["a", "b", "c"].map(|name| runtime.spawn(step(name).in_context(context(name)))).into()
    });
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(collector.spans().len(), 9);
    assert!(collector.spans().iter().all(|span| span.tag("task") == Some(&span.name)));
}

#[test]
fn inner_contexts_win_and_the_span_wins_over_both_except_for_its_name() {
    let collector = Collector::new();
    collector.enter(|| {
        let outer = llmobs::annotation_context().tag("a", "outer").tag("b", "outer").name("outer");
        outer.prompt(Prompt::new("p").version("1").template("t")).enter(|| {
            let inner = llmobs::annotation_context()
                .tag("a", "inner")
                .name("inner")
                .prompt(Prompt::default().version("2"));
            inner.enter(|| {
                let span = llmobs::llm("own").start();
                span.annotate(|note| {
                    note.tag("b", "own").prompt(Prompt::default().label("l"));
                });
            });
            llmobs::llm("after").start().finish();
        });
    });
    let [inner, after] = &*collector.spans() else { panic!("{}", collector.tree()) };
    assert_eq!((inner.name.as_str(), inner.tag("a"), inner.tag("b")), ("inner", Some("inner"), Some("own")));
    assert_eq!(
        (after.name.as_str(), after.tag("a"), after.tag("b")),
        ("outer", Some("outer"), Some("outer"))
    );
    let prompt = |span: &llmobs::processor::SpanData| {
        let prompt = collector.event(span).pointer("/meta/input/prompt").unwrap().clone();
        ["id", "version", "template", "label"]
            .map(|key| prompt.get(key).and_then(|text| text.as_str()).map(str::to_owned))
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(prompt(inner), [text("p"), text("2"), text("t"), text("l")]);
    assert_eq!(prompt(after), [text("p"), text("1"), text("t"), None]);
}

#[test]
fn values_at_the_start_of_a_span_win() {
    let collector = Collector::new();
    collector.enter(|| {
        let manifest = AgentManifest::new().version("of the context");
        llmobs::annotation_context().agent(manifest).enter(|| {
            llmobs::agent("own").version("own").start().finish();
            llmobs::agent("other").start().finish();
        });
    });
    let version = tag(&collector, "agent_version");
    assert_eq!(["own", "other"].map(version), ["own", "of the context"].map(|text| Some(text.to_owned())));
}

#[llmobs::task(tags(k = ret, before = 1))]
fn over_ret() -> u8 {
    llmobs::annotate(|note| {
        note.tag("said", 3);
    });
    2
}

#[test]
fn tags_of_an_attribute_win_including_those_of_the_returned_value() {
    let collector = Collector::new();
    let context = ["k", "before", "said", "other"].map(|key| (key, "context"));
    collector.enter(|| llmobs::annotation_context().tags(context).enter(over_ret));
    let span = collector.span("over_ret");
    let tags = ["k", "before", "said", "other"].map(|key| span.tag(key));
    assert_eq!(tags, [Some("2"), Some("1"), Some("3"), Some("context")]);
}

#[llmobs::task(session_id = "own")]
fn in_session() {}

#[test]
fn the_session_of_a_span_wins_and_is_inherited_by_its_children() {
    let collector = Collector::new();
    let context = |session: &str| llmobs::annotation_context().tag("session_id", session);
    let task = |name: &'static str| llmobs::task(name).start();
    collector.enter(|| {
        context("context").enter(|| {
            in_session();
            task("none").finish();
            let built = llmobs::task("built").session_id("own").start();
            built.enter(|| {
                task("inside").finish();
                llmobs::annotation_context().tag("k", 1).enter(|| task("inside too").finish());
                context("inner").enter(|| task("renamed").enter(|| task("below").finish()));
            });
            task("said").annotate(|note| {
                note.session_id("own");
            });
            task("said by tag").annotate(|note| {
                note.tag("session_id", "own");
            });
        });
    });
    let sessions: Vec<_> = collector
        .spans()
        .iter()
        .map(|span| {
            assert_eq!(span.tag("session_id"), span.session_id());
            format!("{} {}", span.name, span.session_id().unwrap_or_default())
        })
        .collect();
    assert_eq!(
        sessions,
        [
            "in_session own",
            "none context",
            "built own",
            "inside own",
            "inside too own",
            "renamed inner",
            "below inner",
            "said own",
            "said by tag own"
        ]
    );
}

#[test]
fn are_visible_to_sampling_rules() {
    let rules = [
        SamplingRule::new(0.25).tag("session_id", "context").tag("k", "own"),
        SamplingRule::new(0.5).tag("session_id", "context").tag("k", "context"),
    ];
    let config = rules.into_iter().fold(Config::from_env(), Config::sampling_rule);
    let collector = Collector::with_config(&config);
    collector.enter(|| {
        let context = llmobs::annotation_context().tag("session_id", "context").tag("k", "context");
        context.enter(|| {
            llmobs::task("own").tag("k", "own").start().finish();
            llmobs::task("none").start().finish();
        });
    });
    let rate = |name| collector.event(&collector.span(name))["_dd"]["sample_rate"].clone();
    assert_eq!(["own", "none"].map(rate), ["0.25", "0.5"]);
}

#[test]
fn a_prompt_applies_to_llm_spans_and_is_shared_in_the_queue() {
    let prompt = "x".repeat(100_000);
    let collector = Collector::with_config(&Config::from_env().max_queue_bytes(1_000_000));
    collector.enter(|| {
        llmobs::annotation_context().prompt(Prompt::new("p").template(&prompt)).enter(|| {
            (0..100).for_each(|_| llmobs::task("task").start().finish());
            (0..20).for_each(|_| llmobs::llm("llm").start().finish());
        });
    });
    let spans = collector.spans();
    assert_eq!(spans.len(), 120);
    for span in spans {
        assert_eq!(span.tag("prompt_tracking_instrumentation_method"), Some("annotated"));
        let event = collector.event(&span);
        let shown = event.pointer("/meta/input/prompt/template").and_then(|text| text.as_str());
        assert_eq!(shown, (span.name == "llm").then_some(&*prompt));
    }
}

#[test]
fn apply_to_traced_functions_agents_and_children_of_remote_spans() {
    #[llmobs::agent]
    fn support() {}
    let collector = Collector::new();
    let headers = [
        ("x-datadog-trace-id", "1"),
        ("x-datadog-parent-id", "2"),
        ("x-datadog-tags", "_dd.p.llmobs_parent_id=7"),
    ];
    collector.enter(|| {
        let manifest = AgentManifest::new().version("3").instructions("Help.");
        llmobs::annotation_context().tag("outer", 1).agent(manifest).enter(|| {
            llmobs::extract(headers.as_slice()).enter(|| {
                llmobs::annotation_context().tag("inner", 1).enter(support);
            });
        });
    });
    let span = collector.span("support");
    assert_eq!(
        (span.tag("outer"), span.tag("inner"), span.tag("agent_version")),
        (Some("1"), Some("1"), Some("3"))
    );
    assert_eq!(span.parent_id(), Some("7"));
    assert!(collector.event(&span).pointer("/meta/metadata/_dd/agent_manifest/instructions").is_some());
}

#[test]
fn can_be_cloned_and_reused() {
    let collector = Collector::new();
    collector.enter(|| {
        let tenant = llmobs::annotation_context().tags([("tenant", "acme"), ("tier", "free")]);
        for name in ["first", "second"] {
            tenant.clone().enter(|| llmobs::task(name).start().finish());
        }
    });
    for name in ["first", "second"] {
        let tags = ["tenant", "tier"].map(|key| collector.span(name).tag(key).map(str::to_owned));
        assert_eq!(tags, ["acme", "free"].map(|text| Some(text.to_owned())));
    }
}

#[test]
fn the_version_of_an_agent_is_a_tag_of_agent_spans_only() {
    let collector = Collector::new();
    let version = || AgentManifest::new().version("3");
    collector.enter(|| {
        llmobs::annotation_context().agent(version()).enter(|| {
            llmobs::agent("inside").start().enter(|| {
                llmobs::llm("model").start().finish();
                llmobs::tool("search").start().finish();
            });
            llmobs::agent("own").version("4").start().finish();
        });
        llmobs::agent("annotated").start().annotate(|note| {
            note.agent(version());
        });
        llmobs::task("no agent").version("5").start().annotate(|note| {
            note.agent(version());
        });
    });
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        ["inside", "model", "search", "own", "annotated", "no agent"].map(tag(&collector, "agent_version")),
        [text("3"), None, None, text("4"), text("3"), None]
    );
}

#[test]
fn contexts_entered_while_a_value_is_formatted_record_nothing() {
    struct Meddling;

    impl std::fmt::Display for Meddling {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            let headers = [("x-datadog-trace-id", "1"), ("x-datadog-parent-id", "2")];
            llmobs::extract(headers.as_slice()).enter(|| llmobs::task("hidden").start().finish());
            llmobs::annotation_context().tag("a", 1).enter(|| llmobs::task("hidden").start().finish());
            f.write_str("shown")
        }
    }
    let collector = Collector::new();
    collector.enter(|| {
        llmobs::task("t").start().annotate(|note| {
            note.tag("meddling", Meddling);
        });
    });
    assert_eq!(collector.tree(), "task t\n");
    assert_eq!(collector.span("t").tag("meddling"), Some("shown"));
}

#[test]
fn apply_under_spans_and_contexts_that_were_created_outside() {
    #[llmobs::task(parent = batch, skip_all)]
    fn called(batch: &llmobs::Span) {
        llmobs::task("below called").start().finish();
    }
    let step = |name: &'static str| async move { llmobs::task(name).start().finish() };
    let collector = Collector::new();
    collector.enter(|| {
        let batch = llmobs::workflow("batch").start();
        let nowhere = llmobs::current();
        let other = llmobs::annotation_context().tag("other", 1).context();
        let headers = [("x-datadog-trace-id", "1"), ("x-datadog-parent-id", "2")];
        let remote = llmobs::extract(headers.as_slice());
        let before = step("given its context before").in_context(&batch);
        llmobs::annotation_context().tag("tenant", "acme").enter(|| {
            let named = llmobs::task("named").parent(&batch).start();
            named.enter(|| llmobs::task("below named").start().finish());
            batch.enter(|| llmobs::task("entered").start().finish());
            let attached = batch.attach();
            llmobs::task("attached").start().finish();
            drop(attached);
            nowhere.enter(|| llmobs::task("nowhere").start().finish());
            other.enter(|| llmobs::task("other").start().finish());
            remote.enter(|| llmobs::task("remote").start().finish());
            called(&batch);
            pollster::block_on(step("future in span").in_context(&batch));
            pollster::block_on(step("future in context").in_context(other.clone()));
            pollster::block_on(before);
        });
        batch.enter(|| llmobs::task("entered later").start().finish());
        llmobs::task("named later").parent(&batch).start().finish();
        other.enter(|| llmobs::task("other later").start().finish());
    });
    let spans = collector.spans();
    let tagged = spans
        .iter()
        .map(|span| (span.name.as_str(), span.tag("tenant").is_some(), span.tag("other").is_some()));
    assert_eq!(
        tagged.collect::<Vec<_>>(),
        [
            ("batch", false, false),
            ("named", true, false),
            ("below named", true, false),
            ("entered", true, false),
            ("attached", true, false),
            ("nowhere", true, false),
            ("other", true, true),
            ("remote", true, false),
            ("called", true, false),
            ("below called", true, false),
            ("future in span", true, false),
            ("future in context", true, true),
            ("given its context before", false, false),
            ("entered later", false, false),
            ("named later", false, false),
            ("other later", false, true),
        ]
    );
}

#[test]
fn the_context_entered_last_wins_and_each_applies_once() {
    let collector = Collector::new();
    collector.enter(|| {
        let source = llmobs::task("source").start();
        let own = llmobs::annotation_context().tag("phase", "own").context();
        let setup = llmobs::annotation_context().tag("phase", "setup").link(source.export()).attach();
        let batch = llmobs::workflow("batch").start();
        llmobs::task("in setup").parent(&batch).start().finish();
        llmobs::annotation_context().tag("inner", 1).enter(|| {
            batch.enter(|| llmobs::task("in both").start().finish());
        });
        drop(setup);
        llmobs::annotation_context().tag("phase", "run").enter(|| {
            batch.enter(|| llmobs::task("entered").start().finish());
            llmobs::task("named").parent(&batch).start().finish();
            own.enter(|| llmobs::task("own").start().finish());
        });
    });
    let phase_and_links = |name: &str| {
        let span = collector.span(name);
        let links =
            collector.event(&span).get("span_links").and_then(|links| links.as_array()).map_or(0, Vec::len);
        (span.tag("phase").map(str::to_owned), links)
    };
    let phase = |phase: &str, links| (Some(phase.to_owned()), links);
    assert_eq!(
        ["batch", "in setup", "in both", "entered", "named", "own"].map(phase_and_links),
        [
            phase("setup", 1),
            phase("setup", 1),
            phase("setup", 1),
            phase("run", 1),
            phase("run", 1),
            phase("own", 0)
        ]
    );
}
