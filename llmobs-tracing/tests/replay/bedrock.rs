//! A replay of the spans that aws-sdk-bedrockruntime 1.124 (commit 771a669) creates, at the level `DEBUG`.
//!
//! The names, targets, levels and fields are those of its `src/operation/converse.rs` and `converse_stream.rs`, and of
//! aws-smithy-runtime's `src/client/orchestrator.rs`. They have neither the model nor the messages.

use tracing::{debug, debug_span};

/// A call of Converse in an agent of the program. Its spans are not recorded.
///
/// ```text
/// agent weather
/// ```
pub(crate) fn converse() {
    let agent = tracing::info_span!(
        target: "program",
        "invoke_agent",
        gen_ai.operation.name = "invoke_agent",
        gen_ai.agent.name = "weather"
    );
    let _agent = agent.enter();
    let operation = debug_span!(
        target: "aws_sdk_bedrockruntime::operation::converse",
        "Bedrock Runtime.Converse",
        "rpc.service" = "Bedrock Runtime",
        "rpc.method" = "Converse",
        "sdk_invocation_id" = 1_234_567_u32,
        "rpc.system" = "aws-api",
    );
    operation.in_scope(|| {
        let target = "aws_smithy_runtime::client::orchestrator";
        debug_span!(target: "aws_smithy_runtime::client::orchestrator", "serialization").in_scope(|| ());
        debug_span!(target: "aws_smithy_runtime::client::orchestrator", "try_attempt", "attempt" = 1_usize).in_scope(
            || {
                debug_span!(target: "aws_smithy_runtime::client::orchestrator", "deserialization").in_scope(|| {
                    debug!(target: "aws_smithy_runtime::client::orchestrator", from = target, "read the response");
                });
            },
        );
        debug_span!(target: "aws_smithy_runtime::client::orchestrator", "finally_attempt", "attempt" = 1_usize)
            .in_scope(|| ());
    });
}
