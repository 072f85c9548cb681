//! Anthropic's messages: <https://platform.claude.com/docs/en/api/messages>, also through Vertex AI and Bedrock.

mod block;

use crate::json::Json;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::turn::{At, Turn};
use crate::usage::Usage;

/// The only fields that a request may have if nothing but the model shows that it is for Anthropic.
const PLAIN: [&str; 12] = [
    "model",
    "messages",
    "max_tokens",
    "stream",
    "stop_sequences",
    "temperature",
    "top_k",
    "top_p",
    "metadata",
    "service_tier",
    "thinking",
    "tools",
];
/// Fields that no other protocol has next to messages.
const OWN: [&str; 5] = ["system", "mcp_servers", "context_management", "output_config", "container"];

pub(crate) fn is_request(body: &Json<'_>) -> bool {
    let Json::Array(messages) = body.get("messages") else { return false };
    let version = body.str("anthropic_version");
    // Bedrock's InvokeModel takes the requests of Claude and Nova.
    if version.starts_with("bedrock") || body.has("schemaVersion") {
        return false;
    }
    !version.is_empty()
        || OWN.iter().any(|name| body.has(name))
        || matches!(body.get("tool_choice").str("type"), "auto" | "any" | "tool")
        || body.get("thinking").has("budget_tokens")
        || body.list("tools").iter().any(|tool| tool.has("input_schema"))
        || messages.iter().flat_map(|message| message.list("content")).any(block::is_own)
        || is_plain(body, messages)
}

/// Returns whether the request has the form that all chats have, and is for a model of Anthropic.
fn is_plain(body: &Json<'_>, messages: &[Json<'_>]) -> bool {
    let is_message = |message: &Json<'_>| {
        matches!(message.str("role"), "user" | "assistant") && message.fields().len() == 2
    };
    body.str("model").starts_with("claude")
        && body.has("max_tokens")
        && body.fields().iter().all(|(name, _)| PLAIN.contains(&name.as_ref()))
        && !body.list("tools").iter().any(|tool| tool.has("function"))
        && messages.iter().all(is_message)
}

pub(crate) fn is_answer(event: &Event<'_>) -> bool {
    let json = event.json;
    match json.str("type") {
        "message" => matches!(json.get("content"), Json::Array(_)) && json.str("role") == "assistant",
        "message_start" => json.get("message").is_object(),
        "message_delta" | "content_block_delta" => json.get("delta").is_object(),
        "content_block_start" => json.get("content_block").is_object(),
        "content_block_stop" => json.has("index"),
        "message_stop" => true,
        "error" => {
            let error = json.get("error");
            error.str("type").ends_with("_error") && !error.has("code") && !error.has("param")
        }
        _ => false,
    }
}

/// The fields of a request that are not parameters.
const READ: [&str; 4] = ["model", "messages", "system", "tools"];

pub(crate) fn request(body: &Json<'_>, draft: &mut RequestDraft) {
    draft.model(body.str("model"));
    draft.system("system", |turn| content(body.get("system"), turn));
    body.list("tools").iter().for_each(|tool| read_tool(tool, draft));
    draft.conversation(body.list("messages"), |message, turn| {
        turn.role(crate::text(message.str("role")).unwrap_or("user"));
        content(message.field("content").unwrap_or(message), turn);
    });
    draft.parameters(body, &READ);
}

/// The content of a message: a text, or blocks.
fn content(content: &Json<'_>, turn: &mut Turn<'_>) {
    turn.text(At::Next, content.as_str().unwrap_or_default());
    content.items().iter().for_each(|block| block::read(At::Next, block, turn));
}

/// A tool of the program, of Anthropic, or all those of an MCP server.
fn read_tool(tool: &Json<'_>, draft: &mut RequestDraft) {
    let name = ["name", "mcp_server_name", "type"].into_iter().find_map(|key| crate::text(tool.str(key)));
    draft.tool(name.unwrap_or_default(), tool.get("description").as_str(), tool.field("input_schema"));
}

pub(crate) fn event(event: &Event<'_>, draft: &mut ResponseDraft) {
    let json = event.json;
    match json.str("type") {
        "message_start" => message(json.get("message"), draft),
        "message" => message(json, draft),
        "message_delta" => {
            stop(json.get("delta"), draft);
            facts(json, draft);
        }
        "message_stop" => draft.has_ended = true,
        "content_block_start" => {
            with_block(json, draft, |at, turn| block::read(at, json.get("content_block"), turn));
        }
        "content_block_delta" => {
            with_block(json, draft, |at, turn| block::delta(at, json.get("delta"), turn));
        }
        _ => {
            draft.failure(event);
        }
    }
    let cited = [json.get("content_block").get("citations"), json.get("citations")];
    cited.into_iter().flat_map(Json::items).for_each(|citation| draft.citation(citation));
    if let Some(citation) = json.get("delta").field("citation") {
        draft.citation(citation);
    }
}

/// Reads the block, or the piece of one, that an event describes.
fn with_block(json: &Json<'_>, draft: &mut ResponseDraft, read: impl FnOnce(At, &mut Turn<'_>)) {
    if let Some(mut turn) = draft.turn(0, "") {
        read(At::Place(json.count("index").unwrap_or(u64::MAX)), &mut turn);
    }
}

/// Reads a whole response, or the beginning of one.
fn message(message: &Json<'_>, draft: &mut ResponseDraft) {
    draft.model(message.str("model"));
    draft.id(message.str("id"));
    let blocks = message.list("content");
    if !blocks.is_empty()
        && let Some(mut turn) = draft.turn(0, message.str("role"))
    {
        for block in blocks {
            block::read(At::Next, block, &mut turn);
        }
    }
    let cited = blocks.iter().flat_map(|block| block.list("citations"));
    cited.for_each(|citation| draft.citation(citation));
    stop(message, draft);
    facts(message, draft);
}

/// Reads why the model stopped.
fn stop(message: &Json<'_>, draft: &mut ResponseDraft) {
    draft.finish_reason(0, message.str("stop_reason"));
    draft.facts(message, &["stop_sequence", "stop_details", "container"]);
}

/// Reads the tokens, and the other facts.
fn facts(message: &Json<'_>, draft: &mut ResponseDraft) {
    let usage = message.get("usage");
    let steps = usage.list("iterations");
    draft.usage.update(tokens_of_steps(usage, steps));
    draft.facts(usage, &["service_tier", "inference_geo", "server_tool_use", "speed"]);
    if steps.iter().any(|step| step.str("type") != "message") {
        draft.facts(usage, &["iterations"]);
    }
    draft.facts(message, &["context_management"]);
}

/// Returns all tokens of the requested model. The counts of a response exclude those of summarizing earlier messages, and those of other
/// models that were used on the way, which are facts.
fn tokens_of_steps(usage: &Json<'_>, steps: &[Json<'_>]) -> Usage {
    let steps = steps.iter().filter(|step| step.str("type") == "compaction");
    steps.fold(tokens(usage), |counted, step| counted.with_step(tokens(step)))
}

fn tokens(usage: &Json<'_>) -> Usage {
    let written = usage.get("cache_creation");
    Usage {
        uncached: usage.count("input_tokens"),
        cache_read: usage.count("cache_read_input_tokens"),
        cache_write: usage.count("cache_creation_input_tokens"),
        cache_write_5m: written.count("ephemeral_5m_input_tokens"),
        cache_write_1h: written.count("ephemeral_1h_input_tokens"),
        output: usage.count("output_tokens"),
        reasoning: usage.get("output_tokens_details").count("thinking_tokens"),
        ..Usage::default()
    }
}

#[cfg(test)]
mod tests;
