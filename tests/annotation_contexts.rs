//! Which spans an annotation context speaks of: those that start inside, wherever.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::thread;

use llmobs::testing::Collector;
use llmobs::{AgentManifest, FutureExt as _, Prompt};

fn tag(collector: &Collector, key: &'static str) -> impl Fn(&str) -> Option<String> {
    let spans = collector.spans();
    move |name| spans.iter().find(|span| span.name() == name)?.tag(key).map(str::to_owned)
}

#[test]
fn follows_spans_to_other_threads_and_past_its_own_end() {
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
fn stays_with_its_future_on_whichever_thread() {
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
    assert!(collector.spans().iter().all(|span| span.tag("task") == Some(span.name())));
}

#[test]
fn inner_ones_win_and_what_a_span_says_wins_over_both_but_for_its_name() {
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
                span.annotate(|span| span.tag("b", "own").prompt(Prompt::default().label("l")));
            });
            llmobs::llm("after").start().finish();
        });
    });
    let [inner, after] = &*collector.spans() else { panic!("{}", collector.tree()) };
    assert_eq!((inner.name(), inner.tag("a"), inner.tag("b")), ("inner", Some("inner"), Some("own")));
    assert_eq!((after.name(), after.tag("a"), after.tag("b")), ("outer", Some("outer"), Some("outer")));
    let prompt = |span: &llmobs::testing::CollectedSpan| {
        let prompt = span.event().pointer("/meta/input/prompt").unwrap().clone();
        ["id", "version", "template", "label"]
            .map(|key| prompt.get(key).and_then(|text| text.as_str()).map(str::to_owned))
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(prompt(inner), [text("p"), text("2"), text("t"), text("l")]);
    assert_eq!(prompt(after), [text("p"), text("1"), text("t"), None]);
}

#[test]
fn reaches_traced_functions_agents_and_spans_of_other_programs() {
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
    assert!(span.event().pointer("/meta/metadata/_dd/agent_manifest/instructions").is_some());
}

#[test]
fn reading_headers_where_nothing_is_recorded_records_nothing() {
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
    collector.enter(|| llmobs::task("t").start().annotate(|span| span.tag("meddling", Meddling)));
    assert_eq!(collector.tree(), "task t\n");
    assert_eq!(collector.span("t").tag("meddling"), Some("shown"));
}
