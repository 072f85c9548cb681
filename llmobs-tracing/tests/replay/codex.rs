//! A replay of codex (openai/codex, `codex-rs`), which is an application.
//!
//! The names, targets, levels and fields are those of `core/src/tasks/mod.rs`, `core/src/session/turn.rs` (commit 000c857),
//! `core/src/tools/parallel.rs` (04de4bb), `core/src/client.rs` and `otel/src/events/session_telemetry.rs` (0136a73).
//!
//! Most spans are at `TRACE`, and there is one for each event of a stream. Tokens: the first call of `turn_with_tool` has
//! 5,700 of input, of which 3,200 are cached, and 180 of output, of which 128 are reasoning; the second 5,930, 5,632, 42 and
//! 0. The turn repeats their sums. The session is `019ab3c2-thread`.

use tracing::field::{Empty, display};
use tracing::{Level, Span, event, info_span, trace_span};

const THREAD: &str = "019ab3c2-thread";
const TURN: &str = "019ab3c2-turn";

fn turn(name: &'static str) -> Span {
    info_span!(
        target: "codex_core::tasks",
        "turn",
        otel.name = name,
        thread.id = %THREAD,
        turn.id = %TURN,
        model = %"gpt-5.5",
        codex.turn.reasoning_effort = %"medium",
        codex.turn.token_usage.input_tokens = Empty,
        codex.turn.token_usage.cached_input_tokens = Empty,
        codex.turn.token_usage.non_cached_input_tokens = Empty,
        codex.turn.token_usage.output_tokens = Empty,
        codex.turn.token_usage.reasoning_output_tokens = Empty,
        codex.turn.token_usage.total_tokens = Empty,
    )
}

/// Records the usage of a task on its span, as at its end.
fn turn_usage(turn: &Span, [input, cached, output, reasoning]: [i64; 4]) {
    turn.record("codex.turn.token_usage.input_tokens", input);
    turn.record("codex.turn.token_usage.cached_input_tokens", cached);
    turn.record("codex.turn.token_usage.non_cached_input_tokens", input - cached);
    turn.record("codex.turn.token_usage.output_tokens", output);
    turn.record("codex.turn.token_usage.reasoning_output_tokens", reasoning);
    turn.record("codex.turn.token_usage.total_tokens", input + output);
}

/// `run_sampling_request`, which repeats `try_run_sampling_request`.
fn sampling_request(attempts: impl FnOnce()) {
    let request = trace_span!(
        target: "codex_core::session::turn",
        "run_sampling_request",
        turn_id = %TURN,
        model = %"gpt-5.5",
        cwd = %"/home/ada/engine"
    );
    request.in_scope(attempts);
}

/// An attempt, up to the headers of the answer. Returns the span of the attempt and the span of its stream.
fn attempt() -> [Span; 2] {
    let attempt = trace_span!(
        target: "codex_core::session::turn",
        "try_run_sampling_request",
        turn_id = %TURN,
        model = %"gpt-5.5"
    );
    let receiving = attempt.in_scope(|| {
        trace_span!(target: "codex_core::session::turn", "stream_request").in_scope(|| {
            let client = info_span!(
                target: "codex_core::client",
                "model_client.stream_responses_api",
                model = %"gpt-5.5",
                wire_api = %"responses",
                transport = "responses_http",
                http.method = "POST",
                api.path = "responses",
                turn.has_metadata_header = true
            );
            client.in_scope(|| ());
        });
        trace_span!(target: "codex_core::session::turn", "receiving_stream")
    });
    [attempt, receiving]
}

/// The span of an event of the stream.
fn handle_responses(receiving: &Span, kind: &str) -> Span {
    let span = trace_span!(
        target: "codex_core::session::turn",
        parent: receiving,
        "handle_responses",
        otel.name = Empty,
        tool_name = Empty,
        from = Empty,
        codex.request.reasoning_effort = %"medium",
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        codex.usage.reasoning_output_tokens = Empty,
        codex.usage.total_tokens = Empty,
    );
    trace_span!(target: "codex_core::session::turn", parent: &span, "receiving").in_scope(|| ());
    span.record("otel.name", kind.to_string());
    span
}

/// The events of a response; the last one has the tokens.
fn answer(
    [attempt, receiving]: &[Span; 2],
    tool: Option<&str>,
    [input, cached, output, reasoning]: [i64; 4],
) {
    attempt.in_scope(|| {
        handle_responses(receiving, "created");
        event_of_first_token();
        handle_responses(receiving, "text_delta");
        if let Some(name) = tool {
            let item = handle_responses(receiving, "function_call");
            item.record("from", "output_item_done");
            item.record("tool_name", name);
            item.in_scope(|| run_tool(name, "call_1", false));
        }
        let completed = handle_responses(receiving, "completed");
        completed.record("gen_ai.usage.input_tokens", input);
        completed.record("gen_ai.usage.cache_read.input_tokens", cached);
        completed.record("gen_ai.usage.output_tokens", output);
        completed.record("codex.usage.reasoning_output_tokens", reasoning);
        completed.record("codex.usage.total_tokens", input + output);
    });
}

/// `dispatch_tool_call_with_terminal_outcome`, whose events have the arguments and the output only if they are not intended
/// for traces.
fn run_tool(name: &str, id: &str, aborted: bool) {
    trace_span!(target: "codex_core::tools::parallel", "handle_tool_call").in_scope(|| {
        trace_span!(target: "codex_core::tools::parallel", "handle_tool_call_with_source").in_scope(|| {
            let dispatch = trace_span!(
                target: "codex_core::tools::parallel",
                "dispatch_tool_call_with_terminal_outcome",
                otel.name = %name,
                tool_name = %name,
                call_id = id,
                aborted = false,
            );
            dispatch.in_scope(|| {
                event!(
                target: "codex_otel.log_only",
                Level::INFO,
                event.name = "codex.tool_result",
                            tool_name = %name,
                            call_id = %id,
                            arguments = %r#"{"command":["cat","secret.txt"]}"#,
                            duration_ms = %12,
                            success = %true,
                            output = %"the secret of the file",
                            user.email = Some("ada@example.com"),
                        );
                event!(
                target: "codex_otel.trace_safe",
                Level::INFO,
                event.name = "codex.tool_result",
                            tool_name = %name,
                            call_id = %id,
                            duration_ms = %12,
                            success = %true,
                            arguments_length = 32_i64,
                            output_length = 22_i64,
                        );
            });
            if aborted {
                dispatch.record("aborted", true);
            }
        });
    });
}

fn event_of_first_token() {
    event!(
        target: "codex_otel.trace_safe",
        Level::INFO,
        event.name = "codex.turn_ttft",
        duration_ms = %830,
        event.timestamp = %"2026-11-26T16:05:33.250Z",
        conversation.id = %THREAD,
        app.version = %"0.158.0",
        auth_mode = Some("Chatgpt"),
        originator = %"codex_cli_rs",
        terminal.type = %"xterm",
        model = %"gpt-5.5",
        slug = %"gpt-5.5",
    );
}

/// A turn with a subscriber that is enabled at `TRACE`. The tool is called while its item of the stream is handled. No span
/// has content, and content in events is not read.
///
/// ```text
/// agent session_task.turn
/// ├─ llm try_run_sampling_request
/// │  └─ tool shell
/// └─ llm try_run_sampling_request
/// ```
pub(crate) fn turn_with_tool() {
    let session = info_span!(target: "codex_core::session", "session_loop", thread_id = %THREAD);
    let turn = session.in_scope(|| turn("session_task.turn"));
    drop(session);
    turn.in_scope(|| {
        event!(
        target: "codex_otel.log_only",
        Level::INFO,
        event.name = "codex.user_prompt",
            prompt_length = %29,
            prompt = %"What is in the secret file?",
            user.email = Some("ada@example.com"),
        );
        trace_span!(target: "codex_core::tasks", "session_task.run").in_scope(|| {
            trace_span!(target: "codex_core::tasks::regular", "run_turn").in_scope(|| {
                sampling_request(|| answer(&attempt(), Some("shell"), [5700, 3200, 180, 128]));
                sampling_request(|| answer(&attempt(), None, [5930, 5632, 42, 0]));
            });
        });
    });
    turn_usage(&turn, [11_630, 8_832, 222, 128]);
}

/// The same turn with a subscriber that is enabled at `INFO`, the default of codex: only spans with these two names
/// remain, and the tokens are those of the turn.
///
/// ```text
/// agent session_task.turn
/// ├─ llm model_client.stream_responses_api
/// └─ llm model_client.stream_responses_api
/// ```
pub(crate) fn turn_at_info() {
    let turn = turn("session_task.turn");
    turn.in_scope(|| {
        for _request in 0..2 {
            info_span!(
                target: "codex_core::client",
                "model_client.stream_responses_api",
                model = %"gpt-5.5",
                wire_api = %"responses",
                transport = "responses_http",
                http.method = "POST",
                api.path = "responses",
                turn.has_metadata_header = true
            )
            .in_scope(|| ());
        }
    });
    turn_usage(&turn, [11_630, 8_832, 222, 128]);
}

/// A request whose first attempt is cut off, a tool that the user aborts, and a turn that ends without tokens.
///
/// ```text
/// agent session_task.turn
/// ├─ llm try_run_sampling_request
/// └─ llm try_run_sampling_request
///    └─ tool shell  cancelled
/// ```
pub(crate) fn interrupted_turn() {
    turn("session_task.turn").in_scope(|| {
        sampling_request(|| {
            let [first, receiving] = attempt();
            first.in_scope(|| {
                handle_responses(&receiving, "created");
                tracing::warn!(target: "codex_core::session::turn", "stream disconnected - retrying sampling request");
            });
            drop((first, receiving));
            let [second, receiving] = attempt();
            second.in_scope(|| {
                let item = handle_responses(&receiving, "function_call");
                item.record("from", "output_item_done");
                item.record("tool_name", "shell");
                item.in_scope(|| run_tool("shell", "call_1", true));
            });
        });
    });
}

/// A compaction, and a review in a separate session.
///
/// ```text
/// agent session_task.compact
/// └─ llm try_run_sampling_request
/// agent session_task.review
/// └─ llm try_run_sampling_request
/// ```
pub(crate) fn other_tasks() {
    for task in ["session_task.compact", "session_task.review"] {
        let turn = turn(task);
        turn.in_scope(|| sampling_request(|| answer(&attempt(), None, [900, 0, 60, 0])));
        turn.record("model", display("gpt-5.5"));
        turn_usage(&turn, [900, 0, 60, 0]);
    }
}
