//! Replays of the spans of libraries and applications. The expected tree of a replay is in the documentation of its function, and the
//! expected data of its spans is in `expected`.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod expected {
    pub(crate) mod adk;
    pub(crate) mod codex;
    pub(crate) mod contents;
    pub(crate) mod goose;
    pub(crate) mod langchain;
    pub(crate) mod openinference;
    pub(crate) mod openllmetry;
    pub(crate) mod otel;
    pub(crate) mod swiftide;
}

mod replay {
    pub(crate) mod adk;
    pub(crate) mod agent_framework;
    pub(crate) mod bedrock;
    pub(crate) mod codex;
    pub(crate) mod goose;
    pub(crate) mod langchain;
    pub(crate) mod openinference;
    pub(crate) mod openllmetry;
    pub(crate) mod otel;
    pub(crate) mod rig;
    pub(crate) mod rmcp;
    pub(crate) mod swiftide;
}

use llmobs_runtime::testing::Collector;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{fmt, registry};

/// The tree in the documentation of a function.
fn tree_of(source: &str, function: &str) -> String {
    let (before, _) = source.split_once(&format!("fn {function}()")).unwrap();
    let (_, tree) = before.rsplit_once("/// ```text\n").unwrap();
    let (tree, _) = tree.split_once("/// ```").unwrap();
    let lines =
        tree.lines().map(|line| line.strip_prefix("/// ").or_else(|| line.strip_prefix("///")).unwrap());
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The tree of a replay.
fn tree(replay: fn()) -> String {
    let collector = Collector::new();
    run(&collector, replay);
    collector.tree()
}

/// Runs a replay with another layer that enables all spans and events.
fn run(collector: &Collector, replay: fn()) {
    let _entered = collector.attach();
    let log = fmt::layer().with_writer(std::io::sink);
    tracing::subscriber::with_default(registry().with(log).with(llmobs_tracing::layer()), replay);
}

/// The tests of each library: the tree of each replay, by the name of its function, and then the contents of the spans.
macro_rules! replays {
    ($($library:ident: $($function:ident)+ $(=> $($content:ident)+)?;)+) => {
        $(mod $library {
            $(#[test]
            fn $function() {
                let source = include_str!(concat!("replay/", stringify!($library), ".rs"));
                let expected = super::tree_of(source, stringify!($function));
                assert_eq!(super::tree(super::replay::$library::$function), expected);
            })+

            $(use super::expected::contents;

            $(#[test]
            fn $content() {
                contents::check(&super::expected::$library::library(), stringify!($content));
            })+

            #[test]
            fn no_other_data() {
                let tested = [$(stringify!($content)),+];
                contents::check_all(&super::expected::$library::library(), &tested);
            })?
        })+
    };
}

replays! {
    adk: agent_with_tool failures
        => agent llm tool messages tool_calls tokens cached_tokens errors parents;
    agent_framework: agent_with_tool older_conventions streamed failures;
    bedrock: converse;
    codex: turn_with_tool turn_at_info interrupted_turn other_tasks
        => agent llm tool tokens cached_tokens parents;
    goose: agent_with_tool failures two_sessions with_provider_generation older_replies
        => agent llm tool messages tokens cached_tokens errors parents;
    langchain: agent_with_tool chains failures embeddings spans_of_the_program
        => agent llm tool embedding tokens errors parents;
    openinference: everything only_values with_gen_ai by_mistralrs by_builder
        => agent llm tool embedding messages tool_calls tokens cached_tokens errors parents;
    openllmetry: everything other_requests failure
        => agent llm tool embedding messages tool_calls tokens cached_tokens errors parents;
    otel: everything any_type older_names no_operation other_operations failures messages_in_events evaluation through_ordinary_spans
        => agent llm tool embedding messages tool_calls tokens cached_tokens first_token errors parents;
    rig: agent_with_tool agent_without_content agent_streamed agent_under_a_request agent_instrumented_by_a_workflow agent_chat_method agent_as_a_tool tools_of_one_turn failed_call direct_call direct_stream gemini_call embeddings_and_rerank older_stream;
    rmcp: session_that_outlives_its_caller transports;
    swiftide: agent_with_tool agent_without_events agent_streamed failed_call failed_bedrock_call failed_tool embeddings simple_prompt fields_on_the_span
        => agent llm tool messages tool_calls tokens cached_tokens errors parents;
}
