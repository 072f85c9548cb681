//! Anthropic's messages.

use llmobs_providers::Usage;
use serde_json::Value;

use super::call::CallDelta;
use super::draft::Draft;
use super::{Seen, named, number, object, string};

/// An event of a message: <https://docs.anthropic.com/en/docs/build-with-claude/streaming>. Thoughts are not shown.
pub(super) fn event(item: &Value, draft: &mut Draft) -> Seen {
    named(item, |name| {
        let index = number(item, "index");
        match name {
            "message_start" => {
                let message = object(item, "message")?;
                draft.turn(0, string(message, "role"))?;
                draft.usage.update(message.get("usage").map(counts).unwrap_or_default());
            }
            "content_block_start" => {
                let block = object(item, "content_block")?;
                let mut turn = draft.turn(0, "")?;
                turn.text(string(block, "text"));
                let (id, name) = (string(block, "id"), string(block, "name"));
                turn.call(CallDelta { index, id, name, arguments: "" });
            }
            "content_block_delta" => {
                let delta = object(item, "delta")?;
                let mut turn = draft.turn(0, "")?;
                turn.text(string(delta, "text"));
                let arguments = string(delta, "partial_json");
                turn.call(CallDelta { index, arguments, ..CallDelta::default() });
            }
            "message_delta" => {
                draft.usage.update(counts(object(item, "usage")?));
            }
            _ => return None,
        }
        Some(())
    })
}

/// Anthropic counts the input that no cache took part in apart from the rest. A `message_delta` counts from the beginning
/// of the message: <https://docs.anthropic.com/en/docs/build-with-claude/streaming>.
fn counts(usage: &Value) -> Usage {
    let mut counts = Usage::default();
    counts.uncached = number(usage, "input_tokens");
    counts.output = number(usage, "output_tokens");
    counts.cache_read = number(usage, "cache_read_input_tokens");
    counts.cache_write = number(usage, "cache_creation_input_tokens");
    counts
}
