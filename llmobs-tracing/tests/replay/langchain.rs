//! A replay of langchain-rust 7.0.0 (commit c2e0805).
//!
//! The names, targets, levels and fields are those of its `src/observability.rs`, `src/agent/executor.rs`,
//! `src/chain/llm_chain.rs` and `src/chain/router/chain.rs`.
//!
//! Its spans have no content; it is in the text of events of the level `DEBUG`, which is not read. Tokens: the first call of
//! `agent_with_tool` has 57 of input and 18 of output, the second 93 and 11; the agent has the total of 179.

use tracing::field::{Empty, display};
use tracing::{Span, debug, info, info_span, warn};

fn llm(stream: bool) -> Span {
    let (provider, model) = ("openai", "gpt-4o");
    info_span!(
        target: "langchain_rust::observability",
        "llm.generate",
        provider,
        model,
        stream,
        prompt_tokens = Empty,
        completion_tokens = Empty,
        total_tokens = Empty,
        tool_calls = Empty,
        error = Empty,
    )
}

fn usage(llm: &Span, [prompt, completion]: [u32; 2], calls: usize) {
    llm.record("prompt_tokens", prompt);
    llm.record("completion_tokens", completion);
    llm.record("total_tokens", prompt + completion);
    if calls > 0 {
        llm.record("tool_calls", calls);
    }
}

/// `record_error`.
fn fail(span: &Span, error: &str) {
    span.record("error", display(error));
    span.in_scope(|| {
        warn!(
            target: "langchain_rust::observability",
            error = %error,
            "{} failed",
            span.metadata().map_or("operation", |metadata| metadata.name())
        );
    });
}

fn agent_run() -> Span {
    info_span!(
        target: "langchain_rust::agent::executor",
        "agent.run",
        max_iterations = Some(10_i32),
        steps = Empty,
        total_tokens = Empty,
        error = Empty,
    )
}

fn plan(step: usize, calls: impl FnOnce()) {
    info_span!(target: "langchain_rust::agent::executor", "agent.plan", step).in_scope(calls);
}

fn tool_call() -> Span {
    info_span!(target: "langchain_rust::agent::executor", "tool.call", tool = %"get_weather", error = Empty)
}

fn chain(name: &'static str) -> Span {
    info_span!(target: "langchain_rust::chain::llm_chain", "chain.call", chain = name, error = Empty)
}

/// An executor of agents with a tool.
///
/// ```text
/// agent agent.run
/// ├─ task agent.plan
/// │  └─ llm llm.generate
/// ├─ tool get_weather
/// └─ task agent.plan
///    └─ llm llm.generate
/// ```
pub(crate) fn agent_with_tool() {
    let run = agent_run();
    run.in_scope(|| {
        plan(0, || {
            let llm = llm(false);
            llm.in_scope(|| ());
            usage(&llm, [57, 18], 1);
        });
        debug!(target: "langchain_rust::agent::executor", "Action: {:?}", r#"{"city":"Paris"}"#);
        tool_call().in_scope(|| ());
        plan(1, || {
            let llm = llm(false);
            llm.in_scope(|| ());
            usage(&llm, [93, 11], 0);
        });
        Span::current().record("steps", 1_usize);
    });
    run.record("total_tokens", 179_u32);
}

/// A chain whose router chooses another chain, whose model streams.
///
/// ```text
/// workflow router
/// ├─ llm llm.generate
/// └─ workflow llm_chain
///    └─ llm llm.generate
/// ```
pub(crate) fn chains() {
    let router = info_span!(
        target: "langchain_rust::chain::router::chain",
        "chain.call",
        chain = "router",
        destination = Empty,
        error = Empty
    );
    router.in_scope(|| {
        let first = llm(false);
        first.in_scope(|| ());
        usage(&first, [40, 3], 0);
        drop(first);
        router.record("destination", "weather");
        chain("llm_chain").in_scope(|| {
            debug!(target: "langchain_rust::chain::llm_chain", "Prompt: {:?}", "What is the weather in Paris?");
            let second = llm(true);
            for _piece in 0..3 {
                second.in_scope(|| ());
            }
            usage(&second, [21, 11], 0);
        });
    });
}

/// A call that fails and makes its chain fail, and a tool that fails and whose error is sent to the model.
///
/// ```text
/// workflow llm_chain  error error: LLM error: rate limit reached
/// └─ llm llm.generate  error error: rate limit reached
/// agent agent.run
/// └─ tool get_weather  error error: no such city
/// ```
pub(crate) fn failures() {
    let chain = chain("llm_chain");
    chain.in_scope(|| fail(&llm(false), "rate limit reached"));
    fail(&chain, "LLM error: rate limit reached");
    drop(chain);
    agent_run().in_scope(|| {
        fail(&tool_call(), "no such city");
        info!(
            target: "langchain_rust::agent::executor",
            "The tool return the following error: {}",
            "no such city"
        );
    });
}

/// Embeddings of documents, then of a query.
///
/// ```text
/// embedding embed.documents
/// embedding embed.query
/// ```
pub(crate) fn embeddings() {
    let (provider, model, count) = ("openai", "text-embedding-3-small", 3_usize);
    let target = info_span!(
        target: "langchain_rust::observability",
        "embed.documents",
        provider,
        model,
        count,
        error = Empty
    );
    drop(target);
    let query = info_span!(
        target: "langchain_rust::observability",
        "embed.query",
        provider,
        model,
        count = 1,
        error = Empty
    );
    query.in_scope(|| ());
}

/// Spans of the program with the same names or fields as those of langchain-rust.
///
/// ```text
/// ```
pub(crate) fn spans_of_the_program() {
    info_span!(target: "bank", "tool.call", tool = %"drill", error = Empty).in_scope(|| ());
    info_span!(target: "cars", "describe", model = "T", provider = "Ford").in_scope(|| ());
}
