//! Which spans become LLM spans, and which parents and traces they have.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

use std::sync::Barrier;
use std::time::{Duration, Instant};

use futures_util::future::join;
use llmobs_runtime::testing::Collector;
use llmobs_runtime::{
    FutureSpanExt as _, annotate, annotation_context, current, integration, llm, task, tool, workflow,
};
use tracing::instrument::WithSubscriber as _;
use tracing::{Dispatch, Instrument as _, Level, Span, debug_span, event_enabled, info, info_span};
use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets, filter_fn};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Registry, fmt, registry, reload};

fn only_this_layer() -> Dispatch {
    registry().with(llmobs_tracing::layer()).into()
}

/// A subscriber with another layer, which enables all spans.
fn with_log() -> Dispatch {
    registry().with(fmt::layer().with_writer(std::io::sink)).with(llmobs_tracing::layer()).into()
}

/// Runs a program under a subscriber, and returns its tree of LLM spans.
fn tree_under(subscriber: impl Into<Dispatch>, program: impl FnOnce()) -> String {
    let collector = Collector::new();
    let _entered = collector.attach();
    tracing::dispatcher::with_default(&subscriber.into(), program);
    collector.tree()
}

/// The tree of a program under a subscriber with only this layer.
fn tree(program: impl FnOnce()) -> String {
    tree_under(only_this_layer(), program)
}

fn chat() -> Span {
    info_span!("chat", gen_ai.operation.name = "chat", gen_ai.request.model = "gpt-4o")
}

fn execute_tool() -> Span {
    info_span!("execute_tool", gen_ai.operation.name = "execute_tool", gen_ai.tool.name = "weather")
}

fn agent(name: &str) -> Span {
    info_span!("invoke_agent", gen_ai.operation.name = "invoke_agent", gen_ai.agent.name = name)
}

/// Runs a program on two threads concurrently.
fn on_two_threads(subscriber: &Dispatch, program: impl Fn() + Sync) {
    let (here, barrier) = (current(), Barrier::new(2));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let _here = here.attach();
                tracing::dispatcher::with_default(subscriber, || {
                    barrier.wait();
                    program();
                });
            });
        }
    });
}

mod parents {
    use super::*;

    #[test]
    fn spans_of_a_convention_are_recorded_and_others_are_not() {
        let tree = tree(|| {
            agent("planner").in_scope(|| {
                info_span!("work", rows = 3).in_scope(|| {
                    chat().in_scope(|| ());
                    info!("a line in a log");
                });
            });
            info_span!("alone").in_scope(|| ());
        });
        assert_eq!(tree, "agent planner\n└─ llm chat\n");
    }

    #[test]
    fn spans_of_llmobs_and_of_tracing_nest_in_each_other() {
        let tree = tree(|| {
            workflow("answer").start().enter(|| {
                agent("planner").in_scope(|| {
                    tool("search").start().enter(|| {
                        chat().in_scope(|| task("count").start().finish());
                    });
                });
            });
        });
        assert_eq!(
            tree,
            "workflow answer\n└─ agent planner\n   └─ tool search\n      └─ llm chat\n         └─ task count\n"
        );
    }

    #[test]
    fn an_explicit_parent_is_used_unless_it_is_current() {
        let tree = tree(|| {
            let (first, second) = (agent("first"), agent("second"));
            let _current = first.enter();
            info_span!(parent: &second, "chat", gen_ai.operation.name = "chat").in_scope(|| ());
            // `first` is the current span, so the tool, which is nested deeper, is the parent.
            tool("search").start().enter(|| {
                info_span!(parent: &first, "chat", gen_ai.operation.name = "chat").in_scope(|| ());
            });
        });
        assert_eq!(tree, "agent first\n└─ tool search\n   └─ llm chat\nagent second\n└─ llm chat\n");
    }

    #[test]
    fn a_root_of_tracing_is_a_child_of_the_current_llmobs_span() {
        let tree = tree(|| {
            info_span!(parent: None, "chat", gen_ai.operation.name = "chat").in_scope(|| ());
            workflow("answer").start().enter(|| {
                info_span!(parent: None, "chat", gen_ai.operation.name = "chat").in_scope(|| ());
            });
        });
        assert_eq!(tree, "llm chat\nworkflow answer\n└─ llm chat\n");
    }

    #[test]
    fn an_ordinary_span_keeps_its_context_on_another_thread() {
        let tree = tree_under(with_log(), || {
            let work = workflow("answer").start().enter(|| info_span!("work"));
            let inside = work.in_scope(|| info_span!("inside"));
            let subscriber = tracing::dispatcher::get_default(Dispatch::clone);
            let program = || {
                inside.in_scope(|| {
                    chat().in_scope(|| ());
                    work.in_scope(|| task("count").start().finish());
                });
                task("outside").start().finish();
            };
            std::thread::scope(|scope| {
                scope.spawn(|| tracing::dispatcher::with_default(&subscriber, program));
            });
        });
        assert_eq!(tree, "workflow answer\n├─ llm chat\n└─ task count\n");
    }

    #[test]
    fn an_ordinary_span_keeps_its_enclosing_step_on_another_thread() {
        let tree = tree_under(with_log(), || {
            let step = agent("planner");
            let inside = step.in_scope(|| info_span!("work").in_scope(|| info_span!("inside")));
            let subscriber = tracing::dispatcher::get_default(Dispatch::clone);
            let program = || {
                inside.in_scope(|| {
                    task("count").start().finish();
                    inside.in_scope(|| ());
                    task("count again").start().finish();
                    chat().in_scope(|| ());
                });
                task("outside").start().finish();
            };
            std::thread::scope(|scope| {
                scope.spawn(|| tracing::dispatcher::with_default(&subscriber, program));
            });
        });
        assert_eq!(tree, "agent planner\n├─ task count\n├─ task count again\n└─ llm chat\n");
    }

    #[test]
    fn a_spawned_task_keeps_the_context_of_its_ordinary_span() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let tree = tree_under(with_log(), || {
            let dispatch = tracing::dispatcher::get_default(Dispatch::clone);
            let step = workflow("answer").start();
            let spawned = step.enter(|| {
                let work = async {
                    tokio::task::yield_now().await;
                    task("count").start().finish();
                    chat().in_scope(|| ());
                };
                let work = work.instrument(info_span!("work"));
                runtime.spawn(work.with_subscriber(dispatch))
            });
            runtime.block_on(spawned).unwrap();
        });
        assert_eq!(tree, "workflow answer\n├─ task count\n└─ llm chat\n");
    }

    #[test]
    fn the_current_llmobs_span_precedes_the_context_of_an_ordinary_span() {
        let tree = tree(|| {
            workflow("answer").start().enter(|| {
                let work = info_span!("work");
                tool("search").start().enter(|| {
                    work.in_scope(|| {
                        task("count").start().finish();
                        chat().in_scope(|| ());
                    });
                });
            });
        });
        assert_eq!(tree, "workflow answer\n└─ tool search\n   ├─ task count\n   └─ llm chat\n");
    }

    #[test]
    fn the_current_llmobs_span_precedes_a_step_that_is_entered_again() {
        let tree = tree(|| {
            agent("planner").in_scope(|| {
                tool("search").start().enter(|| {
                    Span::current().in_scope(|| {
                        chat().in_scope(|| ());
                        task("count").start().finish();
                    });
                });
                task("outside").start().finish();
            });
        });
        assert_eq!(
            tree,
            "agent planner\n├─ tool search\n│  ├─ llm chat\n│  └─ task count\n└─ task outside\n"
        );
    }

    #[test]
    fn an_ordinary_span_that_is_entered_twice_keeps_its_context() {
        let tree = tree_under(with_log(), || {
            let work = workflow("answer").start().enter(|| info_span!("work"));
            work.in_scope(|| {
                tool("search").start().enter(|| work.in_scope(|| ()));
                task("count").start().finish();
            });
            task("outside").start().finish();
        });
        assert_eq!(tree, "workflow answer\n├─ tool search\n└─ task count\ntask outside\n");
    }

    #[test]
    fn a_span_entered_by_several_threads_is_exited_on_each_of_them() {
        let collector = Collector::new();
        let _entered = collector.attach();
        let subscriber = with_log();
        for _ in 0..200 {
            let work = tracing::dispatcher::with_default(&subscriber, || {
                agent("planner").in_scope(|| info_span!("work"))
            });
            on_two_threads(&subscriber, || {
                work.in_scope(|| ());
                task("outside").start().finish();
            });
        }
        assert!(
            collector
                .spans_of(llmobs_runtime::Kind::Task, "outside")
                .iter()
                .all(|task| task.parent_id().is_none())
        );
    }

    #[test]
    fn a_step_is_recorded_by_the_current_client() {
        let (first, second) = (Collector::new(), Collector::new());
        tracing::dispatcher::with_default(&with_log(), || {
            info_span!("main").in_scope(|| {
                first.enter(|| agent("first").in_scope(|| second.enter(|| chat().in_scope(|| ()))));
                second.enter(|| agent("second").in_scope(|| ()));
            });
        });
        assert_eq!(first.tree(), "agent first\n");
        assert_eq!(second.tree(), "llm chat\nagent second\n");
    }

    #[test]
    fn the_context_of_an_ordinary_span_does_not_apply_to_another_client() {
        let (first, second) = (Collector::new(), Collector::new());
        tracing::dispatcher::with_default(&with_log(), || {
            let work = first.enter(|| workflow("answer").start().enter(|| info_span!("work")));
            second.enter(|| work.in_scope(|| task("count").start().finish()));
            first.enter(|| work.in_scope(|| task("count").start().finish()));
        });
        assert_eq!(first.tree(), "workflow answer\n└─ task count\n");
        assert_eq!(second.tree(), "task count\n");
    }

    #[test]
    fn an_llm_span_represents_its_only_successful_attempt() {
        let tree = tree(|| {
            llm("ask").start().enter(|| {
                drop(info_span!("first", gen_ai.operation.name = "chat", error.type = "timeout"));
                drop(info_span!("second", gen_ai.operation.name = "chat", gen_ai.usage.input_tokens = 9));
            });
        });
        assert_eq!(tree, "llm ask\n└─ llm first  error timeout\n");
        let several = tree_under(only_this_layer(), || {
            llm("ask").start().enter(|| {
                drop(info_span!("first", gen_ai.operation.name = "chat", otel.status_code = "OK"));
                drop(info_span!("second", gen_ai.operation.name = "chat"));
            });
        });
        assert_eq!(several, "llm ask\n├─ llm first\n└─ llm second\n");
    }

    #[test]
    fn a_step_is_linked_to_the_step_that_it_follows_from() {
        let collector = Collector::new();
        let _entered = collector.attach();
        tracing::dispatcher::with_default(&only_this_layer(), || {
            let first = chat();
            let second = chat();
            second.follows_from(&first);
            drop(second);
        });
        let events = collector.events();
        let [first, second] = &*events else { panic!("two spans") };
        assert_eq!(second["span_links"][0]["span_id"], first["span_id"]);
        assert!(first.get("span_links").is_none());
    }
}

mod traces {
    use super::*;

    /// Runs a program under a subscriber, and returns the number of its traces and the tree.
    fn traces(subscriber: impl Into<Dispatch>, program: impl FnOnce()) -> (usize, String) {
        let collector = Collector::new();
        let _entered = collector.attach();
        tracing::dispatcher::with_default(&subscriber.into(), program);
        let ids: std::collections::BTreeSet<_> =
            collector.spans().iter().map(|span| span.trace_id().to_owned()).collect();
        (ids.len(), collector.tree())
    }

    #[test]
    fn steps_in_one_ordinary_span_are_one_trace() {
        let program = || {
            info_span!("handler").in_scope(|| {
                chat().in_scope(|| ());
                info_span!("work").in_scope(|| chat().in_scope(|| ()));
            });
        };
        assert_eq!(traces(with_log(), program), (1, "llm chat\nllm chat\n".to_owned()));
    }

    #[test]
    fn concurrent_steps_in_one_ordinary_span_are_one_trace() {
        let subscriber = with_log();
        for _ in 0..100 {
            let collector = Collector::new();
            let _entered = collector.attach();
            let handler = tracing::dispatcher::with_default(&subscriber, || info_span!("handler"));
            on_two_threads(&subscriber, || {
                drop(info_span!(parent: &handler, "chat", gen_ai.operation.name = "chat"));
            });
            let spans = collector.spans();
            let [first, second] = &*spans else { panic!("two spans") };
            assert_eq!(first.trace_id(), second.trace_id());
        }
    }

    #[test]
    fn steps_in_one_ordinary_span_share_only_the_trace() {
        let collector = Collector::new();
        let _entered = collector.attach();
        tracing::dispatcher::with_default(&with_log(), || {
            let main = info_span!("main").entered();
            annotation_context().tag("user", "alice").session_id("s-1").enter(|| drop(chat()));
            info_span!("handler").in_scope(|| {
                workflow("answer").session_id("s-2").start().finish();
            });
            info_span!("handler").in_scope(|| {
                workflow("answer").start().finish();
                drop(chat());
            });
            drop(main);
        });
        let spans = collector.spans();
        let about: Vec<_> =
            spans.iter().map(|span| (&*span.name, span.tag("user"), span.session_id())).collect();
        assert_eq!(
            about,
            [
                ("chat", Some("alice"), Some("s-1")),
                ("answer", None, Some("s-2")),
                ("answer", None, None),
                ("chat", None, None),
            ]
        );
        assert_eq!(spans[0].trace_id(), spans[3].trace_id());
    }

    #[test]
    fn each_request_is_a_trace() {
        let request = |steps: fn()| {
            tracing::span!(target: "tower_http::trace::make_span", Level::DEBUG, "request").in_scope(steps);
        };
        let program = || {
            request(|| {
                task("check").start().finish();
                chat().in_scope(|| ());
                task("count").start().finish();
            });
        };
        assert_eq!(traces(with_log(), program), (1, "task check\nllm chat\ntask count\n".to_owned()));
        let program = || {
            request(|| task("first").start().finish());
            request(|| task("second").start().finish());
        };
        assert_eq!(traces(with_log(), program).0, 2);
    }

    #[test]
    fn a_trace_of_another_program_continues() {
        let collector = Collector::new();
        let _entered = collector.attach();
        tracing::dispatcher::with_default(&only_this_layer(), || {
            integration::new_trace().enter(|| {
                info_span!("handler").in_scope(|| {
                    chat().in_scope(|| ());
                });
                task("count").start().finish();
            });
        });
        let spans = collector.spans();
        let [first, second] = &*spans else { panic!("two spans") };
        assert_eq!(first.trace_id(), second.trace_id());
    }
}

mod lifetimes {
    use super::*;

    #[test]
    fn spans_can_be_exited_in_another_order() {
        let tree = tree(|| {
            let (first, second) = (agent("first"), agent("second"));
            let first_entered = first.enter();
            let second_entered = second.enter();
            drop(first_entered);
            task("in the second").start().finish();
            drop(second_entered);
            task("outside").start().finish();
        });
        assert_eq!(tree, "agent first\nagent second\n└─ task in the second\ntask outside\n");
    }

    #[test]
    fn spans_can_be_entered_twice_or_never() {
        let tree = tree(|| {
            let step = agent("planner");
            step.in_scope(|| step.in_scope(|| task("twice").start().finish()));
            task("outside").start().finish();
            drop(chat());
        });
        assert_eq!(tree, "agent planner\n└─ task twice\ntask outside\nllm chat\n");
    }

    #[test]
    fn a_clone_keeps_a_span_open() {
        let collector = Collector::new();
        let _entered = collector.attach();
        tracing::dispatcher::with_default(&only_this_layer(), || {
            let step = chat();
            let other = step.clone();
            drop(step);
            assert_eq!(collector.tree(), "");
            drop(other);
            assert_eq!(collector.tree(), "llm chat\n");
        });
    }

    #[test]
    fn a_span_that_is_never_closed_ends_with_its_subscriber() {
        let collector = Collector::new();
        let _entered = collector.attach();
        let dispatch = only_this_layer();
        tracing::dispatcher::with_default(&dispatch, || {
            let step = chat();
            dispatch.clone_span(&step.id().unwrap());
        });
        assert_eq!(collector.tree(), "");
        drop(dispatch);
        // Another thread that registers a call site may hold the subscriber for a moment.
        let until = Instant::now() + Duration::from_secs(60);
        while collector.tree().is_empty() && Instant::now() < until {
            std::thread::yield_now();
        }
        assert_eq!(collector.tree(), "llm chat\n");
    }

    #[test]
    fn joined_futures_have_separate_contexts() {
        let tree = tree(|| {
            let step = |name: &'static str| {
                let steps = async move {
                    for _ in 0..2 {
                        task(name).start().finish();
                        tokio::task::yield_now().await;
                    }
                };
                steps.instrument(agent(name))
            };
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(join(step("first"), step("second")));
        });
        assert_eq!(
            tree,
            "agent first\n├─ task first\n└─ task first\nagent second\n├─ task second\n└─ task second\n"
        );
    }

    #[test]
    fn a_dropped_future_ends_its_span() {
        let tree = tree(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let forever = std::future::pending::<()>().instrument(chat());
                tokio::select! {
                    biased;
                    () = forever => unreachable!(),
                    () = tokio::task::yield_now() => {}
                }
                task("outside").start().finish();
            });
        });
        assert_eq!(tree, "llm chat\ntask outside\n");
    }

    #[test]
    fn entered_spans_move_with_futures_of_llmobs() {
        let tree = tree(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let work = async {
                let step = agent("planner");
                let _entered = step.enter();
                tokio::task::yield_now().await;
                task("count").start().finish();
            };
            runtime.block_on(join(work.in_span(workflow("first").start()), async {
                task("elsewhere").start().finish();
            }));
        });
        assert_eq!(tree, "workflow first\n└─ agent planner\n   └─ task count\ntask elsewhere\n");
    }

    #[test]
    fn annotations_inside_a_step_belong_to_the_step() {
        let collector = Collector::new();
        let _entered = collector.attach();
        tracing::dispatcher::with_default(&only_this_layer(), || {
            agent("planner").in_scope(|| {
                annotate(|note| {
                    note.tag("tier", "gold");
                });
            });
        });
        assert_eq!(collector.spans()[0].tag("tier"), Some("gold"));
    }
}

mod subscribers {
    use super::*;

    fn program() {
        agent("planner").in_scope(|| {
            debug_span!("work").in_scope(|| chat().in_scope(|| ()));
        });
    }

    const TREE: &str = "agent planner\n└─ llm chat\n";

    #[test]
    fn other_layers_can_be_below_and_above() {
        let below = registry().with(fmt::layer().with_writer(std::io::sink)).with(llmobs_tracing::layer());
        assert_eq!(tree_under(below, program), TREE);
        let above = registry().with(llmobs_tracing::layer()).with(fmt::layer().with_writer(std::io::sink));
        assert_eq!(tree_under(above, program), TREE);
    }

    #[test]
    fn filters_of_other_layers_have_no_effect() {
        let off = fmt::layer().with_writer(std::io::sink).with_filter(LevelFilter::OFF);
        assert_eq!(tree_under(registry().with(off).with(llmobs_tracing::layer()), program), TREE);
        let off = fmt::layer().with_writer(std::io::sink).with_filter(LevelFilter::OFF);
        assert_eq!(tree_under(registry().with(llmobs_tracing::layer()).with(off), program), TREE);
        let dynamic = fmt::layer().with_writer(std::io::sink).with_filter(EnvFilter::new("[{rows}]=trace"));
        assert_eq!(tree_under(registry().with(dynamic).with(llmobs_tracing::layer()), program), TREE);
    }

    /// `enabled!`, and `log_enabled!` of the crate log, ask filters about an event that does not follow.
    #[test]
    fn checks_whether_an_event_is_enabled_lose_no_span() {
        let program = || {
            assert!(tracing::enabled!(Level::INFO));
            chat().in_scope(|| assert!(event_enabled!(target: "sqlx::query", Level::DEBUG)));
            execute_tool().in_scope(|| ());
        };
        assert_eq!(tree_under(with_log(), program), "llm chat\ntool weather\n");
    }

    #[test]
    fn a_global_filter_applies_to_the_layer() {
        let subscriber = |filter: &str| registry().with(EnvFilter::new(filter)).with(llmobs_tracing::layer());
        assert_eq!(tree_under(subscriber("info"), program), TREE);
        assert_eq!(tree_under(subscriber("warn"), program), "");
    }

    #[test]
    fn the_layer_can_have_a_filter() {
        let filter = filter_fn(|metadata| metadata.name() != "chat");
        let subscriber = registry().with(llmobs_tracing::layer().with_filter(filter));
        assert_eq!(tree_under(subscriber, program), "agent planner\n");
    }

    #[test]
    fn a_global_filter_can_be_reloaded() {
        let (filter, handle) = reload::Layer::new(Targets::new().with_default(LevelFilter::WARN));
        let subscriber = registry().with(filter).with(llmobs_tracing::layer());
        let tree = tree_under(subscriber, || {
            program();
            handle.reload(Targets::new().with_default(LevelFilter::INFO)).unwrap();
            program();
        });
        assert_eq!(tree, TREE);
    }

    #[test]
    fn the_layer_can_be_modified_by_a_reload_handle() {
        let layer: Box<dyn tracing_subscriber::Layer<Registry> + Send + Sync> =
            Box::new(llmobs_tracing::layer());
        let (layer, handle) = reload::Layer::new(layer);
        let tree = tree_under(registry().with(layer), || {
            program();
            handle.modify(|_| ()).unwrap();
            program();
        });
        assert_eq!(tree, TREE.repeat(2));
    }

    #[test]
    fn subscribers_can_be_nested() {
        let (first, second) = (only_this_layer(), only_this_layer());
        let tree = tree_under(first, || {
            let outer = agent("outer");
            outer.in_scope(|| {
                tracing::dispatcher::with_default(&second, || {
                    let inner = agent("inner");
                    inner.in_scope(|| outer.in_scope(|| task("count").start().finish()));
                });
            });
        });
        // `outer` was already entered, so `inner` is the innermost span.
        assert_eq!(tree, "agent outer\n└─ agent inner\n   └─ task count\n");
    }

    #[test]
    fn two_layers_in_one_subscriber_record_each_span_once() {
        let subscriber = registry().with(llmobs_tracing::layer()).with(llmobs_tracing::layer());
        assert_eq!(tree_under(subscriber, program), TREE);
    }

    #[test]
    fn two_layers_exit_a_span_as_often_as_they_enter_it() {
        let subscriber = registry()
            .with(fmt::layer().with_writer(std::io::sink))
            .with(llmobs_tracing::layer())
            .with(llmobs_tracing::layer());
        let tree = tree_under(subscriber, || {
            let work = workflow("answer").start().enter(|| info_span!("work"));
            let step = agent("planner");
            work.in_scope(|| drop(step));
            task("outside").start().finish();
        });
        assert_eq!(tree, "workflow answer\nagent planner\ntask outside\n");
    }

    #[test]
    fn the_layer_can_be_in_an_option_or_a_list() {
        type Boxed = Box<dyn tracing_subscriber::Layer<Registry> + Send + Sync>;
        let log = || fmt::layer().with_writer(std::io::sink);
        let layers: Vec<Boxed> =
            vec![Box::new(llmobs_tracing::layer()), Box::new(log().with_filter(LevelFilter::WARN))];
        assert_eq!(tree_under(registry().with(layers), program), TREE);
        let layers: Vec<Boxed> = vec![Box::new(log()), Box::new(llmobs_tracing::layer())];
        assert_eq!(tree_under(registry().with(layers), program), TREE);
        let some = registry().with(Some(llmobs_tracing::layer())).with(None::<LevelFilter>);
        assert_eq!(tree_under(some, program), TREE);
        let joined = log().and_then(llmobs_tracing::layer()).with_filter(LevelFilter::INFO);
        assert_eq!(tree_under(registry().with(joined), program), TREE);
    }

    #[test]
    fn the_layer_does_nothing_if_llmobs_is_not_enabled() {
        tracing::dispatcher::with_default(&only_this_layer(), || {
            let step = chat();
            step.record("gen_ai.request.model", "gpt-4o");
            step.in_scope(|| ());
        });
    }
}
