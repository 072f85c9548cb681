//! Which spans become LLM spans, and where they belong.

use std::time::Duration;

use llmobs_runtime::testing::Collector;
use llmobs_runtime::{FutureSpanExt as _, Span, task, tool, workflow};
use tracing::{Instrument as _, Level, info, info_span};
use tracing_subscriber::filter::{EnvFilter, LevelFilter, filter_fn};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Registry, fmt, registry, reload};

/// Runs a program under a subscriber, and returns its tree of LLM spans.
fn tree_under(subscriber: impl Into<tracing::Dispatch>, program: impl FnOnce()) -> String {
    let collector = Collector::new();
    let _entered = collector.attach();
    tracing::dispatcher::with_default(&subscriber.into(), program);
    collector.tree()
}

/// The same, where the layer is alone.
fn tree(program: impl FnOnce()) -> String {
    tree_under(registry().with(llmobs_tracing::layer()), program)
}

fn chat() -> tracing::Span {
    info_span!("chat", gen_ai.operation.name = "chat", gen_ai.request.model = "gpt-4o")
}

fn agent(name: &str) -> tracing::Span {
    info_span!("invoke_agent", gen_ai.operation.name = "invoke_agent", gen_ai.agent.name = name)
}

#[test]
fn spans_of_a_convention_are_steps_and_others_are_not() {
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
fn parents_are_found_in_both_directions() {
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
