//! Converse and ConverseStream.

use serde_json::{Value, json};

use super::exception;
use super::frame::frame;
use crate::answer::{Answer, Output, Question, Role, arguments_pieces, pieces, text_of};
use crate::reply::{Exchange, Failure, Reply};

/// The proof that thoughts come from the model.
const SIGNATURE: &str = "bG9jYWw=";

pub(crate) fn reply(exchange: &Exchange) -> Result<Reply, Failure> {
    let answer = question(&exchange.request)?.answer(&exchange.behaviour);
    if !exchange.is_streamed() {
        return Ok(Reply::Whole(whole(exchange, &answer)));
    }
    let events = exchange.interrupted(events(exchange, &answer), exception);
    Ok(Reply::Frames(events.iter().map(frame).collect()))
}

fn question(request: &Value) -> Result<Question, Failure> {
    let messages = request["messages"].as_array().ok_or(Failure::Missing("messages"))?;
    let mut question = Question::default();
    question.turn(Role::System, text_of(&request["system"]));
    for message in messages {
        let role = if message["role"] == "assistant" { Role::Assistant } else { Role::User };
        let blocks = || message["content"].as_array().into_iter().flatten();
        let text = text_of(&message["content"]);
        // A message with only results is not a question.
        if !text.is_empty() {
            question.turn(role, text);
        }
        for call in blocks().map(|block| &block["toolUse"]).filter(|call| call.is_object()) {
            question.turn(Role::Assistant, text_of(&call["name"]));
            question.turn(Role::Assistant, call["input"].to_string());
        }
        // Last, because a message with results answers calls, regardless of its other content.
        for result in blocks().map(|block| &block["toolResult"]).filter(|result| result.is_object()) {
            question.turn(Role::Result, result_text(&result["content"]));
        }
    }
    let config = &request["toolConfig"];
    let tools = config["tools"].as_array().into_iter().flatten().map(|tool| &tool["toolSpec"]);
    let tools: Vec<Value> = tools
        .map(|tool| json!({"name": tool["name"], "description": tool["description"], "schema": tool["inputSchema"]["json"]}))
        .collect();
    question.tools(tools.iter(), "schema");
    question.tool_choice(&config["toolChoice"]["tool"]);
    Ok(question)
}

/// The texts of a result, and its values as JSON.
fn result_text(content: &Value) -> String {
    let text = |block: &Value| match &block["json"] {
        Value::Null => text_of(&block["text"]),
        json => json.to_string(),
    };
    content.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join("\n")
}

fn whole(exchange: &Exchange, answer: &Answer) -> Value {
    let thinking = answer
        .thinking
        .iter()
        .map(|text| json!({"reasoningContent": {"reasoningText": {"text": text, "signature": SIGNATURE}}}));
    let output = match &answer.output {
        Output::Text(text) | Output::Cut(text) | Output::Refusal(text) => json!({"text": text}),
        Output::Call { name, arguments } => {
            json!({"toolUse": {"toolUseId": exchange.id("tooluse"), "name": name, "input": arguments}})
        }
    };
    json!({
        "output": {"message": {"role": "assistant", "content": thinking.chain([output]).collect::<Vec<_>>()}},
        "stopReason": stop_reason(answer),
        "usage": usage(answer),
        "metrics": {"latencyMs": 1},
    })
}

fn stop_reason(answer: &Answer) -> &'static str {
    match answer.output {
        Output::Text(_) => "end_turn",
        Output::Cut(_) => "max_tokens",
        Output::Refusal(_) => "content_filtered",
        Output::Call { .. } => "tool_use",
    }
}

fn usage(answer: &Answer) -> Value {
    let tokens = answer.usage;
    json!({
        "inputTokens": tokens.input - tokens.cached,
        "outputTokens": tokens.output,
        "totalTokens": tokens.input + tokens.output,
        "cacheReadInputTokens": tokens.cached,
        "cacheWriteInputTokens": 0,
    })
}

/// The events, each in an object with its name as the key.
fn events(exchange: &Exchange, answer: &Answer) -> Vec<Value> {
    let mut events = vec![json!({"messageStart": {"role": "assistant"}})];
    let mut index = 0;
    let mut block = |start: Option<Value>, deltas: Vec<Value>| {
        let start =
            start.map(|start| json!({"contentBlockStart": {"start": start, "contentBlockIndex": index}}));
        events.extend(start);
        events.extend(
            deltas
                .iter()
                .map(|delta| json!({"contentBlockDelta": {"delta": delta, "contentBlockIndex": index}})),
        );
        events.push(json!({"contentBlockStop": {"contentBlockIndex": index}}));
        index += 1;
    };
    if let Some(thinking) = &answer.thinking {
        let deltas = pieces(thinking).into_iter().map(|text| json!({"text": text}));
        let deltas = deltas.chain([json!({"signature": SIGNATURE})]);
        block(None, deltas.map(|delta| json!({"reasoningContent": delta})).collect());
    }
    match &answer.output {
        Output::Text(text) | Output::Cut(text) | Output::Refusal(text) => {
            block(None, pieces(text).into_iter().map(|text| json!({"text": text})).collect());
        }
        Output::Call { name, arguments } => {
            let start = json!({"toolUse": {"toolUseId": exchange.id("tooluse"), "name": name}});
            let deltas = arguments_pieces(arguments).into_iter();
            block(Some(start), deltas.map(|input| json!({"toolUse": {"input": input}})).collect());
        }
    }
    events.push(json!({"messageStop": {"stopReason": stop_reason(answer)}}));
    events.push(json!({"metadata": {"usage": usage(answer), "metrics": {"latencyMs": 1}}}));
    events
}
