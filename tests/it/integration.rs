//! The API for integrations of other libraries: contexts that are left by ids, late names and kinds, traces without a span.

use std::collections::HashMap;
use std::error::Error;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};
use std::thread;
use std::time::Duration;

use llmobs::eval::Evaluation;
use llmobs::integration::{enter, leave, new_trace};
use llmobs::testing::Collector;
use llmobs::{FutureSpanExt as _, Kind, Span};
use serde_json::{Map, Value, json};

fn step(name: &'static str) {
    llmobs::task(name).start().finish();
}

#[test]
fn contexts_are_left_by_ids_in_any_order() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let spans = ["a", "b", "c"].map(|name| llmobs::workflow(name).start());
    for (id, span) in spans.iter().enumerate() {
        enter(id as u64, span);
    }
    step("in c");
    assert!(leave(1), "the one in the middle");
    step("in c again");
    assert!(leave(2));
    step("in a");
    // An id that is entered twice is left twice.
    enter(0, &spans[1]);
    step("in b");
    assert!(leave(0));
    step("in a again");
    assert!(leave(0));
    assert!(!leave(0) && !leave(7), "not entered");
    step("outside");
    drop(spans);
    assert_eq!(
        collector.tree(),
        "workflow a\n├─ task in a\n└─ task in a again\nworkflow b\n└─ task in b\nworkflow c\n├─ task in c\n└─ task in c again\ntask outside\n"
    );
}

#[test]
fn contexts_entered_in_a_future_move_with_it_to_another_thread() {
    let collector = Collector::new();
    let outer = collector.enter(|| llmobs::workflow("outer").start());
    let foreign = collector.enter(|| llmobs::llm("foreign").start());
    let mut polls = 0;
    let work = std::future::poll_fn(move |_| {
        polls += 1;
        if polls == 1 {
            enter(9, &foreign);
            return Poll::Pending;
        }
        step("inside");
        assert!(leave(9));
        step("after");
        Poll::Ready(())
    });
    let mut work = Box::pin(work.in_context(&outer));
    let mut task = TaskContext::from_waker(Waker::noop());
    assert!(work.as_mut().poll(&mut task).is_pending());
    // The context moved with the future.
    collector.enter(|| step("between"));
    thread::spawn(move || {
        assert!(pin!(work).poll(&mut TaskContext::from_waker(Waker::noop())).is_ready());
        assert!(!leave(9));
    })
    .join()
    .unwrap();
    outer.finish();
    assert_eq!(
        collector.tree(),
        "workflow outer\n└─ task after\nllm foreign\n└─ task inside\ntask between\n"
    );
}

#[test]
fn captured_contexts_are_not_left_by_the_id() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let span = llmobs::workflow("entered").start();
    enter(1, &span);
    let context = llmobs::current();
    assert!(leave(1));
    context.enter(|| {
        assert!(!leave(1));
        step("inside");
    });
    span.finish();
    assert_eq!(collector.tree(), "workflow entered\n└─ task inside\n");
}

#[test]
fn contexts_are_left_inside_of_guards_and_futures() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let [a, b] = ["a", "b"].map(|name| llmobs::workflow(name).start());
    enter(1, &a);
    let guard = b.attach();
    assert!(leave(1));
    step("in b");
    drop(guard);
    step("outside");
    enter(2, &a);
    pollster::block_on(async { assert!(leave(2)) }.in_context(&b));
    step("outside");
    enter(3, &a);
    b.enter(|| assert!(leave(3) && !leave(3)));
    step("outside");
    drop([a, b]);
    let outside = "task outside\n".repeat(3);
    assert_eq!(collector.tree(), format!("workflow a\nworkflow b\n└─ task in b\n{outside}"));
}

#[test]
fn contexts_that_overlap_in_a_long_chain_are_all_left() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let span = llmobs::workflow("entered").start();
    enter(0, &span);
    for id in 1..10_000 {
        enter(id, &span);
        assert!(leave(id - 1));
    }
    step("inside");
    assert!(leave(9_999) && !leave(9_999));
    step("outside");
    span.finish();
    assert_eq!(collector.tree(), "workflow entered\n└─ task inside\ntask outside\n");
}

#[test]
fn entered_contexts_keep_remote_parents_and_annotation_contexts() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let mut headers: HashMap<String, String> = HashMap::new();
    llmobs::agent("client").start().enter(|| llmobs::inject(&mut headers));
    let remote = llmobs::extract(&headers);
    llmobs::annotation_context().tag("tenant", "acme").enter(|| {
        enter(1, &remote);
        step("server");
        leave(1);
    });
    assert_eq!(collector.tree(), "agent client\n└─ task server\n");
    assert_eq!(collector.span("server").tag("tenant"), Some("acme"));
}

#[test]
fn contexts_that_are_never_left_are_bounded() {
    let collector = Collector::new();
    thread::scope(|scope| {
        let small = thread::Builder::new().stack_size(128 * 1024);
        let ran = small.spawn_scoped(scope, || {
            let _entered = collector.attach();
            let span = llmobs::workflow("entered").start();
            for id in 0..2_000 {
                enter(id, &span);
            }
            assert!(!leave(1024), "too many");
            for id in (0..1024).rev() {
                assert!(leave(id));
            }
            step("outside");
            for id in 0..1024 {
                enter(id, &span);
            }
        });
        ran.unwrap().join().unwrap();
    });
    assert_eq!(collector.tree(), "workflow entered\ntask outside\n");
}

#[test]
fn sessions_that_are_set_after_a_context_was_entered_are_inherited() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let span = llmobs::agent("bot").start();
    enter(1, &span);
    span.annotate(|note| {
        note.session_id("chat");
    });
    step("inside");
    leave(1);
    assert_eq!(collector.span("inside").session_id(), Some("chat"));
    assert_eq!(collector.event(&collector.span("inside"))["meta"]["agent_attribution"]["pagent_name"], "bot");
}

#[test]
fn name_and_kind_can_be_set_late() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let span = Span::builder(Kind::Task, "request").integration("rig").start();
    let context = span.context();
    context.enter(|| step("early"));
    span.annotate(|note| {
        note.kind(Kind::Agent).name("planner").kind(None).name(None::<&str>).name("");
    });
    assert_eq!(context.kind(), Some(Kind::Agent));
    context.enter(|| step("late"));
    span.finish();
    assert_eq!(context.kind(), None);
    assert_eq!(collector.tree(), "agent planner\n├─ task early\n└─ task late\n");
    let agent = |name: &str| collector.event(&collector.span(name))["meta"]["agent_attribution"].clone();
    let id = collector.span("planner").span_id().to_owned();
    assert_eq!(agent("early"), Value::Null);
    assert_eq!(agent("late"), json!({ "pagent_name": "planner", "pagent_span_id": id }));
    assert_eq!(collector.span("planner").tag("integration"), Some("rig"));
    assert_eq!(collector.span("planner").tag("decorator"), None);
}

#[test]
fn content_has_the_form_of_the_late_kind() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let span = llmobs::task("request").start();
    span.annotate(|note| {
        note.input("Why?").output("Because.").metadata("n", 1);
    });
    span.annotate(|note| {
        note.kind(Kind::Llm).model_name("m");
    });
    span.enter(|| {
        llmobs::tool("look").start().finish();
    });
    span.finish();
    let event = collector.event(&collector.span("request"));
    assert_eq!(
        event["meta"],
        json!({
            "span": { "kind": "llm" },
            "model_name": "m",
            "model_provider": "unknown",
            "input": { "messages": [{ "role": "", "content": "Why?" }] },
            "output": { "messages": [{ "role": "", "content": "Because." }] },
            "metadata": { "n": 1 },
        })
    );
}

#[test]
fn a_trace_without_a_span_keeps_siblings_together() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let trace = new_trace();
    let mut headers: HashMap<String, String> = HashMap::new();
    trace.enter(|| {
        step("one");
        llmobs::workflow("two").start().enter(|| {
            llmobs::inject(&mut headers);
            step("below two");
        });
    });
    thread::spawn(move || trace.enter(|| step("three"))).join().unwrap();
    step("elsewhere");
    let trace_id = |name: &str| collector.span(name).trace_id().to_owned();
    let parent_id = |name: &str| collector.span(name).parent_id().map(str::to_owned);
    assert!(["two", "below two", "three"].into_iter().all(|name| trace_id(name) == trace_id("one")));
    assert_ne!(trace_id("elsewhere"), trace_id("one"));
    assert_eq!(["one", "two", "three"].map(parent_id), [const { None }; 3]);
    assert_eq!(parent_id("below two"), Some(collector.span("two").span_id().to_owned()));
    // Headers have the id of the parent, as in other traces.
    assert!(headers["x-datadog-tags"].contains("_dd.p.llmobs_parent_id"));
}

#[test]
fn a_span_of_another_program_is_read_from_json() {
    let collector = Collector::new();
    let mut meta: Map<String, Value> = Map::new();
    meta.insert("Traceparent".to_owned(), 5.into());
    collector.enter(|| llmobs::agent("client").start().enter(|| llmobs::inject(&mut meta)));
    assert!(meta["traceparent"].is_string() && !meta.contains_key("Traceparent"));
    collector.enter(|| llmobs::tool("server").parent(llmobs::extract(&meta)).start().finish());
    assert_eq!(collector.tree(), "agent client\n└─ tool server\n");
}

#[test]
fn the_current_span_can_be_annotated_if_it_is_an_open_llm_span() {
    let collector = Collector::new();
    let add = |tokens: u32| {
        let here = llmobs::current();
        if here.kind() == Some(Kind::Llm) {
            here.annotate(|note| {
                note.metric("input_tokens", tokens);
            });
        } else {
            llmobs::llm("of the integration").start().annotate(|note| {
                note.metric("input_tokens", tokens);
            });
        }
    };
    collector.enter(|| {
        let own = llmobs::llm("of the program").start();
        own.enter(|| add(1));
        let ended = own.context();
        own.finish();
        ended.enter(|| add(2));
        add(3);
    });
    let tokens = |span: &llmobs::processor::SpanData| (span.name.clone(), span.metric("input_tokens"));
    let names = ["of the program", "of the integration", "of the integration"];
    assert_eq!(
        collector.spans().iter().map(tokens).collect::<Vec<_>>(),
        names
            .into_iter()
            .zip([1.0, 2.0, 3.0])
            .map(|(name, n)| (name.to_owned(), Some(n)))
            .collect::<Vec<_>>()
    );
}

#[test]
fn errors_of_any_type_and_cancellations_are_recorded() {
    let collector = Collector::new();
    collector.enter(|| {
        let error: Box<dyn Error + Send + Sync> = "nope".into();
        let error: &dyn Error = &*error;
        llmobs::tool("failed").start().annotate(|note| {
            note.error(error);
        });
        llmobs::tool("cancelled").start().cancel();
        let both = llmobs::tool("both").start();
        both.annotate(|note| {
            note.failure("timeout", "late");
        });
        both.cancel();
    });
    assert_eq!(
        collector.tree(),
        "tool failed  error dyn core::error::Error: nope\ntool cancelled  cancelled\ntool both  error timeout: late\n"
    );
}

#[test]
fn a_span_that_a_future_owns_ends_with_it() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let done = async { step("inside") }.in_span(llmobs::workflow("done").start());
    pollster::block_on(done);
    {
        let dropped = pin!(std::future::pending::<()>().in_span(llmobs::workflow("dropped").start()));
        assert!(dropped.poll(&mut TaskContext::from_waker(Waker::noop())).is_pending());
    }
    let panics = async { panic!("boom") }.in_span(llmobs::workflow("panics").start());
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pollster::block_on(panics))).unwrap_err();
    assert_eq!(
        collector.tree(),
        "workflow done\n└─ task inside\nworkflow dropped  cancelled\nworkflow panics  error panic: boom\n"
    );
}

#[test]
fn annotations_without_an_open_span_are_counted() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let span = llmobs::task("t").start();
    let context = span.context();
    span.finish();
    for _ in 0..2 {
        context.annotate(|note| {
            note.tag("late", 1);
        });
    }
    llmobs::annotate(|_| panic!("there is no span to annotate"));
    let report = llmobs::flush(Duration::from_secs(10));
    assert_eq!(report.to_string(), "1 delivered, 0 dropped, 0 pending, 3 annotation(s) lost");
}

#[test]
fn each_setter_takes_a_value_or_an_option() {
    let collector = Collector::new();
    collector.enter(|| {
        let none = None::<String>;
        let span = llmobs::llm("x")
            .session_id(Some("chat"))
            .session_id(None::<&str>)
            .model_name(&Some("gpt".to_owned()))
            .model_name(&none)
            .model_provider(none.as_deref())
            .version(none)
            .tag("tier", Some(1))
            .tag("tier", None::<u8>)
            .tags([("plan", Some('a')), ("none", None)])
            .start_time(None)
            .ml_app(None::<&str>)
            .start();
        span.annotate(|note| {
            note.metadata("none", None::<u8>)
                .metadata_map(json!({ "a": 1, "b": null }))
                .metadata_map(None::<HashMap<String, u8>>)
                .metric("flag", true)
                .metric("number", serde_json::Number::from(7))
                .metric("none", None::<bool>)
                .cost_tags(["tier", "plan"])
                .links([span.export().unwrap(), span.export().unwrap()])
                .link(None)
                .prompt(None)
                .agent(None)
                .intent(None::<&str>);
        });
        Evaluation::score("l", 1)
            .for_span(span.export())
            .timestamp(None)
            .timestamp_ms(1_700_000_000_123)
            .timestamp_ms(None)
            .reasoning(None::<&str>)
            .assessment(None)
            .tag("none", None::<&str>)
            .submit()
            .unwrap();
    });
    let span = collector.span("x");
    let event = collector.event(&span);
    assert_eq!(event["session_id"], "chat");
    let metadata = json!({ "a": 1, "_dd": { "cost_tags": ["tier", "plan"] } });
    assert_eq!((&event["meta"]["model_name"], &event["meta"]["metadata"]), (&json!("gpt"), &metadata));
    assert_eq!(event["metrics"], json!({ "flag": 1, "number": 7 }));
    assert_eq!((span.tag("tier"), span.tag("plan"), span.tag("none")), (Some("1"), Some("a"), None));
    assert_eq!(event["span_links"].as_array().map(Vec::len), Some(2));
    let evaluation = &collector.evaluations()[0];
    assert_eq!(evaluation["timestamp_ms"], 1_700_000_000_123_u64);
    assert_eq!(evaluation["tags"].as_array().map(Vec::len), Some(2));
}

#[test]
fn an_evaluation_of_an_opentelemetry_span_has_a_source_tag() {
    let collector = Collector::new();
    collector.enter(|| Evaluation::score("l", 1).for_opentelemetry_span(0xab, 0xc).submit()).unwrap();
    let evaluation = &collector.evaluations()[0];
    let span = json!({ "span": { "trace_id": format!("{:032x}", 0xab), "span_id": "000000000000000c" } });
    assert_eq!(evaluation["join_on"], span);
    assert!(evaluation["tags"].as_array().unwrap().contains(&json!("source:otel")));
}

#[test]
fn each_builder_takes_a_value_or_an_option() {
    use llmobs::content::{Document, ToolCall, ToolDefinition, ToolResult};
    use llmobs::eval::Submitter;
    use llmobs::manifest::{AgentManifest, AgentTool};
    use llmobs::prompt::Prompt;

    let none = None::<&str>;
    let prompt =
        || Prompt::new("p").version(1).label("l").template("t").uuid("u").version_uuid("v").tag("k", 2);
    let same = prompt().version(none).label(none).template(none).uuid(none).version_uuid(none).tag("k", none);
    assert_eq!(same.chat_template([]), prompt());
    assert_eq!(prompt().tags.unwrap()["k"], "2");
    let agent = || AgentManifest::new().name("n").version("1").model("m").instructions("i");
    assert_eq!(agent().name(none).version(none).model(none).instructions(none), agent());
    assert_eq!(AgentTool::new("t").description("d").description(none), AgentTool::new("t").description("d"));
    let call = || ToolCall::new("f", ()).tool_id("1").kind("function");
    assert_eq!(call().tool_id(none).kind(none), call());
    let result = || ToolResult::new("r").name("f").tool_id("1").kind("function");
    assert_eq!(result().name(none).tool_id(none).kind(none), result());
    let document = || Document::new("t").name("n").id("1").score(0.5);
    assert_eq!(document().name(none).id(none).score(None::<f64>), document());
    let tool = || ToolDefinition::new("t").description("d").version("1").schema(json!({}));
    assert_eq!(tool().description(none).version(none).schema(()), tool());
    assert_eq!(Submitter::new("u").kind("k").kind(none), Submitter::new("u").kind("k"));
}

#[test]
fn each_setting_takes_a_value_or_an_option() {
    let none = None::<&str>;
    let config = || {
        let config = llmobs::Config::new().ml_app("app").env("e").service("s").version(2).tag("k", "v");
        config.max_capture_bytes(1000).sample_rate(0.5)
    };
    let same = config().ml_app(none).env(none).service(none).version(none).tag("k", none).site(none);
    let same = same.agentless(None).api_key(none).agent_url(none).override_origin(none).exporter(None);
    let same = same.default_exporter(None).flush_interval(None).timeout(None).max_capture_bytes(None);
    let same = same.max_queue_bytes(None).sample_rate(None).sampling_rule(None).capture_errors(None);
    let [event, unchanged] = [config(), same].map(|config| {
        let collector = Collector::with_config(&config);
        collector.enter(|| {
            llmobs::task("t").start().annotate(|note| {
                note.input("x".repeat(2000));
            });
        });
        let event = collector.events().remove(0);
        (event["tags"].clone(), event["meta"].clone(), event["_dd"]["sample_rate"].clone())
    });
    assert_eq!(event, unchanged);
    assert_eq!(event.2, "0.5");
    assert!(event.0.as_array().unwrap().contains(&json!("version:2")));
}

/// The APM span that is current in the tests below, on this thread.
mod apm {
    use std::cell::Cell;

    use llmobs::ApmContext;

    thread_local! {
        pub(super) static CURRENT: Cell<Option<(u128, u64, bool)>> = const { Cell::new(None) };
    }

    pub(super) fn current() -> Option<ApmContext> {
        let (trace_id, span_id, sampled) = CURRENT.get()?;
        assert_ne!(span_id, 13, "panics");
        Some(ApmContext::new(trace_id, span_id, sampled))
    }
}

#[test]
fn requests_continue_the_apm_trace_with_the_decision_of_its_tracer() {
    let collector = Collector::with_config(&llmobs::Config::new().apm_context(apm::current));
    let _entered = collector.attach();
    let incoming = [
        ("x-datadog-trace-id", "1"),
        ("x-datadog-parent-id", "2"),
        ("x-datadog-sampling-priority", "2"),
        ("x-datadog-origin", "synthetics"),
        ("x-datadog-tags", "_dd.p.dm=-4,_dd.p.usr=x"),
    ];
    let sent = |current| {
        apm::CURRENT.set(current);
        let mut headers: HashMap<String, String> = HashMap::new();
        let span = llmobs::task("step").parent(llmobs::extract(incoming.as_slice())).start();
        span.inject(&mut headers);
        span.finish();
        ["x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-sampling-priority", "x-datadog-origin"]
            .map(|name| headers.get(name).cloned().unwrap_or_default())
    };
    // The incoming trace continues, with the values of its tracers.
    assert_eq!(sent(Some((1, 7, true))), ["1", "7", "2", "synthetics"]);
    // With another decision or another trace, the other values are not taken over.
    assert_eq!(sent(Some((1, 7, false))), ["1", "7", "0", ""]);
    assert_eq!(sent(Some((5, 7, true))), ["5", "7", "1", ""]);
    // After a panic of the function, and with ids of zero, there is no APM span.
    for current in [None, Some((5, 13, true)), Some((0, 7, true)), Some((5, 0, true))] {
        let [trace_id, span_id, priority, origin] = sent(current);
        assert_eq!([&*trace_id, &*priority, &*origin], ["1", "2", "synthetics"], "{current:?}");
        assert_eq!(span_id, collector.spans().pop().unwrap().span_id());
    }
}

#[test]
fn a_future_is_dropped_inside_of_the_span_that_it_owns() {
    struct Ends;

    impl Drop for Ends {
        fn drop(&mut self) {
            llmobs::annotate(|note| {
                note.output("dropped");
            });
        }
    }

    let collector = Collector::new();
    let _entered = collector.attach();
    let ends = Ends;
    let work = async move {
        let _ends = ends;
        std::future::pending::<()>().await;
    };
    let mut work = Box::pin(work.in_span(llmobs::workflow("owner").start()));
    assert!(work.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())).is_pending());
    drop(work);
    assert_eq!(collector.tree(), "workflow owner  out dropped  cancelled\n");
}

#[test]
fn a_span_that_is_no_longer_an_agent_is_not_the_agent_of_its_children() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let outer = llmobs::agent("outer").start();
    let inner = llmobs::agent("inner").parent(&outer).start();
    inner.annotate(|note| {
        note.kind(Kind::Task);
    });
    inner.enter(|| step("child"));
    let child = collector.event(&collector.span("child"));
    assert_eq!(child["meta"]["agent_attribution"]["pagent_name"], "outer");
    drop((inner, outer));
}

#[test]
fn cost_tags_of_a_span_can_be_tags_of_a_context() {
    let collector = Collector::new();
    let _entered = collector.attach();
    llmobs::annotation_context().tag("tenant", "acme").enter(|| {
        llmobs::task("step").start().annotate(|note| {
            note.cost_tag("tenant").cost_tag(None::<&str>);
        });
    });
    assert_eq!(collector.span("step").cost_tags, ["tenant"]);
}

#[test]
fn a_later_annotation_does_not_restore_the_text_of_an_error() {
    #[llmobs::task(skip_error)]
    fn fails() -> Result<(), String> {
        llmobs::annotate(|note| {
            note.cost_tag("env");
        });
        Err("secret".to_owned())
    }
    let collector = Collector::new();
    collector.enter(fails).unwrap_err();
    assert_eq!(collector.tree(), "task fails  error alloc::string::String\n");
}

#[test]
fn a_child_of_a_span_of_a_closed_client_is_a_root() {
    let closed = Collector::new();
    let parent = closed.enter(|| llmobs::workflow("closed").start());
    drop(closed);
    let collector = Collector::new();
    collector.enter(|| {
        llmobs::workflow("current").start().enter(|| llmobs::task("orphan").parent(&parent).start().finish());
    });
    assert_eq!(collector.tree(), "workflow current\ntask orphan\n");
}
