//! Bedrock's Converse and ConverseStream: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>.

mod block;

use crate::json::Json;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::turn::{At, Turn};
use crate::usage::Usage;

/// Fields that no other protocol has.
const OWN: [&str; 6] = [
    "inferenceConfig",
    "additionalModelRequestFields",
    "additionalModelResponseFieldPaths",
    "guardrailConfig",
    "promptVariables",
    "requestMetadata",
];

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    let blocks = || body.list("messages").iter().flat_map(|message| message.list("content"));
    // Nova has this field through InvokeModel.
    !body.has("schemaVersion")
        && (OWN.iter().any(|name| body.has(name)) || blocks().any(|block| block::is_own(block)))
}

/// The names of the events of a stream. InvokeModel and clients use them as the only key around the event.
const EVENTS: [&str; 6] =
    ["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"];

/// Returns the name and the content of an event.
fn named<'j>(event: &Event<'j>) -> Option<(&'static str, &'j Json<'j>)> {
    let Event { name, json } = *event;
    EVENTS.into_iter().find_map(|known| {
        let inner = json.get(known);
        if inner.is_object() { Some((known, inner)) } else { (name == known).then_some((known, json)) }
    })
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    let is_whole = json.get("output").get("message").is_object() && json.has("stopReason");
    is_whole || named(event).is_some_and(|(name, inner)| name != "metadata" || inner.has("usage"))
}

/// The fields of a request that are not parameters of this name.
const READ: [&str; 5] = ["modelId", "messages", "system", "toolConfig", "inferenceConfig"];

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(body.str("modelId"));
    draft.system("system", |turn| blocks(body.get("system"), turn));
    let tools = body.get("toolConfig");
    tools.list("tools").iter().for_each(|tool| read_tool(tool, draft));
    draft.conversation(body.list("messages"), |message, turn| {
        turn.role(message.str("role"));
        blocks(message.get("content"), turn);
    });
    draft.parameters(body.get("inferenceConfig"), &[]);
    draft.parameters(tools, &["tools"]);
    draft.parameters(body, &READ);
}

fn blocks(content: &Json<'_>, turn: &mut Turn<'_>) {
    turn.text(At::Next, content.as_str().unwrap_or_default());
    content.items().iter().for_each(|block| block::read(At::Next, block, turn));
}

/// Reads a tool of the program or of Bedrock.
fn read_tool(tool: &Json<'_>, draft: &mut RequestDraft) {
    let spec = tool.field("toolSpec").unwrap_or_else(|| tool.get("systemTool"));
    // Cache points have no name.
    draft.tool(spec.str("name"), spec.get("description").as_str(), spec.get("inputSchema").field("json"));
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let Some((name, json)) = named(event) else { return whole(event, draft) };
    let at = At::Place(json.count("contentBlockIndex").unwrap_or(u64::MAX));
    match name {
        "contentBlockStart" | "contentBlockDelta" => {
            let (start, delta) = (json.get("start"), json.get("delta"));
            if let Some(mut turn) = draft.turn(0, "") {
                block::begin(at, start, &mut turn);
                block::piece(at, delta, &mut turn);
            }
            if let Some(citation) = delta.field("citation") {
                draft.citation(citation);
            }
        }
        "messageStop" => stop(json, draft),
        "metadata" => {
            facts(json, draft);
            draft.has_ended = true;
        }
        _ => {}
    }
}

fn whole(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    let message = json.get("output").get("message");
    let content = message.list("content");
    if !content.is_empty()
        && let Some(mut turn) = draft.turn(0, message.str("role"))
    {
        for block in content {
            block::read(At::Next, block, &mut turn);
        }
    }
    let cited = content.iter().flat_map(|block| block.get("citationsContent").list("citations"));
    cited.for_each(|citation| draft.citation(citation));
    stop(json, draft);
    facts(json, draft);
    draft.failure(event);
}

/// Reads why the model stopped.
fn stop(json: &Json<'_>, draft: &mut ResponseDraft) {
    draft.finish_reason(0, json.str("stopReason"));
    draft.facts(json, &["additionalModelResponseFields"]);
}

/// Reads the tokens, and the other facts.
fn facts(json: &Json<'_>, draft: &mut ResponseDraft) {
    draft.model(json.get("trace").get("promptRouter").str("invokedModelId"));
    draft.usage.update(tokens(json.get("usage")));
    draft.facts(json, &["trace", "performanceConfig", "serviceTier"]);
}

fn tokens(usage: &Json<'_>) -> Usage {
    // Nova uses other names through InvokeModel.
    let count = |keys: [&str; 2]| keys.into_iter().find_map(|key| usage.count(key));
    let written = |lifetime: &str| {
        let mut details = usage.list("cacheDetails").iter();
        details.find(|detail| detail.str("ttl") == lifetime)?.count("inputTokens")
    };
    Usage {
        uncached: usage.count("inputTokens"),
        cache_read: count(["cacheReadInputTokens", "cacheReadInputTokenCount"]),
        cache_write: count(["cacheWriteInputTokens", "cacheWriteInputTokenCount"]),
        cache_write_5m: written("5m"),
        cache_write_1h: written("1h"),
        output: usage.count("outputTokens"),
        total: usage.count("totalTokens"),
        ..Usage::default()
    }
}
